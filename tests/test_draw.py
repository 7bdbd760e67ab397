from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from quibble.draw import (
    CATEGORY_COLORS,
    _contrasting,
    _font,
    _font_px,
    _place,
    _Plate,
    _shorten,
    heat_map,
    overlay,
    side_by_side,
)
from quibble.errors import ArgumentError, ImageError
from quibble.geometry import Box, Mask, Region
from quibble.taxonomy import Category

Pixels = NDArray[np.uint8]


def photo(height: int = 240, width: int = 360) -> Pixels:
    y, x = np.mgrid[0:height, 0:width]
    waves: list[NDArray[Any]] = [60 + 40 * np.sin(x / 17 + i) + 50 * np.cos(y / 23 - i) for i in range(3)]
    pixels: Pixels = np.clip(np.stack(waves, axis=-1), 0, 255).astype(np.uint8)
    return pixels


def disk(height: int, width: int, x: float, y: float, radius: float) -> Mask:
    rows, columns = np.mgrid[0:height, 0:width]
    return Mask.from_array(np.hypot(columns - x, rows - y) < radius)


def linear(colors: NDArray[Any]) -> NDArray[Any]:
    share = colors / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def oklab(light: NDArray[Any]) -> NDArray[Any]:
    cones = np.array([[0.41222, 0.53633, 0.05145], [0.21190, 0.68070, 0.10740], [0.08830, 0.28172, 0.62998]])
    axes = np.array([[0.21045, 0.79362, -0.00407], [1.97800, -2.42859, 0.45059], [0.02590, 0.78277, -0.80868]])
    return np.asarray(np.cbrt(np.clip(light, 0, 1) @ cones.T) @ axes.T)


#: Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SIGHTS = {
    "normal": np.eye(3),
    "protanope": np.array([[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]]),
    "deuteranope": np.array([[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]]),
    "tritanope": np.array([[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]]),
}


@pytest.mark.parametrize("sight", SIGHTS)
def test_category_colours_can_be_told_apart(sight: str) -> None:
    assert list(CATEGORY_COLORS) == list(Category)
    seen = oklab(linear(np.array(list(CATEGORY_COLORS.values()))) @ SIGHTS[sight].T)
    distances = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
    nearest = distances[~np.eye(12, dtype=bool)].min()
    assert nearest > (0.18 if sight == "normal" else 0.12)


def test_letters_stand_out_from_their_plates() -> None:
    for color in CATEGORY_COLORS.values():
        light = [float(linear(np.array(c)) @ (0.2126, 0.7152, 0.0722)) for c in (color, _contrasting(color))]
        assert (max(light) + 0.05) / (min(light) + 0.05) > 4.5, "WCAG AA"


def test_overlay_tints_lightly_outlines_outside_and_leaves_the_rest() -> None:
    image = 128 + photo() // 3
    before = image.copy()
    mask = disk(240, 360, 200, 120, 60)
    drawn = overlay(image, [Region(mask=mask)], categories=[Category.BLUR])
    assert (image == before).all()
    assert drawn.shape == image.shape
    assert drawn.dtype == np.uint8
    color = np.array(CATEGORY_COLORS[Category.BLUR])
    inside = disk(240, 360, 200, 120, 54).to_array()
    expected = image[inside] * 0.85 + color * 0.15
    assert np.abs(drawn[inside] - expected).max() <= 2
    near = disk(240, 360, 200, 120, 70).to_array()
    assert (drawn[~near] == image[~near]).all()
    rows, columns = np.mgrid[0:240, 0:360]
    distance = np.hypot(columns - 200, rows - 120)
    is_color = (np.abs(drawn.astype(int) - color) < 12).all(axis=-1)
    assert is_color.sum() > 2 * np.pi * 60 * 0.7, "a closed line"
    assert distance[is_color].min() > 59
    assert _contrasting((0x17, 0x82, 0xFC)) == (0, 0, 0)
    assert (drawn.max(axis=-1) < 80).sum() > 2 * np.pi * 60 * 0.7, "a rim of the contrasting colour"


@pytest.mark.parametrize("size", [(200, 300), (1000, 1500)])
def test_regions_that_fill_the_picture_or_are_one_pixel_are_seen(size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 128, np.uint8)
    color = np.array(CATEGORY_COLORS[Category.NOISE])

    def color_at(drawn: Pixels) -> NDArray[np.bool_]:
        return np.asarray((np.abs(drawn.astype(int) - color) < 40).all(axis=-1))

    whole = overlay(image, [Region(mask=Mask.from_array(np.ones(size)))], categories=[Category.NOISE])
    ring = color_at(whole)
    edge = max(size) // 60 + 4
    for side in (ring[:edge], ring[-edge:], ring[:, :edge].T, ring[:, -edge:].T):
        assert side[:, edge:-edge].any(axis=0).all()
    assert not ring[edge:-edge, edge:-edge].any()
    box = overlay(image, [Region(box=Box(x0=0, y0=0, x1=size[1], y1=size[0]))], categories=[Category.NOISE])
    assert color_at(box)[:edge].any(axis=0).sum() > size[1] * 0.95
    dot = Mask.from_box(Box(x0=50, y0=50, x1=51, y1=51), width=size[1], height=size[0])
    assert color_at(overlay(image, [Region(mask=dot)], categories=[Category.NOISE])).any()


def test_an_empty_mask_draws_nothing() -> None:
    image = photo()
    drawn = overlay(image, [Region(mask=Mask.from_array(np.zeros((240, 360))), label="nothing")])
    assert (drawn == image).all()
    assert (overlay(image, []) == image).all()


def test_small_regions_are_drawn_over_large_ones() -> None:
    image = photo()
    small = Region(mask=disk(240, 360, 180, 120, 20))
    large = Region(mask=disk(240, 360, 180, 120, 90))
    there = (slice(90, 150), slice(150, 210))
    both = [overlay(image, pair, categories=c)[there] for pair, c in (
        ([small, large], [Category.BLUR, Category.NOISE]),
        ([large, small], [Category.NOISE, Category.BLUR]),
    )]  # fmt: skip
    assert (both[0] == both[1]).all()


def test_labels_come_from_the_regions_unless_given() -> None:
    image = photo()
    box = Box(x0=100, y0=100, x1=200, y1=180)
    named = overlay(image, [Region(box=box, label="a name")])
    assert (named == overlay(image, [Region(box=box)], labels=["a name"])).all()
    unnamed = overlay(image, [Region(box=box, label="a name")], labels=[""])
    assert (unnamed == overlay(image, [Region(box=box)])).all()
    assert (named != unnamed).any()


@pytest.mark.parametrize(("width", "height"), [(300, 300), (300, 200), (1200, 800), (6000, 4000)])
def test_letters_grow_with_the_picture(width: int, height: int) -> None:
    size = _font_px(width, height)
    assert size >= 12, "readable as it is"
    assert size * 1000 / max(width, height) >= 12, "readable when the picture is shown 1000 pixels wide"
    assert _font(size).getlength("catastrophic banding") < 0.6 * width


def test_texts_that_are_too_wide_are_cut() -> None:
    font = _font(12)
    assert _shorten("noise", font, 200) == "noise"
    assert _shorten("two\nlines", font, 200) == "two lines"
    cut = _shorten("excessive contrast in the sky", font, 80)
    assert cut.endswith("...")
    assert font.getlength(cut) <= 80
    assert _shorten("noise", font, 3) == ""


boxes = st.builds(
    lambda x, y, w, h: Box.from_xywh(x, y, w, h),
    st.integers(0, 380),
    st.integers(0, 280),
    st.integers(1, 200),
    st.integers(1, 200),
).map(lambda box: box.clip(width=400, height=300))


@given(st.lists(st.tuples(boxes, st.integers(20, 150)), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None, database=None)
def test_plates_stay_inside_and_do_not_cover_each_other(regions: list[tuple[Box, int]]) -> None:
    plates: list[_Plate] = []
    for box, width in regions:
        others = [other for other, _ in regions]
        plates.append(_place((width, 18), box, others, plates, (400, 300), gap=5, rim=1))
    for i, plate in enumerate(plates):
        assert plate.x >= 1
        assert plate.y >= 1
        assert plate.x + plate.width <= 399
        assert plate.y + plate.height <= 299
        for other in plates[:i]:
            apart = other.x + other.width <= plate.x or plate.x + plate.width <= other.x
            apart = apart or other.y + other.height <= plate.y or plate.y + plate.height <= other.y
            assert apart, "400 x 300 has room for twelve plates"


def test_more_plates_than_room_still_come_out() -> None:
    box = Box(x0=0, y0=0, x1=60, y1=40)
    drawn = overlay(np.zeros((40, 60, 3), np.uint8), [Region(box=box)] * 20, labels=["name"] * 20)
    assert drawn.shape == (40, 60, 3)


@pytest.mark.parametrize("size", [(1, 1), (5, 9), (14, 200), (200, 14), (40, 30)])
def test_tiny_pictures(size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 90, np.uint8)
    whole = Region(mask=Mask.from_array(np.ones(size)), box=Box(x0=0, y0=0, x1=size[1], y1=size[0]))
    assert overlay(image, [whole], labels=["a rather long name"]).shape == image.shape
    assert heat_map(image, np.ones((3, 3)), legend="caption").shape[1:] == image.shape[1:]
    side_by_side([image, image], ["a title", ""])


def test_overlay_refuses() -> None:
    image = photo()
    region = Region(box=Box(x0=1, y0=1, x1=9, y1=9))
    with pytest.raises(ImageError, match="float64"):
        overlay(image / 255, [region])  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="1 regions, 2 labels"):
        overlay(image, [region], labels=["a", "b"])
    with pytest.raises(ArgumentError, match="0 categories"):
        overlay(image, [region], categories=[])
    with pytest.raises(ArgumentError, match="10 x 10 does not fit a picture of 360 x 240"):
        overlay(image, [Region(mask=Mask.from_array(np.ones((10, 10))))])


# Heat maps


def test_nothing_is_stretched() -> None:
    image = photo()
    grey = heat_map(image, np.zeros((4, 4)), legend=None)
    assert (grey[..., 0] == grey[..., 2]).all(), "no defect leaves the grey picture"
    luma = image @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey[..., 0] - luma).max() <= 1.5
    faint = heat_map(image, np.full((4, 4), 0.05), legend=None)
    strong = heat_map(image, np.full((4, 4), 0.95), legend=None)
    assert np.abs(faint.astype(int) - grey).max() < 40
    assert np.abs(strong.astype(int) - grey).max() > 120


def test_a_value_has_the_same_colour_in_every_map() -> None:
    image = np.full((64, 64, 3), 100, np.uint8)
    alone = heat_map(image, np.full((8, 8), 0.3), legend=None)[0, 0]
    values = np.full((8, 8), 0.3)
    values[4:, 4:] = 1
    assert (heat_map(image, values, legend=None)[0, 0] == alone).all()


def test_heat_grows_brighter_with_the_value_and_matches_the_legend() -> None:
    image = np.full((100, 600, 3), 128, np.uint8)
    values = np.tile(np.linspace(0, 1, 600), (2, 1))
    shown = heat_map(image, values, legend="probability")
    assert shown.shape[0] > 100
    assert shown.shape[1:] == (600, 3)
    row = shown[50].astype(float)
    opaque = row[120:]  # below that the grey of the picture shows through more than the colour
    lightness = oklab(linear(opaque))[:, 0]
    assert (np.diff(lightness) > -0.004).all()
    legend = shown[100:]
    bar = legend[legend.shape[0] // 4]
    for level in (0, 150, 300, 450, 599):
        assert np.abs(bar.astype(int) - row[level]).max(axis=-1).min() <= 3, "every colour of the map is on the scale"


def test_the_map_is_laid_where_its_values_are() -> None:
    values = np.zeros((10, 20))
    values[2, 15] = 1
    shown = heat_map(np.full((100, 200, 3), 60, np.uint8), values, legend=None).astype(int)
    y, x = np.unravel_index(np.abs(shown - 60).sum(axis=-1).argmax(), (100, 200))
    assert abs(int(y) - 25) <= 1
    assert abs(int(x) - 155) <= 1


def test_no_colour_overflows() -> None:
    for level in (0, 255):
        image = np.full((1, 256, 3), level, np.uint8)
        row = heat_map(image, np.linspace(0, 1, 256)[None], legend=None)[0].astype(int)
        assert np.abs(np.diff(row, axis=0)).max() < 12


@pytest.mark.parametrize(
    "values", [np.full((3, 3), 1.01), np.full((3, 3), -0.01), np.full((3, 3), np.nan), np.zeros(3), np.zeros((0, 3))]
)
def test_heat_map_refuses(values: NDArray[Any]) -> None:
    with pytest.raises(ArgumentError, match="heat map needs values"):
        heat_map(photo(), values)
    with pytest.raises(ImageError):
        heat_map(photo()[..., 0], np.zeros((3, 3)))


# Side by side


def test_pictures_keep_their_pixels_side_by_side() -> None:
    left, right = photo(100, 150), photo(60, 80)[::-1].copy()
    for titles in (None, ["left", "a title that is far too long for a picture of eighty pixels"]):
        row = side_by_side([left, right], titles)
        for image in (left, right):
            height, width = image.shape[:2]
            windows = np.lib.stride_tricks.sliding_window_view(row[..., 0], (height, width))
            found = np.argwhere((windows == image[..., 0]).all(axis=(2, 3)))
            assert len(found) == 1
            y, x = found[0]
            assert (row[y : y + height, x : x + width] == image).all()
            assert (row[y - 1, x : x + width] == 255).all()
    assert side_by_side([left], ["title"]).shape[0] > side_by_side([left]).shape[0]


def test_side_by_side_refuses() -> None:
    with pytest.raises(ArgumentError, match="at least one"):
        side_by_side([])
    with pytest.raises(ArgumentError, match="1 pictures and 2 titles"):
        side_by_side([photo()], ["a", "b"])
    with pytest.raises(ImageError):
        side_by_side([photo().astype(np.float32)])
