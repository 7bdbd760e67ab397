from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from quibble.degradation import Degradation
from quibble.distort import apply, apply_all, distort, draw
from quibble.errors import ArgumentError, ImageError
from quibble.taxonomy import Category, Distortion, level_parameters

Bytes = NDArray[np.uint8]
ALL = list(Distortion)
RANDOM = [d for d in ALL if d.category is Category.NOISE] + [
    Distortion.BLUR_GLASS,
    Distortion.BLUR_JITTER,
    Distortion.BLUR_MOTION,
]


def difference(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(np.abs(a.astype(np.float64) - b))


@pytest.mark.parametrize("distortion", ALL)
def test_a_float_picture_gives_what_its_bytes_give(distortion: Distortion, photo: Bytes) -> None:
    degradation = draw(distortion, 3, np.random.default_rng(1))
    from_bytes = apply(photo, degradation)
    from_floats = apply(photo.astype(np.float32) / 255, degradation)
    assert from_bytes.dtype == np.uint8
    assert from_floats.dtype == np.float32
    assert from_bytes.shape == from_floats.shape == photo.shape
    assert from_floats.min() >= 0
    assert from_floats.max() <= 1
    # Glass rounds its bytes between its two blurs.
    tolerance = 1 if distortion is Distortion.BLUR_GLASS else 0.5
    assert difference(from_bytes, from_floats * 255).max() <= tolerance + 1e-3


@pytest.mark.parametrize("distortion", ALL)
def test_every_distortion_changes_a_picture_and_not_its_input(distortion: Distortion, photo: Bytes) -> None:
    for picture in (photo, photo.astype(np.float32) / 255):
        before = picture.copy()
        out = distort(picture, distortion, level=1)
        assert not np.shares_memory(out, picture)
        np.testing.assert_array_equal(picture, before)
        assert difference(out, picture).max() > 0
        assert out.flags.writeable


@pytest.mark.parametrize("distortion", ALL)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(distortion: Distortion, photo: Bytes) -> None:
    first, again, other = (distort(photo, distortion, level=3, seed=seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert (distortion in RANDOM) == bool((first != other).any())


@pytest.mark.parametrize("distortion", ALL)
def test_a_degradation_is_replayed_from_json(distortion: Distortion, photo: Bytes) -> None:
    degradation = draw(distortion, 2.5, np.random.default_rng(3))
    stored = Degradation.from_dict(json.loads(json.dumps(degradation.to_dict())))
    assert stored == degradation
    np.testing.assert_array_equal(apply(photo, stored), apply(photo, degradation))


@pytest.mark.parametrize("distortion", ALL)
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (1, 40), (40, 1), (2, 2), (17, 16)])
def test_tiny_pictures(distortion: Distortion, shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    for level in (1, 2.5, 5):
        out = distort(picture, distortion, level=level)
        floats = distort(picture.astype(np.float32) / 255, distortion, level=level)
        assert out.shape == floats.shape == picture.shape
        assert np.isfinite(floats).all()
        assert difference(out, floats * 255).max() <= 1.001


@pytest.mark.parametrize("distortion", ALL)
@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (255, 0, 0), (0, 255, 255), (1, 0, 2)])
def test_pictures_of_one_color(distortion: Distortion, color: tuple[int, int, int]) -> None:
    picture = np.full((24, 20, 3), color, np.uint8)
    for level in (1, 5):
        out = distort(picture, distortion, level=level)
        floats = distort(picture.astype(np.float32) / 255, distortion, level=level)
        assert np.isfinite(floats).all()
        assert difference(out, floats * 255).max() <= 1.001
        # JPEG 2000 may code one colour with some error, but nothing may appear out of nowhere.
        if distortion.category not in (Category.NOISE, Category.COMPRESSION):
            assert (out == out[0, 0]).all()


def test_a_gray_picture_has_no_color_to_strengthen() -> None:
    gray = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    for distortion in ALL:
        if distortion.category in (Category.SATURATE_STRENGTHEN, Category.SATURATE_WEAKEN):
            np.testing.assert_array_equal(distort(gray, distortion, level=5), gray)


@pytest.mark.parametrize("distortion", ALL)
def test_the_layout_in_memory_does_not_matter(distortion: Distortion, photo: Bytes) -> None:
    upside_down = photo[::-1, :, ::-1]
    degradation = draw(distortion, 3, np.random.default_rng(1))
    expected = apply(np.ascontiguousarray(upside_down), degradation)
    np.testing.assert_array_equal(apply(upside_down, degradation), expected)
    np.testing.assert_array_equal(apply(np.asfortranarray(upside_down), degradation), expected)


#: Where mean absolute difference says nothing about strength between two of the five levels: both hold the mean at
#: 0.5, so that a dark or a bright picture is changed most of all by that.
SHIFTS_THE_MEAN = (Distortion.CONTRAST_WEAKEN_STRETCH, Distortion.QUANTIZE_HISTOGRAM)


@pytest.mark.parametrize("distortion", ALL)
def test_severity_grows_with_the_level(distortion: Distortion, photos: list[Bytes]) -> None:
    levels = np.arange(1, 5.01, 0.5)
    seeds = range(3 if distortion is Distortion.BLUR_MOTION else 1)
    changes = [
        np.mean([difference(distort(p, distortion, level=level, seed=s), p).mean() for p in photos for s in seeds])
        for level in levels
    ]
    whole = changes[::2]
    assert all(a < b for a, b in pairwise(whole)), whole
    # Half levels may round to the parameters of a neighbour, so they only must not fall, but for noise in the measure.
    slack = 0.03 * whole[-1] if distortion in SHIFTS_THE_MEAN else 0.01 * whole[-1]
    assert all(b >= a - slack for a, b in pairwise(changes)), changes


def test_levels_between_two_interpolate() -> None:
    degradation = draw("blur.gaussian", 2.5, np.random.default_rng(0))
    assert degradation.parameters == {"sigma_px": 2.5}
    assert draw(Distortion.NOISE_GAUSSIAN_RGB, 1.5, np.random.default_rng(0)).parameters["sigma"] == pytest.approx(
        0.075
    )


def test_a_level_that_numpy_drew_can_be_stored() -> None:
    for level in (np.int64(2), np.float64(2), np.float32(2.5)):
        stored = json.loads(json.dumps(draw("blur.motion", level, np.random.default_rng(0)).to_dict()))  # type: ignore[arg-type]
        assert stored["level"] == level


def test_draw_takes_random_parameters_from_the_generator_only() -> None:
    first, again = (draw("blur.motion", 2, np.random.default_rng(5)) for _ in range(2))
    assert first == again
    angles = [draw("blur.motion", 2, np.random.default_rng(s)).parameters["angle_deg"] for s in range(300)]
    assert -90 <= min(angles) < -80
    assert 80 < max(angles) < 90
    seeds = {draw("noise.impulse", 2, np.random.default_rng(s)).parameters["seed"] for s in range(300)}
    assert len(seeds) == 300
    assert all(isinstance(seed, int) and 0 <= seed < 2**53 for seed in seeds)
    for distortion in ALL:
        extra = set(draw(distortion, 1, np.random.default_rng(0)).parameters) - set(level_parameters(distortion, 1))
        assert bool(extra) == (distortion in RANDOM)


def test_nothing_global_is_touched(photo: Bytes) -> None:
    np.random.seed(3)  # noqa: NPY002 - the legacy generator is what must stay as it is
    state = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    threads = cv2.getNumThreads()
    for distortion in ALL:
        distort(photo, distortion)
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # type: ignore[index]  # noqa: NPY002
    assert cv2.getNumThreads() == threads


@pytest.mark.parametrize("distortion", ALL)
def test_opencvs_threads_do_not_change_a_byte(distortion: Distortion, photo: Bytes) -> None:
    picture = np.tile(photo, (4, 4, 1))
    degradation = draw(distortion, 3, np.random.default_rng(1))
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = apply(picture, degradation)
        cv2.setNumThreads(3)
        np.testing.assert_array_equal(apply(picture, degradation), alone)
    finally:
        cv2.setNumThreads(threads)


def test_threads_may_share_the_engine(photo: Bytes) -> None:
    degradations = [draw(d, 3, np.random.default_rng(2)) for d in ALL] * 2
    expected = [apply(photo, d) for d in degradations]
    with ThreadPoolExecutor(8) as pool:
        for out, one in zip(pool.map(lambda d: apply(photo, d), degradations), expected, strict=True):
            np.testing.assert_array_equal(out, one)


def test_apply_all_applies_one_after_the_other(photo: Bytes) -> None:
    rng = np.random.default_rng(0)
    one, two = draw("blur.gaussian", 2, rng), draw("noise.poisson", 3, rng)
    np.testing.assert_array_equal(apply_all(photo, (one, two)), apply(apply(photo, one), two))
    assert (apply_all(photo, (one, two)) != apply_all(photo, (two, one))).any()
    copy = apply_all(photo, ())
    np.testing.assert_array_equal(copy, photo)
    assert not np.shares_memory(copy, photo)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float64),
        np.zeros((4, 4, 3), np.uint16),
        [[1, 2, 3]],
    ],
)
def test_what_is_not_a_picture_is_named(picture: Any) -> None:
    with pytest.raises(ImageError, match="found"):
        distort(picture, "blur.gaussian")


def test_mistakes_are_named(photo: Bytes) -> None:
    with pytest.raises(ArgumentError, match=r"did you mean blur\.gaussian"):
        distort(photo, "blur.gausian")
    for level in (0, 0.5, 5.5):
        with pytest.raises(ArgumentError, match="level"):
            distort(photo, "blur.gaussian", level=level)
    with pytest.raises(ArgumentError, match=r"missing \['seed'\]"):
        apply(photo, Degradation(distortion=Distortion.NOISE_POISSON, level=1, parameters={"photons": 80}))


def test_without_opencv_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['cv2'] = None\n"
        "from quibble.errors import MissingExtraError\n"
        "try:\n    import quibble.distort\n"
        "except MissingExtraError as error:\n    print(error)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "quibble[data]" in out
