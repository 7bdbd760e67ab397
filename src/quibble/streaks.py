"""How fast brightness changes in a region, and which way: motion leaves streaks, zoom streaks from the middle, and lost
focus none."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.tones import FEWEST, PLACE, halved

Maps = NDArray[np.float32]
Places = NDArray[np.bool_]

#: Pixels between two whose brightness is compared.
STEPS: Final = (1, 2, 4, 8)
#: Which steps are held against each other, by their numbers: a streak is smooth over its length and no further.
_PAIRS: Final = ((0, 1), (1, 2), (2, 3), (0, 2), (0, 3))
#: Directions that are compared, a turn by half.
_TURNS: Final = np.arange(8) * np.pi / 8
#: Squared differences below this, of brightness from 0 to 1, are as good as none.
_NONE: Final = 2e-6
#: Rows that are worked on at a time: few enough to stay in a processor's cache.
_STRIP: Final = 32
_EACH: Final = 3 * len(STEPS) + 8 * len(_PAIRS)
#: How many numbers describe a region: itself, the clean rest, and their difference.
COUNT: Final = 3 * _EACH


def streaks_of(view: NDArray[np.uint8]) -> Maps:
    """(H, W, 3) uint8 sRGB -> (16, h, w), a place for PLACE x PLACE pixels, rounded up.

    For each step the mean squared difference of luma across and down, of two rows and two columns together, their mean
    product, and the mean squared difference along the way from the middle of the picture. Source: Roberts 1963 (the
    cross), Forstner and Gulch 1987 (the products).
    """
    height, width = view.shape[:2]
    rows, columns = -(-height // PLACE), -(-width // PLACE)
    tall, wide = rows * PLACE, columns * PLACE
    room = STEPS[-1]
    luma = np.zeros((tall + 2 * room + 1, wide), np.float32)
    weights = np.array([0.299, 0.587, 0.114], np.float32) / np.float32(255)
    np.matmul(view.astype(np.float32), weights, out=luma[room : room + height, :width])
    x = np.arange(wide, dtype=np.float32) - np.float32((width - 1) / 2)
    y = np.arange(tall, dtype=np.float32)[:, None] - np.float32((height - 1) / 2)
    nearness = 1 / (x * x + y * y + 1)
    buffers = np.empty((4, min(_STRIP, tall), wide), np.float32)
    sums = np.empty((4, rows, wide), np.float32)
    maps = np.empty((len(STEPS), 4, rows, columns), np.float32)
    for step, told in zip(STEPS, maps, strict=True):
        for top in range(0, tall, _STRIP):
            strip = slice(top, min(top + _STRIP, tall))
            across, down, outward, other = buffers[:, : strip.stop - top]
            _differences(luma, step, top, (height, width), (across, down, outward, other))
            np.multiply(across, x, out=outward)
            np.multiply(down, y[strip], out=other)
            outward += other
            into = sums[:, top // PLACE : strip.stop // PLACE]
            for factors, total in zip(
                ((across, across), (down, down), (across, down), (outward, outward, nearness[strip])), into, strict=True
            ):
                # Product and sum at once, a place's rows together: no array is written in between.
                parts = [factor.reshape(-1, PLACE, wide) for factor in factors]
                np.einsum("rpw,rpw->rw" if len(parts) == 2 else "rpw,rpw,rpw->rw", *parts, out=total)
        np.einsum("krcp->krc", sums.reshape(4, rows, columns, PLACE), out=told)
    maps /= PLACE * PLACE
    return maps.reshape(-1, rows, columns)


def _differences(luma: Maps, step: int, top: int, size: tuple[int, int], out: tuple[Maps, Maps, Maps, Maps]) -> None:
    """How much brighter it gets across and down over a step, at the places of some rows from `top` on.

    luma: (rows, wide), STEPS[-1] rows of nothing above the picture. size: the picture's (height, width). out: across
    and down, which are 0 where there is nothing to compare with, and room for two more of their shape.
    """
    (height, width), (across, down, falling, rising) = size, out
    rows, wide = across.shape
    before, after = step // 2, (step + 1) // 2
    # From corner to corner of a square, so that both ways have one middle and no pixel in common: what they share would
    # look like streaks. Of rows laid end to end that is a shift, which is fastest; what runs over an edge is taken out.
    corner, count = (STEPS[-1] + top - before) * wide - before, rows * wide
    flat = luma.reshape(-1)
    upper_left, upper_right, lower_left, lower_right = (
        flat[corner + shift : corner + shift + count].reshape(rows, wide)
        for shift in (0, step, step * wide, step * wide + step)
    )
    np.subtract(lower_right, upper_left, out=falling)
    np.subtract(upper_right, lower_left, out=rising)
    np.add(falling, rising, out=across)
    np.subtract(falling, rising, out=down)
    for differences in (across, down):
        differences[:, :before] = 0
        differences[:, max(0, width - after) :] = 0
        differences[: max(0, before - top)] = 0
        differences[max(0, height - after - top) :] = 0


def told_of(streaks: Maps, regions: Places, clean: Places) -> Maps:
    """Regions of a picture, (N, h, w), by its streaks -> (N, COUNT). clean: (h, w), what shows no defect.

    Regions and clean places are twice as fine as the streaks. Zeros stand for a rest that is too small to say anything.
    """
    inside = halved(regions, streaks.shape[1:])
    rest = ~inside & halved(clean[None], streaks.shape[1:])
    region, around = _described(streaks, inside), _described(streaks, rest)
    known = rest.sum(axis=(1, 2))[:, None] >= FEWEST
    parts = (region, np.where(known, around, 0), np.where(known, region - around, 0))
    return np.concatenate(parts, axis=1).astype(np.float32)


def _described(streaks: Maps, places: Places) -> NDArray[np.float64]:
    """(N, h, w) -> (N, _EACH)"""
    inside = places.reshape(len(places), -1).astype(np.float32)
    some = np.maximum(inside.sum(axis=1), 1)
    # einsum, and no matrix product: the threads of numpy's would wait in the way of those that run the model.
    sums = np.einsum("np,mp->nm", inside, streaks.reshape(len(streaks), -1), optimize=False)
    means = sums.astype(np.float64) / some[:, None]
    across, down, product, outward = np.moveaxis(means.reshape(len(places), len(STEPS), 4), 2, 0)
    mean, half = (across + down) / 2, np.sqrt((across - down) ** 2 / 4 + product**2)
    one_sided = np.log(mean + half + _NONE) - np.log(np.maximum(mean - half, 0) + _NONE)
    out, about = np.log(outward + _NONE), np.log(np.maximum(across + down - outward, 0) + _NONE)
    cosine, sine = np.cos(_TURNS), np.sin(_TURNS)
    turned = across[..., None] * cosine**2 + down[..., None] * sine**2 + product[..., None] * (2 * cosine * sine)
    along = np.log(turned + _NONE)
    parts = [np.log(mean + _NONE), one_sided, out - about]
    for near, far in _PAIRS:
        fall = np.sort(along[:, near] - along[:, far], axis=1)
        outwards, round_about = out[:, near] - out[:, far], about[:, near] - about[:, far]
        told = (fall[:, 0], fall[:, 2], fall[:, 4], fall[:, 7], fall[:, 7] - fall[:, 0])
        parts.append(np.stack([*told, outwards, round_about, outwards - round_about], axis=1))
    return np.concatenate(parts, axis=1)
