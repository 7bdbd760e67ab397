"""What the region reader learns from: regions of whole photographs, described once by a finished perception.

Of each picture come the regions that were damaged, the boxes around them, one that was drawn without looking, and
those that the maps propose: what is asked for later, in the proportion in which it is asked.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from quibble.backends.base import Evidence
from quibble.candidates import label, propose
from quibble.model.reader import RegionReader
from quibble.train.sources import DenseItem

#: Rows by where their region comes from; SOFT are all of a picture with a soft background and no defect.
TRUE, DRAWN, PROPOSED, SOFT = 0, 1, 2, 3
#: Regions of fewer places are not learned from, and those that can be seen in less than this share of them.
_FEWEST, _SEEN = 12, 0.5
#: A region belongs to what it covers at least so much of.
_TOUCHED = 0.1


class Rows(NamedTuple):
    """Regions with what is true of them. pooled: (N, inputs), half precision. source: (N,), TRUE, DRAWN, PROPOSED or
    SOFT.

    presence: (N, 12), share of the region that has the category. extent: (N, 12), intersection over union with the
    connected places of the category that it touches. severities: (N, 12), mean where the category is. kind: (N,), the
    number of the distortion that most of the region has, or -1. picture: (N,), number of the picture.
    """

    pooled: Tensor
    source: Tensor
    presence: Tensor
    extent: Tensor
    severities: Tensor
    kind: Tensor
    picture: Tensor


def rows_of(item: DenseItem, seen: Evidence, picture: int) -> Rows | None:
    """The regions of a made picture. seen: what perception saw in it, with features and streaks. None if it has
    none."""
    rng = np.random.default_rng([7, picture])
    there = item.presence.numpy() > 0.5
    visible = item.weight.numpy() > 0
    true = _damaged(there, item.severity.numpy())
    regions = [(TRUE, region) for region in true]
    regions += [(DRAWN, _boxed(region)) for region in true]
    regions.append((DRAWN, _anywhere(rng, visible.shape)))
    regions += [(PROPOSED, region) for region in propose(seen.categories)]
    kept = [(source, r) for source, r in regions if r.sum() >= _FEWEST and visible[r].mean() >= _SEEN]
    if not kept:
        return None
    masks = np.stack([region for _, region in kept])
    wholes = [_connected(category) for category in there]
    labels = [_labels(mask, there, wholes, item.severity.numpy(), visible) for mask in masks]
    presence, extent, severities = (torch.from_numpy(np.stack(part)) for part in zip(*labels, strict=True))
    kinds = item.kind.numpy()
    return Rows(
        pooled=described(seen, masks).half(),
        source=torch.tensor([source for source, _ in kept]),
        presence=presence,
        extent=extent,
        severities=severities,
        kind=torch.tensor([_kind(kinds[mask]) for _, mask in kept]),
        picture=torch.full((len(kept),), picture),
    )


def described(seen: Evidence, regions: NDArray[np.bool_]) -> Tensor:
    """What the reader is given of regions, (N, h, w). (N, inputs)"""
    assert seen.features is not None
    maps = torch.from_numpy(np.concatenate([seen.categories, seen.severities, seen.kinds]))
    features = [torch.from_numpy(np.ascontiguousarray(scale, np.float32)) for scale in seen.features.maps]
    pooled = RegionReader.pooled(maps, features, torch.from_numpy(regions).float())
    return torch.cat([pooled, torch.from_numpy(seen.toned(regions)), torch.from_numpy(seen.streaked(regions))], dim=1)


def joined(parts: list[Rows]) -> Rows:
    """All rows, in order."""
    return Rows(*(torch.cat(column) for column in zip(*parts, strict=True)))


def _damaged(there: NDArray[np.bool_], severity: NDArray[np.float32]) -> list[NDArray[np.bool_]]:
    """Places with the same severities of the same categories: a region each."""
    kinds = np.where(there, severity, 0).reshape(len(there), -1).T
    values, numbers = np.unique(kinds, axis=0, return_inverse=True)
    numbers = numbers.reshape(there.shape[1:])
    return [numbers == i for i, value in enumerate(values) if value.any()]


def _boxed(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    rows, columns = np.flatnonzero(region.any(1)), np.flatnonzero(region.any(0))
    out = np.zeros_like(region)
    out[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return out


def _anywhere(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A rectangle of a tenth to a half of each side."""
    out = np.zeros(shape, bool)
    height, width = (max(3, int(side * rng.uniform(0.1, 0.5))) for side in shape)
    y, x = int(rng.integers(max(1, shape[0] - height))), int(rng.integers(max(1, shape[1] - width)))
    out[y : y + height, x : x + width] = True
    return out


def _connected(category: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    labels, count = label(category) if category.any() else (np.zeros(category.shape, np.int64), 0)
    return [labels == number + 1 for number in range(count)]


def _labels(
    mask: NDArray[np.bool_],
    there: NDArray[np.bool_],
    wholes: list[list[NDArray[np.bool_]]],
    severity: NDArray[np.float32],
    visible: NDArray[np.bool_],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    inside = mask & visible
    presence = there[:, inside].mean(axis=1)
    both = there & mask
    severities = (severity * both).sum((1, 2)) / np.maximum(both.sum((1, 2)), 1)
    extent = np.zeros(len(there))
    for number, parts in enumerate(wholes):
        touched = [part for part in parts if (part & mask).sum() >= _TOUCHED * part.sum()]
        if touched:
            whole = np.logical_or.reduce(touched)
            extent[number] = (whole & mask).sum() / (whole | mask).sum()
    return presence.astype(np.float32), extent.astype(np.float32), severities.astype(np.float32)


def _kind(kinds: NDArray[np.int64]) -> int:
    known = kinds[kinds >= 0]
    return int(np.bincount(known).argmax()) if known.size > 0.5 * kinds.size else -1
