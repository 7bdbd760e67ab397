"""What a build starts from: pictures, with the feedback that people or earlier builds gave on them, or without."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from quibble.data import Maker, samples
from quibble.errors import ArgumentError
from quibble.pipelines.photos import SUFFIXES, Photos

#: Tasks whose answers are feedback, if no others are named.
TASKS: Final = ("pathway", "global_description")


@dataclass(frozen=True, kw_only=True)
class Told:
    """A picture and one feedback on it. key: names both, and nothing else in the source.

    feedback: a description and a conclusion; None where it is still to be written. score: people's, 0..100.
    """

    key: str
    picture: Path
    source: str
    feedback: str | None = None
    score: float | None = None
    makers: tuple[Maker, ...] = ()
    split: str | None = None
    licence: str | None = None


def gather(source: Path, *, tasks: Sequence[str], rounds: int) -> list[Told]:
    """All feedback of a data set's folder, or the photographs of a folder, each to be given `rounds` feedbacks.

    Of a data set, records of the tasks count that have one picture and whose first turn has an answer. Raises
    ArgumentError if there are none, or if the pictures are no files.
    """
    if source.is_dir() and any(source.glob("*.parquet")):
        raise ArgumentError(
            f"{source} has its pictures inside Parquet; unpack it first: quibble data convert {source} FOLDER --to "
            f"jsonl"
        )
    if source.is_dir() and any(source.glob("records*.jsonl")):
        told = list(_of_records(source, frozenset(tasks)))
        if not told:
            raise ArgumentError(
                f"{source} holds no feedback: expected records of the tasks {', '.join(tasks)} with one picture and an "
                "answer; name other tasks with --task"
            )
        return told
    photos = Photos(source, long_side=1 << 20)
    first = [
        Told(key=name, picture=photos.folder / name, source=name, licence=photos.licence(name)) for name in photos.names
    ]
    return [replace(told, key=f"{told.key}#{number}") for told in first for number in range(rounds)]


def fingerprint(told: Sequence[Told]) -> str:
    """A hash of names, feedback and sizes of the pictures, to tell another source from this."""
    lines = (f"{item.key} {item.picture.stat().st_size} {item.feedback or ''}" for item in told)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _of_records(folder: Path, tasks: frozenset[str]) -> Iterator[Told]:
    for sample in samples(folder):
        record = sample.record
        if record.task not in tasks or len(record.images) != 1 or not record.turns or not record.turns[0].answer:
            continue
        picture = sample.pictures[0]
        assert isinstance(picture, Path)
        if picture.suffix.lower() not in SUFFIXES:
            continue
        yield Told(
            key=record.id,
            picture=picture,
            source=record.source or record.images[0].file,
            feedback=record.turns[0].answer,
            score=record.score,
            makers=record.makers,
            split=record.split,
            licence=record.licence,
        )
