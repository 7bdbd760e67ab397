"""Brightness, color and texture of regions as numbers: what a picture's own tones say of a part that is too bright or
pale, held against the rest and against what lies around it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

Maps = NDArray[np.float32]
Places = NDArray[np.bool_]

#: Pixels of a view to a place, each way: half as fine as what a model sees.
PLACE: Final = 8
#: Maps, in order, whose percentiles are told: (name, range, percentiles).
_SPREAD: Final = (
    ("luma", (0.0, 1.0), (1, 5, 25, 50, 75, 95, 99)),
    ("saturation", (0.0, 1.0), (5, 25, 50, 75, 95)),
    ("chroma", (0.0, 1.0), (5, 25, 50, 75, 95)),
    ("texture", (-5.6, -0.6), (5, 25, 50, 75, 95)),
)
#: And those whose means are: shares of clipped pixels, light and dark, and what blue and red differ from the luma.
_MEANS: Final = ("light", "dark", "blue", "red")
_EACH: Final = sum(len(asked) for _, _, asked in _SPREAD) + len(_MEANS)
#: How many numbers describe a region: itself, the clean rest, their difference, its surroundings, and how its border
#: differs from those; the sizes of the two others.
COUNT: Final = 5 * _EACH + 2
#: Pixels from this value on, or up to this one, of 255 are clipped.
_LIGHT, _DARK = 250, 8
#: Bins of a histogram, places that have to be there before anything is said of them, and the width of a border.
_BINS: Final = 32
FEWEST: Final = 4
_BORDER: Final = 3


def tones_of(view: NDArray[np.uint8]) -> Maps:
    """(H, W, 3) uint8 sRGB -> (8, h, w), a place for PLACE x PLACE pixels, rounded up.

    Luma, saturation, chroma, logarithm of the deviation of luma, shares of clipped light and dark pixels, blue less
    luma, and red less luma.
    """
    picture = Image.fromarray(view)
    color = np.asarray(picture.reduce(PLACE), np.float32) / 255
    grey = np.asarray(picture.convert("L"), np.float32) / 255
    luma, square = (np.asarray(Image.fromarray(values).reduce(PLACE)) for values in (grey, grey * grey))
    red, green, blue = picture.split()
    brightest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    clipped = [
        np.asarray(brightest.point(table).reduce(PLACE), np.float32) / 255
        for table in ([255 * (v >= _LIGHT) for v in range(256)], [255 * (v <= _DARK) for v in range(256)])
    ]
    most, least = color.max(axis=2), color.min(axis=2)
    texture = np.log(np.sqrt(np.maximum(square - luma * luma, 0)) + 0.004)
    maps = [luma, (most - least) / (most + 0.02), most - least, texture, *clipped]
    return np.stack([*maps, color[..., 2] - luma, color[..., 0] - luma]).astype(np.float32)


def told_of(tones: Maps, regions: Places, clean: Places) -> Maps:
    """Regions of a picture, (N, h, w), by its tones -> (N, COUNT). clean: (h, w), what shows no defect.

    Regions and clean places are twice as fine as the tones. Zeros stand for what is too small to say anything.
    """
    inside = halved(regions, tones.shape[1:])
    rest = ~inside & halved(clean[None], tones.shape[1:])
    around = _grown(inside, _BORDER) & ~_grown(inside, 1)
    border = inside & _grown(~inside, _BORDER)
    places = np.stack([inside, rest, around, border]).reshape(4 * len(regions), -1)
    a, b, c, d = _described(tones, places).reshape(4, len(regions), _EACH)
    sizes = np.stack([rest.mean(axis=(1, 2)), around.mean(axis=(1, 2))], axis=1)
    return np.concatenate([a, b, a - b, c, d - c, sizes], axis=1).astype(np.float32)


def _described(tones: Maps, places: Places) -> Maps:
    """(N, places) -> (N, _EACH)"""
    # Counting, and no matrix product: the threads of numpy's would wait in the way of those that run the model.
    row, column = np.nonzero(places)
    size = np.bincount(row, minlength=len(places))[:, None]
    some = np.maximum(size, 1)
    flat = tones.reshape(len(tones), -1)
    parts = [
        _percentiles(row, flat[number][column], some, limits, asked)
        for number, (_, limits, asked) in enumerate(_SPREAD)
    ]
    sums = [np.bincount(row, values[column], len(places)) for values in flat[len(_SPREAD) :]]
    parts.append(np.stack(sums, axis=1) / some)
    return np.asarray(np.where(size >= FEWEST, np.concatenate(parts, axis=1), 0), np.float32)


def _percentiles(
    row: NDArray[np.intp], values: Maps, size: NDArray[np.intp], limits: tuple[float, float], asked: tuple[int, ...]
) -> NDArray[np.float64]:
    """Percentiles of the values of each row, from histograms. row, values: (n,); size: how many each has, (N, 1).
    (N, asked)"""
    low, high = limits
    number = np.clip((values - low) * (_BINS / (high - low)), 0, _BINS - 1).astype(np.intp)
    counted = np.bincount(row * _BINS + number, minlength=len(size) * _BINS)
    histogram = counted.reshape(len(size), _BINS) / size
    below = np.pad(histogram.cumsum(axis=1), ((0, 0), (1, 0)))
    out = np.empty((len(size), len(asked)))
    for column, percent in enumerate(asked):
        wanted = percent / 100
        at = np.minimum((below[:, 1:] < wanted).sum(axis=1), _BINS - 1)[:, None]
        start, mass = np.take_along_axis(below, at, 1), np.take_along_axis(histogram, at, 1)
        inner = np.clip((wanted - start) / np.maximum(mass, 1e-6), 0, 1)
        out[:, column] = ((at + inner) / _BINS * (high - low) + low)[:, 0]
    return out


def halved(regions: Places, shape: tuple[int, ...]) -> Places:
    """(N, h, w) -> (N, *shape), half as fine: places that a region covers half of, or a part of if it has none such."""
    rows, columns = shape
    padded = np.pad(
        regions, ((0, 0), (0, 2 * rows - regions.shape[1]), (0, 2 * columns - regions.shape[2])), mode="edge"
    )
    fine = padded.astype(np.uint8)
    covered = fine[:, ::2, ::2] + fine[:, ::2, 1::2] + fine[:, 1::2, ::2] + fine[:, 1::2, 1::2]
    half = covered >= 2
    return np.where(half.any(axis=(1, 2), keepdims=True), half, covered > 0)


def _grown(regions: Places, by: int) -> Places:
    """(N, h, w), each grown by so many places to all sides."""
    out = regions.copy()
    for axis in (1, 2):
        length, before = regions.shape[axis], np.moveaxis(out.copy(), axis, -1)
        grown = np.moveaxis(out, axis, -1)
        for shift in range(1, min(by, length - 1) + 1):
            grown[..., shift:] |= before[..., :-shift]
            grown[..., :-shift] |= before[..., shift:]
    return out
