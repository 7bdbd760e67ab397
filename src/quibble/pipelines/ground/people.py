"""People's masks and texts: read from records, and held against each other picture by picture."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from quibble.data import Maker, Record, samples
from quibble.errors import ArgumentError
from quibble.geometry import Mask
from quibble.pipelines.ground.agreement import Masks
from quibble.pipelines.instruct.told import Told
from quibble.taxonomy import QGroundClass

#: Makers of this kind are people.
PERSON: Final = "person/"


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """What one person said of a picture and marked in it. problem: why it is of no use; "" if it may be."""

    id: str
    text: str
    masks: Masks
    makers: tuple[Maker, ...]
    problem: str = ""

    @property
    def person(self) -> str:
        """The annotator's name; "unknown" if the record has none."""
        names = [maker.model for maker in self.makers if maker.model.startswith(PERSON)]
        return names[0].removeprefix(PERSON) if names else "unknown"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A picture and everybody's annotations of it."""

    told: Told
    annotations: tuple[Annotation, ...]


class People:
    """The annotations of a data set's folder by picture, in the order in which pictures first occur.

    Of each record, with one picture, the regions are masks with a class of Q-Ground's as their label, the first answer
    is the text, and a maker "person/NAME" is the annotator. Pictures are one if their files are the same. Raises
    ArgumentError if the folder holds no record of a single picture or has its pictures in Parquet, RecordError at a
    malformed record.
    """

    def __init__(self, folder: Path) -> None:
        found: dict[str, list[tuple[Told, Annotation]]] = {}
        for sample in samples(folder):
            record, picture = sample.record, sample.pictures[0]
            if len(record.images) != 1:
                continue
            if isinstance(picture, bytes):
                raise ArgumentError(
                    f"{folder} has its pictures inside Parquet; unpack it first: quibble data convert {folder} FOLDER "
                    "--to jsonl"
                )
            told = Told(
                key=record.id,
                picture=picture,
                source=record.source or record.images[0].file,
                split=record.split,
                licence=record.licence,
            )
            digest = record.images[0].sha256 or hashlib.sha256(picture.read_bytes()).hexdigest()
            found.setdefault(digest, []).append((told, _annotation(record)))
        if not found:
            raise ArgumentError(f"{folder} holds no annotation: expected records with one picture, regions and a text")
        #: By the hash of the picture's file.
        self.seen = {
            digest: Seen(told=entries[0][0], annotations=tuple(annotation for _, annotation in entries))
            for digest, entries in found.items()
        }

    def fingerprint(self) -> str:
        """A hash of all annotations, to tell others from these."""
        entries = (f"{digest} {annotation!r}" for digest, seen in self.seen.items() for annotation in seen.annotations)
        return hashlib.sha256("\n".join(entries).encode()).hexdigest()


def _annotation(record: Record) -> Annotation:
    text = next((turn.answer for turn in record.turns if turn.answer), "")
    masks: dict[QGroundClass, list[Mask]] = {}
    problem = "" if text else "no quality text"
    size = record.images[0].width, record.images[0].height
    for region in record.regions:
        if region.label not in set(QGroundClass):
            problem = f"expected a label of {', '.join(QGroundClass)}, found {region.label!r}"
            continue
        mask = region.region.to_mask(width=size[0], height=size[1])
        masks.setdefault(QGroundClass(region.label), []).append(mask)
    makers = record.makers or (Maker(part="ground.masks", model=f"{PERSON}unknown"),)
    return Annotation(id=record.id, text=text, masks=_joined(masks), makers=makers, problem=problem)


def _joined(masks: Mapping[QGroundClass, Sequence[Mask]]) -> Masks:
    """One mask a class."""
    return {name: join(masks[name]) for name in QGroundClass if masks.get(name)}


def join(masks: Sequence[Mask]) -> Mask:
    """All pixels of some masks of one picture, at least one."""
    pixels = masks[0].to_array()
    for mask in masks[1:]:
        pixels |= mask.to_array()
    return Mask.from_array(pixels)
