"""Conversations about records, seen by a perception whose evidence is known."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from quibble.assessor import Assessor
from quibble.errors import QuibbleError
from quibble.pipelines.octopus import build
from quibble.pipelines.plans import Task
from quibble.pipelines.settings import Settings
from quibble.text.evidence import Spot
from quibble.text.special import SEGMENT_TEXT
from quibble.text.vocabulary import categories_named
from quibble.train import lessons
from quibble.train.examples import Simulated
from quibble.train.lessons import Mixed, language_trainer
from quibble.train.recipe import LanguageRecipe, load_any
from quibble.train.recorded import Perceived, Recorded, perceive, true_notes, true_region
from tests.fake_backend import FakeBackend
from tests.pipelines.conftest import LONG_SIDE, photos_folder

__all__ = ["photos_folder"]
RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture(scope="module")
def records(photos_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("records") / "out"
    build(photos_folder, out, Settings(records=8, long_side=LONG_SIDE, mix={Task.REFER_SHORT: 1, Task.DAO_G: 1}))
    return out


@pytest.fixture(scope="module")
def items(records: Path) -> list[Perceived]:
    return list(perceive(records, Assessor(FakeBackend())))


def of_task(items: list[Perceived], task: Task) -> list[Perceived]:
    return [item for item in items if item.record.task == task.value]


def test_a_region_is_referred_to_by_what_it_truly_has(items: list[Perceived]) -> None:
    for item in of_task(items, Task.REFER_SHORT):
        assert item.asked is not None
        truth = {category for category, _, _ in true_region(item.record, item.asked).found}
        said = [example.exchanges[0] for n in range(12) if (example := Recorded(3, [item])[n]).region is not None]
        assert len(said) > 4
        assert all(categories_named(exchange.answer) == truth for exchange in said)


def test_a_place_is_told_from_the_truth_only_where_the_notes_show_it(items: list[Perceived]) -> None:
    (item, *_) = of_task(items, Task.DAO_G)
    for number in range(30):
        for exchange in Recorded(3, [item])[number].exchanges:
            assert item.record.turns[0].question not in exchange.question
    told = replace(item, notes=true_notes(item.record))
    forms = set()
    for number in range(30):
        example = Recorded(3, [told])[number]
        exchange = example.exchanges[0]
        if exchange.kind != Task.DAO_G.value:
            continue
        forms.add(SEGMENT_TEXT in exchange.answer)
        assert len(example.masks) == (SEGMENT_TEXT in exchange.answer)
    assert forms == {True, False}


def test_with_pictures_every_mask_that_is_drawn_has_its_truth(items: list[Perceived]) -> None:
    # True notes name orders, so that a drill would ask for regions by them.
    told = [replace(item, notes=true_notes(item.record)) for item in items]
    shown = Recorded(3, told, shown=True)
    drawn = 0
    for number in range(400):
        example = shown[number]
        answers = [exchange.answer for exchange in example.exchanges]
        assert sum(answer.count(SEGMENT_TEXT) for answer in answers) == len(example.masks)
        drawn += len(example.masks)
    assert drawn > 20


def test_a_box_is_the_one_that_the_notes_have(items: list[Perceived]) -> None:
    (item, *_) = of_task(items, Task.DAO_G)
    truth = true_notes(item.record)
    assert item.asked is not None
    whole = Spot(cells=(0, 399), share=60)
    spot = true_region(item.record, item.asked).spot
    near = Spot(cells=(max(0, spot.cells[0] - 21), spot.cells[1]), share=spot.share)
    assert near.cells != spot.cells
    seen = tuple(replace(note, spot=near if note.spot.box == spot.box else whole) for note in truth.notes)
    boxed = replace(item, notes=replace(truth, notes=seen))
    answers = [e.answer for n in range(60) for e in Recorded(3, [boxed])[n].exchanges if e.kind == Task.DAO_G.value]
    codes = [answer for answer in answers if "](" in answer]
    assert codes
    assert all(near.code in answer for answer in codes)


def test_the_worst_of_several_places_is_asked_for_only_where_the_notes_agree(
    photos_folder: Path, tmp_path: Path
) -> None:
    build(photos_folder, tmp_path / "sid", Settings(records=6, long_side=LONG_SIDE, mix={Task.SID_G: 1}))
    items = list(perceive(tmp_path / "sid", Assessor(FakeBackend())))
    refused = 0
    for item in items:
        assert item.asked is not None
        (step, *_) = item.record.regions[item.asked].degradations
        truth = true_notes(item.record)
        right = replace(item, notes=truth)
        turned = tuple(replace(n, severity=round(5.5 - n.severity, 1)) for n in truth.notes)
        wrong = replace(item, notes=replace(truth, notes=turned))
        several = len([n for n in truth.notes if n.category is step.category]) > 1
        for told, asked in ((right, True), (wrong, not several)):
            kinds = {exchange.kind for n in range(8) for exchange in Recorded(3, [told])[n].exchanges}
            assert (Task.SID_G.value in kinds) == asked
        refused += several
    assert refused > 0


def test_the_worst_region_is_asked_for_only_where_the_notes_agree(photos_folder: Path, tmp_path: Path) -> None:
    build(photos_folder, tmp_path / "hyd", Settings(records=8, long_side=LONG_SIDE, mix={Task.HYD_G: 1}))
    refused = 0
    for item in perceive(tmp_path / "hyd", Assessor(FakeBackend())):
        truth = true_notes(item.record)
        if len(truth.clusters) < 2:
            continue
        sums = {id(note): cluster.total for cluster in truth.clusters for note in cluster.notes}
        totals = tuple(sums[id(note)] for note in truth.notes)
        for known, asked in ((totals, True), (tuple(-total for total in totals), False)):
            told = replace(item, notes=replace(truth, totals=known))
            kinds = {exchange.kind for n in range(8) for exchange in Recorded(3, [told])[n].exchanges}
            assert (Task.HYD_G.value in kinds) == asked
        refused += 1
    assert refused > 0


def test_an_item_depends_on_seed_and_number_alone(items: list[Perceived]) -> None:
    source = Mixed(5, Simulated(5), Recorded(5, items), 0.5)
    assert [source[i] for i in range(20)] == [source[i] for i in reversed(range(20))][::-1]
    about = [bool(source[i].pictures) for i in range(200)]
    assert 60 < sum(about) < 140


def test_a_recipe_with_records_trains_on_them(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lessons, "_QUIET", 0.0)
    small = (
        "precision=no",
        "steps=1",
        "data.batch=2",
        "data.validate=2",
        f'data.records="{records}"',
        "data.recorded=1.0",
        "workers=0",
        'precision="no"',
    )
    recipe = load_any(RECIPES / "nano-language.toml", small)
    assert isinstance(recipe, LanguageRecipe)
    trainer = language_trainer(recipe, tmp_path / "run", Assessor(FakeBackend()))
    started, seen, *_ = capsys.readouterr().out.splitlines()
    assert started == f"looking at the records of {records}"
    assert re.fullmatch(r"1 records seen  [\d.]+ a second", seen)
    trainer.train()
    assert (tmp_path / "run" / "last.pt").exists()
    (tmp_path / "none").mkdir()
    recipe = replace(recipe, data=replace(recipe.data, records=str(tmp_path / "none")))
    with pytest.raises(QuibbleError, match="records"):
        language_trainer(recipe, tmp_path / "other", Assessor(FakeBackend()))
