from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from quibble.bench.item import Kind
from quibble.bench.tasks import find_task
from quibble.bench.tasks.records import read_records
from quibble.data import ImageEntry, Record, RegionEntry, Role, Turn, write_jsonl
from quibble.degradation import Degradation
from quibble.errors import ArgumentError, RecordError
from quibble.geometry import Box, Mask
from quibble.taxonomy import Distortion

LEFT = Mask.from_box(Box.from_xywh(0, 0, 10, 10), width=20, height=10)
RIGHT = Mask.from_box(Box.from_xywh(10, 0, 10, 10), width=20, height=10)
BLUR = Degradation(distortion=Distortion.BLUR_LENS, level=3, parameters={"radius_px": 4})
NOISE = Degradation(distortion=Distortion.NOISE_POISSON, level=2, parameters={"photons": 60, "seed": 1})


def record(task: str, **change: object) -> Record:
    base = Record(
        id="1",
        task=task,
        images=(ImageEntry(role=Role.SINGLE, file="images/1.png", width=20, height=10),),
        turns=(Turn(question="What is wrong?", answer="It is blurred.", regions=(0,)),),
        regions=(
            RegionEntry(image=0, mask=LEFT, label="blur", degradations=(BLUR, NOISE)),
            RegionEntry(image=0, mask=RIGHT, label="noise", degradations=(NOISE,)),
        ),
        score=40,
    )
    return replace(base, **change)  # type: ignore[arg-type]


def test_tasks_of_records(tmp_path: Path) -> None:
    names = ["global_description", "referring_short", "grounding_hyd", "scoring", "grounding", "giqa_des"]
    write_jsonl([record(task, id=task) for task in names], tmp_path / "records.jsonl")
    items = {item.id: item for item in read_records(tmp_path)}
    assert items["global_description"].answer == "It is blurred."
    assert items["referring_short"].names == ("blur", "noise")
    assert items["referring_short"].focus is not None
    assert items["grounding_hyd"].masks == ({"region": LEFT},)
    assert items["scoring"].score == 40
    both = items["grounding"].masks[0]
    assert both["blur"] == LEFT
    assert both["noise"].area == 200
    assert [(tag.name, tag.box) for tag in items["giqa_des"].tags] == [("blur", Box(x0=0, y0=0, x1=0.5, y1=1))]
    assert [item.id for item in find_task("octopus-refer-short").read(tmp_path)] == ["referring_short"]


def test_choices_and_comparisons(tmp_path: Path) -> None:
    images = tuple(
        ImageEntry(role=role, file=f"images/{role.value}.png", width=20, height=10)
        for role in (Role.B, Role.A, Role.REFERENCE)
    )
    pair = record("comparison", images=images, regions=(), turns=(Turn(question="Which is better?", answer="Image B"),))
    choice = record(
        "choice",
        id="2",
        turns=(Turn(question="Which?", answer="noise"),),
        extra={"options": ["blur", "noise"], "type": "what"},
    )
    write_jsonl([pair, choice], tmp_path / "records.jsonl")
    compared, chosen = read_records(tmp_path)
    assert (compared.kind, compared.share_b, compared.reference) == (Kind.COMPARE, 1, True)
    assert compared.images == tuple(tmp_path / "images" / f"{name}.png" for name in ("reference", "A", "B"))
    assert (chosen.options, chosen.right, chosen.labels["type"]) == (("blur", "noise"), 1, "what")


def test_truths_of_a_picture_are_joined_for_qground(tmp_path: Path) -> None:
    write_jsonl([record("qground"), record("qground", id="2")], tmp_path / "records.jsonl")
    (item,) = find_task("qground-test").read(tmp_path)
    assert len(item.masks) == 2
    assert item.masks[0] == {"blur": LEFT, "noise": RIGHT}
    other = RegionEntry(image=0, mask=LEFT, label="dirt")
    write_jsonl([record("qground", regions=(other,))], tmp_path / "records.jsonl")
    with pytest.raises(RecordError, match="labelled jitter, noise"):
        list(find_task("qground-test").read(tmp_path))


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="have not published"):
        list(find_task("giqa-des").read(tmp_path))
    write_jsonl([record("painting")], tmp_path / "records.jsonl")
    with pytest.raises(RecordError, match=r"records\.jsonl:1.*expected a task of"):
        list(read_records(tmp_path))
