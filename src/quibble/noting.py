"""From a model's maps to the notes that the language model reads (quibble.text.evidence)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.backends.base import Evidence
from quibble.findings import CATEGORIES, content_of, smooth
from quibble.geometry import Region
from quibble.results import Report
from quibble.text.evidence import MOST_IN_REGION, ComparisonNotes, PictureNotes, RegionNotes, Spot, tenth

#: A hint's probability is the mean over this share of the places, where the category is most probable.
HINT_SHARE: Final = 0.05
#: Points of 100 that a severity of 1 takes where it is certain and everywhere.
LOSS: Final = 13.0
#: Logistic slope from the difference of two pictures' damage to the probability that the less damaged is better.
SLOPE: Final = 0.25


def picture_notes(report: Report, evidence: Evidence) -> PictureNotes:
    """The notes of a picture: its report, and what was probable somewhere in it but not enough for a finding."""
    place = content_of(evidence, report.width, report.height)
    maps = [smooth(evidence.categories[number][place]) for number in range(len(CATEGORIES))]
    top = max(1, round(HINT_SHARE * maps[0].size))
    hints = [(c, tenth(float(np.sort(m, axis=None)[-top:].mean()))) for c, m in zip(CATEGORIES, maps, strict=True)]
    return PictureNotes.of(report, sorted(hints, key=lambda hint: -hint[1]))


def region_notes(evidence: Evidence, region: Region, *, width: int, height: int) -> RegionNotes:
    """The notes of a region of a picture of (width, height): mean probabilities and severities inside it."""
    place = content_of(evidence, width, height)
    mask = region.to_mask(width=width, height=height)
    probabilities = evidence.categories[(slice(None), *place)]
    inside = _at_places(mask.to_array(), *probabilities.shape[1:])
    probability = probabilities[:, inside].mean(axis=1)
    weights = probabilities[: len(CATEGORIES), inside] + 1e-6
    severity = (evidence.severities[(slice(None), *place)][:, inside] * weights).sum(axis=1) / weights.sum(axis=1)
    order = np.argsort(-probability[: len(CATEGORIES)], kind="stable")[:MOST_IN_REGION].tolist()
    return RegionNotes(
        spot=Spot.of(region.bounds, share=mask.share, width=width, height=height),
        found=tuple(
            (CATEGORIES[i], tenth(float(probability[i])), min(5.0, max(0.5, round(float(severity[i]), 1))))
            for i in order
        ),
        clean=tenth(float(probability[-1])),
    )


def damage(evidence: Evidence, *, width: int, height: int) -> float:
    """How much the defects that a picture may have would take from an opinion of 100, roughly. 0..100

    What each place loses grows with probability and severity; places add up by squares, as in
    quibble.distort.combine_opinions.
    """
    place = content_of(evidence, width, height)
    expected = (
        evidence.categories[: len(CATEGORIES)][(slice(None), *place)] * evidence.severities[(slice(None), *place)]
    )
    return float(min(100.0, LOSS * np.sqrt((expected**2).sum(axis=0).mean())))


def comparison_notes(a: PictureNotes, b: PictureNotes, *, damage_a: float, damage_b: float) -> ComparisonNotes:
    """Which of two pictures is better, by their damage."""
    return ComparisonNotes.of(a, b, a_better=float(1 / (1 + np.exp(-SLOPE * (damage_b - damage_a)))))


def _at_places(mask: NDArray[np.bool_], rows: int, columns: int) -> NDArray[np.bool_]:
    """A mask at a picture's size -> (rows, columns) places; those it covers most if it is too small for any."""
    small = Image.fromarray(mask.astype(np.uint8) * 255).resize((columns, rows), Image.Resampling.BOX)
    coverage = np.asarray(small)
    return np.asarray(coverage >= min(128, max(1, int(coverage.max()))))
