"""From a model's maps to the notes that the language model reads (quibble.text.evidence)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.backends.base import Evidence
from quibble.errors import ArgumentError
from quibble.extremes import APART, overlaps
from quibble.findings import CATEGORIES, content_of, suspicions
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
from quibble.text.vocabulary import categories_named

#: Points that count as damage where nothing of the original's structure is left, if no gauge can say more.
STRUCTURE: Final = 60.0
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


def picture_notes(
    report: Report, evidence: Evidence, query: str = "", *, asked: Collection[Category] = ()
) -> PictureNotes:
    """The notes of a picture: its report, and what was probable somewhere in it but not enough for a finding.

    query: for a place, if that is what they are for. Where it names a category, damaged regions are not compared as a
    whole, only findings of one category are: the worst region may have the least of it. asked: what a question names;
    of that a hint is noted even if others are more probable.
    """
    asked = {*asked, *categories_named(query)}
    hints = hints_of(report, evidence, asked)
    if not report.findings:
        return PictureNotes.of(report, hints, asked=asked)
    regions = _regions(report, evidence)
    apart = [(int(i), int(j)) for i, j in np.argwhere(np.triu(overlaps(regions)[0] <= APART, 1))]
    alike = [0.0] * len(regions)
    totals = alike if categories_named(query) else _totals(regions, evidence)
    return PictureNotes.of(report, hints, totals, apart, asked)


def _regions(report: Report, evidence: Evidence) -> NDArray[np.bool_]:
    """The places of each finding on the maps, (N, h, w)."""
    place = content_of(evidence, report.width, report.height)
    inside = np.zeros((len(report.findings), *evidence.categories.shape[1:]), bool)
    for number, finding in enumerate(report.findings):
        inside[(number, *place)] = _at_places(finding.mask.to_array(), *inside[(0, *place)].shape)
    return inside


def _totals(regions: NDArray[np.bool_], evidence: Evidence) -> list[float]:
    """The expected severity of everything in each region."""
    read = evidence.read(regions)
    return [float(total) for total in (read.presence * read.severities).sum(axis=1)]


def suspected(
    report: Report,
    evidence: Evidence,
    asked: Collection[Category] = (),
    *,
    slope: float = 1.0,
    offset: float = 0.0,
) -> list[tuple[Finding, int]]:
    """The likeliest places of categories without a finding, with tenths of probability, the most probable first: a few,
    or all if something is asked about."""
    found = {finding.category for finding in report.findings}
    missing = [category for category in CATEGORIES if category not in found]
    size = {"width": report.width, "height": report.height}
    thinkable = suspicions(evidence, missing, **size, slope=slope, offset=offset)
    likely = takewhile(lambda told: tenth(told[1]) >= LEAST_HINT, thinkable)
    return [(finding, tenth(presence)) for finding, presence in islice(likely, None if asked else MOST_HINTS)]


def hints_of(report: Report, evidence: Evidence, asked: Collection[Category] = ()) -> list[Note]:
    """What `suspected` gives, as notes."""
    return [_hint(finding, sure, report) for finding, sure in suspected(report, evidence, asked)]


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


def damage(look: Look, reference: Look | None = None) -> float | None:
    """Points of 100 that a picture's damage takes from people's opinion, about 0 if there is none; only versions of one
    scene may be held against each other. None if the model has no gauge.

    reference: the same scene undamaged, at the same size. Raises ArgumentError for one of another size.
    """
    if reference is not None and (look.width, look.height) != (reference.width, reference.height):
        raise ArgumentError(
            f"a reference has its picture's size, found {reference.width} x {reference.height} for "
            f"{look.width} x {look.height}"
        )
    seen = look.evidence
    if seen.gauge is None or seen.features is None:
        return None
    if reference is None:
        return seen.gauge(seen.features)
    return seen.gauge(seen.features, reference.evidence.features, structures_lost(look.view, reference.view))


def structures_lost(picture: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.float32]:
    """`structure_lost` at the full size, at a half and at a quarter of it: coarser damage shows in smaller pictures."""
    lost = [structure_lost(picture, reference)]
    height, width = picture.shape[:2]
    for part in (2, 4):
        size = (max(WINDOW, width // part), max(WINDOW, height // part))
        both = (Image.fromarray(image).resize(size, Image.Resampling.BOX) for image in (picture, reference))
        lost.append(structure_lost(*(np.asarray(image) for image in both)))
    return np.array(lost, np.float32)


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


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a picture is compared by: little enough to keep of any number of pictures.

    small: its grey miniature, see same_scene. score: 0..100. lost: by its damage() and score, as a logit; None without
    a gauge.
    """

    small: NDArray[np.float64]
    score: float
    lost: float | None

    @classmethod
    def of(cls, look: Look, score: float) -> Standing:
        """The standing of a picture with a score of 0..100."""
        gauge, points = look.evidence.gauge, damage(look)
        # The mean of two opinions. Made versions of photographs as the gauge knows them are told apart as well by its
        # own alone; those of other photographs are not.
        lost = None if gauge is None or points is None else gauge.slopes[0] * (points - score) / 2
        return cls(small=_small(look.view), score=score, lost=lost)

    def beats(self, other: Standing) -> float:
        """The probability that this picture is better than another, 0..1.

        Of two versions of one scene the less damaged one is better, and the score counts too; pictures of different
        scenes differ in more than damage, so there the scores decide, as they do if the model has no gauge.
        """
        if self.lost is not None and other.lost is not None and _alike(self.small, other.small):
            return _logistic(other.lost - self.lost)
        return _logistic(SCORE_SLOPE * (self.score - other.score))


def probability_better(a: Look, b: Look, reference: Look | None = None, *, score_a: float, score_b: float) -> float:
    """The probability that picture a is better than picture b, 0..1: see Standing.

    reference: both undamaged; what is damaged is then told by what sets them apart from it. Raises ArgumentError for
    one of another size.
    """
    if reference is None:
        return Standing.of(a, score_a).beats(Standing.of(b, score_b))
    lost_a, lost_b, gauge = damage(a, reference), damage(b, reference), a.evidence.gauge
    if gauge is None or lost_a is None or lost_b is None:
        lost = [STRUCTURE * structure_lost(look.view, reference.view) for look in (a, b)]
        return _logistic(SCORE_SLOPE * (score_a - score_b + lost[1] - lost[0]))
    return _logistic(gauge.slopes[1] * (lost_b - lost_a))


def same_scene(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> bool:
    """Whether two pictures of any sizes are versions of one. (H, W, 3) uint8 both."""
    return _alike(_small(a), _small(b))


def _alike(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    spread = float(np.linalg.norm(a) * np.linalg.norm(b))
    # A picture of one tone says nothing of its scene.
    return spread > 0 and float((a * b).sum()) >= SAME * spread


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


def _means(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of all windows that lie in a picture, from summed areas; of the whole if it is smaller than a window."""
    sums = np.pad(x, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    h, w = (min(WINDOW, side) for side in x.shape)
    return np.asarray((sums[h:, w:] - sums[:-h, w:] - sums[h:, :-w] + sums[:-h, :-w]) / (h * w))
