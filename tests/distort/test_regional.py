from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quibble.degradation import Degradation
from quibble.distort import Sequence, apply, apply_all, draw, regional
from quibble.errors import ArgumentError, ImageError
from quibble.geometry import Mask
from quibble.taxonomy import Category, Distortion

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
#: What looks at a pixel and its surroundings only, without chance: inside a region as on the whole picture.
LOCAL = [
    d
    for d in Distortion
    if d.category in (Category.BRIGHTEN, Category.DARKEN, Category.SATURATE_STRENGTHEN, Category.SATURATE_WEAKEN)
] + [
    Distortion.BLUR_GAUSSIAN,
    Distortion.BLUR_MOTION,
    Distortion.BLUR_LENS,
    Distortion.BLUR_ZOOM,
    Distortion.COMPRESSION_JPEG,
    Distortion.OVERSHARPEN_UNSHARP,
    Distortion.PIXELATE_BOX,
]


def disk(shape: tuple[int, ...], y: float, x: float, radius: float) -> Bools:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return np.asarray((rows - y) ** 2 + (columns - x) ** 2 <= radius**2)


def one(distortion: Distortion | str, level: float = 3) -> tuple[Degradation, ...]:
    return (draw(distortion, level, np.random.default_rng(6)),)


@pytest.mark.parametrize("floats", [False, True])
@pytest.mark.parametrize("distortion", list(Distortion))
def test_only_the_mask_changes(distortion: Distortion, floats: bool, photo: Bytes) -> None:
    picture = photo.astype(np.float32) / 255 if floats else photo
    before = picture.copy()
    mask = disk(photo.shape, 50, 66, 21.3)
    result = regional(picture, [mask], [one(distortion, 4)])
    assert result.image.dtype == picture.dtype
    np.testing.assert_array_equal(result.image[~mask], picture[~mask])
    np.testing.assert_array_equal(picture, before)
    assert (result.image[mask] != picture[mask]).mean() > 0.02
    assert result.masks == (Mask.from_array(mask),)
    assert result.degradations == (one(distortion, 4),)


@pytest.mark.parametrize("distortion", LOCAL)
@pytest.mark.parametrize("place", [(50, 66), (0, 0), (127, 119), (64, 3)])
def test_inside_it_is_as_on_the_whole_picture(distortion: Distortion, place: tuple[int, int], photo: Bytes) -> None:
    mask = disk(photo.shape, *place, 15)
    for level in (1, 3, 5):
        degradations = one(distortion, level)
        whole = apply(photo, degradations[0])
        inside = regional(photo, [mask], [degradations]).image
        # Sums in another order may round to the other side.
        tolerance = 0 if distortion is Distortion.COMPRESSION_JPEG else 1
        assert np.abs(inside[mask].astype(int) - whole[mask]).max() <= tolerance


@pytest.mark.parametrize("side", [5, 7, 9, 14])
def test_blocks_of_a_small_picture_are_seen_whole(side: int, photo: Bytes) -> None:
    small = photo[60 : 60 + side, 50 : 50 + side]
    mask = np.zeros((side, side), bool)
    mask[0, side // 2] = mask[-1, -1] = True
    for level in (1, 3, 5):
        whole = apply(small, one("pixelate.box", level)[0])
        for spot in np.argwhere(mask):
            alone = np.zeros_like(mask)
            alone[tuple(spot)] = True
            inside = regional(small, [alone], [one("pixelate.box", level)]).image
            np.testing.assert_array_equal(inside[alone], whole[alone])


@pytest.mark.parametrize("place", [(32, 48), (16, 0), (112, 104)])
def test_jpeg_sees_the_next_block(place: tuple[int, int], photo: Bytes) -> None:
    # Exactly one block: its outermost colours are mixed with those of its neighbours.
    mask = np.zeros(photo.shape[:2], bool)
    mask[place[0] : place[0] + 16, place[1] : place[1] + 16] = True
    for level in (1, 5):
        whole = apply(photo, one("compression.jpeg", level)[0])
        inside = regional(photo, [mask], [one("compression.jpeg", level)]).image
        np.testing.assert_array_equal(inside[mask], whole[mask])


def test_correlated_noise_sees_its_neighbours(photo: Bytes) -> None:
    silent = Degradation(distortion=Distortion.NOISE_SPATIALLY_CORRELATED, level=1, parameters={"sigma": 0, "seed": 0})
    mask = disk(photo.shape, 50, 66, 9)
    np.testing.assert_array_equal(regional(photo, [mask], [(silent,)]).image[mask], apply(photo, silent)[mask])


def test_a_sequence_sees_far_enough(photo: Bytes) -> None:
    mask = disk(photo.shape, 70, 60, 10)
    degradations = one("blur.gaussian", 2) + one("blur.lens", 3) + one("oversharpen.unsharp", 1)
    whole = apply_all(photo, degradations)
    inside = regional(photo, [mask], [degradations]).image
    assert np.abs(inside[mask].astype(int) - whole[mask]).max() <= 1


@pytest.mark.parametrize("distortion", list(Distortion))
def test_a_region_over_everything_is_the_whole_picture(distortion: Distortion, photo: Bytes) -> None:
    mask = np.ones(photo.shape[:2], bool)
    result = regional(photo, [mask], [one(distortion)], feather_px=3)
    np.testing.assert_array_equal(result.image, apply(photo, one(distortion)[0]))


@pytest.mark.parametrize(
    "distortion", [d for d in Distortion if d.value.startswith("contrast") or d.category is Category.QUANTIZE]
)
def test_statistics_are_those_of_the_masks_own_pixels(distortion: Distortion, photo: Bytes) -> None:
    mask = disk(photo.shape, 50, 66, 21.3)
    other = photo.copy()
    other[~mask] = 255 - other[~mask]
    first, second = (regional(picture, [mask], [one(distortion)]).image for picture in (photo, other))
    np.testing.assert_array_equal(first[mask], second[mask])
    # The same pixels as a picture of their own.
    alone = apply(photo[mask][None], one(distortion)[0])
    np.testing.assert_array_equal(first[mask], alone[0])


def test_pixelate_keeps_the_pictures_blocks(photo: Bytes) -> None:
    square = photo[:120]
    mask = np.zeros(square.shape[:2], bool)
    mask[37:61, 41:70] = True
    out = regional(square, [mask], [one("pixelate.box", 5)]).image
    assert (out[40:45, 45:50] == out[40, 45]).all()
    assert (out[40, 45] != out[40, 44]).any()


def test_regions_do_not_see_each_other(photo: Bytes) -> None:
    left, right = np.zeros(photo.shape[:2], bool), np.zeros(photo.shape[:2], bool)
    left[20:80, 20:60], right[20:80, 60:100] = True, True
    plans = [one("noise.impulse", 5), one("blur.gaussian", 5)]
    both = regional(photo, [left, right], plans)
    swapped = regional(photo, [right, left], plans[::-1])
    np.testing.assert_array_equal(both.image, swapped.image)
    np.testing.assert_array_equal(both.image[right], regional(photo, [right], plans[1:]).image[right])
    np.testing.assert_array_equal(both.image[left], regional(photo, [left], plans[:1]).image[left])


def test_parameters_come_from_the_seed_and_the_regions_number(photo: Bytes) -> None:
    masks: list[Mask | Bools] = [disk(photo.shape, 30, 30, 12), Mask.from_array(disk(photo.shape, 90, 80, 14))]
    plans = [Sequence.parse("noise.speckle:3", "blur.motion:2"), Sequence.parse("noise.speckle:3")]
    result = regional(photo, masks, plans, seed=12)
    for index, plan in enumerate(plans):
        assert result.degradations[index] == plan.draw(np.random.default_rng([12, index]))
    assert result.degradations[0][0] != result.degradations[1][0]
    np.testing.assert_array_equal(regional(photo, masks, plans, seed=12).image, result.image)
    assert (regional(photo, masks, plans, seed=13).image != result.image).any()


def test_a_result_is_replayed_from_its_record(photo: Bytes) -> None:
    masks = [disk(photo.shape, 30, 30, 12), disk(photo.shape, 90, 80, 14)]
    plans = [Sequence.parse("blur.glass:3", "noise.poisson:2"), Sequence.parse("compression.jpeg_2000:4")]
    result = regional(photo, masks, plans, seed=1)
    stored: Any = json.loads(
        json.dumps(
            {
                "masks": [mask.to_coco() for mask in result.masks],
                "degradations": [[d.to_dict() for d in region] for region in result.degradations],
            }
        )
    )
    again = regional(
        photo,
        [Mask.from_coco(rle) for rle in stored["masks"]],
        [tuple(Degradation.from_dict(d) for d in region) for region in stored["degradations"]],
    )
    np.testing.assert_array_equal(again.image, result.image)


@pytest.mark.parametrize("floats", [False, True])
def test_a_feather_fades_in_from_the_border(floats: bool) -> None:
    gray = np.full((40, 40, 3), 100, np.uint8)
    picture = gray.astype(np.float32) / 255 if floats else gray
    mask = np.zeros((40, 40), bool)
    mask[10:30, 10:] = True
    result = regional(picture, [mask], [one("brighten.shift_rgb", 2)], feather_px=4)
    row = result.image[:, 35, 0] * (255 if floats else 1)
    full = 0.15 * 255
    np.testing.assert_allclose(row[8:16], 100 + full * np.array([0, 0, 0.2, 0.4, 0.6, 0.8, 1, 1]), atol=1)
    np.testing.assert_allclose(row[::-1][9:15], row[9:15], atol=1e-3)
    # The picture's own edge is no border of the mask, and the mask says where anything changed.
    np.testing.assert_allclose(result.image[20, 20, 0], result.image[20, 39, 0])
    np.testing.assert_array_equal(result.image[~mask], picture[~mask])
    assert (result.image[mask] != picture[mask]).all()


def test_nothing_to_do_gives_a_copy(photo: Bytes) -> None:
    result = regional(photo, [], [])
    np.testing.assert_array_equal(result.image, photo)
    assert not np.shares_memory(result.image, photo)
    mask = disk(photo.shape, 30, 30, 12)
    np.testing.assert_array_equal(regional(photo, [mask], [()]).image, photo)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (3, 5), (5, 2)])
def test_tiny_pictures_and_masks(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    mask = np.zeros(shape, bool)
    mask[-1, -1] = True
    for distortion in Distortion:
        for given in (mask, Mask.from_array(mask)):
            out = regional(picture, [given], [one(distortion, 5)]).image
            np.testing.assert_array_equal(out[~mask], picture[~mask])


def test_mistakes_are_named(photo: Bytes) -> None:
    mask = disk(photo.shape, 30, 30, 12)
    plan = one("blur.gaussian")
    with pytest.raises(ArgumentError, match="mask 1 shares 1 pixels with an earlier one"):
        regional(photo, [mask, disk(photo.shape, 54, 30, 12)], [plan, plan])
    with pytest.raises(ArgumentError, match="mask 0 is empty"):
        regional(photo, [np.zeros(photo.shape[:2], bool)], [plan])
    with pytest.raises(ArgumentError, match="128 x 120"):
        regional(photo, [mask.T], [plan])
    with pytest.raises(ArgumentError, match="128 x 120"):
        regional(photo, [Mask.from_array(mask[:-1])], [plan])
    with pytest.raises(ArgumentError, match="booleans"):
        regional(photo, [mask.astype(np.uint8)], [plan])
    with pytest.raises(ArgumentError, match="1 masks and 2 sequences"):
        regional(photo, [mask], [plan, plan])
    with pytest.raises(ArgumentError, match="feather_px"):
        regional(photo, [mask], [plan], feather_px=-1)
    with pytest.raises(ImageError):
        regional(photo[..., 0], [mask], [plan])
