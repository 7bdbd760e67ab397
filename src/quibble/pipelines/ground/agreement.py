"""How far masks of one picture agree: Q-Ground's eq. 1, what two people may differ in, and runs of one model.

Where one person's region lies inside another's, both are right: how far a defect reaches is a matter of opinion. Where
the same region is called two different things, one of them is wrong. Source: Q-Ground, section 3.3 and figure 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from quibble.errors import ArgumentError
from quibble.geometry import Mask
from quibble.taxonomy import QGroundClass

#: One annotation of a picture: where each class is. Classes that are nowhere are left out.
Masks = Mapping[QGroundClass, Mask]

#: Two annotations contradict each other if they call more than this share of the smaller one's region differently.
MOST_CONTRADICTION: Final = 0.5


def recalls(masks: Sequence[Mask]) -> list[float]:
    """The common area of each pair of a picture's masks over the smaller one, 0..1: what Q-Ground's eq. 1 averages.

    A mask inside another agrees wholly. Raises ArgumentError for an empty mask and for masks of several sizes.
    """
    if not all(mask.area for mask in masks):
        raise ArgumentError("agreement is over masks with at least one pixel, found an empty one")
    if len({(mask.height, mask.width) for mask in masks}) > 1:
        raise ArgumentError("the masks of a picture are of one size, found several")
    arrays = [mask.to_array() for mask in masks]
    return [float((a & b).sum() / min(a.sum(), b.sum())) for a, b in combinations(arrays, 2)]


def agreement(pictures: Sequence[Sequence[Mask]]) -> float:
    """How far annotators agree, 0..1: the mean over pictures of the mean over the pairs of their masks.

    A picture with fewer than two masks has no pair and is left out. Source: Q-Ground eq. 1; with an interval it is
    quibble.bench.metrics.masks.agreement. Raises ArgumentError if no picture has two, and what `recalls` raises.
    """
    means = [float(np.mean(shares)) for masks in pictures if (shares := recalls(masks))]
    if not means:
        raise ArgumentError("agreement needs a picture with at least two masks, found none")
    return float(np.mean(means))


def contradiction(first: Masks, second: Masks) -> float:
    """Share of the smaller annotation's region that the two call by different names and by none in common, 0..1.

    0 where one of them has no region. Raises ArgumentError for masks of different sizes.
    """
    if not any(mask.area for mask in first.values()) or not any(mask.area for mask in second.values()):
        return 0.0
    a, b = (np.stack([_array(masks, name, first, second) for name in QGroundClass]) for masks in (first, second))
    common = (a & b).any(axis=0)
    either = a.any(axis=0), b.any(axis=0)
    return float((either[0] & either[1] & ~common).sum() / min(each.sum() for each in either))


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Which of a picture's annotations stand, by index, and what the others contradict: (index, index, share)."""

    accepted: tuple[int, ...]
    contradictions: tuple[tuple[int, int, float], ...]


def judge(annotations: Sequence[Masks], *, most: float = MOST_CONTRADICTION) -> Judged:
    """Accept the annotations of one picture that do not contradict each other.

    Annotation by annotation the one that contradicts the most others is dropped, until no two contradict; of several
    that contradict as many, all are dropped, since nothing tells who is right. An annotation without any region
    contradicts nobody.
    """
    pairs = {(i, j): contradiction(annotations[i], annotations[j]) for i, j in combinations(range(len(annotations)), 2)}
    against = {pair: share for pair, share in pairs.items() if share > most}
    left = set(range(len(annotations)))
    while True:
        counts = {i: sum(i in pair and left.issuperset(pair) for pair in against) for i in left}
        worst = max(counts.values(), default=0)
        if not worst:
            break
        left -= {i for i, count in counts.items() if count == worst}
    return Judged(
        accepted=tuple(sorted(left)), contradictions=tuple((i, j, share) for (i, j), share in against.items())
    )


def consistency(runs: Sequence[Masks]) -> float:
    """How alike a model's runs on one picture are, 0..1: the mean over pairs of runs of their IoU.

    Common are the pixels that both runs give a class; a pixel with two classes counts twice. Two runs that find nothing
    are alike. Raises ArgumentError for fewer than two runs.
    """
    if len(runs) < 2:
        raise ArgumentError(f"consistency needs at least two runs, found {len(runs)}")
    return float(np.mean([_iou(a, b) for a, b in combinations(runs, 2)]))


def _iou(first: Masks, second: Masks) -> float:
    common = union = 0
    for name in QGroundClass:
        a, b = (masks.get(name) for masks in (first, second))
        if a is None or b is None:
            union += sum(mask.area for mask in (a, b) if mask is not None)
            continue
        both = int((a.to_array() & b.to_array()).sum())
        common += both
        union += a.area + b.area - both
    return common / union if union else 1.0


def _array(masks: Masks, name: QGroundClass, *everything: Masks) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """A class's pixels, also where an annotation has none."""
    sizes = {(mask.height, mask.width) for each in everything for mask in each.values()}
    if len(sizes) != 1:
        raise ArgumentError(f"expected masks of one picture, found sizes {sorted(sizes)}")
    (size,) = sizes
    return masks[name].to_array() if name in masks else np.zeros(size, bool)
