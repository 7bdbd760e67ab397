"""From what a model saw to findings: what is wrong, where, how badly, how sure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.backends.base import Evidence, Readings
from quibble.candidates import MAX_REGIONS, Places, overlap, propose, propose_among_likeliest, stacked
from quibble.extremes import ANYTHING, APART, amounts, overlaps, told_of
from quibble.geometry import Mask, Region, position_phrase
from quibble.results import Finding
from quibble.taxonomy import Category, Distortion

CATEGORIES: Final = tuple(Category)
DISTORTIONS: Final = tuple(Distortion)
#: A kind of distortion is named when it is this probable among its category's.
NAME_KIND: Final = 0.6
#: Presence from which a place counts if somebody says that there are several: the first of a category that is named,
#: the second of it, and any damage. Source: docs/lab.md.
_POSSIBLE, _THINKABLE, _LIKELY = 0.3, 0.1, 0.6
#: The worst place is more severe than the mildest by at least so much, of severities between the least and the greatest
#: that are told: notes have tenths.
_WORSE: Final = 0.1
_SEVERITIES: Final = (0.5, 5.0)


def find(
    evidence: Evidence,
    *,
    width: int,
    height: int,
    threshold: Sequence[float],
    slope: float = 1.0,
    offset: float = 0.0,
    several: Collection[Category] | None = None,
) -> tuple[Finding, ...]:
    """Findings of a picture of (width, height), most important first.

    Of the regions that the maps propose, those that show a category for at least its threshold (of presence), the
    ones with the likeliest outline; no two of one category overlap. slope, offset: of the logistic calibration of
    confidence. several: what somebody says is there in more than one place, no category: any damage. If one place of it
    is possible, its findings are then the two that the evidence's ranker takes for the worst and the mildest; without a
    ranker, a second one that is thinkable, and of any damage less sure ones if there are no two apart otherwise.
    """
    judged = Judged.of(evidence, width=width, height=height, named=several or ())
    which = [chosen(judged, *of) for of in enumerate(threshold)]
    if several is not None:
        which = _supposed(judged, which, several, threshold)
    return _reported(judged, which, slope, offset)


def _supposed(
    judged: Judged, which: list[list[int]], named: Collection[Category], threshold: Sequence[float]
) -> list[list[int]]:
    """The regions chosen of each category, and those that count as well because there are said to be several."""
    for number in [CATEGORIES.index(category) for category in named]:
        if judged.readings.presence[:, number].max(initial=0) >= _POSSIBLE:
            ends = worst_and_mildest(judged, number)
            which[number] = ends or chosen(judged, number, _THINKABLE, most=2, already=which[number])
    if not named and judged.readings.presence.max(initial=0) >= _LIKELY:
        ends = worst_and_mildest(judged, ANYTHING)
        if ends:
            return _shown(judged, ends, threshold)
    together = [judged.regions[one] for group in which for one in group]
    if named or any(overlap(a, b) <= APART for a, b in combinations(together, 2)):
        return which
    return [chosen(judged, number, min(usual, _LIKELY)) for number, usual in enumerate(threshold)]


def worst_and_mildest(judged: Judged, number: int) -> list[int]:
    """Of all regions the two apart that the ranker takes for the place with the most of a category, or of ANYTHING, and
    the one with the least, the worst first; none without a ranker or without two such."""
    ranker = judged.evidence.ranker
    if ranker is None or len(judged.regions) < 2:
        return []
    maps = judged.evidence.categories[(slice(None), *judged.content)]
    ends = ranker(told_of(judged.regions, judged.readings, maps, number, judged.proposed))
    severity = np.clip(amounts(judged.readings, number)[2], *_SEVERITIES)
    fit = (overlaps(judged.regions)[0] <= APART) & (severity[:, None] >= severity + _WORSE)
    both = np.where(fit, ends[:, :1] + ends[:, 1], -1)
    return [int(i) for i in np.unravel_index(both.argmax(), both.shape)] if fit.any() else []


def _shown(judged: Judged, regions: Sequence[int], threshold: Sequence[float]) -> list[list[int]]:
    """Regions by category: what each shows, or the likeliest if that is not enough for a finding."""
    which: list[list[int]] = [[] for _ in CATEGORIES]
    for region in regions:
        presence = judged.readings.presence[region]
        enough = np.flatnonzero(presence >= np.asarray(threshold)).tolist()
        for number in enough or [int(presence.argmax())]:
            which[number].append(region)
    return which


def suspicions(
    evidence: Evidence, categories: Collection[Category], *, width: int, height: int, slope: float, offset: float
) -> Iterator[tuple[Finding, float]]:
    """The likeliest outline of each category with how present it is where it is most so, 0..1, the most probable first.

    Each is worked out when it is asked for.
    """
    judged = Judged.of(evidence, width=width, height=height)
    if not len(judged.regions):
        return
    most = {category: float(judged.readings.presence[:, CATEGORIES.index(category)].max()) for category in categories}
    for category in sorted(most, key=lambda c: -most[c]):
        which = int(judged.readings.extent[:, CATEGORIES.index(category)].argmax())
        finding = judged.finding(which, category, slope, offset)
        if finding is not None:
            yield finding, most[category]


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
    drawn = np.asarray(1 / (1 + np.exp(-logits[content_of(evidence, width, height)])), dtype=np.float32)
    if not (drawn >= 0.5).any():
        return ()
    judged = Judged.read(evidence, [drawn >= 0.5], width=width, height=height)
    named = list(categories) or [CATEGORIES[int(judged.readings.presence[0].argmax())]]
    mask = _at_size(drawn, width, height)
    found = (judged.finding(0, category, slope, offset, mask=mask) for category in named)
    return tuple(finding for finding in found if finding is not None)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Regions of a picture of (width, height), (N, h, w) without its margin, and what was read of them.

    proposed: how many of them the maps propose by themselves; they come first.
    """

    evidence: Evidence
    regions: Places
    readings: Readings
    width: int
    height: int
    proposed: int

    @classmethod
    def of(cls, evidence: Evidence, *, width: int, height: int, named: Collection[Category] = ()) -> Judged:
        """The regions that the maps propose. named: what is known to be there somewhere."""
        maps = evidence.categories[(slice(None), *content_of(evidence, width, height))]
        regions = propose(maps)
        proposed = len(regions)
        for category in named:
            regions += propose_among_likeliest(maps[CATEGORIES.index(category)])
        return replace(cls.read(evidence, regions, width=width, height=height), proposed=proposed)

    @classmethod
    def read(cls, evidence: Evidence, regions: Sequence[Places], *, width: int, height: int) -> Judged:
        """Any regions."""
        content = content_of(evidence, width, height)
        inside = stacked(regions, evidence.categories[(0, *content)].shape)
        none = np.zeros((0, len(CATEGORIES)), np.float32)
        readings = Readings(none, none, none, np.zeros((0, len(DISTORTIONS)), np.float32))
        if len(inside):
            placed = np.zeros((len(inside), *evidence.categories.shape[1:]), bool)
            placed[(slice(None), *content)] = inside
            readings = evidence.read(placed)
        size = {"width": width, "height": height, "proposed": len(inside)}
        return cls(evidence=evidence, regions=inside, readings=readings, **size)

    @property
    def content(self) -> tuple[slice, slice]:
        """See content_of."""
        return content_of(self.evidence, self.width, self.height)

    def finding(
        self, which: int, category: Category, slope: float, offset: float, *, mask: Mask | None = None
    ) -> Finding | None:
        """A region as a finding; None if nothing of it is left at full size. mask: its outline, if it is known."""
        number, readings = CATEGORIES.index(category), self.readings
        mask = mask or _at_size(self.regions[which].astype(np.float32), self.width, self.height)
        box = mask.box
        if box is None:
            return None
        p = min(max(float(readings.presence[which, number]), 1e-6), 1 - 1e-6)
        return Finding(
            category=category,
            distortion=_kind(readings.kinds[which], category),
            severity=float(readings.severities[which, number]),
            share=mask.share,
            confidence=float(1 / (1 + np.exp(-(slope * np.log(p / (1 - p)) + offset)))),
            position=position_phrase(Region(mask=mask, box=box), width=self.width, height=self.height),
            box=box,
            mask=mask,
        )


def chosen(
    judged: Judged, number: int, threshold: float, *, most: int = MAX_REGIONS, already: Sequence[int] = ()
) -> list[int]:
    """The regions that are reported of a category's number: those with the likeliest outline first.

    already: those that are reported anyhow, first. most: with them there are no more than so many.
    """
    extent = judged.readings.extent[:, number]
    shown = np.flatnonzero(judged.readings.presence[:, number] >= threshold)
    out = list(already)
    for which in shown[np.argsort(-extent[shown], kind="stable")].tolist():
        if len(out) >= most:
            break
        if all(overlap(judged.regions[which], judged.regions[other]) <= APART for other in out):
            out.append(which)
    return out


def _reported(judged: Judged, which: Sequence[Sequence[int]], slope: float, offset: float) -> tuple[Finding, ...]:
    """The regions chosen of each category as findings, most important first."""
    found = [
        judged.finding(one, category, slope, offset)
        for category, chosen_ones in zip(CATEGORIES, which, strict=True)
        for one in chosen_ones
    ]
    return tuple(sorted((finding for finding in found if finding is not None), key=importance, reverse=True))


def importance(finding: Finding) -> float:
    """What findings are sorted by: severity and confidence, and the side length of the region rather than its area."""
    return float(finding.severity * finding.confidence * finding.share**0.5)


def content_of(evidence: Evidence, width: int, height: int) -> tuple[slice, slice]:
    """The part of the maps that shows the picture and not its mirrored margin."""
    scale = min(1.0, max(evidence.width, evidence.height) / max(width, height))
    rows = min(evidence.categories.shape[1], max(1, -(-round(height * scale) // 4)))
    columns = min(evidence.categories.shape[2], max(1, -(-round(width * scale) // 4)))
    return slice(0, rows), slice(0, columns)


def _kind(logits: NDArray[np.float32], category: Category) -> Distortion | None:
    """The distortion that a region shows, if one of the category's stands out. logits: (35,)"""
    numbers = [i for i, d in enumerate(DISTORTIONS) if d.category is category]
    probability = np.exp(logits[numbers] - logits[numbers].max())
    probability /= probability.sum()
    best = int(probability.argmax())
    return DISTORTIONS[numbers[best]] if probability[best] >= NAME_KIND else None


def _at_size(drawn: NDArray[np.float32], width: int, height: int) -> Mask:
    """A map at a quarter of the view, inside from one half on -> the mask at the picture's size."""
    levels = Image.fromarray(np.round(drawn * 255).astype(np.uint8))
    full = np.asarray(levels.resize((width, height), Image.Resampling.BILINEAR))
    return Mask.from_array(full >= 127.5)
