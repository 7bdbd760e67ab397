from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quibble.data import ImageEntry, RegionEntry, Role, Turn
from quibble.data.formats import swift
from quibble.errors import RecordError
from quibble.geometry import Box
from tests.data.examples import mask, picture, record


def foreign(tmp_path: Path, *items: dict[str, Any]) -> Path:
    path = tmp_path / "swift.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    picture(tmp_path / "a.png")
    picture(tmp_path / "b.png", size=(100, 50))
    return path


def talk(*texts: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[index % 2], "content": text} for index, text in enumerate(texts)]


def test_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "swift.jsonl"
    assert swift.write([record()], path) == 1
    item = json.loads(path.read_text())
    assert list(item) == ["messages", "images", "objects", "quibble"]
    assert item["messages"][0] == {"role": "user", "content": "<image>Which part is worst?"}
    assert item["messages"][1] == {"role": "assistant", "content": "The dog, then the sky."}
    assert item["images"] == ["images/r0.png"]
    assert item["objects"] == {"ref": ["dog", "sky"], "bbox": [[2.0, 4.5, 9.0, 12.0], [0.0, 0.0, 16.0, 4.0]]}
    assert '"bbox": [[2.0, 4.5, 9.0, 12.0]' in path.read_text()
    assert json.loads(item["quibble"])["id"] == "r0"


def test_boxes_in_the_order_of_the_tags(tmp_path: Path) -> None:
    turns = (Turn(question="Where?", answer="<ref-object><bbox> and <ref-object><bbox>", regions=(1, 0)),)
    item = record(turns=turns)
    swift.write([item], tmp_path / "a.jsonl")
    assert json.loads((tmp_path / "a.jsonl").read_text())["objects"]["ref"] == ["dog", "sky"]
    assert list(swift.read(tmp_path / "a.jsonl")) == [item]
    with pytest.raises(RecordError, match="has '<bbox>' 2 times, but its answers are about 1 regions"):
        swift.write([record(turns=(Turn(question="Where?", answer="<bbox><bbox>", regions=(1,)),))], tmp_path / "b")


def test_points_and_regions_of_the_second_picture(tmp_path: Path) -> None:
    images = tuple(ImageEntry(role=role, file=f"{role}.png", width=16, height=12) for role in (Role.A, Role.B))
    regions = (RegionEntry(image=1, box=Box(x0=3, y0=4, x1=3, y1=4)), RegionEntry(image=0, mask=mask(1, 1, 2, 3)))
    item = record(images=images, regions=regions, turns=())
    swift.write([item], tmp_path / "a.jsonl")
    objects = json.loads((tmp_path / "a.jsonl").read_text())["objects"]
    assert objects == {"ref": ["region", "region"], "bbox": [[3.0, 4.0], [1.0, 1.0, 2.0, 3.0]], "image_id": [1, 0]}
    assert list(swift.read(tmp_path / "a.jsonl")) == [item]


def test_a_foreign_file(tmp_path: Path) -> None:
    path = foreign(
        tmp_path,
        {"messages": [{"role": "system", "content": "S"}, *talk("<image>What?", "A dog.")], "images": ["a.png"]},
        {"messages": talk("Hello", "Hi"), "label": True},
        {"messages": [{"role": "assistant", "content": "I love music"}]},
        {
            "messages": talk(
                "<image>Describe.",
                "<ref-object><bbox> and <ref-object><bbox> play",
                "Find the <ref-object>",
                "<bbox><bbox>",
            ),
            "images": [{"path": "a.png"}],
            "objects": {
                "ref": ["a dog", "a girl", "sheep"],
                "bbox": [[1, 2, 3.5, 4], [0, 0, 16.4, 12], [1, 1, 2, 2], [5, 6]],
            },
        },
        {
            "messages": talk("<image><image>Where?", "There."),
            "images": ["a.png", "b.png"],
            "objects": {"ref": ["hat"], "bbox": [[0.5, 0.5, 1, 1]], "bbox_type": "norm1", "image_id": [1]},
        },
    )
    items = list(swift.read(path))
    assert [item.id for item in items] == [f"swift-{line}" for line in range(1, 6)]
    assert items[0].extra == {"system": "S"}
    assert items[0].turns == (Turn(question="What?", answer="A dog."),)
    assert (items[0].images[0].width, items[0].images[0].height) == (16, 12)
    assert items[1].extra == {"swift": {"label": True}}
    assert items[2].turns == (Turn(question="", answer="I love music"),)
    assert [(region.label, region.box) for region in items[3].regions] == [
        ("a dog", Box(x0=1, y0=2, x1=3.5, y1=4)),
        ("a girl", Box(x0=0, y0=0, x1=16, y1=12)),
        ("sheep", Box(x0=1, y0=1, x1=2, y1=2)),
        ("sheep", Box(x0=5, y0=6, x1=5, y1=6)),
    ]
    assert [turn.regions for turn in items[3].turns] == [(0, 1), (2, 3)]
    (hat,) = items[4].regions
    assert (hat.image, hat.label, hat.box) == (1, "hat", Box(x0=50, y0=25, x1=100, y1=50))
    assert items[4].turns[0].regions == ()
    swift.write(items, tmp_path / "again.jsonl")
    assert list(swift.read(tmp_path / "again.jsonl")) == items


@pytest.mark.parametrize(
    ("item", "field", "reason"),
    [
        ({}, "messages", "is missing"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role", "one of user, assistant, system"),
        ({"messages": [], "images": [5]}, "images[0]", "expected text, found 5"),
        ({"messages": [], "images": ["none.png"]}, "images[0]", "expected a picture at"),
        ({"messages": [], "objects": {"ref": ["a"]}}, "objects.bbox", "is missing"),
        ({"messages": [], "objects": {"bbox": [[1, 2]], "bbox_type": "n"}}, "objects.bbox_type", "'real' or 'norm1'"),
        ({"messages": [], "objects": {"bbox": [[1, 2]]}}, "objects.image_id", "one of 0 pictures"),
        ({"messages": [], "images": ["a.png"], "objects": {"bbox": [[1, 2, 3]]}}, "objects.bbox[0]", "[x, y] or"),
        ({"messages": [], "images": ["a.png"], "objects": {"bbox": [[1, 2, 99, 3]]}}, "objects.bbox[0]", "16 x 12"),
        ({"messages": [], "images": ["a.png"], "objects": {"bbox": [[9, 2, 3, 3]]}}, "objects.bbox[0]", "x0 <= x1"),
        ({"messages": [], "quibble": {}}, "quibble", "expected text, found {}"),
        ({"messages": [], "quibble": "{"}, "quibble", "not JSON"),
        ({"messages": [], "quibble": "{}"}, "quibble.images", "expected a list"),
    ],
)
def test_malformed(item: dict[str, Any], field: str, reason: str, tmp_path: Path) -> None:
    path = foreign(tmp_path, {"messages": []}, item)
    with pytest.raises(RecordError) as caught:
        list(swift.read(path))
    assert (caught.value.file, caught.value.line, caught.value.field) == (str(path), 2, field)
    assert reason in caught.value.reason
