from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quibble.data import ImageEntry, RegionEntry, Role, Turn, Words, count, stats, write_jsonl
from quibble.data.stats import SHARE_EDGES
from quibble.degradation import Degradation
from quibble.geometry import Box
from quibble.taxonomy import Category, Distortion
from tests.data.examples import mask, record


def test_counts(tmp_path: Path) -> None:
    items = [
        record("a"),
        record("b", task="description", split=None, source="other.jpg"),
        record("c", turns=(Turn(question="", answer="It is blurred."),), regions=(), images=()),
    ]
    write_jsonl(items, tmp_path / "records.jsonl")
    found = stats(tmp_path)
    assert found == count(items)
    assert (found.records, found.pictures, found.sources, found.turns, found.regions) == (3, 2, 2, 5, 4)
    assert dict(found.tasks) == {"grounding": 2, "description": 1}
    assert dict(found.splits) == {"train": 2, "": 1}
    assert dict(found.labels) == {"dog": 2, "sky": 2}
    assert dict(found.levels) == {Category.BLUR: (0, 0, 0, 2, 0), Category.NOISE: (0, 4, 0, 0, 0)}
    assert dict(found.turns_a_record) == {1: 1, 2: 2}
    assert found.question_words == Words(mean=2.5, median=2.5, largest=4)
    assert found.answer_words == Words(mean=3.8, median=3, largest=5)
    assert found.duplicate_answers == pytest.approx(3 / 5)
    assert dict(found.duplicate_answers_by_task) == {"grounding": pytest.approx(1 / 3), "description": 0}


def test_to_dict_is_json() -> None:
    found = count([record()])
    data = json.loads(json.dumps(found.to_dict()))
    assert data == found.to_dict()
    assert data["levels"] == {"blur": [0, 0, 0, 1, 0], "noise": [0, 2, 0, 0, 0]}
    assert data["answer_words"] == {"mean": 4.0, "median": 4.0, "largest": 5}
    assert data["shares"] == {f"{edge:g}": (2 if edge == 0.2 else 0) for edge in SHARE_EDGES}
    assert data["turns_a_record"] == {"2": 1}


def test_shares_and_levels_at_their_borders() -> None:
    image = ImageEntry(role=Role.SINGLE, file="a.png", width=100, height=100)
    boxes = [Box(x0=0, y0=0, x1=100, y1=height) for height in (0, 0.99, 1, 50, 90, 100)]
    steps = [
        Degradation(distortion=Distortion.BLUR_ZOOM, level=level, parameters={}) for level in (1, 1.49, 1.5, 2.5, 5)
    ]
    regions = tuple(RegionEntry(image=0, box=box) for box in boxes)
    regions = (RegionEntry(image=0, box=boxes[0], degradations=tuple(steps)), *regions[1:])
    found = count([record(images=(image,), regions=regions, turns=())])
    assert dict(zip(SHARE_EDGES, found.shares, strict=True)) == {
        **dict.fromkeys(SHARE_EDGES, 0),
        0.0: 2,
        0.01: 1,
        0.5: 1,
        0.9: 2,
    }
    assert found.levels[Category.BLUR] == (2, 1, 1, 0, 1)
    assert dict(found.labels) == {"": 6}


@given(lengths=st.lists(st.integers(1, 6), min_size=1, max_size=12))
def test_words(lengths: list[int]) -> None:
    turns = tuple(Turn(question="q", answer=" ".join(["word"] * length)) for length in lengths)
    found = count([record(turns=turns)]).answer_words
    assert found.mean == pytest.approx(statistics.mean(lengths))
    assert found.median == statistics.median(lengths)
    assert found.largest == max(lengths)


def test_nothing_counted() -> None:
    found = count([])
    assert (found.records, found.duplicate_answers, sum(found.shares)) == (0, 0, 0)
    assert found.question_words == Words(mean=0, median=0, largest=0)
    assert found.to_text().startswith("0 records, 0 pictures of 0 sources, 0 regions, 0 turns\n")


def test_the_report() -> None:
    items = [record("a"), record("b", regions=(RegionEntry(image=0, mask=mask(0, 0, 16, 12)),), turns=())]
    text = count(items).to_text()
    assert text.splitlines()[0] == "2 records, 2 pictures of 1 source, 3 regions, 2 turns"
    assert text.splitlines()[1:11] == [
        "",
        "task",
        "  grounding                             2",
        "",
        "split",
        "  train                                 2",
        "",
        "label",
        "  (none)                                1",
        "  dog                                   1",
    ]
    assert "category                          level 1  level 2  level 3  level 4  level 5" in text
    assert "blur                                    0        0        0        1        0" in text
    assert "  90% to 100%                           1" in text
    assert text.endswith("answers that repeat an earlier one exactly: 0.00%\n  grounding                         0.00%")
    labels = {f"label {index}" for index in range(25)}
    regions = tuple(RegionEntry(image=0, mask=mask(0, 0, 2, 2), label=label) for label in sorted(labels))
    assert "  and 5 more\n" in count([record(regions=regions, turns=())]).to_text()
