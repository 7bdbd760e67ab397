"""Streaks of regions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from quibble import distort
from quibble.streaks import COUNT, STEPS, streaks_of, told_of
from quibble.taxonomy import Distortion

EACH = COUNT // 3
#: Where the numbers of a region are that say how one-sided changes are, step by step, and how they go from the middle.
ONE_SIDED, OUTWARD = slice(len(STEPS), 2 * len(STEPS)), slice(2 * len(STEPS), 3 * len(STEPS))


def told(view: NDArray[np.uint8], regions: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    shape = -(-view.shape[0] // 4), -(-view.shape[1] // 4)
    everything = np.ones((1, *shape), bool)
    return told_of(streaks_of(view), everything if regions is None else regions, np.ones(shape, bool))


@pytest.fixture(scope="module")
def texture() -> NDArray[np.uint8]:
    """The same in every direction."""
    return np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)


def damaged(view: NDArray[np.uint8], distortion: Distortion) -> NDArray[np.uint8]:
    return distort.apply(view, distort.draw(distortion, 4, np.random.default_rng(3)))


def test_the_maps_are_mean_differences() -> None:
    view = np.zeros((64, 80, 3), np.uint8)
    view[:, 40:] = 255
    maps = streaks_of(view).reshape(len(STEPS), 4, 8, 10)
    for step, (across, down, product, _) in zip(STEPS, maps, strict=True):
        assert across.sum() * 64 == pytest.approx(4 * step * (64 - step), rel=1e-4)
        assert np.abs(down).max() == np.abs(product).max() == 0


def test_a_picture_on_its_side_changes_down_as_it_did_across() -> None:
    """Also where rows are worked on in several goes, and at the edges."""
    view = np.random.default_rng(1).integers(0, 256, (104, 77, 3), dtype=np.uint8)
    upright = streaks_of(view).reshape(len(STEPS), 4, 13, 10)
    turned = streaks_of(np.ascontiguousarray(view.swapaxes(0, 1))).reshape(len(STEPS), 4, 10, 13)
    np.testing.assert_allclose(turned[:, [1, 0, 2, 3]].swapaxes(2, 3), upright, atol=1e-6)


@pytest.mark.parametrize("size", [(64, 64), (65, 97), (7, 300)])
def test_sizes_are_rounded_up_and_flat_pictures_have_none(size: tuple[int, int]) -> None:
    maps = streaks_of(np.full((*size, 3), 90, np.uint8))
    assert maps.shape == (4 * len(STEPS), -(-size[0] // 8), -(-size[1] // 8))
    assert np.abs(maps).max() < 1e-9


def test_motion_goes_one_way_zoom_outward_and_lost_focus_neither(texture: NDArray[np.uint8]) -> None:
    motion, zoom, lens, sharp = (
        told(texture if kind is None else damaged(texture, kind))[0, :EACH]
        for kind in (Distortion.BLUR_MOTION, Distortion.BLUR_ZOOM, Distortion.BLUR_LENS, None)
    )
    others = max(abs(one[ONE_SIDED][0]) for one in (zoom, lens, sharp))
    assert motion[ONE_SIDED][0] > 5 * others
    assert zoom[OUTWARD][0] < -0.4
    assert max(abs(lens[OUTWARD][0]), abs(sharp[OUTWARD][0])) < 0.1


def test_a_region_is_held_against_the_clean_rest(texture: NDArray[np.uint8]) -> None:
    view = texture.copy()
    view[:, :128] = damaged(texture, Distortion.BLUR_MOTION)[:, :128]
    regions = np.zeros((2, 64, 64), bool)
    regions[0, :, :32] = regions[1] = True
    half, whole = told(view, regions)
    assert half.shape == (COUNT,)
    np.testing.assert_allclose(half[:EACH] - half[EACH : 2 * EACH], half[2 * EACH :], atol=1e-4)
    assert half[:EACH][ONE_SIDED][0] > half[EACH : 2 * EACH][ONE_SIDED][0] + 1
    assert not whole[EACH:].any()
