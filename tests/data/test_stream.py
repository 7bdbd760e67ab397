from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quibble.data.stream import array_writer, read_array, read_object
from quibble.errors import RecordError
from tests.data.strategies import JSON_VALUES, TEXTS

ANY = settings(max_examples=60, deadline=None)


@ANY
@given(
    values=st.lists(JSON_VALUES, max_size=5),
    indent=st.sampled_from([None, 2]),
    ascii_only=st.booleans(),
    chunk=st.integers(1, 40),
)
def test_arrays_in_chunks(
    values: list[Any], indent: int | None, ascii_only: bool, chunk: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("s") / "a.json"
    text = json.dumps(values, indent=indent, ensure_ascii=ascii_only)
    path.write_text(f" \n{text}\n\n", encoding="utf-8", newline="")
    nodes = list(read_array(path, chunk=chunk))
    assert [node.value for node in nodes] == values
    lines = text.encode().split(b"\n")
    for node, value in zip(nodes, values, strict=True):
        assert node.line is not None
        start = json.dumps(value, indent=indent, ensure_ascii=ascii_only).split("\n")[0].encode()
        assert start in lines[node.line - 2]


@ANY
@given(
    data=st.dictionaries(TEXTS, JSON_VALUES, max_size=4),
    indent=st.sampled_from([None, 1]),
    chunk=st.integers(1, 40),
)
def test_objects_in_chunks(
    data: dict[str, Any], indent: int | None, chunk: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("s") / "a.json"
    path.write_text(json.dumps(data, indent=indent), encoding="utf-8", newline="")
    members = list(read_object(path, chunk=chunk))
    back: dict[str, Any] = {key: [] for key, value in data.items() if value == [] and isinstance(value, list)}
    for key, node, text in members:
        assert json.loads(text) == node.value
        if isinstance(data[key], list):
            assert node.field == f"{key}[{len(back.setdefault(key, []))}]"
            back[key].append(node.value)
        else:
            back[key] = node.value
    assert back == data


@ANY
@given(values=st.lists(JSON_VALUES, min_size=1, max_size=3), chunk=st.integers(1, 40), data=st.data())
def test_a_file_cut_off_anywhere_is_an_error(
    values: list[Any], chunk: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("s") / "a.json"
    text = json.dumps(values)
    path.write_text(text[: data.draw(st.integers(0, len(text) - 1))])
    with pytest.raises(RecordError, match="this is not JSON"):
        list(read_array(path, chunk=chunk))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[\n1,\n2 3]", 3, "expected ','"),
        ("[1,]", 1, "Expecting value"),
        ("[1] x", 1, "expected the end of the file, found 'x'"),
        ("{}", 1, "expected '[', found '{'"),
        ("[\n\n{'a': 1}]", 3, "Expecting property name"),
        ('[\n{"a": NaN}]', 2, "NaN is not a number"),
        ('[{"a": 1,\n"a": 2}]', 1, "is given twice"),
        ('["\x01"]', 1, "Invalid control character"),
        ("", 1, "it ends too early"),
    ],
)
def test_where_an_array_is_wrong(text: str, line: int, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(RecordError) as caught:
        list(read_array(path))
    assert reason in caught.value.reason
    assert (caught.value.file, caught.value.line) == (str(path), line)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "a": 2}', "twice"),
        ("{a: 1}", "name of a field"),
        ('{"a" 1}', "':'"),
        ("[]", "'{'"),
        ('{"a": [}', "JSON"),
    ],
)
def test_where_an_object_is_wrong(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(RecordError, match=reason):
        list(read_object(path))


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'["\xff"]')
    with pytest.raises(RecordError, match="not UTF-8"):
        list(read_array(path))


def test_an_error_near_the_start_is_found_without_reading_on(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[{'a': 1}," + '"x",' * 500_000 + "1]")
    tracemalloc.start()
    with pytest.raises(RecordError):
        list(read_array(path, chunk=1 << 10))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000


def test_a_large_file_is_never_whole_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with array_writer(path) as add:
        for index in range(4000):
            add({"id": index, "text": "x" * 1000})
    assert path.stat().st_size > 4_000_000
    tracemalloc.start()
    count = sum(node.value["id"] == index for index, node in enumerate(read_array(path, chunk=1 << 14)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 4000
    assert peak < 400_000


def test_a_written_array_has_one_item_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with array_writer(path) as add:
        add({"a": 1})
        add([2])
    assert path.read_text() == '[\n{"a": 1},\n[2]\n]\n'
    with array_writer(path):
        pass
    assert json.loads(path.read_text()) == []
    with pytest.raises(ValueError, match="Out of range"), array_writer(path) as add:
        add(float("nan"))
    assert json.loads(path.read_text()) == []
