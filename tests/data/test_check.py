from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quibble.data import Problem, check, convert, write_jsonl
from quibble.data.convert import Form
from tests.data.examples import folder, picture, record


def change(root: Path, line: int, **fields: Any) -> None:
    path = root / "records.jsonl"
    lines = path.read_text().splitlines()
    lines[line - 1] = json.dumps(json.loads(lines[line - 1]) | fields)
    path.write_text("\n".join(lines) + "\n")


def found(root: Path) -> list[tuple[int | None, str | None, str]]:
    return [(problem.line, problem.field, problem.reason) for problem in check(root)]


def test_a_sound_data_set(tmp_path: Path) -> None:
    folder(tmp_path)
    assert check(tmp_path) == []


def test_all_problems_of_all_records(tmp_path: Path) -> None:
    folder(tmp_path, 6)
    change(tmp_path, 1, score="good", split=5)
    change(tmp_path, 2, images=[{"role": "single", "file": "images/none.png", "width": 16, "height": 12}])
    picture(tmp_path / "images/r2.png", shade=200)
    picture(tmp_path / "images/r3.png", size=(12, 16))
    cut = (tmp_path / "images/r4.png").read_bytes()[:-20]
    (tmp_path / "images/r4.png").write_bytes(cut)
    path = tmp_path / "records.jsonl"
    path.write_bytes(path.read_bytes() + b"{\n" + path.read_bytes().splitlines()[5] + b"\n")
    problems = found(tmp_path)
    assert [(line, field) for line, field, _ in problems] == [
        (1, "score"),
        (1, "split"),
        (2, "images[0].file"),
        (3, "images[0].sha256"),
        (4, "images[0].width"),
        (4, "images[0].sha256"),
        (5, "images[0].file"),
        (5, "images[0].sha256"),
        (7, None),
        (8, "id"),
    ]
    reasons = [reason for _, _, reason in problems]
    assert reasons[2] == "'images/none.png' is missing"
    assert reasons[4] == "expected a picture of 16 x 12, found one of 12 x 16"
    assert reasons[6].startswith("'images/r4.png' cannot be decoded: ")
    assert "not JSON" in reasons[8]
    assert reasons[9] == "'r5' is the id of records.jsonl:6 too"


def test_a_problem_says_where(tmp_path: Path) -> None:
    folder(tmp_path, 2)
    change(tmp_path, 2, seed=-1)
    (problem,) = check(tmp_path)
    path = tmp_path / "records.jsonl"
    assert str(problem) == f"{path}:2, field 'seed': expected a seed in 0..2**53 - 1, found -1"
    assert problem.to_dict() == {"file": str(path), "line": 2, "field": "seed", "reason": problem.reason}
    assert problem == Problem(**problem.to_dict())


def leak(root: Path, *records: dict[str, Any]) -> list[tuple[int | None, str | None]]:
    picture(root / "a.png")
    base = record(images=(), regions=(), turns=(), source=None, split=None).to_dict()
    base.pop("split", None)
    lines = [json.dumps(base | {"id": str(index)} | fields) for index, fields in enumerate(records)]
    (root / "records.jsonl").write_text("\n".join(lines) + "\n")
    problems = check(root)
    assert all("is in split" in problem.reason for problem in problems)
    return [(problem.line, problem.field) for problem in problems]


ONE, OTHER = "1" * 64, "2" * 64


@pytest.mark.parametrize(
    ("records", "lines"),
    [
        ([("a", None, "train"), ("a", None, "train"), ("b", None, "test")], []),
        ([("a", None, "train"), ("a", None, "test"), ("a", None, "test")], [2]),
        ([("a", None, "train"), ("a", None, None), ("a", None, "val"), ("a", None, "test")], [3, 4]),
        ([("a", ONE, "train"), ("b", ONE, "test")], [2]),
        ([("a", ONE, "train"), ("a", OTHER, "test")], []),
        ([("a", ONE, "train"), ("a", None, "test")], [2]),
        ([(None, ONE, "train"), (None, ONE, "test")], [2]),
    ],
)
def test_a_source_in_two_splits(
    records: list[tuple[str | None, str | None, str | None]], lines: list[int], tmp_path: Path
) -> None:
    fields = [{"source": name, "source_sha256": digest, "split": split} for name, digest, split in records]
    assert leak(tmp_path, *fields) == [(line, "split") for line in lines]


def test_what_the_leak_message_says(tmp_path: Path) -> None:
    items = [record(str(index), images=(), regions=(), turns=(), split=split) for index, split in enumerate("ab")]
    write_jsonl(items, tmp_path / "records.jsonl")
    (problem,) = check(tmp_path)
    assert problem.reason == "source 'photo.jpg' is in split 'b' here and in 'a' at records.jsonl:1"


def test_parquet_is_checked_too(tmp_path: Path) -> None:
    folder(tmp_path, 3)
    (tmp_path / "images/r1.png").write_bytes(b"not a picture")
    convert(tmp_path, tmp_path / "out", to=Form.PARQUET, shard_size=2)
    problems = check(tmp_path / "out")
    shard = str(tmp_path / "out/records-00000.parquet")
    assert [(problem.file, problem.line, problem.field) for problem in problems] == [
        (shard, 2, "images[0].file"),
        (shard, 2, "images[0].sha256"),
    ]
