from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from quibble.data import ImageEntry, Role, Turn
from quibble.data.formats import llava
from quibble.errors import RecordError
from tests.data.examples import mask, picture, record


def foreign(tmp_path: Path, *items: dict[str, Any]) -> Path:
    path = tmp_path / "llava.json"
    path.write_text(json.dumps(list(items), indent=2))
    picture(tmp_path / "coco/a.jpg")
    picture(tmp_path / "coco/b.png", size=(5, 4))
    return path


def talk(*texts: str) -> list[dict[str, str]]:
    return [{"from": ("human", "gpt")[index % 2], "value": text} for index, text in enumerate(texts)]


def test_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "llava.json"
    assert llava.write([record()], path) == 1
    (item,) = json.loads(path.read_text())
    assert list(item) == ["id", "image", "conversations", "quibble"]
    assert (item["id"], item["image"]) == ("r0", "images/r0.png")
    assert item["conversations"] == [
        {"from": "human", "value": "<image>\nWhich part is worst?"},
        {"from": "gpt", "value": "The dog, then the sky."},
        {"from": "human", "value": "Why?"},
        {"from": "gpt", "value": "It is blurred."},
    ]
    assert item["quibble"]["images"] == [{"role": "single", "width": 16, "height": 12}]
    assert item["quibble"]["turns"] == [{"regions": [1, 0]}, {}]
    assert item["quibble"]["regions"][0]["mask"] == mask(0, 0, 16, 4).to_coco()
    assert not {"id", "question", "answer"} & item["quibble"].keys()


def test_several_pictures_and_a_system_prompt(tmp_path: Path) -> None:
    images = tuple(ImageEntry(role=role, file=f"{role}.png", width=16, height=12) for role in (Role.A, Role.B))
    item = record(images=images, extra={"system": "Be brief.", "note": 1})
    llava.write([item], tmp_path / "a.json")
    (written,) = json.loads((tmp_path / "a.json").read_text())
    assert written["images"] == ["A.png", "B.png"]
    assert written["conversations"][0] == {"from": "system", "value": "Be brief."}
    assert written["conversations"][1]["value"] == "<image>\n<image>\nWhich part is worst?"
    assert list(llava.read(tmp_path / "a.json")) == [item]


def test_texts_are_read_from_the_conversation(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    llava.write([record()], path)
    path.write_text(path.read_text().replace("It is blurred.", "It is out of focus.").replace("images/r0", "images/x"))
    (back,) = llava.read(path)
    assert back.turns[1].answer == "It is out of focus."
    assert back.images[0].file == "images/x.png"
    assert back.turns[0] == record().turns[0]


def test_placeholders_inside_a_question(tmp_path: Path) -> None:
    item = record(turns=(Turn(question="Is <image> sharp?", answer="No."),))
    llava.write([item], tmp_path / "a.json")
    (written,) = json.loads((tmp_path / "a.json").read_text())
    assert written["conversations"][0]["value"] == "Is <image> sharp?"
    assert list(llava.read(tmp_path / "a.json")) == [item]
    leading = record(turns=(Turn(question="<image>\nSharp?", answer="No."),))
    llava.write([leading], tmp_path / "a.json")
    assert list(llava.read(tmp_path / "a.json")) == [leading]


def test_too_many_placeholders_are_refused(tmp_path: Path) -> None:
    item = record(turns=(Turn(question="<image> or <image>?", answer="No."),))
    with pytest.raises(RecordError, match="record 'r0' has 1 pictures, but its texts hold '<image>' 2 times"):
        llava.write([item], tmp_path / "a.json")
    assert not list(tmp_path.iterdir())


def test_a_foreign_file(tmp_path: Path) -> None:
    path = foreign(
        tmp_path,
        {
            "id": 7,
            "image": "coco/a.jpg",
            "conversations": talk("<image>\nWhat?", "A dog.", "Sure?", "Yes."),
            "model": "x",
        },
        {"id": "b", "images": ["coco/a.jpg", "./coco/b.png"], "conversations": talk("<image><image>Which?", "B.")},
        {"conversations": talk("What is 1 + 1?", "2")},
        {"id": "d", "image": "coco/b.png", "conversations": talk("What is it?\n<image>", "A cat.")},
        {"id": "e", "image": "coco/b.png", "conversations": talk("Is <image> good?", "")[:1]},
        {"id": "f", "image": "coco/b.png", "conversations": [{"from": "system", "value": "S"}, *talk("Q", "A")]},
    )
    items = list(llava.read(path))
    assert [item.id for item in items] == ["7", "b", "llava-42", "d", "e", "f"]
    assert {item.task for item in items} == {"conversation"}
    assert items[0].turns == (Turn(question="What?", answer="A dog."), Turn(question="Sure?", answer="Yes."))
    assert items[0].images == (ImageEntry(role=Role.SINGLE, file="coco/a.jpg", width=16, height=12),)
    assert items[0].extra == {"llava": {"model": "x"}}
    assert [(image.file, image.width) for image in items[1].images] == [("coco/a.jpg", 16), ("coco/b.png", 5)]
    assert items[1].turns[0].question == "Which?"
    assert items[2].images == ()
    assert items[3].turns[0].question == "What is it?"
    assert items[4].turns == (Turn(question="Is <image> good?", answer=""),)
    assert items[5].extra == {"system": "S"}
    llava.write(items, tmp_path / "again.json")
    assert list(llava.read(tmp_path / "again.json")) == items


def test_sizes_are_those_of_upright_pictures(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (20, 10)).save(tmp_path / "turned.jpg", exif=exif)
    path = foreign(tmp_path, {"id": "a", "image": "turned.jpg", "conversations": []})
    (item,) = llava.read(path)
    assert (item.images[0].width, item.images[0].height) == (10, 20)


def test_paths_start_from_the_folder_given(tmp_path: Path) -> None:
    path = foreign(tmp_path, {"id": "a", "image": str(tmp_path / "coco" / "a.jpg"), "conversations": []})
    (item,) = llava.read(path, images=tmp_path / "coco")
    assert item.images[0].file == "a.jpg"
    with pytest.raises(RecordError, match="expected a path below the folder of pictures"):
        list(llava.read(path, images=tmp_path / "elsewhere"))


@pytest.mark.parametrize(
    ("item", "field", "reason"),
    [
        ({"id": "a"}, "conversations", "is missing"),
        ({"conversations": [{"from": "cat", "value": "?"}]}, "conversations[0].from", "one of human, gpt, system"),
        ({"conversations": [{"from": "human", "value": 5}]}, "conversations[0].value", "expected text, found 5"),
        ({"conversations": [{"value": "Q"}]}, "conversations[0].from", "is missing"),
        ({"conversations": [{"from": "human", "value": "\ud800"}]}, "conversations[0].value", "surrogate"),
        ({"conversations": talk("Q", "A")[:1] * 2}, "conversations[1]", "two questions follow"),
        ({"conversations": [*talk("Q", "A"), *talk("Q", "A")[1:]]}, "conversations[2]", "two answers follow"),
        ({"conversations": [*talk("Q", "A"), {"from": "system", "value": "S"}]}, "conversations[2]", "comes first"),
        (
            {"conversations": talk("<image>\n<image>\nQ", "A"), "image": "coco/a.jpg"},
            "conversations",
            "found it 2 times",
        ),
        ({"conversations": [], "image": "coco/none.jpg"}, "image", "expected a picture at"),
        ({"conversations": [], "image": "../a.jpg"}, "image", "below the data set's folder"),
        ({"conversations": [], "image": "llava.json"}, "image", "none that can be opened"),
        ({"conversations": [], "image": "coco/a.jpg", "images": []}, "images", "found both"),
        ({"conversations": [], "id": [1]}, "id", "expected text"),
        ({"conversations": [], "quibble": {"task": "t", "images": [{}]}}, "quibble.images", "found 1"),
        ({"conversations": [], "quibble": {"images": []}}, "quibble.task", "is missing"),
        ({"conversations": [], "quibble": {"task": "t", "images": [], "placed": 1}}, "quibble.placed", "expected true"),
        ({"conversations": [], "quibble": {"task": "t", "images": [], "turns": [{}]}}, "quibble.turns", "found 1"),
    ],
)
def test_malformed(item: dict[str, Any], field: str, reason: str, tmp_path: Path) -> None:
    path = foreign(tmp_path, {"conversations": []}, item)
    with pytest.raises(RecordError) as caught:
        list(llava.read(path))
    assert (caught.value.file, caught.value.line, caught.value.field) == (str(path), 5, field)
    assert reason in caught.value.reason
