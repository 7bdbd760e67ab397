from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quibble.data import ImageEntry, Record, Role, Turn
from quibble.data.formats import depictqa
from quibble.errors import RecordError
from tests.data.examples import picture, record


def with_roles(*roles: Role, **changes: Any) -> Record:
    images = tuple(ImageEntry(role=role, file=f"{role}.png", width=16, height=12) for role in roles)
    return record(images=images, **changes)


@pytest.mark.parametrize(
    ("roles", "fields", "task"),
    [
        ((Role.SINGLE,), [None, "single.png", None], "quality_single_A_noref"),
        ((Role.REFERENCE, Role.SINGLE), ["reference.png", "single.png", None], "quality_single_A"),
        ((Role.A, Role.REFERENCE), ["reference.png", "A.png", None], "quality_single_A"),
        ((Role.B,), [None, None, "B.png"], "quality_single_B_noref"),
        ((Role.A, Role.B), [None, "A.png", "B.png"], "quality_compare_noref"),
        ((Role.REFERENCE, Role.A, Role.B), ["reference.png", "A.png", "B.png"], "quality_compare"),
    ],
)
def test_pictures_and_task(roles: tuple[Role, ...], fields: list[str | None], task: str, tmp_path: Path) -> None:
    item = with_roles(*roles)
    depictqa.write([item], tmp_path / "a.json")
    (written,) = json.loads((tmp_path / "a.json").read_text())
    assert [written[name] for name in ("image_ref", "image_A", "image_B")] == fields
    assert written["task_type"] == task
    assert written["conversations"][0] == {"from": "human", "value": "Which part is worst?"}
    assert list(depictqa.read(tmp_path / "a.json")) == [item]


def test_a_task_of_theirs_stays(tmp_path: Path) -> None:
    item = with_roles(Role.REFERENCE, Role.A, Role.B, task="quality_single_B")
    depictqa.write([item], tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())[0]["task_type"] == "quality_single_B"


@pytest.mark.parametrize("answer", ["B.", ""])
def test_the_form_for_testing(answer: str, tmp_path: Path) -> None:
    item = with_roles(Role.A, Role.B, turns=(Turn(question="Which?", answer=answer, regions=(1,)),))
    depictqa.write([item], tmp_path / "a.json", test=True)
    (written,) = json.loads((tmp_path / "a.json").read_text())
    assert written["query"] == "Which?"
    assert written.get("answer", "") == answer
    assert "conversations" not in written
    assert list(depictqa.read(tmp_path / "a.json")) == [item]


@pytest.mark.parametrize(
    ("item", "test", "reason"),
    [
        (with_roles(regions=(), turns=()), False, "has 0 pictures"),
        (with_roles(Role.SINGLE, Role.SINGLE), False, "has 2 pictures"),
        (record(), True, "has 2 turns"),
    ],
)
def test_what_it_has_no_room_for(item: Record, test: bool, reason: str, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=f"record 'r0' {reason}"):
        depictqa.write([item], tmp_path / "a.json", test=test)
    assert not list(tmp_path.iterdir())


def test_foreign_files(tmp_path: Path) -> None:
    picture(tmp_path / "ref.png")
    picture(tmp_path / "a.png", size=(5, 4))
    path = tmp_path / "a.json"
    talk = [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "Noise."}]
    nothing: dict[str, Any] = dict.fromkeys(["image_ref", "image_A", "image_B"])
    items: list[dict[str, Any]] = [
        nothing | {"id": 1, "image_ref": "ref.png", "image_A": "a.png", "task_type": "quality_single_A"},
        {"id": "x", "image": "a.png", "task_type": "description", "severities": [1, 2]},
    ]
    path.write_text(json.dumps([item | {"conversations": talk} for item in items]))
    first, second = depictqa.read(path)
    assert [(image.role, image.file, image.width) for image in first.images] == [
        (Role.REFERENCE, "ref.png", 16),
        (Role.A, "a.png", 5),
    ]
    assert (first.id, first.task) == ("1", "quality_single_A")
    assert first.turns == (Turn(question="Why?", answer="Noise."),)
    assert (second.task, second.images[0].role) == ("description", Role.SINGLE)
    assert second.extra == {"depictqa": {"severities": [1, 2]}}

    test = tmp_path / "test.json"
    test.write_text(json.dumps([nothing | {"id": "q", "image_A": "a.png", "image_B": "ref.png", "query": "Which?"}]))
    (item,) = depictqa.read(test)
    assert item.task == "quality_compare_noref"
    assert item.turns == (Turn(question="Which?", answer=""),)


@pytest.mark.parametrize(
    ("item", "field", "reason"),
    [
        ({"id": "a"}, None, "found neither"),
        ({"query": "?", "conversations": []}, None, "found both"),
        ({"query": 5}, "query", "expected text"),
        ({"conversations": [{"from": "system", "value": "S"}]}, "conversations[0].from", "one of human, gpt"),
        ({"query": "?", "image": "a.png", "image_A": "a.png"}, "image", "found both"),
        ({"query": "?", "image_A": "none.png"}, "image_A", "expected a picture at"),
        ({"query": "?", "quibble": {"task": "t", "images": [{"role": "B"}]}}, "quibble.images[0]", "no 'image_B'"),
        ({"query": "?", "quibble": {"task": "t", "images": [{"role": "C"}]}}, "quibble.images[0]", "the picture 'C'"),
        ({"query": "?", "quibble": {"task": "t"}}, "quibble.images", "expected a list"),
    ],
)
def test_malformed(item: dict[str, Any], field: str | None, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([item]))
    with pytest.raises(RecordError) as caught:
        list(depictqa.read(path))
    assert (caught.value.line, caught.value.field) == (1, field)
    assert reason in caught.value.reason
