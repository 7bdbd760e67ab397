from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from quibble.data import Record, read_jsonl, write_jsonl
from quibble.errors import RecordError
from tests.data.examples import record


def test_one_record_a_line(tmp_path: Path) -> None:
    items = [record("a", task="é\u2028\n"), record("b")]
    assert write_jsonl(items, tmp_path / "new" / "records.jsonl") == 2
    raw = (tmp_path / "new" / "records.jsonl").read_bytes()
    assert raw.count(b"\n") == 2
    assert raw.endswith(b"}\n")
    assert "é".encode() in raw
    assert [json.loads(line) for line in raw.split(b"\n")[:-1]] == [item.to_dict() for item in items]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write_jsonl([record("old")], path)

    def failing() -> Iterator[Record]:
        yield record("new")
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        write_jsonl(failing(), path)
    assert [item.id for item in read_jsonl(path)] == ["old"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["records.jsonl"]


def test_a_file_can_be_rewritten_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write_jsonl((record(f"r{index}") for index in range(300)), path)
    reader = read_jsonl(path)
    first = next(reader)
    assert write_jsonl([record("new")], path) == 1
    assert [first.id, *(item.id for item in reader)] == [f"r{index}" for index in range(300)]
    assert [item.id for item in read_jsonl(path)] == ["new"]


def test_records_are_read_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write_jsonl([record("a"), record("b")], path)
    path.write_bytes(path.read_bytes() + b'{"id": "c"}\nnot json\n')
    reader = read_jsonl(path)
    assert [next(reader).id, next(reader).id] == ["a", "b"]
    with pytest.raises(RecordError, match="is missing") as caught:
        next(reader)
    assert (caught.value.file, caught.value.line, caught.value.field) == (str(path), 3, "task")


@pytest.mark.parametrize(
    ("line", "reason"),
    [(b"", "not JSON"), (b"[]", "expected an object"), (b'{"id": "\xff"}', "not UTF-8"), (b"{", "JSON")],
)
def test_a_line_that_is_no_record(line: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write_jsonl([record("a")], path)
    path.write_bytes(path.read_bytes() + line + b"\r\n")
    with pytest.raises(RecordError, match=reason) as caught:
        list(read_jsonl(path))
    assert caught.value.line == 2
