"""Regions that a model's maps propose, before anybody has judged them: candidates for findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.bool_]

#: Probabilities at which the maps are cut, those that most often give a defect's outline first; faint ones are whole at
#: lower ones, the heart of a strong one shows at higher ones.
CUTS: Final = (0.35, 0.5, 0.2, 0.7, 0.1)
#: Of a category that is known to be there somewhere, these shares of all places, the likeliest, are proposed too.
SHARES: Final = (0.3, 0.2, 0.1, 0.05)
#: Smaller regions than this share of the picture are not proposed.
MIN_SHARE: Final = 0.01
#: At one cut at most this many separate regions are proposed; the rest are joined to the last.
MAX_REGIONS: Final = 3
#: A region that is this much the same as one of another cut, as intersection over union, is not proposed again.
_SAME: Final = 0.93


def propose(categories: NDArray[np.float32]) -> list[Places]:
    """Regions where some category is, or where anything is wrong: connected ones of each map at each cut.

    categories: (13, h, w), the probabilities of Evidence. Each region is (h, w).
    """
    maps = [smooth(categories[number]) for number in range(len(categories) - 1)]
    maps.append(smooth(1 - categories[-1]))
    out: list[Places] = []
    for probability in maps:
        most, last = float(probability.max()), list[Places]()
        for cut in CUTS:
            if most < cut:
                continue
            new = [r for r in regions_above(probability, cut) if not any(_alike(r, other) for other in last)]
            last += new
        out += last
    return out


def propose_among_likeliest(probability: NDArray[np.float32]) -> list[Places]:
    """Connected regions of the places where a category is likeliest, however unlikely it is there. (h, w)"""
    smoothed, out = smooth(probability), list[Places]()
    for cut in np.quantile(smoothed, [1 - share for share in SHARES]).tolist():
        out += [r for r in regions_above(smoothed, cut) if not any(_alike(r, other) for other in out)]
    return out


def overlap(region: Places, other: Places) -> float:
    """What share of the smaller of two regions lies in the other. 0..1"""
    return float((region & other).sum() / max(1, min(region.sum(), other.sum())))


def smooth(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of 3x3 places: single specks are not findings."""
    padded = np.pad(maps, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9, dtype=np.float32)


def regions_above(probability: NDArray[np.float32], threshold: float) -> list[Places]:
    """Connected regions of a map, (H, W), that are large enough to report, largest first.

    Beyond MAX_REGIONS the last holds the rest.
    """
    marked = probability >= threshold
    labels, count = label(marked)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    large = [int(i) for i in np.argsort(-sizes, kind="stable") if sizes[i] >= max(1, MIN_SHARE * marked.size)]
    regions = [labels == i for i in large[: MAX_REGIONS - 1]]
    rest = large[MAX_REGIONS - 1 :]
    return [*regions, np.isin(labels, rest)] if rest else regions


def label(marked: Places) -> tuple[NDArray[np.int64], int]:
    """Number the 4-connected regions of a map. (H, W) -> (H, W) with 0 outside and 1..n inside, and n."""
    height, width = marked.shape
    edges = np.diff(np.pad(marked, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, start = np.nonzero(edges == 1)
    _, stop = np.nonzero(edges == -1)
    # Runs in reading order; those of the next row that touch a run are neighbours in that order, too.
    below = (row + 1) * (width + 1)
    first = np.searchsorted(row * (width + 1) + stop, below + start, side="right")
    last = np.searchsorted(row * (width + 1) + start, below + stop, side="left")
    touching = np.maximum(last - first, 0)
    above = np.repeat(np.arange(row.size), touching)
    under = np.arange(touching.sum()) - np.repeat(np.cumsum(touching) - touching, touching) + np.repeat(first, touching)
    root = np.arange(row.size)
    while True:
        # Every run takes the least number of its neighbours, and then that of the run which that number is.
        least = np.minimum(root[above], root[under])
        before = root.copy()
        np.minimum.at(root, above, least)
        np.minimum.at(root, under, least)
        np.minimum.at(root, before[above], least)
        np.minimum.at(root, before[under], least)
        root = root[root]
        if (root == before).all():
            break
    _, numbers = np.unique(root, return_inverse=True)
    steps = np.zeros((height, width + 1), np.int64)
    steps[row, start] += numbers + 1
    steps[row, stop] -= numbers + 1
    return steps.cumsum(axis=1)[:, :-1], int(numbers.max()) + 1 if numbers.size else 0


def stacked(regions: Sequence[Places], shape: tuple[int, ...]) -> Places:
    """(N, h, w), also of no regions."""
    return np.stack(regions) if regions else np.zeros((0, *shape), bool)


def _alike(region: Places, other: Places) -> bool:
    return bool((region & other).sum() >= _SAME * (region | other).sum())
