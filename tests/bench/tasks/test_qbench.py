from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from quibble.bench.item import Kind
from quibble.bench.tasks import find_task
from quibble.errors import ArgumentError, RecordError

QUESTION = {
    "img_path": "00001.jpg",
    "question": "Is the kite sharp?",
    "candidates": ["Yes", "No"],
    "correct_ans": "No",
    "type": 0,
    "concern": 2,
}


def put_json(folder: Path, split: str, *items: dict[str, Any]) -> None:
    (folder / "images").mkdir(exist_ok=True)
    (folder / f"llvisionqa_{split}.json").write_text(json.dumps(items))


def test_questions_as_json(tmp_path: Path) -> None:
    put_json(tmp_path, "dev", QUESTION, {**QUESTION, "candidates": ["Red", "Blue", "No"], "type": 1, "concern": 3})
    first, second = find_task("qbench-a1-dev").read(tmp_path)
    assert (first.kind, first.options, first.right) == (Kind.CHOICE, ("Yes", "No"), 1)
    assert first.labels == {"type": "yes-or-no", "concern": "in-context distortion"}
    assert first.images == (tmp_path / "images" / "00001.jpg",)
    assert (second.right, second.labels["type"], second.id) == (2, "what", "1:00001.jpg")


def test_the_test_split_has_no_answers(tmp_path: Path) -> None:
    put_json(tmp_path, "test", {k: v for k, v in QUESTION.items() if k != "correct_ans"})
    assert next(find_task("qbench-a1-test").read(tmp_path)).right is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"correct_ans": "Perhaps"}, "none of its candidates"),
        ({"type": 7}, "the type 7; expected 0 to 2"),
        ({"concern": "x"}, "concern 'x'"),
    ],
)
def test_malformed_questions_are_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    put_json(tmp_path, "dev", {**QUESTION, **change})
    with pytest.raises(RecordError, match=message):
        list(find_task("qbench-a1-dev").read(tmp_path))


def row(**change: Any) -> dict[str, Any]:
    picture = {"bytes": b"picture", "path": "1.jpg"}
    options = {"option0": "Yes", "option1": "No", "option2": "N/A", "option3": "N/A"}
    kinds = {"question_type": "2", "question_concern": "0", "correct_choice": "B"}
    return {"id": "7", "image": picture, "question": "Is it?", **options, **kinds, **change}


def test_questions_as_parquet(tmp_path: Path) -> None:
    parquet.write_table(
        pa.Table.from_pylist([row(), row(id="8", correct_choice="")]), tmp_path / "dev-00000-of-1.parquet"
    )
    first, second = find_task("qbench-a1-dev").read(tmp_path)
    assert (first.id, first.options, first.right, first.images) == ("7", ("Yes", "No"), 1, (b"picture",))
    assert first.labels == {"type": "how", "concern": "distortion"}
    assert second.right is None
    parquet.write_table(pa.Table.from_pylist([row(correct_choice="C")]), tmp_path / "dev-00000-of-1.parquet")
    with pytest.raises(RecordError, match="2 options but the answer 'C'"):
        list(find_task("qbench-a1-dev").read(tmp_path))


def test_pairs_as_parquet(tmp_path: Path) -> None:
    pair = {k: v for k, v in row().items() if k != "image"} | {"image1": {"bytes": b"a"}, "image2": {"bytes": b"b"}}
    (tmp_path / "data").mkdir()
    parquet.write_table(pa.Table.from_pylist([pair]), tmp_path / "data" / "dev-0.parquet")
    assert next(find_task("qbench2-a1-dev").read(tmp_path)).images == (b"a", b"b")


def test_descriptions(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="without their descriptions"):
        list(find_task("qbench-a2").read(tmp_path))
    (tmp_path / "images").mkdir()
    (tmp_path / "lldescribe.json").write_text('[{"img_path": "1.jpg", "description": "Blurry."}]')
    item = next(find_task("qbench-a2").read(tmp_path))
    assert (item.kind, item.answer) == (Kind.DESCRIBE, "Blurry.")


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"llvisionqa_dev\.json: download .*LLVisionQA-QBench"):
        list(find_task("qbench-a1-dev").read(tmp_path))
    with pytest.raises(ArgumentError, match=r"did you mean .*qbench-a1-dev"):
        find_task("qbench-a1")
