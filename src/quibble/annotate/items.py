"""What is to be annotated: read from photographs, data sets and tables, and stored as records of a study."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from quibble.annotate.kinds import ROLES, Kind, misses, text_of
from quibble.data import ImageEntry, Maker, Record, Role, Turn, samples
from quibble.errors import ArgumentError
from quibble.image import load
from quibble.pipelines.photos import SUFFIXES, Photos
from quibble.pipelines.shards import Gallery

#: A table's columns of pictures, by the role of what they hold.
COLUMNS: Final = {Role.SINGLE: "file", Role.REFERENCE: "reference", Role.A: "a", Role.B: "b"}


@dataclass(frozen=True, kw_only=True)
class Found:
    """An item before its pictures are stored. pictures: their files, by role. score: people's opinion, 0..100."""

    id: str
    pictures: tuple[tuple[Role, Path], ...]
    text: str = ""
    score: float | None = None
    source: str | None = None
    source_sha256: str | None = None
    split: str | None = None
    licence: str | None = None
    makers: tuple[Maker, ...] = ()


def read_items(source: Path, kind: Kind) -> list[Found]:
    """The items of a source: a data set's folder, a CSV table, or a folder of photographs.

    Of a data set, the records that have the pictures, and for masks the text, that the kind needs; for pathway each
    picture once. A table has the columns file, reference, a and b as far as the kind shows such pictures, with paths
    beside the table; text for masks; and it may have id and score. Raises ArgumentError if there is nothing.
    """
    if source.is_file():
        return list(_of_table(source, kind))
    if any(source.glob("*.parquet")):
        raise ArgumentError(
            f"{source} has its pictures inside Parquet; unpack it first: quibble data convert {source} FOLDER "
            "--to jsonl"
        )
    if any(source.glob("records*.jsonl")):
        found = list(_of_records(source, kind))
        if not found:
            text = " and a text as their first answer" if kind is Kind.MASKS else ""
            raise ArgumentError(
                f"{source} holds nothing for {kind}: expected records with the pictures {', '.join(ROLES[kind])}{text}"
            )
        return found
    if kind is not Kind.PATHWAY:
        raise ArgumentError(
            f"{source} is no data set; for {kind} give one, or a CSV table with the columns {', '.join(columns(kind))}"
        )
    photos = Photos(source, long_side=1 << 20)
    return [
        Found(id=name, pictures=((Role.SINGLE, photos.folder / name),), source=name, licence=photos.licence(name))
        for name in photos.names
    ]


def columns(kind: Kind) -> tuple[str, ...]:
    """The columns that a table for a kind must have."""
    return (*(COLUMNS[role] for role in ROLES[kind]), *(("text",) if kind is Kind.MASKS else ()))


def store(found: Iterable[Found], kind: Kind, gallery: Gallery) -> Iterator[Record]:
    """Items as records, with their pictures' files stored as they are. Raises ImageError for what is no picture."""
    for item in found:
        images = tuple(_store(role, path, gallery) for role, path in item.pictures)
        yield Record(
            id=item.id,
            task=kind.value,
            images=images,
            turns=(Turn(question="", answer=item.text),) if item.text else (),
            score=item.score,
            source=item.source,
            source_sha256=item.source_sha256,
            split=item.split,
            licence=item.licence,
            makers=item.makers,
        )


def _store(role: Role, path: Path, gallery: Gallery) -> ImageEntry:
    height, width = load(path).shape[:2]
    file, sha256 = gallery.store(path.read_bytes(), path.suffix.lower())
    return ImageEntry(role=role, file=file, width=width, height=height, sha256=sha256)


def _of_records(folder: Path, kind: Kind) -> Iterator[Found]:
    seen: set[tuple[str, ...]] = set()
    for sample in samples(folder):
        record = sample.record
        if misses(record, kind):
            continue
        pictures = []
        for image, picture in zip(record.images, sample.pictures, strict=True):
            assert isinstance(picture, Path)
            pictures.append((image.role, picture))
        # Several feedbacks on a picture are several texts to mark it by, but one picture to look at.
        key = tuple(image.sha256 or image.file for image in record.images)
        if kind is not Kind.MASKS and key in seen:
            continue
        seen.add(key)
        yield Found(
            id=record.id,
            pictures=tuple(sorted(pictures, key=lambda pair: ROLES[kind].index(pair[0]))),
            text=text_of(record) if kind is Kind.MASKS else "",
            score=record.score,
            source=record.source,
            source_sha256=record.source_sha256,
            split=record.split,
            licence=record.licence,
            makers=record.makers if kind is Kind.MASKS else (),
        )


def _of_table(table: Path, kind: Kind) -> Iterator[Found]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as stream:
            rows = csv.DictReader(stream)
            missing = set(columns(kind)) - set(rows.fieldnames or ())
            if missing:
                raise ArgumentError(
                    f"{table}: {kind} needs the columns {', '.join(columns(kind))}; missing {sorted(missing)}"
                )
            listed = list(rows)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ArgumentError(f"{table}: cannot be read as CSV ({error})") from error
    if not listed:
        raise ArgumentError(f"{table} has no row")
    for line, row in enumerate(listed, start=2):
        if empty := [name for name in columns(kind) if not (row[name] or "").strip()]:
            raise ArgumentError(f"{table}:{line}: the column {empty[0]} is empty")
        pictures = tuple((role, table.parent / row[COLUMNS[role]]) for role in ROLES[kind])
        for _, path in pictures:
            if path.suffix.lower() not in SUFFIXES or not path.is_file():
                raise ArgumentError(f"{table}:{line}: expected the path of a picture, found {path}")
        first = "+".join(row[COLUMNS[role]] for role in ROLES[kind] if role is not Role.REFERENCE)
        yield Found(
            id=row.get("id") or first,
            pictures=pictures,
            text=row["text"].strip() if kind is Kind.MASKS else "",
            score=_score(row.get("score"), table, line),
            source=row[COLUMNS[ROLES[kind][0]]],
            licence=row.get("licence") or None,
        )


def _score(text: str | None, table: Path, line: int) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise ArgumentError(f"{table}:{line}: expected a score in 0..100, found {text!r}")
    return value
