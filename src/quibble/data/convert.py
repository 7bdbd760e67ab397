"""From any of the formats to any other, record by record."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

from quibble.data.dataset import Sample, samples
from quibble.data.files import atomic_writer
from quibble.data.formats import coco, depictqa, llava, swift
from quibble.data.jsonl import lines, read_jsonl, write_jsonl
from quibble.data.parquet import write_rows
from quibble.data.record import Record
from quibble.data.stream import read_array
from quibble.errors import ArgumentError, RecordError


class Form(StrEnum):
    """The formats: quibble's own folders (JSONL, PARQUET), and single files of others."""

    JSONL = "jsonl"
    PARQUET = "parquet"
    LLAVA = "llava"
    SWIFT = "swift"
    DEPICTQA = "depictqa"
    COCO = "coco"


_WRITERS: Final[dict[Form, Callable[[Iterable[Record], Path], int]]] = {
    Form.LLAVA: llava.write,
    Form.SWIFT: swift.write,
    Form.DEPICTQA: depictqa.write,
    Form.COCO: coco.write,
}


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    to: Form,
    images: str | os.PathLike[str] | None = None,
    shard_size: int = 1000,
) -> int:
    """Convert a data set and return the number of records.

    source: a data set's folder, or a file in one of the other formats, which is recognised by its content. target: a
    folder for JSONL and PARQUET, else a file. images: the folder that a source file's picture paths start from
    (default: the file's own). shard_size: for PARQUET. Pictures are copied beside the target unless they are
    there already; Parquet has them inside. Raises RecordError for a malformed record or a missing picture,
    ArgumentError for a source of no known format or a picture that would replace a different one.
    """
    origin, goal = Path(source), Path(target)
    if not origin.exists():
        raise ArgumentError(f"expected a data set's folder or a file, found nothing at {origin}")
    root, path = (goal, goal / "records.jsonl") if to is Form.JSONL else (goal.parent, goal)
    for place in (goal, path):
        if place.exists() and place.samefile(origin):
            raise ArgumentError(f"{place} is the source itself; name another target")
    items = _samples(origin, Path(images) if images is not None else origin.parent)
    if to is Form.PARQUET:
        return write_rows(((item.record, _all_bytes(item)) for item in items), goal, shard_size=shard_size)
    write = write_jsonl if to is Form.JSONL else _WRITERS[to]
    return write(with_pictures(items, root), path)


def recognise(path: str | os.PathLike[str]) -> Form:
    """The format of a single file, by its first item. Raises ArgumentError if it is none that is known."""
    with Path(path).open("rb") as file:
        start = file.read(1 << 10).lstrip()[:1]
    if start == b"[":
        first = next(read_array(path), None)
        if first is None or not isinstance(first.value, dict):
            raise ArgumentError(f"{path} is a JSON array without objects; expected LLaVA's or DepictQA's records")
        return Form.DEPICTQA if {"image_ref", "image_A", "image_B", "query"} & first.value.keys() else Form.LLAVA
    if start == b"{" and Path(path).suffix != ".jsonl":
        return Form.COCO
    if start == b"{":
        value = next(lines(path)).value
        return Form.SWIFT if isinstance(value, dict) and "messages" in value else Form.JSONL
    raise ArgumentError(
        f"{path} is not in a known format: expected JSON lines (.jsonl), or JSON that starts with [ or {{"
    )


def _samples(source: Path, root: Path) -> Iterator[Sample]:
    if source.is_dir():
        yield from samples(source)
        return
    for record in _read(source, root):
        yield Sample(record=record, pictures=tuple(root / image.file for image in record.images))


def _read(path: Path, root: Path) -> Iterator[Record]:
    match recognise(path):
        case Form.LLAVA:
            return llava.read(path, images=root)
        case Form.SWIFT:
            return swift.read(path, images=root)
        case Form.DEPICTQA:
            return depictqa.read(path, images=root)
        case Form.COCO:
            return coco.read(path)
        case _:
            return read_jsonl(path)


def _all_bytes(item: Sample) -> tuple[bytes, ...]:
    return tuple(
        picture if isinstance(picture, bytes) else _existing(picture, item.record, index).read_bytes()
        for index, picture in enumerate(item.pictures)
    )


def with_pictures(items: Iterable[Sample], root: Path) -> Iterator[Record]:
    """The records, each after its pictures were put below `root`."""
    done: set[Path] = set()
    for item in items:
        for index, (image, picture) in enumerate(zip(item.record.images, item.pictures, strict=True)):
            goal = root / image.file
            if goal in done or picture == goal:
                continue
            done.add(goal)
            if isinstance(picture, Path):
                _existing(picture, item.record, index)
            if goal.exists():
                same = goal.read_bytes() == picture if isinstance(picture, bytes) else _same(picture, goal)
                if not same:
                    raise ArgumentError(
                        f"{goal} is already there and differs from the picture of record '{item.record.id}'"
                    )
                continue
            with atomic_writer(goal) as file:
                if isinstance(picture, bytes):
                    file.write(picture)
                else:
                    with picture.open("rb") as original:
                        shutil.copyfileobj(original, file)
        yield item.record


def _same(one: Path, other: Path) -> bool:
    return one.samefile(other) or filecmp.cmp(one, other, shallow=False)


def _existing(picture: Path, record: Record, index: int) -> Path:
    if not picture.is_file():
        raise RecordError(f"record '{record.id}': expected a picture at {picture}", field=f"images[{index}].file")
    return picture
