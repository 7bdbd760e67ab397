"""Large JSON files value by value: only the buffer that holds the present value is in memory."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeVar

from quibble.data.fields import DECODER, Node, dumps, reason_of
from quibble.data.files import atomic_writer
from quibble.errors import RecordError

T = TypeVar("T")

_SPACE = re.compile(r"[ \t\n\r]*")

#: No escape or literal that a chunk's end can cut in two is longer, so an error further from the end is a real one.
_LONGEST_CUT = 16


class Member(NamedTuple):
    """A value of a JSON file's outer object, or one item of an array there, and its text."""

    key: str
    node: Node
    text: str


class _Stream:
    """A cursor over JSON text that is read in chunks. `line` is where the cursor stands, from 1."""

    def __init__(self, text: TextIO, file: str, *, chunk: int) -> None:
        self._text, self._file, self._chunk = text, file, chunk
        self._buffer, self._at, self._ended = "", 0, False
        self.line = 1

    def error(self, reason: str) -> RecordError:
        return RecordError(f"this is not JSON: {reason}", file=self._file, line=self.line)

    def peek(self) -> str:
        """The next character that is not space; empty at the end of the file."""
        while True:
            match = _SPACE.match(self._buffer, self._at)
            assert match is not None
            self._advance(match.end())
            if self._at < len(self._buffer) or not self._more():
                return self._buffer[self._at : self._at + 1]

    def take(self, character: str) -> None:
        present = self.peek()
        if present != character:
            raise self.error(f"expected {character!r}, found {present!r}" if present else "it ends too early")
        self._advance(self._at + 1)

    def value(self) -> tuple[Any, str, int]:
        """The next value, its text, and the line where it starts."""
        self.peek()
        line = self.line
        while True:
            try:
                value, end = DECODER.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if self._is_cut(error) and self._more():
                    continue
                raise self.error(reason_of(error)) from error
            except RecordError as error:
                raise RecordError(error.reason, file=self._file, line=line, field=error.field) from error
            except (ValueError, RecursionError) as error:
                raise self.error(reason_of(error)) from error
            # A number that ends here, or before a cut-off "." or "e+", may go on in the next chunk.
            if end >= len(self._buffer) - len("e+") and self._more():
                continue
            text = self._buffer[self._at : end]
            self._advance(end)
            return value, text, line

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer) - _LONGEST_CUT

    def _advance(self, end: int) -> None:
        self.line += self._buffer.count("\n", self._at, end)
        self._at = end

    def _more(self) -> bool:
        if self._ended:
            return False
        # At least as much again as is waiting: a value of many chunks is then decoded only a few times.
        waiting = self._buffer[self._at :]
        try:
            chunk = self._text.read(max(self._chunk, len(waiting)))
        except UnicodeDecodeError as error:
            raise self.error(reason_of(error)) from error
        if chunk:
            self._buffer, self._at = waiting + chunk, 0
        else:
            self._ended = True
        return not self._ended


def read_array(path: str | os.PathLike[str], *, chunk: int = 1 << 20) -> Iterator[Node]:
    """The items of a file that is one JSON array. Raises RecordError where it is not."""
    with _open(path, chunk) as stream:
        stream.take("[")
        for value, _, line in _items(stream, "]", stream.value):
            yield Node(value, file=str(path), line=line)
        _end(stream)


def read_object(path: str | os.PathLike[str], *, chunk: int = 1 << 20) -> Iterator[Member]:
    """The values of a file that is one JSON object, arrays item by item. Raises RecordError where it is not."""
    seen: set[str] = set()
    with _open(path, chunk) as stream:
        stream.take("{")
        for key in _items(stream, "}", lambda: _key(stream)):
            if key in seen:
                raise RecordError("is given twice in one object", file=str(path), line=stream.line, field=key)
            seen.add(key)
            if stream.peek() != "[":
                value, text, line = stream.value()
                yield Member(key, Node(value, key, str(path), line), text)
                continue
            stream.take("[")
            for index, (value, text, line) in enumerate(_items(stream, "]", stream.value)):
                yield Member(key, Node(value, f"{key}[{index}]", str(path), line), text)
        _end(stream)


@contextmanager
def array_writer(path: str | os.PathLike[str]) -> Iterator[Callable[[Any], None]]:
    """A function that adds an item to a JSON array, one a line. The file appears complete or not at all."""
    with atomic_writer(path) as file:
        file.write(b"[")
        separator = b"\n"

        def add(item: Any) -> None:
            nonlocal separator
            file.write(separator + dumps(item).encode())
            separator = b",\n"

        yield add
        file.write(b"\n]\n")


@contextmanager
def _open(path: str | os.PathLike[str], chunk: int) -> Iterator[_Stream]:
    with Path(path).open(encoding="utf-8", newline="") as text:
        yield _Stream(text, str(path), chunk=chunk)


def _items(stream: _Stream, closing: str, read: Callable[[], T]) -> Iterator[T]:
    """What `read` gives for every item up to the closing bracket, which is taken too."""
    if stream.peek() == closing:
        stream.take(closing)
        return
    while True:
        yield read()
        if stream.peek() == closing:
            stream.take(closing)
            return
        stream.take(",")


def _key(stream: _Stream) -> str:
    if stream.peek() != '"':
        raise stream.error(f"expected the name of a field, found {stream.peek()!r}")
    key, _, _ = stream.value()
    stream.take(":")
    return str(key)


def _end(stream: _Stream) -> None:
    if stream.peek():
        raise stream.error(f"expected the end of the file, found {stream.peek()!r}")
