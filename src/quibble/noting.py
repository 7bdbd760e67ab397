"""From a model's maps to the notes that the language model reads (quibble.text.evidence)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, takewhile
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.backends.base import Evidence
from quibble.errors import ArgumentError
from quibble.findings import CATEGORIES, Judged, content_of, painted, suspicions
from quibble.geometry import Mask, Region
from quibble.results import Finding, Report
from quibble.taxonomy import Category
from quibble.text.evidence import (
    LEAST_DIFFERENCE,
    LEAST_HINT,
    MOST_HINTS,
    MOST_IN_REGION,
    Note,
    PictureNotes,
    RegionNotes,
    Spot,
    tenth,
)

#: Points of 100 that a category takes from people's opinion at severity 0..5, in the order of CATEGORIES: 100 less
#: quibble.distort.opinion, which cannot be asked where the extra `data` is missing (a test holds the two together).
LOSSES: Final = (
    (0, 62, 79, 87, 93, 95),
    (0, 49, 62, 72, 79, 85),
    (0, 25, 39, 55, 72, 86),
    (0, 8, 19, 33, 50, 66),
    (0, 14, 28, 46, 60, 70),
    (0, 28, 41, 52, 60, 67),
    (0, 40, 50, 58, 66, 71),
    (0, 42, 60, 73, 81, 89),
    (0, 34, 47, 57, 64, 66),
    (0, 34, 46, 59, 72, 78),
    (0, 59, 72, 85, 91, 96),
    (0, 19, 27, 43, 62, 84),
)
#: Points that count as damage where nothing of the original's structure is left.
STRUCTURE: Final = 60.0
#: What a point of the scores counts beside a point of damage in two versions of one scene.
SCORE_SHARE: Final = 0.5
#: Side in pixels of the windows in which structure is compared.
WINDOW: Final = 8
#: Pictures whose small grey versions correlate at least so much show the same scene: 1 in 500 pairs of different
#: photographs does, and 96 in 100 of a photograph with itself distorted.
SAME: Final = 0.75
#: Side in pixels of those versions.
_SMALL: Final = 16
#: Logistic slope from the difference of two scores to the probability that people prefer the better scored picture:
#: fitted on all pairs of 100 rated photographs.
SCORE_SLOPE: Final = 0.1
#: Logistic slope from the difference of two versions to the probability that one is better; this and the two above were
#: fitted on 272 pairs of distorted versions of 150 photographs.
SLOPE: Final = 0.05


class Look(Protocol):
    """A picture that has been looked at; quibble.assessor.Look is one."""

    @property
    def width(self) -> int:
        """Of the picture, in pixels."""

    @property
    def height(self) -> int:
        """Of the picture, in pixels."""

    @property
    def evidence(self) -> Evidence:
        """What the model saw."""

    @property
    def view(self) -> NDArray[np.uint8]:
        """The picture as it was judged, (h, w, 3)."""


def picture_notes(report: Report, evidence: Evidence) -> PictureNotes:
    """The notes of a picture: its report, and what was probable somewhere in it but not enough for a finding."""
    hints = [_hint(finding, sure, report) for finding, sure in suspected(report, evidence)]
    return PictureNotes.of(report, hints)


def suspected(
    report: Report, evidence: Evidence, least: int = LEAST_HINT, *, slope: float = 1.0, offset: float = 0.0
) -> list[tuple[Finding, int]]:
    """The likeliest places of categories without a finding, with tenths of probability, from `least` on, the most
    probable first."""
    found = {finding.category for finding in report.findings}
    missing = [category for category in CATEGORIES if category not in found]
    size = {"width": report.width, "height": report.height}
    thinkable = suspicions(evidence, missing, **size, slope=slope, offset=offset)
    likely = takewhile(lambda told: tenth(told[1]) >= least, thinkable)
    return [(finding, tenth(presence)) for finding, presence in islice(likely, MOST_HINTS)]


def _hint(finding: Finding, sure: int, report: Report) -> Note:
    note = Note.of(finding, width=report.width, height=report.height)
    return replace(note, sure=sure, distortion=None)


def region_notes(evidence: Evidence, region: Region, *, width: int, height: int) -> RegionNotes:
    """The notes of a region of a picture of (width, height): what it shows, how present that is and how severe."""
    place = content_of(evidence, width, height)
    mask = region.to_mask(width=width, height=height)
    inside = np.zeros((1, *evidence.categories.shape[1:]), bool)
    inside[(0, *place)] = _at_places(mask.to_array(), *evidence.categories[(0, *place)].shape)
    read = evidence.read(inside)
    presence, severity = read.presence[0], read.severities[0]
    order = np.argsort(-presence, kind="stable")[:MOST_IN_REGION].tolist()
    return RegionNotes(
        spot=Spot.of(region.bounds, share=mask.share, width=width, height=height),
        found=tuple(
            (CATEGORIES[i], tenth(float(presence[i])), min(5.0, max(0.5, round(float(severity[i]), 1)))) for i in order
        ),
        clean=tenth(float(1 - presence.max())),
    )


def coverage(evidence: Evidence, mask: Mask) -> NDArray[np.float32]:
    """How much of each place of a model's maps lies in a mask of the picture: (h, w), 0..1; 0 in a mirrored margin."""
    rows, columns = content_of(evidence, mask.width, mask.height)
    share = np.zeros(evidence.categories.shape[1:], np.float32)
    size = (columns.stop, rows.stop)
    # Numbers with a fraction: a region of a few pixels must not be rounded away.
    pixels = Image.fromarray(mask.to_array().astype(np.float32))
    share[rows, columns] = np.asarray(pixels.resize(size, Image.Resampling.BOX))
    return share


def damage(look: Look, reference: Look | None = None) -> float:
    """How much the defects that a picture may have would take from people's opinion, in points of 100.

    What the whole loses as one region, and what its places lose by the regions there, count the same. A loss is how
    present a category is times the category's loss at its severity; categories and places add up by squares, as in
    quibble.distort.combine_opinions. reference: the same scene undamaged, at the same size; what it loses too does not
    count.
    """
    whole, places = _losses(look)
    if reference is not None:
        if (look.width, look.height) != (reference.width, reference.height):
            raise ArgumentError(
                f"a reference has its picture's size, found {reference.width} x {reference.height} for "
                f"{look.width} x {look.height}"
            )
        before = _losses(reference)
        whole, places = np.maximum(whole - before[0], 0), np.maximum(places - before[1], 0)
    return float(np.sqrt((whole**2).sum()) + np.sqrt((places**2).sum(axis=0).mean())) / 2


def structure_lost(picture: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """How much of a reference's structure a picture of its size has lost: 0 none, 1 all. (H, W, 3) uint8 both.

    1 less the mean structural similarity of the lumas in square windows. Source: Wang et al. 2004, eq. 13, with C1 and
    C2 of (0.01, 0.03) x 255.
    """
    x, y = (image.astype(np.float64) @ np.array([0.299, 0.587, 0.114]) for image in (picture, reference))
    mx, my = _means(x), _means(y)
    xx, yy, xy = _means(x * x) - mx * mx, _means(y * y) - my * my, _means(x * y) - mx * my
    similarity = (2 * mx * my + 6.5025) * (2 * xy + 58.5225) / ((mx * mx + my * my + 6.5025) * (xx + yy + 58.5225))
    return float(1 - similarity.mean())


def probability_better(a: Look, b: Look, reference: Look | None = None, *, score_a: float, score_b: float) -> float:
    """The probability that picture a is better than picture b, 0..1.

    Of two versions of one scene the less damaged one is better, with a reference by what its structure has lost too,
    and scores count a little; pictures of different scenes differ in more than damage, so there the scores decide.
    Raises ArgumentError for a reference of another size.
    """
    better_scored = SCORE_SHARE * (score_a - score_b)
    if reference is not None:
        lost = [damage(look, reference) + STRUCTURE * structure_lost(look.view, reference.view) for look in (a, b)]
        return _logistic(SLOPE * (lost[1] - lost[0] + better_scored))
    if same_scene(a.view, b.view):
        return _logistic(SLOPE * (damage(b) - damage(a) + better_scored))
    return _logistic(SCORE_SLOPE * (score_a - score_b))


def same_scene(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> bool:
    """Whether two pictures of any sizes are versions of one. (H, W, 3) uint8 both."""
    small_a, small_b = _small(a), _small(b)
    spread = float(np.linalg.norm(small_a) * np.linalg.norm(small_b))
    # A picture of one tone says nothing of its scene.
    return spread > 0 and float((small_a * small_b).sum()) >= SAME * spread


def _small(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Small and grey, with a mean of 0."""
    grey = Image.fromarray(picture).convert("L").resize((_SMALL, _SMALL), Image.Resampling.BOX)
    values = np.asarray(grey, dtype=np.float64)
    return np.asarray(values - values.mean())


def _logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def where_more(category: Category, more: Look, less: Look, findings: Sequence[Finding]) -> Mask | None:
    """Where the findings of a category in `more` lie, without the places where `less` has as much of it.

    findings: those of `more`. Pictures of two sizes are not compared place by place. None if nothing is left.
    """
    masks = [finding.mask.to_array() for finding in findings if finding.category is category]
    if not masks:
        return None
    inside = np.logical_or.reduce(masks)
    if (more.width, more.height) == (less.width, less.height):
        gap = _expected(more, category) - _expected(less, category)
        spread = Image.fromarray(gap.astype(np.float32)).resize((more.width, more.height), Image.Resampling.BILINEAR)
        inside &= np.asarray(spread) >= LEAST_DIFFERENCE
    return Mask.from_array(inside) if inside.any() else None


def _expected(look: Look, category: Category) -> NDArray[np.float32]:
    """The expected severity of a category at each place. (h, w), 0..5"""
    place, number = content_of(look.evidence, look.width, look.height), CATEGORIES.index(category)
    return np.asarray(look.evidence.categories[number][place] * look.evidence.severities[number][place])


def _at_places(mask: NDArray[np.bool_], rows: int, columns: int) -> NDArray[np.bool_]:
    """A mask at a picture's size -> (rows, columns) places; those it covers most if it is too small for any."""
    small = Image.fromarray(mask.astype(np.uint8) * 255).resize((columns, rows), Image.Resampling.BOX)
    coverage = np.asarray(small)
    return np.asarray(coverage >= min(128, max(1, int(coverage.max()))))


def _losses(look: Look) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a picture is expected to lose by category, in points of 100: as a whole, (12,), and by place, (12, h, w)."""
    judged = Judged.of(look.evidence, width=look.width, height=look.height)
    drawn, everything = painted(judged), np.ones(judged.evidence.categories[(0, *judged.content)].shape, bool)
    read = Judged.read(look.evidence, [everything], width=look.width, height=look.height).readings
    whole, places = np.zeros(len(LOSSES)), np.zeros(drawn.share.shape)
    for c, losses in enumerate(LOSSES):
        whole[c] = read.presence[0, c] * np.interp(read.severities[0, c], range(6), losses)
        lost = np.append(np.interp(judged.readings.severities[:, c], range(6), losses), 0)
        places[c] = drawn.share[c] * lost[drawn.region[c]]
    return whole, places


def _means(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of all windows that lie in a picture, from summed areas; of the whole if it is smaller than a window."""
    sums = np.pad(x, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    h, w = (min(WINDOW, side) for side in x.shape)
    return np.asarray((sums[h:, w:] - sums[:-h, w:] - sums[h:, :-w] + sums[:-h, :-w]) / (h * w))
