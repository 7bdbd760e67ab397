"""From a model's maps to findings: what is wrong, where, how badly, how sure."""

from __future__ import annotations

from collections.abc import Sequence
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
    for number, category in enumerate(CATEGORIES):
        probability = smooth(evidence.categories[number][content])
        for inside in regions_above(probability, threshold[number]):
            mean = float(probability[inside].mean())
            confidence = 1 / (1 + np.exp(-(slope * np.log(mean / max(1 - mean, 1e-6)) + offset)))
            severity = evidence.severities[number][content][inside]
            mask = _at_size(np.where(inside, probability, 0), threshold[number], width, height)
            box = mask.box
            if box is None:
                continue
            found.append(
                Finding(
                    category=category,
                    distortion=_kind(evidence.kinds[(slice(None), *content)][:, inside], category),
                    severity=float(np.average(severity, weights=probability[inside])),
                    share=mask.share,
                    confidence=float(confidence),
                    position=position_phrase(Region(mask=mask, box=box), width=width, height=height),
                    box=box,
                    mask=mask,
                )
            )
    return tuple(sorted(found, key=importance, reverse=True))


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
