from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from quibble.data import ImageEntry, Record, RegionEntry, Role, Turn
from quibble.data.fields import Faults, Node
from quibble.data.record import read_record
from quibble.errors import RecordError
from quibble.geometry import Box, Mask, Region
from tests.data.examples import mask, record
from tests.data.strategies import records


@settings(max_examples=50, deadline=None)
@given(item=records())
def test_a_record_survives_a_dict_and_a_pickle(item: Record) -> None:
    assert Record.from_dict(item.to_dict()) == item
    copy = pickle.loads(pickle.dumps(item))
    assert copy == item
    assert hash(copy) == hash(item)


def test_the_dict_holds_no_empty_fields() -> None:
    bare = Record(
        id="a",
        task="t",
        images=(ImageEntry(role=Role.SINGLE, file="a.png", width=5, height=4),),
        turns=(Turn(question="q", answer="a"),),
        regions=(RegionEntry(image=0, box=Box(x0=0, y0=0, x1=5.0, y1=2.5)),),
        score=50.0,
    )
    assert bare.to_dict() == {
        "id": "a",
        "task": "t",
        "images": [{"role": "single", "file": "a.png", "width": 5, "height": 4}],
        "turns": [{"question": "q", "answer": "a"}],
        "regions": [{"image": 0, "box": [0, 0, 5, 2.5]}],
        "score": 50,
    }
    assert isinstance(bare.to_dict()["score"], int)


def test_numpy_numbers_become_plain_ones() -> None:
    whole = np.int64(1)
    item = record(
        images=(ImageEntry(role=Role.SINGLE, file="a.png", width=np.int64(16), height=np.int32(12)),),  # type: ignore[arg-type]
        turns=(Turn(question="q", answer="a", regions=(whole,)),),  # type: ignore[arg-type]
        seed=np.uint32(4),
        score=np.float32(0.5),
    )
    data = item.to_dict()
    assert {type(n) for n in (data["images"][0]["width"], data["turns"][0]["regions"][0], data["seed"])} == {int}
    assert Record.from_dict(data) == item


def test_a_record_cannot_be_changed() -> None:
    item = record()
    with pytest.raises(FrozenInstanceError):
        item.id = "b"  # type: ignore[misc]
    with pytest.raises(TypeError):
        item.extra["new"] = 1  # type: ignore[index]
    note: list[Any] = ["free"]
    held = record(extra={"note": note})
    note.append("later")
    assert held.extra["note"] == ["free"]


def test_a_region_as_the_core_knows_it() -> None:
    entry = record().regions[0]
    assert entry.region == Region(mask=entry.mask, label="sky")


Change = Callable[[dict[str, Any]], Any]


def put(*path: Any, value: Any) -> Change:
    def change(data: dict[str, Any]) -> None:
        place: Any = data
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def drop(*path: Any) -> Change:
    def change(data: dict[str, Any]) -> None:
        place: Any = data
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


MALFORMED: list[tuple[Change, str, str]] = [
    (drop("id"), "id", "is missing"),
    (put("id", value=5), "id", "expected text, found 5"),
    (put("id", value=" "), "id", "visible character"),
    (put("turn", value=[]), "turn", "not a field that is known"),
    (put("images", value={}), "images", "expected a list, found {}"),
    (put("images", 0, value="a.png"), "images[0]", 'expected an object, found "a.png"'),
    (put("images", 0, "role", value="first"), "images[0].role", "expected one of single, reference, A, B"),
    (put("images", 0, "role", value="reference"), "images[0].role", "needs a picture to be compared with"),
    (put("images", 0, "file", value="/etc/passwd"), "images[0].file", "below the data set's folder"),
    (put("images", 0, "file", value="a/../../b"), "images[0].file", "below the data set's folder"),
    (put("images", 0, "file", value="C:/a.png"), "images[0].file", "below the data set's folder"),
    (put("images", 0, "file", value="a\\b.png"), "images[0].file", "below the data set's folder"),
    (put("images", 0, "file", value="http://a/b"), "images[0].file", "below the data set's folder"),
    (put("images", 0, "width", value=16.0), "images[0].width", "expected a whole number, found 16.0"),
    (put("images", 0, "width", value=True), "images[0].width", "expected a whole number, found true"),
    (put("images", 0, "height", value=0), "images[0].height", "at least 1 pixel"),
    (put("images", 0, "sha256", value="ABC"), "images[0].sha256", "64 lower-case hexadecimal"),
    (put("turns", 0, "regions", value=[0, 2]), "turns[0].regions[1]", "one of 2 regions, found 2"),
    (put("turns", 0, "regions", value=[-1]), "turns[0].regions[0]", "one of 2 regions, found -1"),
    (put("turns", 0, "regions", value=[1, 1]), "turns[0].regions", "each region once"),
    (put("turns", 0, "answer", value=""), "turns[0].answer", "only the last turn may lack its answer"),
    (put("turns", 1, "question", value=""), "turns[1].question", "only the first turn may lack its question"),
    (put("turns", 0, value={"question": "", "answer": ""}), "turns[0].question", "visible character"),
    (put("turns", 0, "question", value=None), "turns[0].question", "expected text, found null"),
    (put("regions", 0, "image", value=1), "regions[0].image", "one of 1 pictures, found 1"),
    (put("regions", 0, "mask", value=mask(0, 0, 1, 1).to_coco() | {"size": [16, 12]}), "regions[0].mask", "16 x 12"),
    (put("regions", 0, "mask", "counts", value="!"), "regions[0].mask", "compressed COCO RLE"),
    (put("regions", 0, "mask", "counts", value=[192]), "regions[0].mask", "at least one pixel"),
    (put("regions", 0, "mask", "size", value=[12, "16"]), "regions[0].mask.size[1]", "expected a whole number"),
    (drop("regions", 0, "mask"), "regions[0]", "expected a mask or a box"),
    (put("regions", 1, "box", value=[0, 0, 17, 1]), "regions[1].box", "inside its picture of 16 x 12"),
    (put("regions", 1, "box", value=[3, 0, 1, 1]), "regions[1].box", "x0 <= x1"),
    (put("regions", 1, "box", value=[0, 0, 1]), "regions[1].box", "found 3 numbers"),
    (put("regions", 1, "label", value=""), "regions[1].label", "visible character"),
    (put("regions", 1, "degradations", 0, "level", value=6), "regions[1].degradations[0]", "1..5"),
    (put("regions", 1, "degradations", 0, "distortion", value="blur.gauss"), "regions[1].degradations[0]", "did you"),
    (
        put("regions", 1, "degradations", 1, "parameters", "seed", value="7"),
        "regions[1].degradations[1].parameters.seed",
        "expected a finite number",
    ),
    (put("score", value=101), "score", "0..100"),
    (put("score", value=float("nan")), "score", "finite"),
    (put("seed", value=2**53), "seed", "2**53 - 1"),
    (put("seed", value=-1), "seed", "2**53 - 1"),
    (put("split", value=""), "split", "visible character"),
    (put("extra", value=[1]), "extra", "expected an object"),
    (put("extra", value={"a": {"b": float("inf")}}), "extra.a.b", "finite"),
]


@pytest.mark.parametrize(("change", "field", "reason"), MALFORMED, ids=[row[1] + " " + row[2] for row in MALFORMED])
def test_malformed(change: Change, field: str, reason: str) -> None:
    data = record().to_dict()
    change(data)
    with pytest.raises(RecordError) as caught:
        Record.from_dict(data, "records.jsonl", 12)
    error = caught.value
    assert (error.file, error.line, error.field) == ("records.jsonl", 12, field)
    assert reason in error.reason
    assert str(error).startswith(f"records.jsonl:12, field '{field}': ")


def test_null_is_nothing_in_an_optional_field() -> None:
    data = record().to_dict()
    nothing = {"score": None, "split": None, "extra": None, "seed": None, "source": None, "licence": None}
    assert Record.from_dict(data | nothing) == record(
        score=None, split=None, extra={}, seed=None, source=None, licence=None
    )


def test_all_faults_of_a_record() -> None:
    data = record().to_dict()
    data["regions"][0]["label"] = 5
    data["turns"][1]["answer"] = 6
    data["score"] = "good"
    with pytest.raises(Faults) as caught:
        read_record(Node(data))
    assert [error.field for error in caught.value.errors] == ["turns[1].answer", "regions[0].label", "score"]


def test_all_disagreements_of_a_record() -> None:
    data = record().to_dict()
    data["turns"][0]["regions"] = [7, 8]
    data["regions"][1]["box"] = [0, 0, 99, 1]
    with pytest.raises(Faults) as caught:
        read_record(Node(data))
    fields = [error.field for error in caught.value.errors]
    assert fields == ["regions[1].box", "turns[0].regions[0]", "turns[0].regions[1]"]


@pytest.mark.parametrize(
    ("roles", "reason"),
    [
        (("A", "A"), "at most once"),
        (("reference", "reference", "A"), "at most once"),
        (("single", "B"), "does not go with"),
        (("reference",), "compared with"),
    ],
)
def test_roles_that_make_no_sense(roles: tuple[str, ...], reason: str) -> None:
    images = [{"role": role, "file": f"{index}.png", "width": 16, "height": 12} for index, role in enumerate(roles)]
    with pytest.raises(RecordError, match=reason):
        Record.from_dict({"id": "a", "task": "t", "images": images, "turns": []})


def test_one_file_named_twice_has_one_size() -> None:
    images = [{"role": role, "file": "a.png", "width": size, "height": 12} for role, size in (("A", 16), ("B", 17))]
    with pytest.raises(RecordError, match="different sizes") as caught:
        Record.from_dict({"id": "a", "task": "t", "images": images, "turns": []})
    assert caught.value.field == "images[1].file"


def test_made_in_python_it_is_checked_too() -> None:
    with pytest.raises(RecordError, match="12 x 16"):
        record(regions=(RegionEntry(image=0, mask=Mask.from_array(np.ones((16, 12)))),), turns=())
    with pytest.raises(RecordError, match="visible"):
        record(task="")
