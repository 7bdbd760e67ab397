"""From a model's maps to findings: what is wrong, where, how badly, how sure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.backends.base import Evidence
from quibble.geometry import Mask, Region, position_phrase
from quibble.results import Finding
from quibble.taxonomy import Category, Distortion

CATEGORIES: Final = tuple(Category)
DISTORTIONS: Final = tuple(Distortion)
#: Smaller regions than this share of the picture are not reported.
MIN_SHARE: Final = 0.01
#: A kind of distortion is named when it is this probable among its category's.
NAME_KIND: Final = 0.6
#: How probable a category is somewhere is its mean over this share of the places, where it is most probable.
LIKELIEST_SHARE: Final = 0.05
#: Of one category at most this many separate regions are reported; the rest are joined to the last.
MAX_REGIONS: Final = 3


def find(
    evidence: Evidence,
    *,
    width: int,
    height: int,
    threshold: Sequence[float],
    slope: float = 1.0,
    offset: float = 0.0,
) -> tuple[Finding, ...]:
    """Findings of a picture of (width, height), most important first.

    threshold: per category, the probability from which a place counts. slope, offset: of the logistic calibration of
    confidence. Connected regions are separate findings.
    """
    found = []
    content = content_of(evidence, width, height)
    for number in range(len(CATEGORIES)):
        probability = smooth(evidence.categories[number][content])
        for inside in regions_above(probability, threshold[number]):
            mask = _at_size(np.where(inside, probability, 0), threshold[number], width, height)
            made = _finding(evidence, number, inside, probability, mask, slope, offset)
            found += [made] if made is not None else []
    return tuple(sorted(found, key=importance, reverse=True))


def suspect(
    evidence: Evidence, category: Category, *, width: int, height: int, slope: float = 1.0, offset: float = 0.0
) -> Finding | None:
    """Where a category most probably is, if it is anywhere: of the places that are at least half as probable as the
    likeliest ones, the connected region with the most probability. None if it is too small to report.

    For a category that somebody asks for, or that is reported as possible; it says nothing about whether it is there.
    """
    number = CATEGORIES.index(category)
    probability = smooth(evidence.categories[number][content_of(evidence, width, height)])
    threshold = likeliest(probability) / 2
    regions = regions_above(probability, threshold)
    if not regions:
        return None
    inside = max(regions, key=lambda region: float(probability[region].sum()))
    mask = _at_size(np.where(inside, probability, 0), threshold, width, height)
    return _finding(evidence, number, inside, probability, mask, slope, offset)


def traced(
    evidence: Evidence,
    logits: NDArray[np.float32],
    categories: Collection[Category],
    *,
    width: int,
    height: int,
    slope: float = 1.0,
    offset: float = 0.0,
) -> tuple[Finding, ...]:
    """Findings where somebody drew a mask: of each category named, or of the likeliest there if none is.

    logits: of the mask, at the size of the evidence's maps; nothing is found if it is empty. How sure and how severe
    they are is what the evidence says of that place.
    """
    content = content_of(evidence, width, height)
    drawn = np.asarray(1 / (1 + np.exp(-logits[content])), dtype=np.float32)
    inside = drawn >= 0.5
    if not inside.any():
        return ()
    maps = [smooth(evidence.categories[number][content]) + np.float32(1e-6) for number in range(len(CATEGORIES))]
    numbers = [CATEGORIES.index(category) for category in categories]
    if not numbers:
        numbers = [int(np.argmax([probability[inside].mean() for probability in maps]))]
    mask = _at_size(drawn, 0.5, width, height)
    found = (_finding(evidence, number, inside, maps[number], mask, slope, offset) for number in numbers)
    return tuple(finding for finding in found if finding is not None)


def likeliest(probability: NDArray[np.float32]) -> float:
    """Mean of a map over the LIKELIEST_SHARE of its places where it is highest."""
    top = max(1, round(LIKELIEST_SHARE * probability.size))
    return float(np.sort(probability, axis=None)[-top:].mean())


def _finding(
    evidence: Evidence,
    number: int,
    inside: NDArray[np.bool_],
    probability: NDArray[np.float32],
    mask: Mask,
    slope: float,
    offset: float,
) -> Finding | None:
    """The finding of a category's number in the places `inside`; None if nothing of it is left at full size."""
    box = mask.box
    if box is None:
        return None
    content = content_of(evidence, mask.width, mask.height)
    mean = float(probability[inside].mean())
    confidence = 1 / (1 + np.exp(-(slope * np.log(mean / max(1 - mean, 1e-6)) + offset)))
    severity = evidence.severities[number][content][inside]
    return Finding(
        category=CATEGORIES[number],
        distortion=_kind(evidence.kinds[(slice(None), *content)][:, inside], CATEGORIES[number]),
        severity=float(np.average(severity, weights=probability[inside])),
        share=mask.share,
        confidence=float(confidence),
        position=position_phrase(Region(mask=mask, box=box), width=mask.width, height=mask.height),
        box=box,
        mask=mask,
    )


def importance(finding: Finding) -> float:
    """What findings are sorted by: severity and confidence, and the side length of the region rather than its area."""
    return float(finding.severity * finding.confidence * finding.share**0.5)


def content_of(evidence: Evidence, width: int, height: int) -> tuple[slice, slice]:
    """The part of the maps that shows the picture and not its mirrored margin."""
    scale = min(1.0, max(evidence.width, evidence.height) / max(width, height))
    rows = min(evidence.categories.shape[1], max(1, -(-round(height * scale) // 4)))
    columns = min(evidence.categories.shape[2], max(1, -(-round(width * scale) // 4)))
    return slice(0, rows), slice(0, columns)


def smooth(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of 3x3 places: single specks are not findings."""
    padded = np.pad(maps, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9, dtype=np.float32)


def regions_above(probability: NDArray[np.float32], threshold: float) -> list[NDArray[np.bool_]]:
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


def label(marked: NDArray[np.bool_]) -> tuple[NDArray[np.int64], int]:
    """Number the 4-connected regions of a map. (H, W) -> (H, W) with 0 outside and 1..n inside, and n."""
    height, width = marked.shape
    edges = np.diff(np.pad(marked, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    start_row, start = np.nonzero(edges == 1)
    _, stop = np.nonzero(edges == -1)
    parent = list(range(start.size))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first = np.searchsorted(start_row, np.arange(height + 1))
    for row in range(1, height):
        above, here = int(first[row - 1]), int(first[row])
        end_above, end = here, int(first[row + 1])
        while above < end_above and here < end:
            if start[above] < stop[here] and start[here] < stop[above]:
                parent[root(here)] = root(above)
            if stop[above] < stop[here]:
                above += 1
            else:
                here += 1
    roots = np.array([root(i) for i in range(start.size)], dtype=np.int64)
    _, numbers = np.unique(roots, return_inverse=True)
    labels = np.zeros((height, width), np.int64)
    for y, left, right, number in zip(start_row, start, stop, numbers, strict=True):
        labels[y, left:right] = number + 1
    return labels, int(numbers.max()) + 1 if numbers.size else 0


def _kind(logits: NDArray[np.float32], category: Category) -> Distortion | None:
    """The distortion that a region shows, if one of the category's stands out. logits: (35, n)"""
    numbers = [i for i, d in enumerate(DISTORTIONS) if d.category is category]
    mean = logits[numbers].mean(axis=1)
    probability = np.exp(mean - mean.max())
    probability /= probability.sum()
    best = int(probability.argmax())
    return DISTORTIONS[numbers[best]] if probability[best] >= NAME_KIND else None


def _at_size(probability: NDArray[np.float32], threshold: float, width: int, height: int) -> Mask:
    """A map at a quarter of the view -> the mask at the picture's size, its border drawn between the places."""
    levels = Image.fromarray(np.round(probability * 255).astype(np.uint8))
    full = np.asarray(levels.resize((width, height), Image.Resampling.BILINEAR))
    return Mask.from_array(full >= threshold * 255)
