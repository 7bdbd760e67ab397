"""Evidence as text: what perception saw, in the precision and the code that the language model reads.

A picture's notes are its score and its findings, the most important first, with everything that an answer may say;
answers are written from notes, so text and masks agree. The code is short and regular:

    score 43 poor; blur motion obvious 3.1 sure 9 at top mid left share 23 box (045,188)
    score 52 fair; noise slight 1.2 least mildest sure 7 at top left share 9 box (021,086); noise serious 4.0 most ...
    score 71 good; nothing; hint noise 4 slight 1.3 at bottom right share 12 box (210,399)
    region at bottom right share 12; blur 9 obvious 3.2; noise 2 slight 1.0; clean 0
    compare B 82; blur A 2.1; noise B 0.8

`sure` and the numbers behind the names of hints and of a region's categories are tenths of probability, 0..9. `at` is
IQA-Octopus eq. 1, with "mid" where a box's middle lies near the picture's, "full" where a box runs from edge to edge
and "all" for nearly the whole picture. Of several findings of one category the worst is marked "most" and the mildest
"least"; of several damaged regions, what is wrong with the worst is marked "worst" and with the mildest "mildest".
`box` is the grid code of Grounding-IQA eq. 1. A comparison names the better picture and how probable that is (percent),
and for each category the picture that has more of it and by how much severity.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from quibble.errors import ArgumentError
from quibble.geometry import WHOLE_SHARE, Box, Region, grid_decode, grid_encode, position_terms
from quibble.results import Finding, Report
from quibble.taxonomy import Category, Distortion, Level, severity_word
from quibble.text.places import MIDDLE, Place

#: Notes have no pixels; where a size is needed, a picture is this large.
SIDE: Final = 1000
#: At most so many findings, hints and categories of a region are written down.
MOST_FINDINGS: Final = 7
MOST_OF_SEVERAL: Final = 4
MOST_HINTS: Final = 3
MOST_IN_REGION: Final = 4
#: A hint is given from this tenth of probability on; differences of severity below the other one are not told.
LEAST_HINT: Final = 2
LEAST_DIFFERENCE: Final = 0.3
#: Without a finding, a category is thought possible from this tenth of probability on.
POSSIBLE: Final = 3
#: From this one on it is also mentioned without being asked for.
LIKELY: Final = 4
#: A region has a defect from this tenth of mean probability on.
SHOWN: Final = 3

#: Two boxes with at least this overlap of the smaller one hold defects of one region.
_TOGETHER: Final = 0.6

_C = Category
#: What a region cannot show at once.
_OPPOSITE_OF: Final = {
    _C.BRIGHTEN: _C.DARKEN,
    _C.DARKEN: _C.BRIGHTEN,
    _C.CONTRAST_STRENGTHEN: _C.CONTRAST_WEAKEN,
    _C.CONTRAST_WEAKEN: _C.CONTRAST_STRENGTHEN,
    _C.SATURATE_STRENGTHEN: _C.SATURATE_WEAKEN,
    _C.SATURATE_WEAKEN: _C.SATURATE_STRENGTHEN,
}


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Where something is: grid code of its box, and its share of the picture in percent, 0..100."""

    cells: tuple[int, int]
    share: int

    @classmethod
    def of(cls, box: Box, *, share: float, width: int, height: int) -> Spot:
        """From a box in pixels and a share of 0..1."""
        inside = box.clip(width=width, height=height)
        return cls(cells=grid_encode(inside, width=width, height=height), share=min(100, max(1, round(100 * share))))

    @cached_property
    def place(self) -> Place:
        return Place(region=Region(box=self.box), width=SIDE, height=SIDE)

    @cached_property
    def box(self) -> Box:
        """In a picture of SIDE x SIDE pixels."""
        return grid_decode(self.cells, width=SIDE, height=SIDE)

    @property
    def whole(self) -> bool:
        return self.share >= 100 * WHOLE_SHARE

    @property
    def code(self) -> str:
        """The grid code as it is written in texts, such as "(045,188)"."""
        return f"({self.cells[0]:03d},{self.cells[1]:03d})"

    def encode(self) -> str:
        return f"at {self._terms()} share {self.share}"

    def _terms(self) -> str:
        if self.whole:
            return "all"
        dx, dy = self.place.offset
        x, y = position_terms(self.box, width=SIDE, height=SIDE)
        return f"{_near(dy, self.place.tall)}{y} {_near(dx, self.place.wide)}{x}"


@dataclass(frozen=True, kw_only=True)
class Note:
    """A finding as it is written down. severity: 0.5..5 in tenths; sure: tenths of probability, 0..9."""

    category: Category
    distortion: Distortion | None
    severity: float
    sure: int
    spot: Spot

    @classmethod
    def of(cls, finding: Finding, *, width: int, height: int) -> Note:
        return cls(
            category=finding.category,
            distortion=finding.distortion,
            severity=min(5.0, max(0.5, round(finding.severity, 1))),
            sure=tenth(finding.confidence),
            spot=Spot.of(finding.box, share=finding.share, width=width, height=height),
        )

    @property
    def word(self) -> str:
        """One of the five severity words."""
        return severity_word(self.severity)

    def encode(self, mark: str = "") -> str:
        """mark: how it compares with others of its category, "most" or "least"."""
        name = self.category.value if self.distortion is None else f"{self.category.value} {self.distortion.kind}"
        told = f"{name} {self.word} {self.severity:.1f} {mark}".rstrip()
        return f"{told} sure {self.sure} {self.spot.encode()} box {self.spot.code}"

    def encode_hint(self) -> str:
        name, at = self.category.value, self.spot
        return f"{name} {self.sure} {self.word} {self.severity:.1f} {at.encode()} box {at.code}"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Notes of one region, the most important first. known: how damaged it is, where more is known than they say."""

    notes: tuple[Note, ...]
    known: float | None = None

    @property
    def total(self) -> float:
        """How damaged the region is."""
        return sum(note.severity for note in self.notes) if self.known is None else self.known

    @property
    def spot(self) -> Spot:
        return self.notes[0].spot


def clusters(
    notes: Sequence[Note], totals: Sequence[float] = (), apart: Collection[tuple[int, int]] = ()
) -> tuple[Cluster, ...]:
    """Notes grouped by region: those of other categories whose boxes lie over each other.

    totals: how damaged the region of each is, where more is known than the notes say. apart: which two, by their
    numbers, are of different regions whatever their boxes say; the lower number first.
    """
    groups: list[list[int]] = []
    for number, note in enumerate(notes):
        for group in groups:
            others = [notes[other] for other in group]
            if any((other, number) in apart for other in group):
                continue
            if all(other.category is not note.category for other in others) and _over(others[0], note) >= _TOGETHER:
                group.append(number)
                break
        else:
            groups.append([number])
    return tuple(
        Cluster(notes=tuple(notes[i] for i in group), known=max(totals[i] for i in group) if totals else None)
        for group in groups
    )


def _over(a: Note, b: Note) -> float:
    smaller = min(a.spot.box.area, b.spot.box.area)
    shares = min(a.spot.share, b.spot.share) / max(a.spot.share, b.spot.share)
    return a.spot.box.intersection(b.spot.box) / smaller if smaller and shares > 0.25 else 0.0


@dataclass(frozen=True, kw_only=True)
class PictureNotes:
    """What was seen in a picture: its score 0..100, its findings, the most important first, and what might be there.

    hints: the likeliest place of each category without a finding, with tenths of its probability there, the most
    probable first. totals: how damaged the region of each finding is, where more is known than the findings say.
    apart: which two findings, by their numbers, have hardly a place in common; boxes may still lie over each other.
    """

    score: int
    notes: tuple[Note, ...]
    hints: tuple[Note, ...] = ()
    totals: tuple[float, ...] = ()
    apart: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(
        cls,
        report: Report,
        hints: Sequence[Note] = (),
        totals: Sequence[float] = (),
        apart: Sequence[tuple[int, int]] = (),
        asked: Collection[Category] = (),
    ) -> PictureNotes:
        """totals: of all findings of the report, or none. apart: of any of them. asked: see hints_told."""
        notes = tuple(Note.of(f, width=report.width, height=report.height) for f in report.findings[:MOST_FINDINGS])
        found = {note.category for note in notes}
        wanted = [hint for hint in hints if hint.category not in found and hint.sure >= LEAST_HINT]
        return cls(
            score=round(report.score.value),
            notes=notes,
            hints=hints_told(wanted, asked),
            totals=tuple(totals[:MOST_FINDINGS]),
            apart=tuple(apart),
        )

    @property
    def level(self) -> Level:
        return Level.of(self.score)

    def trimmed(self) -> PictureNotes:
        """As it is written when there are several pictures: fewer findings, no hints."""
        few = slice(MOST_OF_SEVERAL)
        return PictureNotes(score=self.score, notes=self.notes[few], totals=self.totals[few], apart=self.apart)

    def encode(self) -> str:
        told = [note.encode(" ".join(filter(None, (self._mark(note), self.region_mark(note))))) for note in self.notes]
        hints = [f"hint {hint.encode_hint()}" for hint in self.hints]
        return "; ".join([f"score {self.score} {self.level.value}", *(told or ["nothing"]), *hints])

    @cached_property
    def clusters(self) -> tuple[Cluster, ...]:
        """The notes by region, in the order of their most important ones."""
        return clusters(self.notes, self.totals, self.apart)

    def region_mark(self, note: Note) -> str:
        """How the region that one of the notes is of compares with other damaged ones: "worst", "mildest" or ""."""
        totals = [round(cluster.total, 1) for cluster in self.clusters]
        for cluster, total in zip(self.clusters, totals, strict=True):
            if any(other is note for other in cluster.notes):
                return _extreme(total, totals, "worst", "mildest")
        return ""

    def _mark(self, note: Note) -> str:
        """How a note compares with others of its category."""
        severities = [other.severity for other in self.notes if other.category is note.category]
        return _extreme(note.severity, severities, "most", "least")


@dataclass(frozen=True, kw_only=True)
class RegionNotes:
    """What was seen inside a region: (category, tenths of mean probability, severity), the most probable first."""

    spot: Spot
    found: tuple[tuple[Category, int, float], ...]
    clean: int

    def shown(self, least: int = SHOWN) -> tuple[tuple[Category, int, float], ...]:
        """Those from this tenth of probability on, without what is the opposite of something more probable."""
        shown: list[tuple[Category, int, float]] = []
        for entry in self.found:
            if entry[1] >= least and _OPPOSITE_OF.get(entry[0]) not in [category for category, _, _ in shown]:
                shown.append(entry)
        return tuple(shown)

    def encode(self) -> str:
        parts = [f"region {self.spot.encode()}"]
        parts += [f"{c.value} {n} {severity_word(max(s, 0.5))} {s:.1f}" for c, n, s in self.found[:MOST_IN_REGION]]
        return "; ".join([*parts, f"clean {self.clean}"])


@dataclass(frozen=True, kw_only=True)
class ComparisonNotes:
    """Which of two pictures, "A" or "B", is better, how probable that is in percent, and what one has more of.

    differences: severity of B less severity of A by category, the largest first.
    """

    winner: str
    sure: int
    differences: tuple[tuple[Category, float], ...]

    def __post_init__(self) -> None:
        if self.winner not in ("A", "B"):
            raise ArgumentError(f"the better picture is 'A' or 'B', found {self.winner!r}")

    @classmethod
    def of(cls, a: PictureNotes, b: PictureNotes, *, a_better: float) -> ComparisonNotes:
        """From both pictures' notes and the probability that A is better, 0..1."""
        sure = round(100 * max(a_better, 1 - a_better))
        return cls(winner="A" if a_better >= 0.5 else "B", sure=sure, differences=differences(a, b))

    @property
    def loser(self) -> str:
        return "B" if self.winner == "A" else "A"

    def encode(self) -> str:
        told = [f"{c.value} {'B' if d > 0 else 'A'} {abs(d):.1f}" for c, d in self.differences[:MOST_IN_REGION]]
        return "; ".join([f"compare {self.winner} {self.sure}", *(told or ["alike"])])


def differences(a: PictureNotes, b: PictureNotes) -> tuple[tuple[Category, float], ...]:
    """Severity of B less severity of A by category, where they differ, the largest first."""
    most = [{c: max((n.severity for n in p.notes if n.category is c), default=0.0) for c in Category} for p in (a, b)]
    by = {category: round(most[1][category] - most[0][category], 1) for category in Category}
    told = [(category, d) for category, d in by.items() if abs(d) >= LEAST_DIFFERENCE]
    return tuple(sorted(told, key=lambda item: -abs(item[1])))


def _extreme(value: float, among: Sequence[float], most: str, least: str) -> str:
    """A mark for the largest and the smallest of several numbers, if they are not all the same."""
    if min(among) == max(among):
        return ""
    return most if value == max(among) else least if value == min(among) else ""


def hints_told(hints: Sequence[Note], asked: Collection[Category] = ()) -> tuple[Note, ...]:
    """As many hints as are written down, in their order: those of what is asked about, and the first of the others."""
    kept = sorted(range(len(hints)), key=lambda i: (hints[i].category not in asked, i))[:MOST_HINTS]
    return tuple(hints[i] for i in sorted(kept))


def tenth(probability: float) -> int:
    """A probability of 0..1 in tenths, 0..9."""
    return min(9, max(0, int(10 * probability)))


def _near(offset: float, spans: bool) -> str:
    return "full " if spans else "mid " if abs(offset) < MIDDLE else ""
