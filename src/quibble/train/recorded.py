"""Conversations about pictures that exist: octopus records, seen by the real perception, with exact truth beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from quibble.assessor import Assessor
from quibble.data import Record, RegionEntry, samples
from quibble.noting import picture_notes, region_notes
from quibble.pipelines.plans import Task
from quibble.pipelines.talk import ground, kinds, region
from quibble.pipelines.talk.exchange import Sight, chance
from quibble.pipelines.talk.ground import Cluster
from quibble.text.conversation import Conversation
from quibble.text.evidence import Note, PictureNotes, RegionNotes, Spot
from quibble.text.grammar import Wording, Writer
from quibble.train.examples import Example, example

#: Notes whose boxes overlap a true region by this IoU show it.
_MADE_OUT: Final = 0.25
_GROUNDING: Final = frozenset({Task.HYD_G, Task.SID_G, Task.DAO_G})
_REFERRING: Final = frozenset({Task.REFER_SHORT, Task.REFER_LONG})


@dataclass(frozen=True, kw_only=True)
class Perceived:
    """A record and what perception noted of its picture and, in order, of its regions."""

    record: Record
    picture: Path | bytes
    notes: PictureNotes
    regions: tuple[RegionNotes, ...]

    @property
    def asked(self) -> int | None:
        """Which region the record's question is about; None if it is about the whole picture or about several."""
        told = self.record.turns[0].regions
        return told[0] if len(told) == 1 and self.record.task != Task.GLOBAL.value else None


def perceive(folder: str | os.PathLike[str], assessor: Assessor) -> Iterator[Perceived]:
    """Every record of a folder, seen by an assessor."""
    for item in samples(folder):
        record = item.record
        look = assessor.look(item.pictures[0])
        yield Perceived(
            record=record,
            picture=item.pictures[0],
            notes=picture_notes(assessor.assess(look), look.evidence),
            regions=tuple(
                region_notes(look.evidence, entry.region, width=look.width, height=look.height)
                for entry in record.regions
            ),
        )


def true_notes(record: Record) -> PictureNotes:
    """The notes of a picture as a perfect perception would take them."""
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
    return PictureNotes(score=round(record.score or 0), notes=tuple(order))


def true_region(record: Record, number: int) -> RegionNotes:
    """The notes of one of its regions as a perfect perception would take them."""
    entry, image = record.regions[number], record.images[0]
    found = tuple((step.category, 9, round(step.level, 1)) for step in entry.degradations)
    clean = 0 if found else 9
    return RegionNotes(spot=_spot(entry, image.width, image.height), found=found, clean=clean)


class Recorded:
    """Examples from perceived records; item i depends on the seed and i alone.

    Referring is answered from the truth: which of the probable defects a region really has, as many as are asked for,
    has to be made out. So is grounding, as far as the notes show what is true. All else is answered from the notes.
    """

    def __init__(self, seed: int, items: Iterable[Perceived], *, wording: Wording = Wording.TRAINING) -> None:
        self.seed, self.items, self.wording = seed, list(items), wording

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, number: int) -> Example:
        rng = np.random.default_rng([self.seed, 2, number])
        writer = Writer(rng, self.wording)
        item = self.items[number % len(self.items)]
        task, asked = Task(item.record.task), item.asked
        if asked is not None and task in _REFERRING:
            notes = true_region(item.record, asked)
            refer = region.refer_short if task is Task.REFER_SHORT else region.refer_long
            exchange = refer(writer, notes, count=len(notes.found))
            return example(writer, Conversation.about(item.notes, item.regions[asked]), [exchange], (item.picture,))
        if asked is not None and task in _GROUNDING:
            return self._grounded(writer, item, asked)
        if asked is not None:
            exchange = region.local(writer, item.regions[asked])
            return example(writer, Conversation.about(item.notes, item.regions[asked]), [exchange], (item.picture,))
        exchange = kinds.single(writer, Sight(item.notes))
        return example(writer, Conversation.about(item.notes), [exchange], (item.picture,))

    def _grounded(self, writer: Writer, item: Perceived, asked: int) -> Example:
        """The record's own question with the true region as its box or mask, as far as the notes show the region."""
        entry, image = item.record.regions[asked], item.record.images[0]
        spot = _spot(entry, image.width, image.height)
        seen = {
            note.category for note in (*item.notes.notes, *item.notes.hints) if note.spot.box.iou(spot.box) >= _MADE_OUT
        }
        notes = tuple(
            Note(category=s.category, distortion=None, severity=round(s.level, 1), sure=9, spot=spot)
            for s in entry.degradations
            if s.category in seen
        )
        about = Conversation.about(item.notes)
        if not notes:
            return example(writer, about, [kinds.single(writer, Sight(item.notes))], (item.picture,))
        told, question = Cluster(notes=notes), item.record.turns[0].question
        if chance(writer, 0.5):
            return example(writer, about, [ground.boxed(writer, item.record.task, question, told)], (item.picture,))
        exchange = ground.segmented(writer, item.record.task, question, told)
        mask = entry.region.to_mask(width=image.width, height=image.height)
        return example(writer, about, [exchange], (item.picture,), (mask,))


def _spot(entry: RegionEntry, width: int, height: int) -> Spot:
    share = entry.region.to_mask(width=width, height=height).share
    return Spot.of(entry.region.bounds, share=share, width=width, height=height)
