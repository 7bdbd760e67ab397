from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from quibble.data import Record, check, read_jsonl, write_jsonl
from quibble.errors import ArgumentError, BudgetError, ReplyError
from quibble.experts.felzenszwalb import Felzenszwalb
from quibble.experts.language_model import LanguageModel, Request
from quibble.experts.stand_in import StandIn
from quibble.geometry import Box
from quibble.pipelines.ground.build import build
from quibble.pipelines.ground.named import mentioned
from quibble.pipelines.ground.prompts import LABEL
from quibble.pipelines.ground.rules import RULES
from quibble.pipelines.ground.settings import Settings
from quibble.pipelines.ground.table import tabulate
from quibble.pipelines.instruct.rules import RULES as FEEDBACK_RULES
from quibble.pipelines.shards import Built, Progress
from quibble.taxonomy import QGroundClass
from tests.pipelines.ground.conftest import SIZE, TEXTS, annotation
from tests.pipelines.scripted import Scripted

C = QGroundClass
SEGMENTER = Felzenszwalb()


def stand_in() -> LanguageModel:
    return StandIn({**RULES, **FEEDBACK_RULES})


def labels(request: Request, *names: C) -> dict[str, Any]:
    """The same labels for every part."""
    return {"marks": [{"mark": mark.number, "distortions": list(names)} for mark in request.facts["marks"]]}


def run(source: Path | None, out: Path, model: LanguageModel, **options: Any) -> tuple[Built, list[Record]]:
    settings = Settings(**{"shard": 2, "val": 0, "test": 0, **options.pop("settings", {})})
    built = build(source, out, model, SEGMENTER, settings, **options)
    return built, [record for file in sorted(out.glob("records-*.jsonl")) for record in read_jsonl(file)]


def rejected(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted((out / "rejects").iterdir()) for line in file.read_text().splitlines()]


class TestStandIn:
    def test_texts_become_masks(self, described: Path, tmp_path: Path) -> None:
        built, records = run(described, tmp_path / "out", stand_in())
        assert built.rejects == {}
        assert check(tmp_path / "out") == []
        by_source = {record.source: record for record in records}
        assert [record.id for record in records] == ["ground-000000", "ground-000001", "ground-000002"]
        dark = by_source["astronaut.png"]
        (region,) = dark.regions
        assert region.label == "low light"
        assert region.box is not None
        corner = Box(x0=SIZE / 2, y0=0, x1=SIZE, y1=SIZE / 2)
        assert region.box.intersection(corner) > 0.6 * region.box.area
        assert by_source["coffee.png"].regions == ()
        (noise,) = by_source["rocket.png"].regions
        assert (noise.label, noise.mask is not None and noise.mask.share > 0.97) == ("noise", True)

    def test_a_record_is_a_conversation_about_its_masks(self, described: Path, tmp_path: Path) -> None:
        _, records = run(described, tmp_path / "out", stand_in())
        for record in records:
            first, *each, last = record.turns
            assert first.answer == TEXTS[str(record.source).removesuffix(".png")]
            assert first.regions == tuple(range(len(record.regions)))
            assert [turn.regions for turn in each] == [(n,) for n in range(len(record.regions))]
            for turn, region in zip(each, record.regions, strict=True):
                assert str(region.label) in turn.question
                assert str(region.label) in turn.answer.lower()
            absent = {name for name in C if name in last.question}
            assert last.regions == ()
            assert len(absent) == 1
            assert absent.isdisjoint(region.label for region in record.regions)

    def test_everything_says_who_made_it(self, described: Path, tmp_path: Path) -> None:
        _, records = run(described, tmp_path / "out", stand_in())
        for record in records:
            parts = [maker.part for maker in record.makers]
            assert parts == ["ground.segments", LABEL, LABEL, LABEL]
            assert all(maker.model.startswith("stand-in/") for maker in record.makers)
            assert (record.extra["part"], record.extra["runs"], record.extra["consistency"]) == ("model", 3, 1.0)

    def test_photographs_get_a_text_first(self, described: Path, tmp_path: Path) -> None:
        (tmp_path / "photos").mkdir()
        shutil.copy(described / "images" / "coffee.png", tmp_path / "photos")
        _, (record,) = run(tmp_path / "photos", tmp_path / "out", stand_in())
        assert record.makers[0].part == "instruct.feedback"
        assert len(record.turns[0].answer.split()) > 8

    def test_a_build_goes_on_where_it_was_stopped(self, described: Path, tmp_path: Path) -> None:
        run(described, tmp_path / "whole", stand_in())
        replies = stand_in()

        def stop(request: Request) -> Any:
            if request.task == LABEL and "noisy" in request.prompt:
                return BudgetError("spent")
            return replies.answer(request).data

        with pytest.raises(BudgetError):
            run(described, tmp_path / "out", Scripted(stop))
        assert not list((tmp_path / "out").glob("records-00001*"))
        note = json.loads((tmp_path / "out" / "build.json").read_text())
        (tmp_path / "out" / "build.json").write_text(json.dumps(note | {"model": "stand-in/rules-1"}))
        seen: list[Progress] = []
        run(described, tmp_path / "out", stand_in(), progress=seen.append)
        assert seen[0].done == 2
        last = [(tmp_path / name / "records-00001.jsonl").read_bytes() for name in ("whole", "out")]
        assert last[0] == last[1]
        with pytest.raises(ArgumentError, match="other settings"):
            run(described, tmp_path / "out", stand_in(), settings={"seed": 1})


class TestModel:
    def test_both_pictures_and_the_text_are_sent_each_run_with_its_seed(self, described: Path, tmp_path: Path) -> None:
        model = Scripted(lambda request: labels(request))
        run(described, tmp_path / "out", model, settings={"limit": 1, "runs": 2})
        first, second = model.asked
        clean, marked = first.pictures
        assert clean == described / "images" / "astronaut.png"
        assert isinstance(marked, bytes)
        assert marked[:3] == b"\xff\xd8\xff"
        assert TEXTS["astronaut"] in first.prompt
        assert all(name in first.prompt for name in C)
        assert first.prompt == second.prompt
        assert first.seed != second.seed

    def test_a_part_has_what_most_runs_give_it(self, described: Path, tmp_path: Path) -> None:
        runs = iter([(C.LOW_LIGHT, C.NOISE), (C.LOW_LIGHT,), (C.LOW_LIGHT, C.JITTER)])
        model = Scripted(lambda request: labels(request, *next(runs)))
        options = {"limit": 1, "consistency": 0.4}
        _, (record,) = run(described, tmp_path / "out", model, settings=options)
        assert [region.label for region in record.regions] == ["low light"]
        # The unions of two runs have twice or thrice the pixels of what they share.
        assert record.extra["consistency"] == pytest.approx((1 / 2 + 1 / 2 + 1 / 3) / 3, abs=1e-4)

    def test_runs_that_differ_too_much_are_rejected(self, described: Path, tmp_path: Path) -> None:
        runs = iter([(C.BLUR,), (C.NOISE,), (C.JITTER,)])
        model = Scripted(lambda request: labels(request, *next(runs)))
        built, records = run(described, tmp_path / "out", model, settings={"limit": 1})
        assert records == []
        assert built.rejects == {"labels: runs that differ": 1}
        (found,) = rejected(tmp_path / "out")
        assert found["detail"] == "3 runs have a consistency of 0.00"
        assert [maker["input_tokens"] for maker in found["makers"]] == [7, 7, 7]

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            (lambda rows: rows[:-1], "labels: numbers left out"),
            (lambda rows: [*rows, {"mark": 99, "distortions": []}], "labels: numbers that are not there"),
            (lambda rows: [*rows, rows[0]], "labels: a number given twice"),
        ],
    )
    def test_labels_that_do_not_fit_are_rejected(
        self, described: Path, tmp_path: Path, spoil: Callable[[Any], Any], reason: str
    ) -> None:
        model = Scripted(lambda request: {"marks": spoil(labels(request)["marks"])})
        built, records = run(described, tmp_path / "out", model)
        assert (records, built.rejects) == ([], {reason: 3})
        assert check(tmp_path / "out") == []

    def test_nonsense_refusals_and_cut_replies_are_clear_rejects(self, described: Path, tmp_path: Path) -> None:
        errors = {"lack of light": "refused", "well exposed": "cut off", "noisy": "not JSON"}
        model = Scripted(
            lambda request: next(ReplyError(e, "so") for key, e in errors.items() if key in request.prompt)
        )
        built, records = run(described, tmp_path / "out", model)
        assert records == []
        assert built.rejects == {"labels: refused": 1, "labels: cut off": 1, "labels: not JSON": 1}
        assert [found["id"] for found in rejected(tmp_path / "out")] == [f"ground-00000{n}" for n in range(3)]
        assert all(len(found["makers"]) == 3 for found in rejected(tmp_path / "out"))

    def test_a_run_that_fails_is_outvoted(self, described: Path, tmp_path: Path) -> None:
        runs: Iterator[Any] = iter([ReplyError("refused"), (C.LOW_LIGHT,), (C.LOW_LIGHT,)])

        def say(request: Request) -> Any:
            said = next(runs)
            return labels(request, *said) if isinstance(said, tuple) else said

        _, (record,) = run(described, tmp_path / "out", Scripted(say), settings={"limit": 1})
        assert (record.extra["runs"], [region.label for region in record.regions]) == (2, ["low light"])
        assert sum(maker.part == LABEL for maker in record.makers) == 3

    def test_labels_that_miss_all_that_the_text_names_are_rejected(self, described: Path, tmp_path: Path) -> None:
        built, records = run(described, tmp_path / "out", Scripted(lambda request: labels(request, C.BLUR)))
        assert [record.source for record in records] == ["coffee.png"]
        assert built.rejects == {"labels: nothing of what the text names": 2}
        assert [entry["detail"] for entry in rejected(tmp_path / "out")] == ["low light", "noise"]

    def test_what_the_text_or_a_run_speaks_of_is_not_denied(self, described: Path, tmp_path: Path) -> None:
        runs = iter([(C.LOW_LIGHT, C.NOISE), (C.LOW_LIGHT, C.BLUR), (C.LOW_LIGHT, C.JITTER)])
        model = Scripted(lambda request: labels(request, *next(runs)))
        options = {"limit": 1, "consistency": 0.1}
        _, (record,) = run(described, tmp_path / "out", model, settings=options)
        assert [turn for turn in record.turns if not turn.regions] == [record.turns[-1]]
        assert "overexposure" in record.turns[-1].question
        assert mentioned("The sky is too dark and somewhat blurry.") == {C.LOW_LIGHT, C.BLUR, C.JITTER}
        assert mentioned("There is no noise.") == {C.NOISE}
        assert mentioned("A fine picture.") == frozenset()


class TestPeople:
    @pytest.fixture
    def people(self, described: Path, tmp_path: Path) -> Path:
        folder = tmp_path / "people"
        shutil.copytree(described / "images", folder / "images")
        half = (80.0, 0.0, 80.0, 80.0)
        write_jsonl(
            [
                annotation("astronaut", "ann", {C.LOW_LIGHT: half}),
                annotation("rocket", "ann", {C.NOISE: (0, 0, 160, 160)}),
                annotation("astronaut", "bob", {C.LOW_LIGHT: (90, 10, 20, 20)}),
                annotation("astronaut", "cyd", {C.BLUR: half}),
                annotation("rocket", "bob", {C.BLUR: (0, 0, 160, 160)}),
            ],
            folder / "records.jsonl",
        )
        return folder

    def test_those_who_agree_stand(self, people: Path, tmp_path: Path) -> None:
        built, records = run(None, tmp_path / "out", stand_in(), people=people)
        assert [(record.extra["person"], record.extra["agreement"]) for record in records] == [
            ("ann", 1.0),
            ("bob", 1.0),
        ]
        assert [record.id for record in records] == ["ground-000000-0", "ground-000000-1"]
        assert {record.turns[0].answer for record in records} == {TEXTS["astronaut"]}
        assert built.rejects == {"the same region with another distortion": 3}
        details = {found["id"]: found["detail"] for found in rejected(tmp_path / "out")}
        assert details == {
            "astronaut-cyd": "cyd contradicts ann in 100%, bob in 100%",
            "rocket-ann": "ann contradicts bob in 100%",
            "rocket-bob": "bob contradicts ann in 100%",
        }
        assert check(tmp_path / "out") == []

    def test_pictures_that_people_did_are_left_out_of_the_models_part(
        self, described: Path, people: Path, tmp_path: Path
    ) -> None:
        _, records = run(described, tmp_path / "out", stand_in(), people=people)
        assert [(r.source, r.extra["part"]) for r in records] == [
            ("images/astronaut.png", "people"),
            ("images/astronaut.png", "people"),
            ("coffee.png", "model"),
        ]
        table = tabulate(tmp_path / "out")
        assert table.parts["people"].classes == {C.LOW_LIGHT: 2}
        assert table.parts["people"].shares == {C.LOW_LIGHT: pytest.approx((6400 + 400) / 2 / SIZE**2)}
        assert (table.parts["people"].agreement, table.parts["people"].by_class) == (1.0, {C.LOW_LIGHT: 1.0})
        assert (table.parts["model"].none, table.parts["model"].consistency) == (1, 1.0)
        assert "people: records 2, pictures 1" in table.to_text()
        assert json.loads(json.dumps(table.to_dict()))["people"]["classes"] == {"low light": 2}

    def test_annotations_of_no_use_are_rejected(self, described: Path, tmp_path: Path) -> None:
        folder = tmp_path / "people"
        shutil.copytree(described / "images", folder / "images")
        good = annotation("astronaut", "ann", {C.BLUR: (0, 0, 9, 9)}).to_dict()
        other = annotation("astronaut", "bob", {C.BLUR: (0, 0, 9, 9)}).to_dict()
        other["regions"][0]["label"] = "banding"
        silent = annotation("astronaut", "cyd", {}).to_dict()
        silent["turns"] = [{"question": "How good is it?", "answer": ""}]
        write_jsonl(map(Record.from_dict, (good, other, silent)), folder / "records.jsonl")
        built, records = run(None, tmp_path / "out", stand_in(), people=folder)
        assert [record.extra["person"] for record in records] == ["ann"]
        assert built.rejects == {"an annotation that cannot be used": 2}
        assert "found 'banding'" in rejected(tmp_path / "out")[0]["detail"]


def test_an_unreadable_picture_is_a_reject(described: Path, tmp_path: Path) -> None:
    shutil.copytree(described, tmp_path / "set")
    (tmp_path / "set" / "images" / "coffee.png").write_bytes(b"no picture")
    built, records = run(tmp_path / "set", tmp_path / "out", stand_in())
    assert built.rejects == {"unreadable picture": 1}
    assert len(records) == 2


@pytest.mark.parametrize(
    "wrong", [{"runs": 0}, {"consistency": 1.5}, {"most": 201}, {"shard": 0}, {"limit": 0}, {"seed": -1}, {"val": 2}]
)
def test_settings_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="found"):
        Settings(**wrong)
