"""Everything that is wrong with a data set, found in one pass over its records and pictures."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quibble.data.dataset import Row, rows
from quibble.data.fields import Faults
from quibble.data.record import ImageEntry, Record, read_record
from quibble.errors import ImageError, RecordError
from quibble.image import load


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong: the records' file, the line or row from 1, the field and what was expected and found."""

    file: str
    line: int | None
    field: str | None
    reason: str

    def __str__(self) -> str:
        return str(RecordError(self.reason, file=self.file, line=self.line, field=self.field))

    def to_dict(self) -> dict[str, Any]:
        return {"file": self.file, "line": self.line, "field": self.field, "reason": self.reason}


def check(folder: str | os.PathLike[str]) -> list[Problem]:
    """All problems of a data set, in the order of its records; none if it is sound.

    Malformed records; pictures that are missing, cannot be decoded, or have another size or hash than stated; ids
    given twice; and a source photograph with records in two splits. Every picture is decoded, once each. Raises
    ArgumentError if the folder holds no data set, RecordError if a Parquet file is not one of records.
    """
    inspection = _Inspection(Path(folder))
    return [
        Problem(file=error.file or str(folder), line=error.line, field=error.field, reason=error.reason)
        for row in rows(folder)
        for error in inspection.faults(row)
    ]


class _Inspection:
    """What was seen so far of a data set."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._ids: dict[str, str] = {}
        self._splits_by_hash: dict[str, dict[str, str]] = {}
        self._splits_by_name: dict[str, dict[tuple[str, str | None], str]] = {}
        self._on_disk: dict[str, _Facts] = {}

    def faults(self, row: Row) -> Iterator[RecordError]:
        """What is wrong with one row by itself and beside those before it."""
        if row.error is not None:
            yield row.error
            return
        try:
            record = read_record(row.node)
        except Faults as faults:
            yield from faults.errors
            return
        place = f"{Path(row.node.file or '').name}:{row.node.line}"
        if first := self._ids.get(record.id):
            yield row.node.child("id", None).error(f"'{record.id}' is the id of {first} too")
        self._ids.setdefault(record.id, place)
        if reason := self._leak(record, place):
            yield row.node.child("split", None).error(reason)
        for index, image in enumerate(record.images):
            node = row.node.child(f"images[{index}]", None)
            picture = row.pictures[index] if row.pictures is not None else None
            facts = self._facts_on_disk(image) if row.pictures is None else _facts(picture)
            for field, reason in facts.disagreements(image):
                yield node.child(field, None).error(reason)

    def _leak(self, record: Record, place: str) -> str | None:
        """Why a record's source may not be in its split: another record has it in another."""
        if record.split is None:
            return None
        found = None
        if record.source_sha256 is not None:
            splits = self._splits_by_hash.setdefault(record.source_sha256, {})
            if record.split not in splits and splits:
                found = next(iter(splits.items()))
            splits.setdefault(record.split, place)
        if record.source is not None:
            seen = self._splits_by_name.setdefault(record.source, {})
            mine = (record.split, record.source_sha256)
            # Two photographs may share a name; with two hashes they are known to be different.
            others = [
                (split, where)
                for (split, digest), where in seen.items()
                if split != record.split and None in (digest, record.source_sha256)
            ]
            if mine not in seen and others:
                found = found or others[0]
            seen.setdefault(mine, place)
        if found is None:
            return None
        source = record.source or record.source_sha256
        return f"source '{source}' is in split '{record.split}' here and in '{found[0]}' at {found[1]}"

    def _facts_on_disk(self, image: ImageEntry) -> _Facts:
        facts = self._on_disk.get(image.file)
        if facts is None:
            path = self._root / image.file
            facts = self._on_disk[image.file] = _facts(path.read_bytes() if path.is_file() else None)
        return facts


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What a picture's file really is. `size` is (width, height); None if there is a `fault`."""

    sha256: str | None = None
    size: tuple[int, int] | None = None
    fault: str = ""

    def disagreements(self, image: ImageEntry) -> Iterator[tuple[str, str]]:
        """(field, reason) for everything that an entry states otherwise."""
        if self.size is None:
            yield "file", f"'{image.file}' {self.fault}"
        elif self.size != (image.width, image.height):
            width, height = self.size
            yield "width", f"expected a picture of {image.width} x {image.height}, found one of {width} x {height}"
        if self.sha256 is not None and image.sha256 not in (None, self.sha256):
            yield "sha256", f"expected {image.sha256}, found a file with {self.sha256}"


def _facts(picture: bytes | None) -> _Facts:
    if picture is None:
        return _Facts(fault="is missing")
    digest = hashlib.sha256(picture).hexdigest()
    try:
        height, width, _ = load(picture).shape
    except ImageError as error:
        return _Facts(sha256=digest, fault=f"cannot be decoded: {error}")
    return _Facts(sha256=digest, size=(width, height))
