"""A data set's folder: `records.jsonl`, or shards `records-00000.jsonl` and on, beside its pictures; or `*.parquet`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from quibble.data.fields import Faults, Node, loads
from quibble.data.jsonl import raw_lines
from quibble.data.parquet import read_rows
from quibble.data.record import Record, read_record
from quibble.errors import ArgumentError, RecordError


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A record with its pictures, in their order: where a picture lies, or the bytes of its file."""

    record: Record
    pictures: tuple[Path | bytes, ...]


class Row(NamedTuple):
    """A record before it is checked: its JSON, or why there is none. `pictures` is None if they lie in files."""

    node: Node
    error: RecordError | None
    pictures: tuple[bytes | None, ...] | None


def record_files(folder: str | os.PathLike[str]) -> list[Path]:
    """The files that hold a data set's records, in order. Raises ArgumentError if there are none or of two kinds."""
    root = Path(folder)
    if not root.is_dir():
        raise ArgumentError(
            f"expected the folder of a data set, found {'a file' if root.exists() else 'nothing'} at {root}"
        )
    whole, shards = sorted(root.glob("records.jsonl")), sorted(root.glob("records-*.jsonl"))
    kinds = [files for files in (whole, shards, sorted(root.glob("*.parquet"))) if files]
    if len(kinds) != 1:
        found = " and ".join(files[0].name for files in kinds) or "none of them"
        raise ArgumentError(f"{root} should hold records.jsonl, records-*.jsonl or *.parquet; found {found}")
    return kinds[0]


def rows(folder: str | os.PathLike[str]) -> Iterator[Row]:
    """Every record's JSON with its place, sound or not."""
    for path in record_files(folder):
        if path.suffix == ".parquet":
            yield from (Row(node, error, pictures) for node, error, pictures in read_rows(path))
            continue
        for line, text in raw_lines(path):
            node = Node(None, file=str(path), line=line)
            try:
                yield Row(Node(loads(text, file=str(path), line=line), "", str(path), line), None, None)
            except RecordError as error:
                yield Row(node, error, None)


def samples(folder: str | os.PathLike[str]) -> Iterator[Sample]:
    """Records with their pictures. Raises RecordError at the first malformed one."""
    for row in rows(folder):
        if row.error is not None:
            raise row.error
        try:
            record = read_record(row.node)
        except Faults as faults:
            raise faults.errors[0] from None
        yield Sample(record=record, pictures=_pictures(row, record, Path(folder)))


def _pictures(row: Row, record: Record, root: Path) -> tuple[Path | bytes, ...]:
    if row.pictures is None:
        return tuple(root / image.file for image in record.images)
    for index, picture in enumerate(row.pictures):
        if picture is None:
            raise row.node.child(f"images[{index}].bytes", None).error("expected the bytes of a picture, found null")
    return tuple(picture for picture in row.pictures if picture is not None)
