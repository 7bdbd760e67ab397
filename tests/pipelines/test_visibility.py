from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from quibble.distort import distort
from quibble.pipelines.visibility import Patch, change, hidden, may_show, outcome_facts, source_facts
from quibble.taxonomy import INVISIBLE_AT_LEVEL_1, Category, Distortion
from quibble.text.scene import Fact

Bytes = NDArray[np.uint8]
SIZE = 96
D = Distortion


def flat(value: int | tuple[int, int, int]) -> Bytes:
    return np.full((SIZE, SIZE, 3), value, np.uint8)


def patch(pixels: Bytes, inside: NDArray[np.bool_] | None = None) -> Patch:
    return Patch(pixels, np.ones(pixels.shape[:2], bool) if inside is None else inside)


def verdict(pixels: Bytes, kind: Distortion, level: float) -> str | None:
    return hidden(patch(pixels), patch(distort(pixels, kind, level=level)), kind.category)


PHOTO = np.ascontiguousarray(data.astronaut()[128:320, 128:320])
SKY = flat((120, 150, 190))
GRAY = np.repeat(PHOTO.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize(
    ("pixels", "kind"),
    [
        (SKY, D.BLUR_GAUSSIAN),
        (SKY, D.BLUR_MOTION),
        (SKY, D.PIXELATE_BOX),
        (SKY, D.COMPRESSION_JPEG),
        (SKY, D.OVERSHARPEN_UNSHARP),
        (SKY, D.CONTRAST_WEAKEN_SCALE),
        (SKY, D.CONTRAST_STRENGTHEN_SCALE),
        (SKY, D.QUANTIZE_OTSU),
        (GRAY, D.SATURATE_WEAKEN_HSV),
        (GRAY, D.SATURATE_STRENGTHEN_YCRCB),
        (flat(4), D.DARKEN_SHIFT_RGB),
        (flat(60), D.DARKEN_GAMMA_HSV),
        (flat(253), D.BRIGHTEN_SHIFT_RGB),
        (flat(250), D.BRIGHTEN_GAMMA_RGB),
        (flat(2), D.NOISE_SPECKLE),
    ],
)
@pytest.mark.parametrize("level", [2, 4])
def test_what_cannot_be_seen_is_told_so(pixels: Bytes, kind: Distortion, level: int) -> None:
    reason = verdict(pixels, kind, level)
    assert reason is not None
    assert reason.startswith(kind.category.value)


@pytest.mark.parametrize("kind", Distortion)
def test_at_level_5_a_detailed_colorful_photograph_shows_it(kind: Distortion) -> None:
    assert verdict(PHOTO, kind, 5) is None


@pytest.mark.parametrize("kind", [k for k in Distortion if k.category in (Category.BRIGHTEN, Category.DARKEN)])
def test_level_1_of_brightness_cannot_be_seen(kind: Distortion) -> None:
    assert kind.category in INVISIBLE_AT_LEVEL_1
    assert verdict(PHOTO, kind, 1) is not None


def test_only_the_region_counts() -> None:
    pixels = flat(128)
    pixels[:, : SIZE // 2] = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE // 2, 3), np.uint8)
    blurred = distort(pixels, "blur.gaussian", level=3)
    right = np.zeros((SIZE, SIZE), bool)
    right[:, SIZE // 2 + 16 :] = True
    assert hidden(patch(pixels, right), patch(blurred, right), Category.BLUR) is not None
    assert hidden(patch(pixels, ~right), patch(blurred, ~right), Category.BLUR) is None


def test_what_lies_beneath_noise_is_harder_to_see() -> None:
    texture = (
        np.clip(128 + np.random.default_rng(1).normal(0, 14, (SIZE, SIZE, 1)), 0, 255).repeat(3, 2).astype(np.uint8)
    )
    blurred = distort(texture, "blur.gaussian", level=2)
    noisy, both = (distort(p, "noise.gaussian_rgb", level=5, seed=3) for p in (texture, blurred))
    assert hidden(patch(texture), patch(blurred), Category.BLUR) is None
    assert hidden(patch(noisy), patch(both), Category.BLUR, beneath=True) is not None


def test_change_is_the_root_mean_square_of_each_cell() -> None:
    before = flat(100)
    after = before.copy()
    after[:8, :8] = 110
    cells = change(patch(before), patch(after))
    assert cells.shape == (144,)
    assert cells[0] == pytest.approx(10)
    assert not cells[1:].any()


def test_the_measures_of_a_patch() -> None:
    pixels = flat(50)
    pixels[:, SIZE // 2 :] = 150
    here = patch(pixels)
    assert here.brightness == pytest.approx(100)
    assert here.spread == pytest.approx(50, rel=0.01)
    assert here.chroma == pytest.approx(0, abs=0.5)
    assert patch(flat((200, 50, 50))).chroma > 50
    assert (patch(flat(255)).white, patch(flat(0)).black) == (1, 1)


def test_no_chance_means_not_seen() -> None:
    """The quick look before a trial never turns away what the trial would accept."""
    rng = np.random.default_rng(0)
    accepted = 0
    for picture in (data.astronaut(), data.coffee(), data.chelsea(), data.rocket()):
        for _ in range(12):
            y, x = (int(rng.integers(0, side - SIZE)) for side in picture.shape[:2])
            pixels = np.ascontiguousarray(picture[y : y + SIZE, x : x + SIZE])
            for kind in Distortion:
                if verdict(pixels, kind, 4) is None:
                    accepted += 1
                    assert may_show(patch(pixels), kind.category), kind
    assert accepted > 300


def test_facts() -> None:
    assert source_facts(patch(PHOTO), local=True) >= {Fact.LOCAL}
    assert source_facts(patch(SKY), local=False) == {Fact.SMOOTH}
    noise = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    assert source_facts(patch(noise), local=False) == {Fact.DETAILED}
    assert outcome_facts(patch(SKY), patch(flat(255))) == {Fact.CLIPPED, Fact.GRAY}
    assert outcome_facts(patch(SKY), patch(flat(0))) == {Fact.CRUSHED, Fact.GRAY}
    assert outcome_facts(patch(flat(255)), patch(flat(255))) == {Fact.GRAY}
    assert outcome_facts(patch(SKY), patch(SKY)) == frozenset()
