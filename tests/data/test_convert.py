from __future__ import annotations

import json
from pathlib import Path

import pytest

from quibble.data import Form, check, convert, read_jsonl, read_parquet, recognise, write_jsonl
from quibble.errors import ArgumentError, RecordError
from tests.data.examples import folder, picture

FILES = {Form.LLAVA: "a.json", Form.SWIFT: "a.jsonl", Form.DEPICTQA: "a.json", Form.COCO: "a.json"}


@pytest.mark.parametrize("form", Form)
def test_there_and_back_with_the_pictures(form: Form, tmp_path: Path) -> None:
    items = folder(tmp_path / "in", 3)
    there = tmp_path / "there" / FILES.get(form, "")
    assert convert(tmp_path / "in", there, to=form) == 3
    if form in FILES:
        assert recognise(there) is form
    if form is not Form.PARQUET:
        copied = there.parent if form in FILES else there
        assert (copied / "images/r1.png").read_bytes() == (tmp_path / "in/images/r1.png").read_bytes()
    assert convert(there, tmp_path / "back", to=Form.JSONL) == 3
    assert list(read_jsonl(tmp_path / "back/records.jsonl")) == items
    assert check(tmp_path / "back") == []


def test_beside_the_source_nothing_is_copied(tmp_path: Path) -> None:
    folder(tmp_path, 2)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "images").iterdir()}
    convert(tmp_path, tmp_path / "llava.json", to=Form.LLAVA)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "images").iterdir()} == before


def test_a_file_of_records_by_itself(tmp_path: Path) -> None:
    items = folder(tmp_path, 2)
    assert recognise(tmp_path / "records.jsonl") is Form.JSONL
    convert(tmp_path / "records.jsonl", tmp_path / "out", to=Form.PARQUET)
    assert list(read_parquet(tmp_path / "out")) == items


def test_a_foreign_file_with_its_pictures_elsewhere(tmp_path: Path) -> None:
    picture(tmp_path / "pictures/a.png")
    path = tmp_path / "llava.json"
    path.write_text(json.dumps([{"id": "a", "image": "a.png", "conversations": []}]))
    assert convert(path, tmp_path / "out", to=Form.JSONL, images=tmp_path / "pictures") == 1
    assert check(tmp_path / "out") == []
    assert (tmp_path / "out/a.png").exists()


def test_parquet_into_new_shards(tmp_path: Path) -> None:
    items = folder(tmp_path / "in", 5)
    convert(tmp_path / "in", tmp_path / "one", to=Form.PARQUET)
    convert(tmp_path / "one", tmp_path / "many", to=Form.PARQUET, shard_size=2)
    assert len(list((tmp_path / "many").iterdir())) == 3
    assert list(read_parquet(tmp_path / "many")) == items


@pytest.mark.parametrize("form", [Form.JSONL, Form.PARQUET])
def test_another_picture_is_not_replaced(form: Form, tmp_path: Path) -> None:
    folder(tmp_path / "in", 1)
    convert(tmp_path / "in", tmp_path / "from", to=form)
    picture(tmp_path / "out/images/r0.png", shade=99)
    with pytest.raises(ArgumentError, match="differs from the picture of record 'r0'"):
        convert(tmp_path / "from", tmp_path / "out/a.json", to=Form.LLAVA)
    assert not (tmp_path / "out/a.json").exists()
    convert(tmp_path / "from", tmp_path / "out2/a.json", to=Form.LLAVA)
    convert(tmp_path / "from", tmp_path / "out2/b.json", to=Form.COCO)


@pytest.mark.parametrize("form", [Form.JSONL, Form.PARQUET])
def test_a_missing_picture(form: Form, tmp_path: Path) -> None:
    folder(tmp_path / "in", 2)
    (tmp_path / "in/images/r1.png").unlink()
    with pytest.raises(RecordError, match="record 'r1': expected a picture at") as caught:
        convert(tmp_path / "in", tmp_path / "out", to=form)
    assert caught.value.field == "images[0].file"


def test_onto_itself(tmp_path: Path) -> None:
    items = folder(tmp_path, 1)
    for form in (Form.JSONL, Form.PARQUET):
        with pytest.raises(ArgumentError, match="name another target"):
            convert(tmp_path, tmp_path, to=form)
    with pytest.raises(ArgumentError, match="is the source itself"):
        convert(tmp_path / "records.jsonl", tmp_path, to=Form.JSONL)
    assert list(read_jsonl(tmp_path / "records.jsonl")) == items


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.json", "", "is not in a known format"),
        ("a.txt", "hello", "is not in a known format"),
        ("a.json", "[]", "array without objects"),
        ("a.json", "[1]", "array without objects"),
        ("none.json", None, "found nothing at"),
    ],
)
def test_what_is_not_recognised(name: str, text: str | None, reason: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ArgumentError, match=reason):
        convert(tmp_path / name, tmp_path / "out", to=Form.JSONL)


def test_empty(tmp_path: Path) -> None:
    write_jsonl([], tmp_path / "records.jsonl")
    assert convert(tmp_path, tmp_path / "out", to=Form.JSONL) == 0
    assert convert(tmp_path, tmp_path / "pq", to=Form.PARQUET) == 0
