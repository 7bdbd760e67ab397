"""From a model's maps to the notes that the language model reads (quibble.text.evidence)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.backends.base import Evidence
from quibble.findings import CATEGORIES, content_of, smooth
from quibble.geometry import Region
from quibble.results import Report
from quibble.taxonomy import Category
from quibble.text.evidence import ComparisonNotes, PictureNotes, RegionNotes, Spot, tenth

#: A hint's probability is the mean over this share of the places, where the category is most probable.
HINT_SHARE: Final = 0.05
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
    inside = _at_places(region.to_mask(width=width, height=height).to_array(), evidence.categories[0][place].shape)
    probability = evidence.categories[(slice(None), *place)][:, inside].mean(axis=1)
    weights = evidence.categories[(slice(None), *place)][: len(CATEGORIES), inside] + 1e-6
    severity = np.average(evidence.severities[(slice(None), *place)][:, inside], axis=1, weights=weights[0])
    for number in range(len(CATEGORIES)):
        severity[number] = np.average(evidence.severities[number][place][inside], weights=weights[number])
    order = np.argsort(-probability[: len(CATEGORIES)], kind="stable")[:4]
    share = float(region.to_mask(width=width, height=height).share)
    return RegionNotes(
        spot=Spot.of(region.bounds, share=share, width=width, height=height),
        found=tuple(
            (CATEGORIES[i], tenth(float(probability[i])), min(5.0, max(0.5, round(float(severity[i]), 1))))
            for i in order.tolist()
        ),
        clean=tenth(float(probability[-1])),
    )
