from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from quibble.data import ImageEntry, Record, Role, Turn, check, read_jsonl, write_jsonl
from quibble.errors import ArgumentError, BudgetError, ReplyError
from quibble.experts.detector import Detection, open_detector
from quibble.experts.language_model import LanguageModel, Request
from quibble.experts.stand_in import StandIn
from quibble.geometry import Box, grid_decode
from quibble.image import ImageArray, load
from quibble.pipelines.grounding_iqa.build import DESCRIPTION, QUESTION, build
from quibble.pipelines.grounding_iqa.prompts import PATCH, QUESTIONS, TAGS
from quibble.pipelines.grounding_iqa.rules import RULES
from quibble.pipelines.grounding_iqa.settings import Settings
from quibble.pipelines.grounding_iqa.table import tabulate
from quibble.pipelines.shards import Built
from tests.pipelines.scripted import Scripted

WIDTH, HEIGHT = 200, 160
TEXTS = (
    "The red square on the left is sharp. The blue sky is overexposed. The picture as a whole is of fair quality.",
    "The white square is blurred, while the sky is well exposed. The image is noisy. The quality is poor.",
    "The quality of the picture is excellent.",
)
RED, WHITE = Box.from_xywh(20, 90, 50, 50), Box.from_xywh(120, 90, 60, 50)


class Finds:
    """A detector that finds what it is told to."""

    name = "finds"

    def __init__(self, **boxes: Sequence[Box]) -> None:
        self.boxes = boxes
        self.asked: list[str] = []

    def find(self, rgb: ImageArray, phrase: str) -> list[Detection]:
        self.asked.append(phrase)
        assert rgb.shape == (HEIGHT, WIDTH, 3)
        return [
            Detection(box=box, score=0.9) for key, boxes in self.boxes.items() if key in phrase.lower() for box in boxes
        ]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three descriptions of a picture of a sky, a red and a white square."""
    folder = tmp_path_factory.mktemp("described")
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:80], picture[80:] = (150, 190, 250), (60, 90, 60)
    picture[90:140, 20:70] = (200, 30, 30)
    picture[90:140, 120:180] = 250
    records = []
    for number, text in enumerate(TEXTS):
        picture[0, 0] = number
        Image.fromarray(picture).save(folder / f"{number}.png")
        image = ImageEntry(role=Role.SINGLE, file=f"{number}.png", width=WIDTH, height=HEIGHT)
        turn = Turn(question="How good is it?", answer=text)
        records.append(Record(id=f"text-{number}", task="pathway", images=(image,), turns=(turn,), split="train"))
    write_jsonl(records, folder / "records.jsonl")
    return folder


def run(source: Path, out: Path, model: LanguageModel, detector: Any, **options: Any) -> tuple[Built, list[Record]]:
    settings = Settings(**{"shard": 2, **options.pop("settings", {})})
    built = build(source, out, model, detector, settings, **options)
    return built, [record for file in sorted(out.glob("records-*.jsonl")) for record in read_jsonl(file)]


def rejected(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted((out / "rejects").iterdir()) for line in file.read_text().splitlines()]


def tag(phrase: str, quality: str = "sharp", effect: str = "positive") -> dict[str, str]:
    return {"phrase": phrase, "quality": quality, "effect": effect}


def answers(
    tags: Sequence[dict[str, str]], questions: Sequence[Sequence[str]] = (), patch: Sequence[str] = ()
) -> Scripted:
    """A language model with one list of objects, one of questions, and answers about patches in turn."""
    patches = iter(patch)

    def say(request: Request) -> Any:
        if request.task == TAGS:
            return {"objects": list(tags)}
        if request.task == PATCH:
            return {"answer": next(patches)}
        return {"questions": [dict(zip(("kind", "question", "answer"), row, strict=True)) for row in questions]}

    return Scripted(say)


@pytest.fixture(scope="module")
def out(described: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "out"
    run(described, out, StandIn(RULES), open_detector())
    return out


@pytest.fixture(scope="module")
def records(out: Path) -> list[Record]:
    return [record for file in sorted(out.glob("records-*.jsonl")) for record in read_jsonl(file)]


class TestStandIn:
    def test_the_data_set_is_sound(self, out: Path, records: list[Record]) -> None:
        assert check(out) == []
        assert {record.task for record in records} == {DESCRIPTION, QUESTION}
        assert all(maker.model.startswith("stand-in/") for record in records for maker in record.makers)

    def test_objects_are_where_they_are(self, records: list[Record]) -> None:
        first = next(record for record in records if record.task == DESCRIPTION)
        red = next(region for region in first.regions if "red" in str(region.label).lower())
        assert red.box is not None
        assert red.box.iou(RED) > 0.6
        assert first.turns[0].answer.startswith("[The red square on the left](")

    def test_without_boxes_a_description_is_as_it_was(self, records: list[Record]) -> None:
        texts = [
            re.sub(r"\[([^\]]+)\](\(\d+,\d+\))+", r"\1", r.turns[0].answer) for r in records if r.task == DESCRIPTION
        ]
        assert texts
        assert set(texts) <= set(TEXTS)

    def test_codes_are_those_of_the_boxes(self, records: list[Record]) -> None:
        for record in records:
            codes = re.findall(r"\((\d+),(\d+)\)", f"{record.turns[0].question} {record.turns[0].answer}")
            assert len(codes) == len(record.regions) == len(record.turns[0].regions) > 0
            for (first, last), region in zip(codes, record.regions, strict=True):
                assert region.box is not None
                near = grid_decode((int(first), int(last)), width=WIDTH, height=HEIGHT)
                for a, b in zip(near.to_list(), region.box.to_list(), strict=True):
                    assert abs(a - b) <= WIDTH / 40 + 1e-6

    def test_questions_are_balanced_and_about_objects(self, out: Path, records: list[Record]) -> None:
        questions = [record for record in records if record.task == QUESTION]
        table = tabulate(out)
        assert table.answers["yes"] == table.answers["no"] == table.closed / 2 > 0
        assert table.open == table.closed == len(questions) / 2
        assert table.total == len(records)
        assert (table.images, table.descriptions) == (2, 2)
        assert set(table.kinds) <= {"what", "why", "how"}
        assert sum(table.sides.values()) == len(questions)
        assert f"{table.total:>5}" in table.to_text().splitlines()[1]
        assert json.loads(json.dumps(table.to_dict()))["total"] == table.total

    def test_the_whole_picture_is_filtered_out(self, out: Path) -> None:
        found = {entry["reason"]: entry["detail"] for entry in rejected(out)}
        assert found["tags: the whole picture"] == "The image: noisy"
        assert found["tags: no objects"] == TEXTS[2]

    def test_a_build_goes_on_where_it_was_stopped(self, described: Path, out: Path, tmp_path: Path) -> None:
        rules = StandIn(RULES)

        def stop(request: Request) -> Any:
            if request.task == TAGS and "excellent" in request.prompt:
                return BudgetError("spent")
            return rules.answer(request).data

        with pytest.raises(BudgetError):
            run(described, tmp_path / "out", Scripted(stop), open_detector())
        assert not (tmp_path / "out" / "records-00001.jsonl").exists()
        note = json.loads((tmp_path / "out" / "build.json").read_text())
        changed = note | {"model": rules.name, "inspector": rules.name}
        (tmp_path / "out" / "build.json").write_text(json.dumps(changed))
        run(described, tmp_path / "out", rules, open_detector())
        assert (tmp_path / "out" / "records-00001.jsonl").read_bytes() == (out / "records-00001.jsonl").read_bytes()
        with pytest.raises(ArgumentError, match="other detector"):
            run(described, tmp_path / "out", rules, Finds())


LIMIT = {"limit": 1}


class TestStages:
    def test_the_whole_phrase_is_looked_for(self, described: Path, tmp_path: Path) -> None:
        detector = Finds(square=[RED])
        model = answers([tag("the red square on the left"), tag("the blue sky", "overexposed", "negative")])
        built, (record,) = run(described, tmp_path / "out", model, detector, settings=LIMIT)
        assert detector.asked == ["the red square on the left", "the blue sky"]
        assert [region.box for region in record.regions] == [RED]
        assert built.rejects == {"boxes: nothing found": 1}
        assert rejected(tmp_path / "out")[0]["detail"] == "the blue sky"

    def test_only_an_object_with_several_boxes_is_inspected(self, described: Path, tmp_path: Path) -> None:
        detector = Finds(square=[RED, WHITE], sky=[Box.from_xywh(0, 0, 200, 80)])
        model = answers([tag("the red square"), tag("the blue sky")], patch=["yes", "no"])
        inspector = answers([], patch=["yes", "no"])
        built, (record,) = run(described, tmp_path / "out", model, detector, settings=LIMIT, inspector=inspector)
        assert [request.task for request in inspector.asked] == [PATCH, PATCH]
        assert PATCH not in {request.task for request in model.asked}
        assert all("Is its quality sharp?" in request.prompt for request in inspector.asked)
        patches = [load(request.pictures[0]).shape for request in inspector.asked]
        assert patches == [(50, 50, 3), (50, 60, 3)]
        assert [region.box for region in record.regions] == [RED, Box.from_xywh(0, 0, 200, 80)]
        assert built.rejects == {"patch: not of this quality": 1}
        raw = record.extra["objects"]
        assert isinstance(raw, list)
        assert next(each["boxes"] for each in raw if isinstance(each, dict)) == [RED.to_list(), WHITE.to_list()]
        parts = [maker.part for maker in record.makers]
        assert parts == [TAGS, "grounding_iqa.boxes", PATCH]

    def test_an_object_whose_boxes_are_all_dropped_has_none(self, described: Path, tmp_path: Path) -> None:
        detector = Finds(square=[RED, WHITE])
        built, records = run(
            described,
            tmp_path / "out",
            answers([tag("the red square")], patch=["no", "no"]),
            detector,
            settings=LIMIT,
        )
        assert records == []
        assert built.rejects == {"patch: not of this quality": 2}

    def test_boxes_that_passed_are_merged(self, described: Path, tmp_path: Path) -> None:
        parts = [Box.from_xywh(20, 90, 20, 20), Box.from_xywh(45, 95, 25, 45)]
        model = answers([tag("the red square on the left")], patch=["yes", "yes"])
        _, (record,) = run(described, tmp_path / "out", model, Finds(square=parts), settings=LIMIT)
        (region,) = record.regions
        assert region.box == Box.from_xywh(20, 90, 50, 50)
        table = tabulate(tmp_path / "out")
        assert (sum(table.raw_areas), sum(table.areas)) == (2, 1)
        assert table.areas[2] == 1

    def test_questions_keep_the_boxes_of_what_they_name(self, described: Path, tmp_path: Path) -> None:
        rows = [
            ("yes_no", "Is the red square sharp?", "Yes"),
            ("yes_no", "Is the red square blurred?", "No."),
            ("what", "Which part is sharp?", "the red square"),
            ("how", "How is the sharpness of the red square?", "Good"),
            ("how", "How is the dog?", "Good"),
        ]
        model = answers([tag("the red square")], rows)
        built, (_, *asked) = run(described, tmp_path / "out", model, Finds(square=[RED]), settings=LIMIT)
        assert {record.extra["side"] for record in asked} == {"referring", "grounding"}
        assert {(r.turns[0].question, r.turns[0].answer) for r in asked} == {
            ("Is [the red square](222,347) sharp?", "Yes"),
            ("Is [the red square](222,347) blurred?", "No"),
            ("Which part is sharp?", "[The red square](222,347)"),
            ("How is the sharpness of [the red square](222,347)?", "Good"),
        }
        assert built.rejects == {"questions: names no object": 1}

    def test_no_questions_are_asked_for_where_none_are_wanted(self, described: Path, tmp_path: Path) -> None:
        model = answers([tag("the red square")])
        run(described, tmp_path / "out", model, Finds(square=[RED]), settings={"limit": 1, "questions": 0})
        assert QUESTIONS not in {request.task for request in model.asked}

    @pytest.mark.parametrize("task", [TAGS, PATCH, QUESTIONS])
    @pytest.mark.parametrize("error", [ReplyError("refused"), ReplyError("cut off"), ReplyError("not JSON")])
    def test_replies_of_no_use_are_clear_rejects(
        self, described: Path, tmp_path: Path, task: str, error: ReplyError
    ) -> None:
        good = answers([tag("the red square")], patch=["yes"] * 9)
        model = Scripted(lambda request: error if request.task == task else good.say(request))
        detector = Finds(square=[RED, WHITE])
        built, records = run(described, tmp_path / "out", model, detector, settings=LIMIT)
        step = task.rpartition(".")[2]
        assert built.rejects == {f"{step}: {error.reason}": 2 if task == PATCH else 1}
        assert all(entry["makers"][0]["input_tokens"] == 7 for entry in rejected(tmp_path / "out"))
        assert [record.task for record in records] == ([DESCRIPTION] if task == QUESTIONS else [])
        assert check(tmp_path / "out") == []

    def test_a_description_with_brackets_is_rejected(self, described: Path, tmp_path: Path) -> None:
        shutil.copytree(described, tmp_path / "set")
        record = next(read_jsonl(described / "records.jsonl"))
        turn = Turn(question="?", answer="The [cup](1,2) is sharp.")
        write_jsonl(
            [Record.from_dict(record.to_dict() | {"turns": [turn.to_dict()]})], tmp_path / "set" / "records.jsonl"
        )
        built, records = run(tmp_path / "set", tmp_path / "out", answers([]), Finds())
        assert (records, built.rejects) == ([], {"a description with brackets": 1})


def test_prompts_never_hold_facts_alone(described: Path, tmp_path: Path) -> None:
    """A served model is sent the prompt only, so all that it needs has to be in there."""
    model = answers([tag("the red square", "rather sharp")], patch=["yes", "yes"])
    run(described, tmp_path / "out", model, Finds(square=[RED, WHITE]), settings={"limit": 1, "questions": 3})
    prompts = {request.task: request.prompt for request in model.asked}
    assert TEXTS[0] in prompts[TAGS]
    assert "rather sharp" in prompts[PATCH]
    assert all(part in prompts[QUESTIONS] for part in (TEXTS[0], "the red square: rather sharp", "Write 3 questions"))
    assert all(a != b for a, b in combinations(prompts.values(), 2))


@pytest.mark.parametrize("wrong", [{"area": 2}, {"overlap": 0}, {"questions": 21}, {"rounds": 0}, {"limit": 0}])
def test_settings_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="found"):
        Settings(**wrong)
