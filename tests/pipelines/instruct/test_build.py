from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from quibble.data import Form, ImageEntry, Maker, Record, Role, Turn, check, convert, read_jsonl, write_jsonl
from quibble.endpoint import Endpoint
from quibble.errors import ArgumentError, BudgetError, EndpointError
from quibble.experts.language_model import LanguageModel
from quibble.experts.served import Served
from quibble.experts.stand_in import NAME, StandIn
from quibble.pipelines.contamination import Evaluation
from quibble.pipelines.instruct.build import build
from quibble.pipelines.instruct.rules import RULES
from quibble.pipelines.instruct.settings import Setting, Settings, Subset
from quibble.pipelines.instruct.told import gather
from tests.chat_server import ChatServer, Said

TEXTS = (
    "The picture is seriously blurred and has obvious noise. Overall, the quality is bad.",
    "The duck in the center is underexposed. The colors are rich. The quality of this picture is fair.",
    "The picture is sharp and there is no noise. The quality of the picture is excellent.",
    "There is slight pixelation in the background. The quality is good.",
)
PERSON = Maker(part="feedback", model="person/3")


def feedback_set(folder: Path, count: int = 8) -> Path:
    """People's feedback on pictures of different looks, one record each, and a record that is none."""
    folder.mkdir()
    records = []
    for number in range(count):
        file = f"{number % 4}.png"
        picture = (
            Image.linear_gradient("L").resize((40 + 8 * (number % 4), 48)).rotate(90 * (number % 4)).convert("RGB")
        )
        picture.save(folder / file)
        entry = ImageEntry(role=Role.SINGLE, file=file, width=picture.width, height=picture.height)
        turn = Turn(question="Describe the quality.", answer=TEXTS[number % 4])
        records.append(
            Record(
                id=f"f{number}", task="pathway", images=(entry,), turns=(turn,), score=10.0 * number, makers=(PERSON,)
            )
        )
    other = Record(id="other", task="grounding_hyd", images=records[0].images, turns=records[0].turns)
    write_jsonl([*records, other], folder / "records.jsonl")
    return folder


def settings(**others: Any) -> Settings:
    values: dict[str, Any] = {"feedbacks": 1, "counts": dict.fromkeys(Subset, 1) | {Subset.YES_NO: 2}, "shard": 4}
    return Settings(**(values | others))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def records_of(folder: Path) -> list[Record]:
    return [record for path in sorted(folder.glob("records-*.jsonl")) for record in read_jsonl(path)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("instruct")
    source = feedback_set(folder / "source")
    result = build(source, folder / "out", StandIn(RULES), settings())
    assert result.rejects == {}
    assert set(result.costs) == {NAME}
    return folder


def test_every_subset_is_there_in_both_settings(built: Path) -> None:
    records = records_of(built / "out")
    assert check(built / "out") == []
    tasks = Counter(record.task for record in records)
    assert tasks["instruct_description"] == 8
    assert tasks["instruct_conversation"] == 8
    assert tasks["instruct_what"] + tasks["instruct_how"] == 2 * 8
    assert tasks["instruct_yes_no"] == 2 * 2 * 8
    settings_of = Counter(record.extra.get("setting") for record in records)
    assert settings_of["direct"] == settings_of["choice"] == 8 + 16


def test_yes_and_no_come_out_even(built: Path) -> None:
    for path in sorted((built / "out").glob("records-*.jsonl")):
        asked = [r for r in read_jsonl(path) if r.task == "instruct_yes_no" and r.extra["setting"] == "direct"]
        answers = Counter(record.turns[0].answer for record in asked)
        assert answers["Yes"] == answers["No"] > 0


def test_questions_for_yes_and_no_are_spread_over_the_feedback(tmp_path: Path) -> None:
    source = feedback_set(tmp_path / "source")
    build(source, tmp_path / "out", StandIn(RULES), settings(counts={Subset.YES_NO: 1}, shard=8))
    asked = {record.extra["question"]: record.extra["feedback"] for record in records_of(tmp_path / "out")}
    assert Counter(asked.values()) == {f"f{number}": 1 for number in range(8)}


def test_a_choice_is_the_same_question_with_lettered_options(built: Path) -> None:
    by_question: dict[Any, dict[Any, Turn]] = {}
    for record in records_of(built / "out"):
        if "setting" in record.extra:
            by_question.setdefault(record.extra["question"], {})[record.extra["setting"]] = record.turns[0]
    letters: Counter[str] = Counter()
    for turns in by_question.values():
        direct, choice = turns["direct"], turns["choice"]
        question, *lines = choice.question.split("\n")
        assert direct.question.startswith(question)
        options = {line[0]: line[3:] for line in lines[:-1]}
        assert options[choice.answer] == direct.answer
        assert len(set(options.values())) == len(options) >= 2
        letters[choice.answer] += 1
    assert len(letters) >= 3


def test_records_say_where_they_come_from(built: Path) -> None:
    for record in records_of(built / "out"):
        assert record.makers[0] == PERSON
        assert record.split in ("train", "val", "test")
        number = int(str(record.extra["feedback"])[1:])
        assert record.score == 10.0 * number
        if record.task != "instruct_description":
            (who,) = record.makers[1:]
            assert who.model == NAME
            assert who.part.startswith("instruct.")
            assert who.prompt_sha is not None


def test_the_same_build_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    build(built / "source", tmp_path / "again", StandIn(RULES), settings())
    assert contents(tmp_path / "again") == contents(built / "out")
    build(built / "source", tmp_path / "other", StandIn(RULES), settings(seed=1))
    assert contents(tmp_path / "other") != contents(built / "out")


def test_it_is_exported(built: Path, tmp_path: Path) -> None:
    assert convert(built / "out", tmp_path / "llava.json", to=Form.LLAVA) == len(records_of(built / "out"))
    first = json.loads((tmp_path / "llava.json").read_text())[0]
    assert first["conversations"][1]["value"] == TEXTS[0]
    convert(built / "out", tmp_path / "parquet", to=Form.PARQUET)


def test_feedback_on_photographs_is_written_first(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    pixels = np.random.default_rng(0).normal(128, 60, (128, 128, 3)).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photos" / "noisy.png")
    result = build(
        tmp_path / "photos", tmp_path / "out", StandIn(RULES), settings(rounds=2, settings=(Setting.DIRECT,))
    )
    described = [r for r in records_of(tmp_path / "out") if r.task == "instruct_description"]
    assert len(described) == 2
    assert described[0].turns[0].answer != described[1].turns[0].answer
    assert described[0].makers[0].model.startswith(f"{NAME} with nano")
    assert described[0].makers[0].part == "instruct.feedback"
    assert len(result.costs) == 2


def test_pictures_of_evaluation_sets_are_left_out(built: Path, tmp_path: Path) -> None:
    (tmp_path / "eval").mkdir()
    with Image.open(built / "source" / "1.png") as picture:
        picture.save(tmp_path / "eval" / "known.bmp")
    result = build(
        built / "source", tmp_path / "out", StandIn(RULES), settings(), evaluation=Evaluation([tmp_path / "eval"])
    )
    assert result.rejects == {"picture of an evaluation set": 2}
    rejected = [json.loads(line) for line in (tmp_path / "out" / "rejects" / "00000.jsonl").read_text().splitlines()]
    assert rejected[0]["detail"] == "1.png is known.bmp"
    assert not [r for r in records_of(tmp_path / "out") if r.extra["feedback"] in ("f1", "f5")]


def test_a_picture_that_cannot_be_read(tmp_path: Path) -> None:
    source = feedback_set(tmp_path / "source")
    (source / "2.png").write_bytes(b"no picture")
    result = build(source, tmp_path / "out", StandIn(RULES), settings())
    assert result.rejects == {"unreadable picture": 2}


def test_sources_without_feedback(built: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="holds no feedback: expected records of the tasks caption"):
        build(built / "source", tmp_path / "out", StandIn(RULES), settings(), tasks=("caption",))
    assert len(gather(built / "source", tasks=("pathway", "grounding_hyd"), rounds=1)) == 9
    convert(built / "source", tmp_path / "parquet", to=Form.PARQUET)
    with pytest.raises(ArgumentError, match="unpack it first"):
        build(tmp_path / "parquet", tmp_path / "out", StandIn(RULES), settings())


def served(server: ChatServer, cache: Path | None = None, **others: Any) -> LanguageModel:
    return Served(Endpoint(server.url, "small", cache=cache, retries=0, concurrency=2, pause_s=0), **others)


def good_answer(body: dict[str, Any]) -> Said:
    """What a model that does its task says: the stand-in's words, by the form that is asked for."""
    prompt = body["messages"][-1]["content"][-1]["text"]
    wanted = body["response_format"]["json_schema"]["schema"]["properties"]
    if "turns" in wanted:
        turns = [
            {"topic": "why", "question": "Why does it look so?", "answer": "The light was low."},
            {"topic": "tool", "question": "Which tool helps?", "answer": "A raw converter."},
        ]
        return Said(text=json.dumps({"turns": turns}))
    if "yes or no" in prompt:
        questions: list[dict[str, Any]] = [
            {"question": "Is the quality worth a word?", "answer": answer, "context": False} for answer in ("yes", "no")
        ]
        return Said(text=json.dumps({"questions": questions}))
    item = {"kind": "how", "question": "How does this picture look?", "answer": "so-so", "wrong": ["well"]}
    return Said(text=json.dumps({"questions": [item | {"context": False}]}))


def test_a_served_model_writes(built: Path, tmp_path: Path, chat_server: ChatServer) -> None:
    chat_server.answer = good_answer
    result = build(built / "source", tmp_path / "out", served(chat_server), settings())
    assert result.rejects == {}
    assert result.costs["small"].replies == 24
    assert result.costs["small"].tokens == 24 * 14
    who = {r.makers[1] for r in records_of(tmp_path / "out") if r.task == "instruct_how"}
    assert {maker.input_tokens for maker in who} == {11}
    assert len({maker.seed for maker in who}) == 8


def test_a_model_that_likes_to_say_yes_is_balanced(built: Path, tmp_path: Path, chat_server: ChatServer) -> None:
    def answer(body: dict[str, Any]) -> Said:
        prompt = body["messages"][-1]["content"][-1]["text"]
        if "yes or no" not in prompt:
            return good_answer(body)
        answers = ["yes", "yes", "yes", "no"] if "pixelation" in prompt else ["yes", "yes"]
        items = [{"question": f"Is it so, in the end{'?' * n}", "answer": a} for n, a in enumerate(answers, start=1)]
        return Said(text=json.dumps({"questions": [item | {"context": False} for item in items]}))

    chat_server.answer = answer
    build(built / "source", tmp_path / "out", served(chat_server), settings(settings=(Setting.DIRECT,)))
    for path in sorted((tmp_path / "out").glob("records-*.jsonl")):
        asked = [record for record in read_jsonl(path) if record.task == "instruct_yes_no"]
        # One of four feedbacks allows a no, so there is one yes.
        assert Counter(record.turns[0].answer for record in asked) == {"Yes": 1, "No": 1}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Said(text="Seventeen blue bananas."), "not JSON"),
        (Said(text='{"bananas": 17}'), "not as asked"),
        (Said(text="I'm sorry, I can't assist with that request."), "refused"),
        (Said(text='{"questions": [{"kind": "wh', finish="length"), "cut off"),
        (Said(text=""), "empty"),
    ],
)
def test_a_model_that_talks_nonsense_leaves_clear_rejects(
    built: Path, tmp_path: Path, chat_server: ChatServer, said: Said, reason: str
) -> None:
    chat_server.script = [said]
    out = tmp_path / "out"
    result = build(built / "source", out, served(chat_server), settings())
    assert result.rejects == {f"{part}: {reason}": 8 for part in ("what-how", "yes-no", "conversation")}
    # The feedback itself needs no model, and stands.
    assert Counter(record.task for record in records_of(out)) == {"instruct_description": 8}
    assert result.costs["small"].replies == 24
    files = sorted((out / "rejects").glob("*.jsonl"))
    lines = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    assert len(lines) == 24
    assert lines[0]["id"] == "instruct-000000-what-how"
    assert lines[0]["makers"][0]["input_tokens"] == 11
    assert check(out) == []


def test_questions_that_the_feedback_does_not_support_are_rejected_one_by_one(
    built: Path, tmp_path: Path, chat_server: ChatServer
) -> None:
    def answer(body: dict[str, Any]) -> Said:
        said = good_answer(body)
        if '"kind"' not in said.text:
            return said
        good = json.loads(said.text)["questions"]
        bad = good[0] | {"question": "What is wrong with this picture?", "answer": "Color banding"}
        return Said(text=json.dumps({"questions": [*good, bad]}))

    chat_server.answer = answer
    result = build(built / "source", tmp_path / "out", served(chat_server), settings())
    assert result.rejects == {"what-how: the feedback does not say so": 8}
    assert result.stats.tasks["instruct_how"] == 16


def test_a_model_that_stops_half_way_leaves_whole_shards_and_nothing_is_paid_twice(
    built: Path, tmp_path: Path, chat_server: ChatServer
) -> None:
    def answer(body: dict[str, Any]) -> Said:
        return good_answer(body) if len(chat_server.asked) <= 17 else Said(status=500, text="gone")

    chat_server.answer = answer
    out, cache = tmp_path / "out", tmp_path / "replies.sqlite"
    with pytest.raises(EndpointError):
        build(built / "source", out, served(chat_server, cache), settings())
    assert [path.name for path in out.glob("records-*")] == ["records-00000.jsonl"]
    assert [path.name for path in (out / "shards").iterdir()] == ["00000.json"]
    assert not list(out.rglob("*.tmp"))
    assert check(out) == []
    chat_server.answer = good_answer
    before = len(chat_server.asked)
    build(built / "source", out, served(chat_server, cache), settings())
    assert len(chat_server.asked) - before == 24 - 17
    build(built / "source", tmp_path / "whole", served(chat_server, cache), settings())
    assert contents(out) == contents(tmp_path / "whole")


def test_a_budget_stops_a_build_and_a_larger_one_goes_on(built: Path, tmp_path: Path, chat_server: ChatServer) -> None:
    chat_server.answer = good_answer
    out, cache = tmp_path / "out", tmp_path / "replies.sqlite"
    with pytest.raises(BudgetError):
        build(built / "source", out, served(chat_server, cache, budget=14 * 14), settings())
    spent = len(chat_server.asked)
    assert 14 <= spent <= 16
    result = build(built / "source", out, served(chat_server, cache, budget=14 * 24), settings())
    assert len(chat_server.asked) == 24
    # What was spent before counts as a cost of the data, too.
    assert result.costs["small"].tokens == 14 * 24
