from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quibble.bench.objects import need_number, number, pick, read_objects
from quibble.errors import RecordError


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "objects"),
    [
        ("a.json", '[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        ("a.json", '{"a": 1}{"a": 2}', [{"a": 1}, {"a": 2}]),
        ("a.jsonl", '{"a": 1}\n\n {"a": 2}\n', [{"a": 1}, {"a": 2}]),
        (
            "a.json",
            '\ufeff{"x.png": 1, "y.png": 2.5}',
            [{"name": "x.png", "value": 1}, {"name": "y.png", "value": 2.5}],
        ),
        ("a.json", '{"img_path": "x", "gt": 1}', [{"img_path": "x", "gt": 1}]),
        ("a.csv", "image, mos\nx.png, 1.5\n", [{"image": "x.png", "mos": "1.5"}]),
        ("a.tsv", "image\tmos\nx.png\t1\n", [{"image": "x.png", "mos": "1"}]),
    ],
)
def test_the_forms_that_people_use(tmp_path: Path, name: str, text: str, objects: list[dict[str, Any]]) -> None:
    assert read_objects(written(tmp_path / name, text)) == objects


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", '{"a": 1}\n{"a": ', r"a\.json:2: expected JSON"),
        ("a.json", "", "empty file"),
        ("a.json", "[1, 2]", "expected an object, found 1"),
        ("a.csv", "a,b\n1,2,3\n", r"a\.csv:2: expected 2 columns"),
        ("a.csv", "a,b\n1\n", r"a\.csv:2: expected 2 columns"),
    ],
)
def test_what_is_malformed_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        read_objects(written(tmp_path / name, text))


def test_numbers() -> None:
    assert [number(v) for v in (1, "4.57", 2.5, "nan", float("inf"), "good", None, True)] == [1, 4.57, 2.5, *[None] * 5]
    with pytest.raises(RecordError, match="item 3"):
        need_number("good", "the true score", file="f", index=3)


def test_pick_names_what_there_is() -> None:
    assert pick({"mos": 0, "score": 1}, ["gt", "mos"], file="f", index=0) == 0
    with pytest.raises(RecordError, match="one of gt; it has mos, score"):
        pick({"mos": 0, "score": 1}, ["gt"], file="f", index=0)
