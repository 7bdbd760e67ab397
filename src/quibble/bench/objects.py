"""Files of objects as people write them: a JSON list, JSON lines, objects one after another, or CSV."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from quibble.errors import ArgumentError, RecordError

Object = Mapping[str, Any]

#: What an item is called by in the files of the field; the first one counts.
NAMES: Final = (
    "item",
    "question_id",
    "image",
    "img_path",
    "image_path",
    "image_name",
    "dist_img",
    "filename",
    "file",
    "name",
    "Image",
    "id",
)
#: A lone object with one of these is an item; without, it maps names to values.
FIELDS: Final = frozenset({*NAMES, "first", "second", "question"})


def read_objects(path: str | os.PathLike[str]) -> list[Object]:
    """The objects of a file, in order. `.csv` and `.tsv` give a mapping of texts a row; all else is JSON.

    JSON may be a list of objects, objects with or without anything between them (so JSON lines, and Q-Bench's published
    outputs, which have nothing), or one object from names to plain values, such as {"a.png": 61.5}: each member becomes
    an object {"name": ..., "value": ...}. Raises RecordError, with the line, for anything else; OSError if there is no
    such file.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecordError(f"expected text in UTF-8, found {error.reason}", file=str(file)) from error
    if file.suffix.lower() in (".csv", ".tsv"):
        return _rows(text, "\t" if file.suffix.lower() == ".tsv" else ",", str(file))
    values = _values(text, str(file))
    if len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    elif len(values) == 1 and isinstance(values[0], dict):
        values = _members(values[0])
    for index, value in enumerate(values):
        if not isinstance(value, dict):
            raise RecordError(f"expected an object, found {value!r:.60} as item {index}", file=str(file))
    return values


def pick(item: Object, names: Sequence[str], *, file: str, index: int) -> Any:
    """The first of `names` that an object has. Raises RecordError naming what was looked for and what there is."""
    for name in names:
        if name in item:
            return item[name]
    raise RecordError(f"item {index} needs one of {', '.join(names)}; it has {', '.join(map(str, item))}", file=file)


def number(value: object) -> float | None:
    """A finite number, from a number or a text that is one; None for anything else. True is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if abs(found) < float("inf") else None


def need_number(value: object, what: str, *, file: str, index: int) -> float:
    """Like `number`, but raises RecordError where there is none."""
    found = number(value)
    if found is None:
        raise RecordError(f"{what} of item {index} is a finite number, found {value!r:.60}", file=file)
    return found


def below(folder: Path, *names: str, get: str) -> Path:
    """The first of the files or folders that is in `folder`. Raises ArgumentError saying what to get, and where to put
    it.
    """
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise ArgumentError(f"{folder} lacks {' or '.join(names)}: {get}, and put it there")


def _values(text: str, file: str) -> list[Any]:
    decoder, values, at = json.JSONDecoder(), [], 0
    while (at := _skip(text, at)) < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError as error:
            line = text.count("\n", 0, getattr(error, "pos", at)) + 1
            raise RecordError(f"expected JSON, found {text[at : at + 40]!r} ({error})", file=file, line=line) from error
        values.append(value)
    if not values:
        raise RecordError("expected JSON, found an empty file", file=file)
    return values


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _members(value: dict[str, Any]) -> list[Any]:
    if any(isinstance(member, dict | list) for member in value.values()) or not value.keys().isdisjoint(FIELDS):
        return [value]
    return [{"name": name, "value": member} for name, member in value.items()]


def _rows(text: str, delimiter: str, file: str) -> list[Object]:
    try:
        rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise RecordError(f"cannot be read as CSV ({error})", file=file) from error
    for line, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise RecordError(f"expected {len(row) - (None in row)} columns as in the first line", file=file, line=line)
    return [{(name or "").strip(): value.strip() for name, value in row.items()} for row in rows]
