"""What is known of each region that is proposed, beside the others: for telling which has the most of something and
which the least."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from quibble.taxonomy import Category

if TYPE_CHECKING:
    from quibble.backends.base import Readings

Maps = NDArray[np.float32]
Places = NDArray[np.bool_]

#: What regions are ranked by: the number of a category, or this one for everything that is wrong.
ANYTHING: Final = len(Category)
#: Regions that share at most so much of the smaller one are apart.
APART: Final = 0.1
_TOLD: Final = 27
#: How many numbers describe a region.
COUNT: Final = _TOLD + ANYTHING + 1


def amounts(readings: Readings, number: int) -> tuple[Maps, Maps, Maps]:
    """Of each region how present something is, how well the region would do as its mask, and how severe it is: (N,)
    each. Severities of ANYTHING add up, each as far as it is expected."""
    if number != ANYTHING:
        return readings.presence[:, number], readings.extent[:, number], readings.severities[:, number]
    total = (readings.presence * readings.severities).sum(axis=1)
    return readings.presence.max(axis=1), readings.extent.max(axis=1), total


def overlaps(regions: Places) -> tuple[Maps, Maps]:
    """Of each two regions, (N, h, w): what share of the smaller lies in the other, and intersection over union."""
    flat = regions.reshape(len(regions), -1).astype(np.float32)
    size, both = flat.sum(axis=1), flat @ flat.T
    return both / np.minimum(size[:, None], size), both / (size[:, None] + size - both)


def told_of(regions: Places, readings: Readings, maps: Maps, number: int, proposed: int) -> Maps:
    """The numbers that describe N regions of one picture, for one category or ANYTHING. (N, COUNT)

    regions: (N, h, w), none empty. maps: (13, h, w), probabilities of the categories and "clean". proposed: how many
    of the regions the maps propose by themselves; they come first, and others are among the likeliest places only.
    """
    presence, extent, severity = amounts(readings, number)
    rivals = np.sort(readings.presence, axis=1)[:, -2]
    if number != ANYTHING:
        rivals = np.delete(readings.presence, number, axis=1).max(axis=1)
    flat = regions.reshape(len(regions), -1).astype(np.float32)
    size, clean = flat.sum(axis=1), maps[-1].ravel()
    here = 1 - clean if number == ANYTHING else maps[number].ravel()
    inside, share = flat @ here / size, size / here.size
    outside = (here.sum() - flat @ here) / np.maximum(1, here.size - size)
    shared, alike = overlaps(regions)
    good = presence * extent
    bad = good * severity
    # Beside each region, those apart from it.
    beside = np.where(shared <= APART, good, -1)
    best = beside.argmax(axis=1)
    rest = np.where(beside.max(axis=1) >= 0, severity[best], 0)
    told = [
        *(_logit(presence), _logit(extent), severity, good, bad),
        *(share, np.log(share + 1e-3), inside, outside, _logit(inside) - _logit(outside), rivals, flat @ clean / size),
        *(presence - presence.max(), extent - extent.max(), severity - severity.max()),
        *(np.maximum(beside.max(axis=1), 0), np.where(shared <= APART, bad, 0).max(axis=1), rest, rest - severity),
        *(alike[:, extent.argmax()], alike[:, bad.argmax()]),
        *(alike @ presence / alike.sum(axis=1), alike @ extent / alike.sum(axis=1)),
        *(np.full_like(share, value) for value in (presence.max(), extent.max(), here.mean())),
        np.arange(len(regions)) >= proposed,
    ]
    which = np.zeros((len(regions), ANYTHING + 1), np.float32)
    which[:, number] = 1
    return np.concatenate([np.stack(told, axis=1), which], axis=1).astype(np.float32)


def _logit(share: Maps) -> Maps:
    inside = np.clip(share, 1e-3, 1 - 1e-3)
    return np.asarray(np.log(inside / (1 - inside)))
