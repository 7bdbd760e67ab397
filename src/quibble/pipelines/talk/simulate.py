"""Notes as perception might take them of pictures that nobody has made: cheap, unlimited, and as wide as what occurs.

A picture is clean, distorted as a whole, or in one to three regions; each region has one or two distortions, or all of
them have the same one, each as badly as it likes. Then it is
seen as the real perception sees: weak ones are missed, severities are drawn to the middle and off by up to one,
kinds are often left open, a region breaks into pieces, look-alikes are taken for each other, and here and there a
small false finding is added with a low confidence. How damaged a region is as a whole is not quite what its findings
say.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from quibble.geometry import Box
from quibble.taxonomy import INVISIBLE_AT_LEVEL_1, ORDERS, Category, Distortion
from quibble.text.evidence import (
    LEAST_HINT,
    MOST_FINDINGS,
    MOST_HINTS,
    SIDE,
    ComparisonNotes,
    Note,
    PictureNotes,
    RegionNotes,
    Spot,
    clusters,
)

_CATEGORIES: Final = tuple(Category)
_KINDS: Final = {c: tuple(d for d in Distortion if d.category is c) for c in Category}
_C = Category
#: What is taken for what.
_LIKE: Final = {
    _C.BLUR: (_C.COMPRESSION, _C.PIXELATE),
    _C.NOISE: (_C.OVERSHARPEN, _C.COMPRESSION),
    _C.COMPRESSION: (_C.BLUR, _C.QUANTIZE),
    _C.BRIGHTEN: (_C.CONTRAST_WEAKEN, _C.CONTRAST_STRENGTHEN),
    _C.DARKEN: (_C.CONTRAST_STRENGTHEN, _C.CONTRAST_WEAKEN),
    _C.CONTRAST_STRENGTHEN: (_C.SATURATE_STRENGTHEN, _C.OVERSHARPEN),
    _C.CONTRAST_WEAKEN: (_C.SATURATE_WEAKEN, _C.BRIGHTEN),
    _C.SATURATE_STRENGTHEN: (_C.CONTRAST_STRENGTHEN, _C.QUANTIZE),
    _C.SATURATE_WEAKEN: (_C.CONTRAST_WEAKEN, _C.DARKEN),
    _C.OVERSHARPEN: (_C.CONTRAST_STRENGTHEN, _C.NOISE),
    _C.PIXELATE: (_C.BLUR, _C.QUANTIZE),
    _C.QUANTIZE: (_C.COMPRESSION, _C.SATURATE_STRENGTHEN),
}


class Simulator:
    """Draws notes; all randomness comes from one generator."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def picture(self) -> PictureNotes:
        """A picture's notes."""
        roll = self.rng.random()
        truths: list[tuple[Category, float, Spot]] = []
        if roll < 0.2:
            pass
        elif roll < 0.45:
            truths = [(c, level, _WHOLE) for c, level in self._plan()]
        elif roll < 0.65:
            # What is asked of pictures with a defect in several places can only be learned from such pictures.
            category = _CATEGORIES[int(self.rng.integers(len(_CATEGORIES)))]
            for _ in range(int(self.rng.integers(2, 4))):
                truths.append((category, float(self.rng.uniform(1, 5)), self.spot()))
            if self.rng.random() < 0.3:
                truths += [(c, level, truths[-1][2]) for c, level in self._plan(1) if c is not category]
        else:
            for _ in range(int(self.rng.integers(1, 4))):
                at = self.spot()
                truths += [(c, level, at) for c, level in self._plan()]
        return self._seen(truths)

    def clean(self) -> PictureNotes:
        """The notes of an original: seldom with a finding."""
        return self._seen([])

    def similar(self, picture: PictureNotes) -> PictureNotes:
        """Another version of the picture, as in a comparison: some defects weaker or stronger, one gone or new."""
        if self.rng.random() < 0.5:
            return self.picture()
        truths = []
        for note in picture.notes[: int(self.rng.integers(0, MOST_FINDINGS))]:
            level = float(np.clip(note.severity + self.rng.normal(0, 1.2), 1, 5))
            if self.rng.random() < 0.7:
                truths.append((note.category, level, note.spot))
        if self.rng.random() < 0.5:
            truths += [(c, level, _WHOLE) for c, level in self._plan()]
        return self._seen(truths)

    def comparison(self, a: PictureNotes, b: PictureNotes) -> ComparisonNotes:
        """Which of the two is better: by damage and score, with an error."""
        gap = damage(b) - damage(a) + 0.5 * (a.score - b.score) + self.rng.normal(0, 6)
        return ComparisonNotes.of(a, b, a_better=float(1 / (1 + np.exp(-gap / 9))))

    def region(self) -> RegionNotes:
        """A region's notes: nothing, one or two defects, with what else seems possible."""
        at = self.spot() if self.rng.random() < 0.93 else _WHOLE
        count = int(self.rng.choice([0, 1, 2], p=[0.2, 0.45, 0.35]))
        probability = {c: float(self.rng.beta(0.5, 7)) for c in Category}
        severity = {c: float(np.clip(self.rng.normal(2.7, 0.9), 0.5, 5)) for c in Category}
        for category, level in self._plan(count):
            probability[category] = float(self.rng.beta(3.0, 1.6))
            severity[category] = float(np.clip(self.rng.normal(0.7 * level + 0.8, 0.5), 0.5, 5))
            for like in _LIKE[category]:
                probability[like] = max(probability[like], float(self.rng.beta(1, 4)))
        order = sorted(Category, key=lambda c: -probability[c])[:4]
        clean = float(np.clip(1 - max(probability.values()) + self.rng.normal(0, 0.15), 0, 0.99))
        return RegionNotes(
            spot=at,
            found=tuple((c, int(10 * min(probability[c], 0.99)), round(severity[c], 1)) for c in order),
            clean=int(10 * clean),
        )

    def spot(self) -> Spot:
        """A place: any box, its region filling most of it."""
        rng = self.rng
        width, height = (float(np.clip(rng.lognormal(-1.0, 0.55), 0.06, 1)) for _ in range(2))
        if rng.random() < 0.08:
            width = 1.0
        if rng.random() < 0.08:
            height = 1.0
        x, y = float(rng.uniform(0, 1 - width)), float(rng.uniform(0, 1 - height))
        if rng.random() < 0.3:
            x = float(rng.choice([0.0, 1 - width]))
        if rng.random() < 0.3:
            y = float(rng.choice([0.0, 1 - height]))
        box = Box(x0=x * SIDE, y0=y * SIDE, x1=(x + width) * SIDE, y1=(y + height) * SIDE)
        return Spot.of(box, share=width * height * float(rng.uniform(0.35, 0.98)), width=SIDE, height=SIDE)

    def _plan(self, count: int | None = None) -> list[tuple[Category, float]]:
        """One or two (or `count`) distortions at levels 1..5."""
        rng = self.rng
        if count is None:
            count = 1 + int(rng.random() < 0.4)
        if not count:
            return []
        first = _CATEGORIES[int(rng.integers(len(_CATEGORIES)))]
        plan = [first]
        if count == 2:
            seconds = sorted(ORDERS[first] - {first})
            plan.append(seconds[int(rng.integers(len(seconds)))])
        return [(c, float(rng.uniform(2 if c in INVISIBLE_AT_LEVEL_1 else 1, 5))) for c in plan]

    def _seen(self, truths: list[tuple[Category, float, Spot]]) -> PictureNotes:
        """What perception notes of a picture with these distortions."""
        rng = self.rng
        notes: list[Note] = []
        hints: dict[Category, Note] = {}
        for category, level, at in truths:
            seen = category
            if rng.random() < 0.08:
                seen = _LIKE[category][int(rng.integers(2))]
            if rng.random() < 0.35 - 0.05 * level:
                self._hint(
                    hints, seen, float(rng.normal(0.7 * level + 0.6, 0.4)), at, sure=int(rng.integers(LEAST_HINT, 9))
                )
                continue
            mean = level if rng.random() < 0.5 else 0.6 * level + 1.1
            severity = float(np.clip(mean + rng.normal(0, 0.45), 0.5, 5))
            for piece in self._pieces(at):
                own = float(np.clip(severity + rng.normal(0, 0.3), 0.5, 5))
                notes.append(self._note(seen, own, piece, sure=9 if rng.random() < 0.6 else int(rng.integers(4, 10))))
        for _ in range(int(rng.random() < 0.22) + int(rng.random() < 0.06)):
            category = _CATEGORIES[int(rng.integers(len(_CATEGORIES)))]
            at = self.spot()
            small = Spot(cells=at.cells, share=max(1, min(at.share, int(rng.integers(1, 7)))))
            notes.append(self._note(category, float(rng.uniform(1.5, 4)), small, sure=int(rng.integers(2, 9))))
        for category in rng.permutation(len(_CATEGORIES))[: int(rng.integers(0, 3))].tolist():
            self._hint(
                hints, _CATEGORIES[category], float(rng.normal(2.2, 0.8)), self.spot(), sure=int(rng.integers(0, 5))
            )
        order = _limited(sorted(notes, key=lambda n: -n.severity * (n.sure + 0.5) * n.spot.share**0.5))
        found = {note.category for note in order}
        told = [hint for c, hint in hints.items() if c not in found and hint.sure >= LEAST_HINT]
        return PictureNotes(
            score=self._score(order),
            notes=tuple(order),
            hints=tuple(sorted(told, key=lambda hint: -hint.sure)[:MOST_HINTS]),
            totals=self._totals(order),
        )

    def _totals(self, notes: list[Note]) -> tuple[float, ...]:
        """How damaged the region of each note is: more or less than the notes add up to."""
        totals: dict[int, float] = {}
        for cluster in clusters(notes):
            total = cluster.total * float(self.rng.lognormal(0, 0.4)) + float(self.rng.uniform(0, 1.5))
            totals |= {id(note): total for note in cluster.notes}
        return tuple(totals[id(note)] for note in notes)

    def _hint(self, hints: dict[Category, Note], category: Category, severity: float, at: Spot, *, sure: int) -> None:
        """Keep the surest hint of a category; its place is found roughly."""
        if category in hints and hints[category].sure >= sure:
            return
        spot = self._pieces(at)[0]
        hints[category] = Note(
            category=category,
            distortion=None,
            severity=round(float(np.clip(severity, 0.5, 5)), 1),
            sure=sure,
            spot=spot,
        )

    def _pieces(self, at: Spot) -> list[Spot]:
        """A region as it is found: whole, smaller, or in two pieces."""
        rng = self.rng
        if at.whole:
            roll = rng.random()
            if roll < 0.65:
                return [at]
            if roll < 0.8:
                return [Spot(cells=(0, 399), share=int(rng.integers(60, 99)))]
        shrunk = max(1, round(at.share * float(rng.uniform(0.4, 1.0))))
        if rng.random() < 0.15 and at.share > 6:
            second = self.spot()
            return [Spot(cells=at.cells, share=shrunk), Spot(cells=second.cells, share=min(second.share, shrunk))]
        return [Spot(cells=at.cells, share=shrunk)]

    def _note(self, category: Category, severity: float, at: Spot, *, sure: int) -> Note:
        kinds = _KINDS[category]
        known = len(kinds) == 1 or self.rng.random() < 0.5
        return Note(
            category=category,
            distortion=kinds[int(self.rng.integers(len(kinds)))] if known else None,
            severity=round(severity, 1),
            sure=sure,
            spot=at,
        )

    def _score(self, notes: list[Note]) -> int:
        """The score of a picture: what its findings leave of it, with an error; now and then it does not heed them.

        People rate by more than defects, so that a picture without any may have any score.
        """
        rng = self.rng
        if rng.random() < (0.15 if notes else 0.45):
            return int(rng.integers(12, 96))
        base = float(np.clip(rng.normal(80, 7), 45, 99))
        if rng.random() < 0.15:
            return round(float(np.clip(rng.normal(base, 15), 2, 98)))
        return round(float(np.clip(base - damage_of(notes) + rng.normal(0, 6), 2, 98)))


_WHOLE: Final = Spot(cells=(0, 399), share=100)


def damage(picture: PictureNotes) -> float:
    """How much a picture's findings take from a score of 100, roughly: by squares, weighted by share."""
    return damage_of(list(picture.notes))


def damage_of(notes: list[Note]) -> float:
    """The same for a list of notes."""
    return float(min(95.0, sum(n.spot.share / 100 * (13 * n.severity) ** 2 for n in notes) ** 0.5))


def _limited(notes: list[Note]) -> list[Note]:
    """At most three notes of one category and MOST_FINDINGS in all, as findings are limited too."""
    kept: list[Note] = []
    for note in notes:
        if sum(other.category is note.category for other in kept) < 3:
            kept.append(note)
    return kept[:MOST_FINDINGS]
