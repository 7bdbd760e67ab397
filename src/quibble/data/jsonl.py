"""Records as JSON lines: one record a line, UTF-8, written atomically and read as a stream."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from quibble.data.fields import Node, dumps, loads
from quibble.data.files import atomic_writer
from quibble.data.record import Record


def write_jsonl(records: Iterable[Record], path: str | os.PathLike[str]) -> int:
    """Write records and return how many. The file appears complete or not at all; an existing one is replaced."""
    count = 0
    with atomic_writer(path) as file:
        for record in records:
            file.write(f"{dumps(record.to_dict())}\n".encode())
            count += 1
    return count


def read_jsonl(path: str | os.PathLike[str]) -> Iterator[Record]:
    """Records one by one. Raises RecordError naming file, line and field at the first malformed one."""
    for node in lines(path):
        yield Record.from_dict(node.value, file=node.file, line=node.line)


def lines(path: str | os.PathLike[str]) -> Iterator[Node]:
    """The JSON values of a JSONL file with their places. Raises RecordError for a line that is not JSON."""
    for number, line in raw_lines(path):
        yield Node(loads(line, file=str(path), line=number), file=str(path), line=number)


def raw_lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, bytes]]:
    """(number, bytes) of each line; numbers start at 1."""
    with Path(path).open("rb") as file:
        for number, line in enumerate(file, start=1):
            yield number, line.rstrip(b"\r\n")
