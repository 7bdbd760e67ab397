from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from quibble.data import Form, ImageEntry, Maker, Record, Role, check, convert, read_jsonl, write_jsonl
from quibble.endpoint import Endpoint
from quibble.errors import ArgumentError, EndpointError, RecipeError
from quibble.experts.language_model import LanguageModel
from quibble.experts.served import Served
from quibble.experts.stand_in import NAME, StandIn
from quibble.pipelines.depict import made
from quibble.pipelines.depict.build import build_from_answers, build_from_photos, build_from_scores
from quibble.pipelines.depict.checks import traces_of_reference
from quibble.pipelines.depict.questionnaire import Aspect, Comparison, Damage, Degree, Overall, Questionnaire, Step
from quibble.pipelines.depict.rules import RULES
from quibble.pipelines.depict.scores import read_scores
from quibble.pipelines.depict.settings import Reference, Settings, Task, read_recipe
from quibble.pipelines.depict.wordings import SHORT
from quibble.taxonomy import Texture
from tests.chat_server import ChatServer, Said

RECIPE = Path(__file__).parents[3] / "recipes" / "data" / "depictqa.toml"
PERSON = Maker(part="questionnaire", model="person/1")


def settings(**others: Any) -> Settings:
    values: dict[str, Any] = {"records": 24, "long_side": 200, "shard": 8, "reference": Reference.BOTH}
    return Settings(**(values | others))


def records_of(folder: Path) -> list[Record]:
    return [record for path in sorted(folder.glob("records-*.jsonl")) for record in read_jsonl(path)]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def built(photos_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("depict") / "out"
    result = build_from_photos(photos_folder, out, StandIn(RULES), settings())
    assert result.rejects == {}
    return out


def test_all_three_tasks_with_and_without_reference(built: Path) -> None:
    assert check(built) == []
    records = records_of(built)
    tasks = Counter(record.task for record in records)
    assert sum(tasks.values()) == 48
    for task in Task:
        assert tasks[task.value] == tasks[f"{task.value}_noref"] > 2
    for record in records:
        roles = {image.role for image in record.images}
        assert (Role.REFERENCE in roles) != record.task.endswith("_noref")
        assert roles - {Role.REFERENCE} == ({Role.SINGLE} if "description" in record.task else {Role.A, Role.B})
        assert record.makers[0].model == made.MAKER
        assert len(record.makers) == (
            1 if "comparison" in record.task else 2 + (record.makers[-1].part == "depict.no_reference")
        )
        if record.task.endswith("_noref"):
            assert not traces_of_reference(record.turns[0].question + record.turns[0].answer)


def test_brief_comparisons_are_right_and_half_of_them_short(photos_folder: Path, tmp_path: Path) -> None:
    only = settings(records=40, mix={Task.COMPARISON: 1.0}, reference=Reference.FULL)
    build_from_photos(photos_folder, tmp_path / "out", StandIn({}), only)
    records = records_of(tmp_path / "out")
    short = [record for record in records if record.turns[0].question.endswith(SHORT)]
    assert 10 <= len(short) <= 30
    assert {record.turns[0].answer for record in short} == {"Image A", "Image B"}
    assert {record.turns[0].answer for record in short} == {f"Image {record.extra['winner']}" for record in short}
    winners = Counter(record.extra["winner"] for record in records)
    assert min(winners["A"], winners["B"]) >= 8
    assert len({record.turns[0].answer for record in records if record not in short}) > 8
    assert all("questionnaire_a" not in record.extra for record in records)


def test_the_same_build_gives_the_same_bytes(built: Path, photos_folder: Path, tmp_path: Path) -> None:
    build_from_photos(photos_folder, tmp_path / "again", StandIn(RULES), settings())
    assert contents(tmp_path / "again") == contents(built)


def test_it_is_exported_as_depictqas_own(built: Path, tmp_path: Path) -> None:
    assert convert(built, tmp_path / "train.json", to=Form.DEPICTQA) == 48
    kinds = {item["task_type"] for item in json.loads((tmp_path / "train.json").read_text())}
    assert kinds == {"quality_single_A", "quality_single_A_noref", "quality_compare", "quality_compare_noref"}


ANSWERS = Questionnaire(
    texture=Texture.FACES,
    damage=Damage.CLEAR,
    degrees=dict.fromkeys(Aspect, Degree.NONE) | {Aspect.NOISE: Degree.SEVERE},
    overall=Overall.SEVERE,
)
COMPARED = Comparison(steps=dict.fromkeys(Aspect, Step.EQUAL) | {Aspect.COLOR: Step.INFERIOR}, overall=Step.INFERIOR)
#: Texts that agree with these.
DESCRIBED = (
    "Next to the reference, the image has severe noise. The faces are still clearly seen. Overall, it is severe."
)
REASONED = "Image A has worse colors than Image B, the rest is equal. Overall, Image B is clearly better than Image A."


def answer_set(folder: Path, count: int = 6) -> Path:
    """People's answers on one picture and on two, in turn; no two pictures alike."""
    folder.mkdir()
    records = []
    for number in range(count):
        images = []
        roles = [Role.REFERENCE, Role.A, Role.B] if number % 2 else [Role.REFERENCE, Role.SINGLE]
        for place, role in enumerate(roles):
            file = f"{number}-{place}.png"
            Image.new("RGB", (8, 6), (30 * number, 60 * place, 9)).save(folder / file)
            images.append(ImageEntry(role=role, file=file, width=8, height=6))
        extra = {"comparison": COMPARED.to_dict()} if number % 2 else {"questionnaire": ANSWERS.to_dict()}
        records.append(
            Record(id=f"q{number}", task="questionnaire", images=tuple(images), turns=(), makers=(PERSON,), extra=extra)
        )
    write_jsonl(records, folder / "records.jsonl")
    return folder


def test_peoples_answers_become_texts(tmp_path: Path) -> None:
    result = build_from_answers(answer_set(tmp_path / "in"), tmp_path / "out", StandIn(RULES), settings())
    assert result.rejects == {}
    records = records_of(tmp_path / "out")
    assert Counter(record.task for record in records) == dict.fromkeys(
        (f"depict_{task}{end}" for task in ("description", "reasoning") for end in ("", "_noref")), 3
    )
    assert all(record.makers[0] == PERSON and record.makers[1].model == NAME for record in records)
    bare = tmp_path / "bare"
    bare.mkdir()
    write_jsonl([Record(id="1", task="t", images=(), turns=())], bare / "records.jsonl")
    with pytest.raises(ArgumentError, match="holds no answers"):
        build_from_answers(bare, tmp_path / "x", StandIn(RULES), settings())


def test_answers_that_are_none(tmp_path: Path) -> None:
    source = answer_set(tmp_path / "in")
    lines = (source / "records.jsonl").read_text().replace('"texture": "faces"', '"texture": "cheese"', 1)
    (source / "records.jsonl").write_text(lines)
    (source / "1-1.png").write_bytes(b"no picture")
    result = build_from_answers(source, tmp_path / "out", StandIn(RULES), settings())
    assert result.rejects == {"unusable questionnaire": 2}
    rejected = [json.loads(line) for line in (tmp_path / "out" / "rejects" / "00000.jsonl").read_text().splitlines()]
    assert "cheese" in rejected[0]["detail"]
    assert rejected[0]["makers"] == [PERSON.to_dict()]


def test_scores_become_pairs(tmp_path: Path) -> None:
    for name, shade in (("r", 0), ("a", 40), ("b", 80), ("c", 120)):
        Image.new("RGB", (8, 6), (shade,) * 3).save(tmp_path / f"{name}.png")
    (tmp_path / "dmos.csv").write_text("file,score,reference\na.png,1,r.png\nb.png,2,r.png\nc.png,9,r.png\n")
    items = read_scores(tmp_path / "dmos.csv", lower_is_better=True)
    build_from_scores(items, tmp_path / "out", settings(margin=20.0))
    records = [record for record in records_of(tmp_path / "out") if not record.task.endswith("_noref")]
    assert len(records) == 2
    scores = {40: 1.0, 80: 2.0, 120: 9.0}
    for record in records:
        shown: dict[Role, Any] = {}
        for image in record.images:
            with Image.open(tmp_path / "out" / image.file) as picture:
                shown[image.role] = picture.convert("L").getpixel((0, 0))
        assert shown[Role.REFERENCE] == 0
        better = "A" if scores[shown[Role.A]] < scores[shown[Role.B]] else "B"
        assert record.extra["winner"] == better


def served(server: ChatServer, cache: Path | None = None) -> LanguageModel:
    return Served(Endpoint(server.url, "small", cache=cache, retries=0, concurrency=2, pause_s=0))


def writes(first: str, corrected: str | None = None, bare: str | None = None) -> Any:
    """A model that writes `first` on one picture and a right text on two, and so on."""

    def answer(body: dict[str, Any]) -> Said:
        prompt = body["messages"][-1]["content"][-1]["text"]
        if "without any mention of a reference" in prompt:
            text = bare
        elif "Two distorted versions" in prompt:
            text = REASONED
        else:
            text = corrected if "It has faults" in prompt else first
        return Said(text=json.dumps({"text": text}))

    return answer


def test_a_right_text_needs_no_correction(tmp_path: Path, chat_server: ChatServer) -> None:
    chat_server.answer = writes(DESCRIBED)
    full = settings(reference=Reference.FULL)
    result = build_from_answers(answer_set(tmp_path / "in"), tmp_path / "out", served(chat_server), full)
    assert result.rejects == {}
    assert result.costs["small"].replies == 6
    assert {record.turns[0].answer for record in records_of(tmp_path / "out")} == {DESCRIBED, REASONED}


def test_a_faulty_text_is_corrected_and_the_record_says_so(tmp_path: Path, chat_server: ChatServer) -> None:
    chat_server.answer = writes(DESCRIBED.replace("severe noise", "severe blur"), corrected=DESCRIBED)
    full = settings(reference=Reference.FULL)
    result = build_from_answers(answer_set(tmp_path / "in"), tmp_path / "out", served(chat_server), full)
    assert result.rejects == {}
    one = next(record for record in records_of(tmp_path / "out") if record.task == "depict_description")
    assert one.turns[0].answer == DESCRIBED
    assert [maker.part for maker in one.makers] == ["questionnaire", "depict.description", "depict.correction"]
    asked = [body["messages"][-1]["content"][-1]["text"] for body in chat_server.asked]
    corrections = [prompt for prompt in asked if "It has faults" in prompt]
    assert len(corrections) == 3
    assert "- it does not say that noise is distorted (severe)" in corrections[0]
    assert "- it says that blurriness is distorted, which it is not" in corrections[0]


def test_a_text_that_stays_faulty_is_rejected_with_its_faults(tmp_path: Path, chat_server: ChatServer) -> None:
    wrong = DESCRIBED.replace("severe noise", "severe blur")
    chat_server.answer = writes(wrong, corrected=wrong)
    full = settings(reference=Reference.FULL)
    result = build_from_answers(answer_set(tmp_path / "in"), tmp_path / "out", served(chat_server), full)
    assert result.rejects == {"correction: disagrees with its questionnaire": 3}
    assert {record.task for record in records_of(tmp_path / "out")} == {"depict_reasoning"}
    line = json.loads((tmp_path / "out" / "rejects" / "00000.jsonl").read_text().splitlines()[0])
    assert "it does not say that noise is distorted" in line["detail"]


def test_a_text_that_keeps_the_reference_has_no_form_without_it(tmp_path: Path, chat_server: ChatServer) -> None:
    chat_server.answer = writes(DESCRIBED, bare=DESCRIBED)
    result = build_from_answers(answer_set(tmp_path / "in"), tmp_path / "out", served(chat_server), settings())
    assert result.rejects == {"no-reference: still speaks of the reference": 3}
    assert Counter(record.task for record in records_of(tmp_path / "out")) == {
        "depict_description": 3,
        "depict_reasoning": 3,
        "depict_reasoning_noref": 3,
    }


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Said(text="Bananas."), "not JSON"),
        (Said(text="I cannot do that."), "refused"),
        (Said(text='{"text": "The ima', finish="length"), "cut off"),
    ],
)
def test_nonsense_leaves_rejects_and_whole_shards(
    tmp_path: Path, chat_server: ChatServer, said: Said, reason: str
) -> None:
    chat_server.script = [said]
    result = build_from_answers(answer_set(tmp_path / "in"), tmp_path / "out", served(chat_server), settings())
    assert result.rejects == {f"description: {reason}": 3, f"reasoning: {reason}": 3}
    assert result.stats.records == 0
    assert check(tmp_path / "out") == []


def test_a_server_that_dies_half_way(tmp_path: Path, chat_server: ChatServer) -> None:
    good = writes(DESCRIBED)

    def dying(body: dict[str, Any]) -> Said:
        return good(body) if len(chat_server.asked) <= 5 else Said(status=503, text="")

    chat_server.answer = dying
    source, out, cache = answer_set(tmp_path / "in"), tmp_path / "out", tmp_path / "replies.sqlite"
    small = settings(reference=Reference.FULL, shard=2)
    with pytest.raises(EndpointError):
        build_from_answers(source, out, served(chat_server, cache), small)
    assert len(list(out.glob("records-*.jsonl"))) == len(list((out / "shards").iterdir())) == 2
    chat_server.answer = good
    build_from_answers(source, out, served(chat_server, cache), small)
    build_from_answers(source, tmp_path / "whole", served(chat_server, cache), small)
    assert contents(out) == contents(tmp_path / "whole")


def test_the_recipe_has_the_papers_counts() -> None:
    assert read_recipe(RECIPE) == {Task.DESCRIPTION: 1115, Task.COMPARISON: 115_646, Task.REASONING: 3739}


@pytest.mark.parametrize("text", ["", "[mix]\nsinging = 1", "[mix]\nreasoning = 'a'", "x = 1\n[mix]\nreasoning = 1"])
def test_what_is_no_recipe(text: str, tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text(text)
    with pytest.raises(RecipeError, match=r"odd\.toml"):
        read_recipe(tmp_path / "odd.toml")


@pytest.mark.parametrize(
    "wrong", [{"records": 0}, {"long_side": 20}, {"mix": {}}, {"short": 2}, {"margin": -1}, {"val": 0.9, "test": 0.9}]
)
def test_settings_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="found"):
        settings(**wrong)
