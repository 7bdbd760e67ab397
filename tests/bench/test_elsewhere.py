from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quibble.bench.elsewhere import FileModel
from quibble.bench.item import Item
from quibble.bench.reply import Status
from quibble.errors import RecordError
from tests.bench.examples import LEFT, chosen, compared, described, grounded, referred, scored


def model(tmp_path: Path, answers: list[dict[str, Any]]) -> FileModel:
    path = tmp_path / "theirs.jsonl"
    path.write_text("\n".join(map(json.dumps, answers)))
    return FileModel(path)


ITEMS: dict[str, Item] = {
    answered.item.id: answered.item
    for answered in (
        scored(1, 10, None),
        chosen(1, "what", 0, None),
        compared(1, 0.8, None),
        referred(1, ("blur",), None),
        grounded(1, {"blur": LEFT}, {}),
        described(1, "Blurry.", ""),
    )
}


def test_answers_of_every_kind(tmp_path: Path) -> None:
    theirs = model(
        tmp_path,
        [
            {"id": "s1", "score": 142.5},
            {"id": "c1", "answer": "B. No"},
            {"id": "p1", "answer": "Image B"},
            {"id": "r1", "answer": ["blur"]},
            {"id": "g1", "answer": {"blur": LEFT.to_coco()}},
            {"id": "d1", "answer": "It is blurry."},
        ],
    )
    said = {name: theirs.answer(item) for name, item in ITEMS.items()}
    assert said["s1"].score == 142.5
    assert said["c1"].choice == 1
    assert said["p1"].winner == "B"
    assert said["r1"].names == ("blur",)
    assert said["g1"].masks == {"blur": LEFT}
    assert said["d1"].text == "It is blurry."
    assert theirs.label == "theirs.jsonl"


def test_what_is_missing_or_unreadable_is_not_guessed(tmp_path: Path) -> None:
    theirs = model(tmp_path, [{"id": "c1", "answer": "maybe"}, {"img_path": "other.png", "answer": "A"}])
    assert [theirs.answer(ITEMS[name]).status for name in ("c1", "s1")] == [Status.UNREADABLE] * 2


def test_how_sure_a_preference_is(tmp_path: Path) -> None:
    theirs = model(tmp_path, [{"id": "p1", "text": "Image B", "confidence": 0.7}, {"id": "d1", "text": "Dark."}])
    assert theirs.answer(ITEMS["p1"]).confidence == 0.7
    assert theirs.answer(ITEMS["d1"]).confidence is None
    with pytest.raises(RecordError, match="confidence of item 0 lies in"):
        model(tmp_path, [{"id": "p1", "text": "Image B", "confidence": 70}])


def test_a_picture_names_its_item(tmp_path: Path) -> None:
    assert model(tmp_path, [{"image": "a.png", "score": "3.5"}]).answer(ITEMS["s1"]).score == 3.5


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([{"id": "g1", "answer": "on the left"}], "is none for ground"),
        ([{"id": "g1", "answer": {"blur": {"size": [1, 1], "counts": "?"}}}], "masks of 'g1' are malformed"),
        ([{"id": "c1", "answer": 3}], "is none for choice"),
    ],
)
def test_answers_of_another_kind_are_named(tmp_path: Path, answers: list[dict[str, Any]], message: str) -> None:
    theirs = model(tmp_path, answers)
    with pytest.raises(RecordError, match=message):
        theirs.answer(ITEMS[answers[0]["id"]])


def test_a_name_stands_once(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="twice"):
        model(tmp_path, [{"id": "a", "answer": "A"}, {"id": "a", "answer": "B"}])
