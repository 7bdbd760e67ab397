"""Pictures that show what was found: regions drawn over a photograph, heat maps, and pictures side by side.

Sizes of lines and letters follow the picture's, so that a result can be read at 300 and at 6000 pixels. Colours can be
told apart with every common kind of colour blindness, and every line has a rim that contrasts with it, so that it
shows on any ground.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask, Point, Region
from quibble.image import ImageArray, require_rgb
from quibble.taxonomy import Category

Color = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

#: Found by search: between any two the distance in Oklab is at least 0.18 for normal sight and 0.12 for protanopes,
#: deuteranopes and tritanopes (simulation of Machado et al., 2009).
CATEGORY_COLORS: Final[Mapping[Category, Color]] = MappingProxyType(
    {
        Category.BLUR: (0x17, 0x82, 0xFC),
        Category.NOISE: (0xAA, 0x24, 0x5D),
        Category.COMPRESSION: (0xAE, 0xB6, 0x00),
        Category.BRIGHTEN: (0xFA, 0xE3, 0xD9),
        Category.DARKEN: (0x47, 0x0D, 0x95),
        Category.CONTRAST_STRENGTHEN: (0x60, 0x30, 0x00),
        Category.CONTRAST_WEAKEN: (0x6C, 0xC3, 0xFF),
        Category.SATURATE_STRENGTHEN: (0xF6, 0x02, 0xB2),
        Category.SATURATE_WEAKEN: (0xF4, 0x8F, 0xA9),
        Category.OVERSHARPEN: (0x95, 0xFF, 0x04),
        Category.PIXELATE: (0x06, 0x01, 0xFD),
        Category.QUANTIZE: (0x9F, 0x70, 0x02),
    }
)

_LIGHT: Final[Color] = (255, 255, 255)
_DARK: Final[Color] = (0, 0, 0)
_TINT: Final = 0.15


def overlay(
    image: ImageArray,
    regions: Sequence[Region],
    *,
    labels: Sequence[str] | None = None,
    categories: Sequence[Category] | None = None,
) -> ImageArray:
    """Draw regions over a picture. (H, W, 3) uint8 -> a new array of the same shape.

    A mask is tinted lightly and outlined along its outer side, a box is framed; a region with both gets both. labels:
    the name beside each region, "" for none; by default the regions' own labels. categories: each region's category,
    which gives its colour; by default the colours of the categories in their order, around again after twelve.
    Names do not cover each other as long as there is room for them, and are left out of pictures too small for
    a word. Raises ImageError for another array, ArgumentError if the lists differ in length or a mask in size.
    """
    require_rgb(image, "a picture to draw on")
    height, width = image.shape[:2]
    names = [region.label or "" for region in regions] if labels is None else list(labels)
    palette = list(CATEGORY_COLORS.values())
    if categories is None:
        colors = [palette[i % len(palette)] for i in range(len(regions))]
    else:
        colors = [CATEGORY_COLORS[category] for category in categories]
    if not len(regions) == len(names) == len(colors):
        raise ArgumentError(f"found {len(regions)} regions, {len(names)} labels and {len(colors)} categories")
    for region in regions:
        if region.mask is not None and (region.mask.height, region.mask.width) != (height, width):
            raise ArgumentError(
                f"a mask of {region.mask.width} x {region.mask.height} does not fit a picture of {width} x {height}"
            )
    canvas = Image.fromarray(np.ascontiguousarray(image))
    line_px = max(1.5, 0.003 * math.sqrt(width * height))
    # Large regions first, so that the small ones inside them stay visible.
    for i in sorted(range(len(regions)), key=lambda i: -_area(regions[i])):
        if (mask := regions[i].mask) is not None:
            _draw_mask(canvas, mask, colors[i], line_px)
        if (box := regions[i].box) is not None:
            _draw_box(canvas, box, colors[i], line_px)
    _draw_names(canvas, regions, names, colors, line_px)
    return np.array(canvas)


def heat_map(image: ImageArray, values: NDArray[np.floating[Any]], *, legend: str | None = "") -> ImageArray:
    """Lay a map of values in 0..1 over a grey version of the picture. -> (H + legend's height, W, 3) uint8.

    The scale is absolute: a value has the same colour in every picture, 0 leaves the grey picture as it is, and a
    map is never stretched to fill the range. values: (h, w) at any resolution, spread over the picture bilinearly.
    legend: the caption beside the colour scale under the picture; None leaves the scale off, and the result then
    has the picture's shape. Raises ImageError for another picture, ArgumentError for values outside 0..1 or NaN.
    """
    require_rgb(image, "a picture to lay a heat map on")
    if values.ndim != 2 or 0 in values.shape:
        raise ArgumentError(f"a heat map needs values of shape (h, w), found {values.shape}")
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):
        raise ArgumentError(
            f"a heat map needs values in 0..1, found {low:.4g}..{high:.4g}; do not rescale them: clip them"
        )
    height, width = image.shape[:2]
    grey = Image.fromarray(np.ascontiguousarray(image)).convert("L")
    spread = Image.fromarray(values.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    steps = np.rint(np.asarray(spread).clip(0, 1) * 255).astype(np.uint8)
    shown = _heat(steps, np.asarray(grey))
    if legend is None:
        return shown
    return np.concatenate([shown, _legend(width, _font_px(width, height), legend)])


def side_by_side(images: Sequence[ImageArray], titles: Sequence[str] | None = None) -> ImageArray:
    """Put pictures in a row on white, each under its title. -> (H, W, 3) uint8.

    Pictures keep their pixels: none is scaled, and those of different heights are aligned at the top. Titles too long
    for their picture are shortened. Raises ImageError for another array, ArgumentError for no picture or a wrong
    number of titles.
    """
    if not images:
        raise ArgumentError("side_by_side needs at least one picture")
    titles = [""] * len(images) if titles is None else list(titles)
    if len(titles) != len(images):
        raise ArgumentError(f"found {len(images)} pictures and {len(titles)} titles")
    for image in images:
        require_rgb(image, "a picture to put beside others")
    text_px = max(_font_px(image.shape[1], image.shape[0]) for image in images)
    gap, font = round(0.8 * text_px), _font(text_px)
    head = round(1.6 * text_px) if any(titles) else 0
    width = sum(image.shape[1] for image in images) + gap * (len(images) + 1)
    height = max(image.shape[0] for image in images) + 2 * gap + head
    canvas = Image.new("RGB", (width, height), _LIGHT)
    pen = ImageDraw.Draw(canvas)
    x = gap
    for image, title in zip(images, titles, strict=True):
        pen.text((x, gap + 0.5 * text_px), _shorten(title, font, image.shape[1]), _DARK, font, anchor="lm")
        canvas.paste(Image.fromarray(np.ascontiguousarray(image)), (x, gap + head))
        x += image.shape[1] + gap
    return np.array(canvas)


# Text


def _font_px(width: int, height: int) -> int:
    return max(12, round(0.02 * math.sqrt(width * height)))


@lru_cache(maxsize=32)
def _font(size_px: int) -> Font:
    return ImageFont.load_default(size_px)


def _shorten(text: str, font: Font, width: float) -> str:
    """The text on one line, cut with dots where it is wider than width."""
    text = " ".join(text.split())
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text.rstrip() + "...") > width:
        text = text[:-1]
    return text.rstrip() + "..." if text else ""


def _contrasting(color: Color) -> Color:
    """White or black, whichever stands out more from a colour (WCAG's contrast of relative luminances)."""
    linear = [(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in (v / 255 for v in color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return _DARK if luminance > 0.179 else _LIGHT


# Regions


def _area(region: Region) -> float:
    return region.mask.area if region.mask is not None else region.bounds.area


def _draw_mask(canvas: Image.Image, mask: Mask, color: Color, line_px: float) -> None:
    box = mask.box
    if box is None:
        return
    margin = round(3 * line_px) + 4
    left, top = max(int(box.x0) - margin, 0), max(int(box.y0) - margin, 0)
    right, bottom = min(int(box.x1) + margin, mask.width), min(int(box.y1) + margin, mask.height)
    inside = mask.to_array()[top:bottom, left:right]
    canvas.paste(color, (left, top), Image.fromarray(inside.astype(np.uint8) * round(255 * _TINT)))
    # The outline runs outside the region; where the region meets the picture's edge it is moved in to be seen.
    shape = np.zeros_like(inside)
    edge = round(1.5 * line_px) + 1
    rows = slice(max(edge - top, 0), min(mask.height - edge, bottom) - top)
    columns = slice(max(edge - left, 0), min(mask.width - edge, right) - left)
    shape[rows, columns] = inside[rows, columns]
    grown = _grow(Image.fromarray(shape.astype(np.uint8) * 255), math.ceil(line_px / 2) + 1)
    soft = grown.filter(ImageFilter.GaussianBlur(_softness(line_px)))
    rim = max(1.0, 0.4 * line_px)
    canvas.paste(
        _contrasting(color), (left, top), soft.point(_band(line_px, -0.25 * line_px - rim, 0.75 * line_px + rim))
    )
    canvas.paste(color, (left, top), soft.point(_band(line_px, -0.25 * line_px, 0.75 * line_px)))


def _grow(shape: Image.Image, by_px: int) -> Image.Image:
    """A white shape wider by by_px on every side."""
    return shape.filter(ImageFilter.BoxBlur(by_px)).point([0] + [255] * 255)


def _softness(line_px: float) -> float:
    return 0.5 * line_px + 0.4


@lru_cache(maxsize=64)
def _band(line_px: float, outer_px: float, inner_px: float) -> list[int]:
    """Opacity by the level of a blurred shape, for a line between two distances from the shape's edge, inside positive.

    Blurred by a Gaussian, a straight edge is its cumulative distribution, so a level tells the distance from the edge;
    the line gets smooth borders without drawing at a larger size.
    """
    normal = NormalDist(0, _softness(line_px))
    distances = (normal.inv_cdf(min(max(level / 255, 0.004), 0.996)) for level in range(256))
    return [
        round(255 * min(max(distance - outer_px + 0.5, 0), 1) * min(max(inner_px - distance + 0.5, 0), 1))
        for distance in distances
    ]


def _draw_box(canvas: Image.Image, box: Box, color: Color, line_px: float) -> None:
    line, rim = max(1, round(line_px)), max(1, round(0.4 * line_px))
    width, height = canvas.size
    # The frame stands outside the box, or inside the picture where the box meets its edge.
    x0, y0 = max(round(box.x0) - line, rim), max(round(box.y0) - line, rim)
    x1, y1 = min(round(box.x1) + line, width - rim), min(round(box.y1) + line, height - rim)
    pen = ImageDraw.Draw(canvas)
    if x1 <= x0 or y1 <= y0:
        return
    pen.rectangle((x0 - rim, y0 - rim, x1 + rim - 1, y1 + rim - 1), outline=_contrasting(color), width=line + 2 * rim)
    pen.rectangle((x0, y0, x1 - 1, y1 - 1), outline=color, width=line)


# Names


@dataclass(frozen=True, kw_only=True)
class _Plate:
    """A name's place: its top left corner, and whether it stands away from its region."""

    x: int
    y: int
    width: int
    height: int
    is_away: bool


def _draw_names(
    canvas: Image.Image, regions: Sequence[Region], names: Sequence[str], colors: Sequence[Color], line_px: float
) -> None:
    text_px = _font_px(*canvas.size)
    font = _font(text_px)
    pad, height, rim = round(0.45 * text_px), round(1.5 * text_px), max(1, round(0.4 * line_px))
    named = []
    for region, name, color in zip(regions, names, colors, strict=True):
        text = _shorten(name, font, canvas.width - 2 * (pad + rim))
        bounds = region.box or (region.mask.box if region.mask is not None else None)
        if text and bounds is not None and canvas.height >= height + 2 * rim:
            named.append((region, bounds, text, color))
    plates: list[_Plate] = []
    gap = round(1.5 * line_px) + 2 * rim
    for _, bounds, text, _ in named:
        size = (math.ceil(font.getlength(text)) + 2 * pad, height)
        others = [other for _, other, _, _ in named if other.intersection(bounds) < bounds.area]
        plates.append(_place(size, bounds, others, plates, canvas.size, gap=gap, rim=rim))
    for plate, (region, bounds, _, color) in zip(plates, named, strict=True):
        if plate.is_away:
            _draw_leader(canvas, plate, _anchor(region, bounds), color, line_px)
    for plate, (_, _, text, color) in zip(plates, named, strict=True):
        _draw_plate(canvas, plate, color, rim)
        middle = (plate.x + pad, plate.y + plate.height / 2)
        ImageDraw.Draw(canvas).text(middle, text, _contrasting(color), font, anchor="lm")


def _place(
    size: tuple[int, int],
    bounds: Box,
    others: Sequence[Box],
    plates: Sequence[_Plate],
    picture: tuple[int, int],
    *,
    gap: int,
    rim: int,
) -> _Plate:
    """Where a plate goes: at its region, hiding no plate and little of the other regions; else where there is room.

    bounds: its region's. others: those of the regions that do not contain it. gap: from a region to a plate outside it.
    rim: what a plate's border needs on every side.
    """
    width, height = size
    right, low = picture[0] - width - rim, picture[1] - height - rim
    x0, y0, x1, y1 = (round(v) for v in bounds.to_list())
    corners = [
        (x0, y0 - height - gap),
        (x0, y1 + gap),
        (x1 - width, y0 - height - gap),
        (x1 - width, y1 + gap),
        (x0 + gap, y0 + gap),
        (x1 - width - gap, y1 - height - gap),
        (x1 - width - gap, y0 + gap),
        (x0 + gap, y1 - height - gap),
        (x1 + gap, y0),
        (x0 - width - gap, y0),
    ]
    beside = np.array([(min(max(x, rim), right), y) for x, y in corners if rim <= y <= low] or [(rim, rim)])
    taken = [Box(x0=p.x, y0=p.y, x1=p.x + p.width, y1=p.y + p.height) for p in plates]
    hidden = _hidden(beside, size, taken, rim)
    if hidden.min() > 0:
        step = max(1, height // 3)
        places = np.meshgrid(np.arange(rim, right + 1, step), np.arange(rim, low + 1, step))
        grid = np.stack(places, axis=-1).reshape(-1, 2)
        free = grid[_hidden(grid, size, taken, rim) == 0]
        if len(free):
            distance = np.hypot(free[:, 0] + width / 2 - bounds.center.x, free[:, 1] + height / 2 - bounds.center.y)
            covers = _hidden(free, size, [bounds, *others], 0) / (width * height)
            x, y = free[(distance + 2 * height * covers).argmin()].tolist()
            return _Plate(x=x, y=y, width=width, height=height, is_away=True)
    covers = _hidden(beside, size, others, 0) / (width * height)
    x, y = beside[np.lexsort((covers + 0.06 * np.arange(len(beside)), hidden))[0]].tolist()
    return _Plate(x=x, y=y, width=width, height=height, is_away=False)


def _hidden(corners: NDArray[np.int_], size: tuple[int, int], boxes: Sequence[Box], margin: int) -> NDArray[np.float64]:
    """The area of boxes, each grown by a margin, that a plate at each of the corners would cover. (N, 2) -> (N,)"""
    total = np.zeros(len(corners))
    for box in boxes:
        x = np.minimum(corners[:, 0] + size[0], box.x1 + margin) - np.maximum(corners[:, 0], box.x0 - margin)
        y = np.minimum(corners[:, 1] + size[1], box.y1 + margin) - np.maximum(corners[:, 1], box.y0 - margin)
        total += np.maximum(x, 0) * np.maximum(y, 0)
    return total


def _anchor(region: Region, bounds: Box) -> Point:
    """The point of a region that a leader leads to: the one nearest to its centre."""
    if region.mask is None:
        return bounds.center
    rows, columns = np.nonzero(region.mask.to_array())
    nearest = np.hypot(columns - bounds.center.x, rows - bounds.center.y).argmin()
    return Point(x=float(columns[nearest]), y=float(rows[nearest]))


def _draw_leader(canvas: Image.Image, plate: _Plate, anchor: Point, color: Color, line_px: float) -> None:
    start = (plate.x + plate.width / 2, plate.y + plate.height / 2)
    rim, dot = max(1.0, 0.4 * line_px), 1.6 * line_px

    def stroke(extra: float) -> Callable[[ImageDraw.ImageDraw, float, float, float], None]:
        def draw(pen: ImageDraw.ImageDraw, scale: float, left: float, top: float) -> None:
            x, y = (anchor.x - left) * scale, (anchor.y - top) * scale
            pen.line(
                ((start[0] - left) * scale, (start[1] - top) * scale, x, y), 255, round((line_px + 2 * extra) * scale)
            )
            radius = (dot + extra) * scale
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), 255)

        return draw

    reach = dot + rim + 1
    xs, ys = sorted((start[0], anchor.x)), sorted((start[1], anchor.y))
    area = (int(xs[0] - reach), int(ys[0] - reach), int(xs[1] + reach) + 1, int(ys[1] + reach) + 1)
    _paste_smooth(canvas, _contrasting(color), area, stroke(rim))
    _paste_smooth(canvas, color, area, stroke(0))


def _draw_plate(canvas: Image.Image, plate: _Plate, color: Color, rim: int) -> None:
    def rounded(extra: int) -> Callable[[ImageDraw.ImageDraw, float, float, float], None]:
        def draw(pen: ImageDraw.ImageDraw, scale: float, left: float, top: float) -> None:
            x0, y0 = (plate.x - extra - left) * scale, (plate.y - extra - top) * scale
            x1, y1 = x0 + (plate.width + 2 * extra) * scale - 1, y0 + (plate.height + 2 * extra) * scale - 1
            pen.rounded_rectangle((x0, y0, x1, y1), (0.2 * plate.height + extra) * scale, 255)

        return draw

    area = (plate.x - rim, plate.y - rim, plate.x + plate.width + rim, plate.y + plate.height + rim)
    _paste_smooth(canvas, _contrasting(color), area, rounded(rim))
    _paste_smooth(canvas, color, area, rounded(0))


def _paste_smooth(
    canvas: Image.Image,
    color: Color,
    area: tuple[int, int, int, int],
    draw: Callable[[ImageDraw.ImageDraw, float, float, float], None],
) -> None:
    """Paint a shape with smooth borders: drawn four times as large where that is affordable, and reduced."""
    left, top, right, bottom = area
    scale = 4 if (right - left) * (bottom - top) < 1_000_000 else 1
    shape = Image.new("L", ((right - left) * scale, (bottom - top) * scale))
    draw(ImageDraw.Draw(shape), scale, left, top)
    canvas.paste(color, (left, top), shape.reduce(scale) if scale > 1 else shape)


# Heat


def _ramp() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colour (256, 3) and opacity (256, 1) of the values 0..1. Lightness rises with the value throughout."""
    stops = np.array(
        [(0x3B, 0x0F, 0x70), (0x9C, 0x1F, 0x78), (0xE0, 0x3E, 0x52), (0xFB, 0x8A, 0x2E), (0xFF, 0xF2, 0x9A)]
    )
    value = np.linspace(0, 1, 256)
    colors = [np.interp(value, np.linspace(0, 1, len(stops)), stops[:, channel]) for channel in range(3)]
    opacity = 0.75 * (1 - (1 - value) ** 2)
    return np.stack(colors, axis=-1).astype(np.float32), opacity[:, None].astype(np.float32)


def _heat(steps: NDArray[np.uint8], grey: NDArray[np.uint8]) -> ImageArray:
    """Colour the steps 0..255 of a map over a grey picture of the same shape. -> (H, W, 3)"""
    colors, opacity = _ramp()
    tinted = np.rint(colors * opacity).astype(np.uint8)
    rest = np.rint(256 * (1 - opacity[:, 0])).astype(np.uint16)
    base = ((grey * rest[steps]) >> 8).astype(np.uint8)
    shown: ImageArray = tinted[steps] + base[..., None]
    return shown


def _legend(width: int, text_px: int, caption: str) -> ImageArray:
    """The colour scale from 0 to 1 as it looks on middle grey, with its caption. -> (height, width, 3)"""
    font = _font(text_px)
    height = round(2.6 * text_px)
    canvas = Image.new("RGB", (width, height), _LIGHT)
    pen = ImageDraw.Draw(canvas)
    pad, bar = round(0.7 * text_px), round(0.9 * text_px)
    text = _shorten(caption, font, 0.45 * (width - 2 * pad))
    left = pad + (round(font.getlength(text)) + pad if text else 0)
    steps = np.linspace(0, 255, max(width - pad - left, 1)).astype(np.uint8)
    scale = np.tile(_heat(steps[None], np.full((1, steps.size), 128, np.uint8)), (bar, 1, 1))
    top = round(0.4 * text_px)
    pen.text((pad, top + bar / 2), text, _DARK, font, anchor="lm")
    canvas.paste(Image.fromarray(scale), (left, top))
    marks = (0.0, 0.25, 0.5, 0.75, 1.0) if steps.size > 12 * text_px else (0.0, 1.0)
    for mark in marks:
        x = left + mark * (steps.size - 1)
        pen.line((x, top + bar, x, top + bar + 0.25 * text_px), _DARK, max(1, text_px // 12))
        pen.text(
            (x, top + bar + 0.3 * text_px), f"{mark:g}", _DARK, font, anchor={0.0: "la", 1.0: "ra"}.get(mark, "ma")
        )
    return np.array(canvas)
