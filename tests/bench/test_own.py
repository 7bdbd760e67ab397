"""quibble-bench is the same for everybody, and its truth is what was done."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from quibble.assessor import Assessor
from quibble.bench.answers import Answered, Run
from quibble.bench.evaluate import tables
from quibble.bench.item import Item, Kind
from quibble.bench.judge import LexicalJudge
from quibble.bench.models import AssessorModel
from quibble.bench.own import MARGIN, PHOTOS, Counts, Plan, make, read
from quibble.bench.reply import read_tags
from quibble.bench.rows import Making
from quibble.data import read_jsonl
from quibble.distort import combine_opinions, opinion
from quibble.errors import ArgumentError
from quibble.image import load
from tests.fake_backend import FakeBackend
from tests.fake_speaker import FakeSpeaker

COUNTS = Counts(scoring=4, comparison=4, choice=6, grounding=3, boxes=3, octopus=3)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("own") / "bench"
    make(out, Plan(counts=COUNTS))
    return out


def test_the_same_plan_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    identity = make(tmp_path, Plan(counts=COUNTS))
    assert identity.startswith("quibble-bench 2, seed 0, photographs ")
    for place in (made, tmp_path):
        assert {p.name for p in (place / "photos").iterdir()} == set(PHOTOS)
    digests = [
        {p.relative_to(place): hashlib.sha256(p.read_bytes()).hexdigest() for p in place.rglob("*") if p.is_file()}
        for place in (made, tmp_path)
    ]
    assert digests[0] == digests[1]


def test_another_seed_is_another_benchmark(made: Path) -> None:
    with pytest.raises(ArgumentError, match="another quibble-bench"):
        make(made, Plan(seed=1, counts=COUNTS))
    assert make(made, Plan(counts=COUNTS)) == make(made, Plan(counts=COUNTS))


def test_it_holds_all_tasks(made: Path) -> None:
    items = list(read(made))
    assert len(items) == 23
    assert {item.kind for item in items} >= {Kind.SCORE, Kind.CHOICE, Kind.GROUND}
    assert {Kind.COMPARE, Kind.DESCRIBE} & {item.kind for item in items}
    assert len({item.id for item in items}) == len(items)
    for item in items:
        for picture in item.images:
            assert load(picture).ndim == 3


def test_scores_are_those_of_what_was_done(made: Path) -> None:
    for record in read_jsonl(made / "items" / "records.jsonl"):
        if record.task == "scoring":
            done = [d for region in record.regions for d in region.degradations]
            worth = combine_opinions([opinion(d.distortion, d.level) for d in done])
            assert record.score == pytest.approx(worth, abs=0.01)
        if record.task == "comparison":
            worth_a, worth_b = (
                combine_opinions([opinion(d.distortion, d.level) for d in region.degradations])
                for region in record.regions
            )
            assert abs(worth_a - worth_b) >= MARGIN
            assert record.turns[0].answer == ("Image B" if worth_b > worth_a else "Image A")


def test_choices_have_one_right_answer(made: Path) -> None:
    for item in read(made):
        if item.kind is Kind.CHOICE:
            assert item.right is not None
            assert len(set(item.options)) == len(item.options)


def test_descriptions_name_the_boxes_that_are_true(made: Path) -> None:
    items = [item for item in read(made) if item.id.startswith("boxes")]
    assert len(items) == 3
    for item in items:
        told = read_tags(item.answer or "")
        assert [tag.name for tag in told] == [tag.name for tag in item.tags]
        for tag, true in zip(told, item.tags, strict=True):
            assert tag.box.to_list() == pytest.approx(true.box.to_list(), abs=1e-4)


def test_a_model_that_speaks_is_asked_everything_and_every_task_has_its_table(made: Path) -> None:
    items = list(read(made))
    model = AssessorModel(Assessor(FakeBackend(), FakeSpeaker()))
    answers = [Answered(item=item, reply=model.answer(item), seconds=0) for item in items if model.can(item)]
    assert len(answers) == len(items)
    run = Run(benchmark="quibble-bench", model=model.label, identity="", seed=0, limit=None)
    found = tables(run, answers, Making(judge=LexicalJudge(), resamples=0))
    titles = {table.title.removeprefix("quibble-bench: ") for table in found}
    assert titles >= {"scores", "choices", "grounding by category", "descriptions, boxes"}
    assert len(titles) == len(found)
    # Grounding that asks for no region has no figure, so that only these may be missing.
    assert sum(table.rows[0].n or 0 for table in found) >= len(items) - 1


def ground(items: list[Item]) -> list[Item]:
    return [item for item in items if item.id.startswith("grounding")]


def test_only_the_masks_are_changed(made: Path) -> None:
    records = {r.id: r for r in read_jsonl(made / "items" / "records.jsonl")}
    for item in ground(list(read(made))):
        picture = load(item.images[0])
        source = load(made / "photos" / str(records[item.id].source))
        if source.shape != picture.shape:
            continue
        changed = (picture != source).any(axis=2)
        inside = np.any([mask.to_array() for mask in item.masks[0].values()], axis=0)
        assert changed.any()
        assert not (changed & ~inside).any()


def test_photographs_of_ones_own(made: Path, tmp_path: Path) -> None:
    few = Counts(scoring=1, comparison=0, choice=0, grounding=0, boxes=0, octopus=0)
    identity = make(tmp_path / "out", Plan(photos=made / "photos", counts=few))
    assert not (tmp_path / "out" / "photos").exists()
    assert json.loads((tmp_path / "out" / "bench.json").read_text())["photographs"].startswith(identity[-8:])
    with pytest.raises(ArgumentError, match="holds no quibble-bench"):
        list(read(tmp_path / "nothing"))
