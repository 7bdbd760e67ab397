"""A data set's folder: `records.jsonl`, or shards `records-00000.jsonl` and on, beside its pictures; or `*.parquet`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quibble.data.fields import Faults, Node, loads
from quibble.data.jsonl import raw_lines
from quibble.data.parquet import group_sizes, read_group, read_rows
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
        yield _sample(row, Path(folder))


class Indexed:
    """A data set's samples by number, read when they are asked for. May be sent to other processes.

    Raises RecordError for a record that is malformed when it is read. JSON lines are found by their place in the
    file; of Parquet a row group is read at a time, and the last one is kept.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.files = record_files(folder)
        self._places = [_line_starts(f) if f.suffix != ".parquet" else _row_starts(f) for f in self.files]
        self._ends = np.cumsum([len(places) for places in self._places])
        self._group: tuple[tuple[Path, int], list[Row]] | None = None

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, number: int) -> Sample:
        if not 0 <= number < len(self):
            raise IndexError(number)
        which = int(np.searchsorted(self._ends, number, side="right"))
        line = number - (int(self._ends[which - 1]) if which else 0)
        path, place = self.files[which], self._places[which][line]
        if path.suffix == ".parquet":
            return _sample(self._parquet_row(path, int(place), line), self.folder)
        with path.open("rb") as file:
            file.seek(int(place))
            text = file.readline().rstrip(b"\r\n")
        node = Node(loads(text, file=str(path), line=line + 1), "", str(path), line + 1)
        return _sample(Row(node, None, None), self.folder)

    def _parquet_row(self, path: Path, group: int, line: int) -> Row:
        groups = self._places[self.files.index(path)]
        first = int(np.searchsorted(groups, group))
        if self._group is None or self._group[0] != (path, group):
            self._group = ((path, group), [Row(*row) for row in read_group(path, group, first + 1)])
        return self._group[1][line - first]


def _line_starts(path: Path) -> NDArray[np.int64]:
    """(lines,): where each line begins."""
    starts, at = [], 0
    with path.open("rb") as file:
        for line in file:
            starts.append(at)
            at += len(line)
    return np.array(starts, np.int64)


def _row_starts(path: Path) -> NDArray[np.int64]:
    """(rows,): the number of each row's group."""
    sizes = group_sizes(path)
    return np.repeat(np.arange(len(sizes)), sizes)


def _sample(row: Row, root: Path) -> Sample:
    if row.error is not None:
        raise row.error
    try:
        record = read_record(row.node)
    except Faults as faults:
        raise faults.errors[0] from None
    return Sample(record=record, pictures=_pictures(row, record, root))


def _pictures(row: Row, record: Record, root: Path) -> tuple[Path | bytes, ...]:
    if row.pictures is None:
        return tuple(root / image.file for image in record.images)
    for index, picture in enumerate(row.pictures):
        if picture is None:
            raise row.node.child(f"images[{index}].bytes", None).error("expected the bytes of a picture, found null")
    return tuple(picture for picture in row.pictures if picture is not None)
