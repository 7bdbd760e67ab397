"""In which direction a region is smeared: how far brightness differs a short and a longer step away, all around.

A trail of motion leaves neighbors along it alike and those across it as different as they were, whatever the scene is;
a lens out of focus makes them alike in all directions.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Maps = NDArray[np.float32]

#: Steps of about two and of five pixels, (dx, dy), in eight directions, half a turn in all.
_SHORT: Final = ((2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (-1, 2), (-2, 2), (-2, 1))
_LONG: Final = ((5, 0), (5, 2), (4, 4), (2, 5), (0, 5), (-2, 5), (-4, 4), (-5, 2))
_DIRECTIONS: Final = len(_SHORT)
#: Every second pixel of a picture, each way, is held against its neighbors.
_EVERY: Final = 2
#: How many maps there are, and how many numbers describe a region.
MAPS: Final = 2 * _DIRECTIONS
_FOLDED: Final = _DIRECTIONS // 2 + 1
COUNT: Final = 4 * _FOLDED + 2
#: What is added before logarithms are taken: less than a hundredth of a step of eight bits would tell of nothing.
_LEAST: Final = 1e-4


def streaks_of(luma: NDArray[np.floating], place: int) -> Maps:
    """(H, W), 0..1 -> (MAPS, h, w), a place for place x place pixels, rounded up: mean difference to the pixel at each
    of the short steps, then at each of the long ones. Pixels whose neighbor lies outside count as 0."""
    return np.stack([_pooled(_differences(luma, dx, dy), place // _EVERY) for dx, dy in (*_SHORT, *_LONG)])


def told_of(means: NDArray[np.floating]) -> Maps:
    """Means of the maps over regions, (N, MAPS) -> (N, COUNT).

    How much less a short step changes than a long one, as a logarithm, by direction, from the one in which that is most
    so to the one across it, those on either side taken together; the same less its mean over all directions; then the
    differences of short and of long steps, less their means, and these means.
    """
    logs = np.log(means + _LEAST)
    short, long = logs[:, :_DIRECTIONS], logs[:, _DIRECTIONS:]
    smooth = short - long
    start = smooth.argmin(axis=1)[:, None]
    turned = (start + np.arange(_DIRECTIONS)) % _DIRECTIONS
    parts = [smooth, smooth - _mean(smooth), short - _mean(short), long - _mean(long)]
    folded = [_folded(np.take_along_axis(part, turned, 1)) for part in parts]
    return np.concatenate([*folded, _mean(short), _mean(long)], axis=1).astype(np.float32)


def _differences(luma: NDArray[np.floating], dx: int, dy: int) -> Maps:
    """(H, W) -> (H / _EVERY, W / _EVERY), rounded up."""
    height, width = luma.shape
    out = np.zeros((-(-height // _EVERY), -(-width // _EVERY)), np.float32)
    first = -(-max(0, -dx) // _EVERY) * _EVERY
    last = width - max(0, dx)
    here = luma[: max(0, height - dy) : _EVERY, first : max(first, last) : _EVERY]
    there = luma[dy::_EVERY, first + dx : max(first, last) + dx : _EVERY]
    rows, columns = here.shape
    out[:rows, first // _EVERY : first // _EVERY + columns] = np.abs(there[:rows, :columns] - here)
    return out


def _pooled(values: Maps, size: int) -> Maps:
    """(H, W) -> means of size x size, the last ones of what there is."""
    height, width = values.shape
    across = np.add.reduceat(values, np.arange(0, width, size), axis=1)
    sums = np.add.reduceat(across, np.arange(0, height, size), axis=0)
    rows, columns = (np.minimum(size, side - np.arange(0, side, size)) for side in (height, width))
    return np.asarray(sums / (rows[:, None] * columns), np.float32)


def _folded(turned: NDArray[np.floating]) -> Maps:
    """(N, directions) from the first to the one across it; what lies on either side of the first is alike."""
    half = _DIRECTIONS // 2
    pairs = [(turned[:, i] + turned[:, -i]) / 2 for i in range(1, half)]
    return np.stack([turned[:, 0], *pairs, turned[:, half]], axis=1)


def _mean(values: NDArray[np.floating]) -> Maps:
    return np.asarray(values.mean(axis=1, keepdims=True))
