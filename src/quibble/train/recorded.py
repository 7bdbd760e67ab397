"""Conversations about pictures that exist: octopus records, seen by the real perception, with exact truth beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.assessor import Assessor
from quibble.data import Record, RegionEntry, samples
from quibble.degradation import Degradation
from quibble.geometry import Mask
from quibble.noting import SCORE_SLOPE, coverage, hints_of, picture_notes, region_notes
from quibble.pipelines.plans import Task
from quibble.pipelines.talk import describe, ground, kinds, region
from quibble.pipelines.talk.compare import Pair
from quibble.pipelines.talk.exchange import Exchange, Sight, chance
from quibble.taxonomy import Category
from quibble.text.conversation import Conversation, Features
from quibble.text.evidence import Cluster, ComparisonNotes, Note, PictureNotes, RegionNotes, Spot, hints_told
from quibble.text.grammar import Wording, Writer
from quibble.text.special import SEGMENT_TEXT
from quibble.text.vocabulary import categories_named
from quibble.train.examples import Example, example
from quibble.train.recipe import OpinionData

#: Notes whose boxes overlap a true region by this IoU show it.
_MADE_OUT: Final = 0.25
#: Shares of conversations with pictures that compare two of them, and that ask for the mask of a defect.
_COMPARED: Final = 0.1
_LOCATED: Final = 0.4
#: Share of the others that may ask anything of the picture, whatever the record's own task is.
_FREE: Final = 0.35
#: Shares of these, and of what is asked of records of whole pictures, that describe it, and that are short questions.
_DESCRIBED: Final = 0.25
_DRILLED: Final = 0.4
_GROUNDING: Final = frozenset({Task.HYD_G, Task.SID_G, Task.DAO_G})
_REFERRING: Final = frozenset({Task.REFER_SHORT, Task.REFER_LONG})


@dataclass(frozen=True, kw_only=True)
class Perceived:
    """A record and what perception noted of its picture and, in order, of its regions."""

    record: Record
    picture: Path | bytes
    notes: PictureNotes
    regions: tuple[RegionNotes, ...]
    #: all there are; the notes have a few
    hints: tuple[Note, ...] = ()
    #: of the picture, and how much of their places lies in each region, where they were asked for
    features: Features | None = None
    insides: tuple[NDArray[np.float32], ...] = ()

    def about(self, region: int | None = None, question: str = "") -> Conversation:
        """A conversation about the picture, or one of its regions. question: what will be asked, see picture_notes."""
        notes = self.notes
        if question:
            notes = replace(notes, hints=hints_told(self.hints, categories_named(question)))
        told = Conversation.about(notes, None if region is None else self.regions[region])
        inside = None if region is None or self.features is None else self.insides[region]
        return told.seen(self.features, inside=inside)

    @property
    def asked(self) -> int | None:
        """Which region the record's question is about; None if it is about the whole picture or about several."""
        told = self.record.turns[0].regions
        return told[0] if len(told) == 1 and self.record.task != Task.GLOBAL.value else None


def perceive(
    folder: str | os.PathLike[str], assessor: Assessor, *, features: bool = False, sought: bool = True
) -> Iterator[Perceived]:
    """Every record of a folder, seen as its question asks. features: keep them too, some megabytes a record. sought:
    whether a question for a place says what is looked for; not if something else is to be asked of the picture."""
    for item in samples(folder):
        record = item.record
        look = assessor.look(item.pictures[0])
        regions = [entry.region for entry in record.regions]
        size = {"width": look.width, "height": look.height}
        query = record.turns[0].question if sought and record.task in _GROUNDING else ""
        report = assessor.sought(look, query)
        yield Perceived(
            record=record,
            picture=item.pictures[0],
            notes=picture_notes(report, look.evidence, query),
            hints=tuple(hints_of(report, look.evidence, tuple(Category))),
            regions=tuple(region_notes(look.evidence, region, **size) for region in regions),
            features=look.evidence.features if features else None,
            insides=tuple(coverage(look.evidence, r.to_mask(**size)) for r in regions) if features else (),
        )


def true_notes(record: Record) -> PictureNotes:
    """The notes of a picture as a perfect perception would take them.

    A record's score is what is left of an undistorted picture's 100; perception learns from rated photographs, among
    which clean ones have less than that.
    """
    image = record.images[0]
    notes = [
        Note(
            category=step.category,
            distortion=step.distortion,
            severity=round(step.level, 1),
            sure=9,
            spot=_spot(entry, image.width, image.height),
        )
        for entry in record.regions
        for step in entry.degradations
    ]
    order = sorted(notes, key=lambda note: -note.severity * note.spot.share**0.5)
    return PictureNotes(score=round(OpinionData().pristine * (record.score or 0)), notes=tuple(order))


def true_region(record: Record, number: int) -> RegionNotes:
    """The notes of one of its regions as a perfect perception would take them."""
    entry, image = record.regions[number], record.images[0]
    found = tuple((step.category, 9, round(step.level, 1)) for step in entry.degradations)
    clean = 0 if found else 9
    return RegionNotes(spot=_spot(entry, image.width, image.height), found=found, clean=clean)


class Recorded:
    """Examples from perceived records; item i depends on the seed and i alone.

    Referring is answered from the truth: which of the probable defects a region really has, as many as are asked for,
    has to be made out. So is grounding in words and masks, as far as the notes show what is true. All else is answered
    from the notes, boxes too: what is not in them cannot be copied.
    shown: for training with the pictures. Then some of the conversations ask for masks of the true regions or compare
    two pictures, and none ends in a mask without a truth.
    """

    def __init__(
        self, seed: int, items: Iterable[Perceived], *, wording: Wording = Wording.TRAINING, shown: bool = False
    ) -> None:
        self.seed, self.items, self.wording, self.shown = seed, list(items), wording, shown
        self._locatable = [item for item in self.items if _made_out(item)] if shown else []

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, number: int) -> Example:
        rng = np.random.default_rng([self.seed, 2, number])
        writer = Writer(rng, self.wording)
        item = self.items[number % len(self.items)]
        roll = rng.random() if self.shown else 1.0
        if roll < _COMPARED:
            return self._compared(writer, item, self.items[int(rng.integers(len(self.items)))])
        if roll < _COMPARED + _LOCATED and self._locatable:
            return self._located(writer, self._locatable[int(rng.integers(len(self._locatable)))])
        return self._as_recorded(writer, item)

    def _as_recorded(self, writer: Writer, item: Perceived) -> Example:
        """Mostly what the record's own task asks."""
        if chance(writer, _FREE):
            return self._anything(writer, item)
        task, asked = Task(item.record.task), item.asked
        if asked is not None and task in _REFERRING:
            notes = true_region(item.record, asked)
            refer = region.refer_short if task is Task.REFER_SHORT else region.refer_long
            exchange = refer(writer, notes, count=len(notes.found))
            return example(writer, item.about(asked), [exchange], (item.picture,), _pixels(item, asked))
        if asked is not None and task in _GROUNDING:
            return self._grounded(writer, item, asked)
        if asked is not None:
            exchange = region.local(writer, item.regions[asked])
            return example(writer, item.about(asked), [exchange], (item.picture,), _pixels(item, asked))
        return self._anything(writer, item)

    def _anything(self, writer: Writer, item: Perceived) -> Example:
        roll = writer.rng.random()
        exchanges: list[Exchange] = []
        while not exchanges:
            said = self._any_kind(writer, item, roll)
            exchanges = [one for one in said if not (self.shown and SEGMENT_TEXT in one.answer)]
        return example(writer, item.about(), exchanges, (item.picture,))

    @staticmethod
    def _any_kind(writer: Writer, item: Perceived, roll: float) -> Sequence[Exchange]:
        """Questions of a drill, a description or a question of any kind. roll: 0..1, decides which."""
        sight = Sight(item.notes)
        if roll < _DRILLED:
            return kinds.drill(writer, sight)
        return [describe.describe(writer, sight) if roll < _DRILLED + _DESCRIBED else kinds.single(writer, sight)]

    def _compared(self, writer: Writer, a: Perceived, b: Perceived) -> Example:
        """Two records beside each other, of which the scores say which is better."""
        a_better = float(1 / (1 + np.exp(SCORE_SLOPE * (b.notes.score - a.notes.score))))
        told = ComparisonNotes.of(a.notes.trimmed(), b.notes.trimmed(), a_better=a_better)
        pair = Pair(a=Sight(a.notes.trimmed()), b=Sight(b.notes.trimmed()), notes=told)
        about = Conversation.comparing(a.notes, b.notes, told)
        return example(writer, about, [kinds.on_pair(writer, pair)], (a.picture, b.picture))

    @staticmethod
    def _located(writer: Writer, item: Perceived) -> Example:
        """Where a category is that the notes show where it truly is; the mask is all that truly has it."""
        seen = _made_out(item)
        category = list(seen)[int(writer.rng.integers(len(seen)))]
        exchange = ground.segmented_where(writer, Sight(item.notes), category)
        pixels = [_pixels(item, number).to_array() for number in seen[category]]
        mask = Mask.from_array(np.logical_or.reduce(pixels))
        return example(writer, item.about(), [exchange], (item.picture,), masks=(mask,))

    def _grounded(self, writer: Writer, item: Perceived, asked: int) -> Example:
        """The record's own question with the true region as its box or mask, as far as the notes show the region."""
        entry, image = item.record.regions[asked], item.record.images[0]
        spot = _spot(entry, image.width, image.height)
        told = (*item.notes.notes, *item.notes.hints)
        seen = {note.category: note for note in reversed(told) if note.spot.box.iou(spot.box) >= _MADE_OUT}
        task = Task(item.record.task)
        notes = tuple(
            Note(category=s.category, distortion=None, severity=round(s.level, 1), sure=9, spot=spot)
            for s in entry.degradations
            if s.category in seen and (task is not Task.SID_G or _stands_out(item, s, seen[s.category]))
        )
        if not notes or (task is Task.HYD_G and not _region_stands_out(item, asked, [seen[n.category] for n in notes])):
            return self._anything(writer, item)
        about, question = item.about(), item.record.turns[0].question
        if chance(writer, 0.25 if self.shown else 0.5):
            noted = Cluster(notes=tuple(seen[note.category] for note in notes))
            return example(writer, about, [ground.boxed(writer, item.record.task, question, noted)], (item.picture,))
        exchange = ground.segmented(writer, item.record.task, question, Cluster(notes=notes))
        return example(writer, about, [exchange], (item.picture,), masks=(_pixels(item, asked),))


def _made_out(item: Perceived) -> dict[Category, list[int]]:
    """The categories that the notes show where they truly are, each with the numbers of all regions that have it."""
    image = item.record.images[0]
    places: dict[Category, list[int]] = {}
    for number, entry in enumerate(item.record.regions):
        for step in entry.degradations:
            places.setdefault(step.category, []).append(number)
    boxes = [_spot(entry, image.width, image.height).box for entry in item.record.regions]
    told = (*item.notes.notes, *item.notes.hints)
    return {
        category: numbers
        for category, numbers in places.items()
        if any(
            note.category is category and note.spot.box.iou(boxes[number]) >= _MADE_OUT
            for note in told
            for number in numbers
        )
    }


def _stands_out(item: Perceived, step: Degradation, seen: Note) -> bool:
    """Whether a region's defect, the worst or the mildest of its category in truth, is so by the notes as well."""
    most = step.level == max(
        other.level for entry in item.record.regions for other in entry.degradations if other.category is step.category
    )
    severities = [note.severity for note in item.notes.notes if note.category is step.category]
    return not severities or seen.severity == (max(severities) if most else min(severities))


def _region_stands_out(item: Perceived, asked: int, seen: Sequence[Note]) -> bool:
    """Whether a region, the most or the least damaged one in truth, is so by the notes as well."""
    totals = [sum(step.level for step in entry.degradations) for entry in item.record.regions]
    wanted = "worst" if totals[asked] == max(totals) else "mildest"
    marks = [item.notes.region_mark(note) for note in seen]
    return wanted in marks or not any(marks)


def _pixels(item: Perceived, region: int) -> Mask:
    image = item.record.images[0]
    return item.record.regions[region].region.to_mask(width=image.width, height=image.height)


def _spot(entry: RegionEntry, width: int, height: int) -> Spot:
    share = entry.region.to_mask(width=width, height=height).share
    return Spot.of(entry.region.bounds, share=share, width=width, height=height)
