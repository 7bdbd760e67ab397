"""The commands that answer in words, with a fake model behind them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import quibble.assessor
from quibble.cli import main
from quibble.errors import ModelError
from quibble.image import load, save
from quibble.results import Answer, Comparison, Grounding, Ranked
from quibble.text import questions
from tests.fake_backend import FakeBackend
from tests.fake_speaker import FakeSpeaker

BOXED = f"{questions.DESCRIBE} {questions.WITH_BOXES}"


@pytest.fixture
def speaker() -> FakeSpeaker:
    return FakeSpeaker({BOXED: "It has [obvious blur](000,389).", "why?": "It is out of focus."})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speaker: FakeSpeaker) -> Path:
    """half.png is blurred on the left, dark.png is the same scene without that."""
    monkeypatch.setattr(quibble.assessor, "OnnxPerception", lambda *_, threads=0: FakeBackend())
    monkeypatch.setattr(quibble.assessor, "OnnxSpeaker", lambda *_, threads=0: speaker)
    monkeypatch.chdir(tmp_path)
    picture = np.full((120, 160, 3), 10, np.uint8)
    picture[:, :80] = 100
    save(picture, "dark.png")
    picture[:, :80] = 200
    save(picture, "half.png")
    mask = np.zeros((120, 160, 3), np.uint8)
    mask[10:50, 100:150] = 255
    save(mask, "mask.png")
    return tmp_path


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, arguments, input=typed)


def said(*arguments: str) -> str:
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def facts(*arguments: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(said(*arguments, "--json"))
    return read


def test_describe(speaker: FakeSpeaker) -> None:
    assert said("describe", "half.png") == f"{questions.DESCRIBE}\n"
    assert said("describe", "half.png", "--boxes") == "It has obvious blur.\n  obvious blur at 0,0,80,120\n"
    assert said("describe", "half.png", "--reference", "dark.png") == f"{questions.DESCRIBE_AGAINST}\n"
    assert said("describe", "half.png", "--region", "100,10,50,40") == f"{questions.DESCRIBE_REGION}\n"
    by_box = speaker.heard[-1]
    said("describe", "half.png", "--mask", "mask.png")
    assert speaker.heard[-1] == by_box
    answer = facts("describe", "half.png", "--boxes")
    assert answer.pop("image") == "half.png"
    assert Answer.from_dict(answer).phrases[0].box.to_list() == [0, 0, 80, 120]


def test_what_is_drawn_is_what_was_said() -> None:
    before = load("half.png")
    for name, arguments in (
        ("boxes.png", ("describe", "half.png", "--boxes")),
        ("found.png", ("describe", "half.png")),
        ("ground.png", ("ground", "half.png", "blur")),
    ):
        said(*arguments, "--draw", name)
        after = load(name)
        assert np.array_equal(before[:, 130:], after[:, 130:])
        assert not np.array_equal(before[:, :90], after[:, :90])
    said("ground", "half.png", "noise", "--draw", "nowhere.png")
    assert np.array_equal(load("nowhere.png"), before)
    said("compare", "half.png", "dark.png", "--draw", "both.png")
    assert load("both.png").shape[1] > 2 * 160


def test_ask() -> None:
    assert said("ask", "half.png", "why?") == "It is out of focus.\n"
    assert said("ask", "half.png", "How?", "--option", "good", "--option", "bad") == "bad\n   75%  bad\n   25%  good\n"
    answer = facts("ask", "half.png", "How?", "--option", "good", "--option", "bad")
    assert answer == {
        "image": "half.png",
        "question": "How?",
        "text": "bad",
        "options": {"good": 0.25, "bad": 0.75},
        "phrases": [],
    }


def test_refer() -> None:
    assert said("refer", "half.png", "--region", "0,0,40,40") == "What is wrong with this region? Just name it.\n"
    assert said("refer", "half.png", "--region", "0,0,40,40", "--long").startswith("Name the defect")


def test_ground() -> None:
    asked = "Find the blur. Answer with a bounding box."
    finding = "  obvious blur, bottom left, 50% of the picture, box 0,0,80,120"
    assert said("ground", "half.png", "blur") == f"{asked}\n{finding}\n"
    found = facts("ground", "half.png", "blur")
    assert (found.pop("image"), found.pop("query")) == ("half.png", "blur")
    assert len(Grounding.from_dict(found).masks) == 1


def test_ground_by_tokens(speaker: FakeSpeaker, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run("ground", "half.png", "blur", "--by", "tokens")
    assert refused.exit_code == 2
    assert "draws no masks; ground by='findings'" in refused.stderr
    drawn = np.full((30, 40), -9, np.float32)
    drawn[:, 20:] = 9
    monkeypatch.setattr(speaker, "outline", lambda *_, sampling: ("At the right.", drawn), raising=False)
    told, finding = said("ground", "half.png", "blur", "--by", "tokens").splitlines()
    assert told == "At the right."
    assert finding == "  obvious blur, bottom right, 50% of the picture, box 80,0,80,120"


def test_compare_and_rank() -> None:
    text = f"Image B is {questions.COMPARE}"
    lines = said("compare", "half.png", "dark.png").splitlines()
    assert lines[0].startswith("B (dark.png) is better, ")
    assert lines[1:] == [text, "  blur: 3.2 more in A, on 50% of it"]
    compared = facts("compare", "half.png", "dark.png")
    assert (compared.pop("a"), compared.pop("b"), compared.pop("reference")) == ("half.png", "dark.png", None)
    assert Comparison.from_dict(compared).text == text
    lines = said("rank", "half.png", "dark.png").splitlines()
    assert [line.split()[:2] for line in lines] == [["1", "dark.png"], ["2", "half.png"]]
    ranked = [json.loads(line) for line in said("rank", "half.png", "dark.png", "--json").splitlines()]
    assert [place.pop("place") for place in ranked] == [1, 2]
    assert [Ranked.from_dict(place).number for place in ranked] == [1, 0]


def test_chat(speaker: FakeSpeaker) -> None:
    result = run("chat", "half.png", typed="is it sharp?\nwhy?\n\nnot asked\n")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "is it sharp?\nIt is out of focus.\n", "")
    assert speaker.heard[-1].turns == (("is it sharp?", "is it sharp?"), ("why?", ""))
    result = run("chat", "half.png", "--json", typed="why?")
    assert json.loads(result.stdout)["text"] == "It is out of focus."


def test_sampling_is_read_from_the_options(speaker: FakeSpeaker) -> None:
    said("ask", "half.png", "why?", "--temperature", "0.7", "--top-p", "0.9", "--seed", "5")
    sampling = speaker.samplings[-1]
    assert (sampling.temperature, sampling.top_p, sampling.seed) == (0.7, 0.9, 5)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("describe", "none.png"), "quibble: "),
        (("ask", "half.png", " "), "quibble: the question is empty"),
        (("ask", "half.png", "How?", "--option", "good"), "quibble: a choice has two to four different options"),
        (("refer", "half.png"), "quibble refer: say which region"),
        (("refer", "half.png", "--region", "150,0,20,20"), "quibble: region 150,0,20,20 leaves the picture"),
        (("describe", "half.png", "--region", "1,2,3"), "quibble describe: Invalid value for '--region'"),
        (
            ("describe", "half.png", "--region", "0,0,9,9", "--mask", "mask.png"),
            "quibble describe: give the region with --region or with --mask",
        ),
        (
            ("describe", "half.png", "--region", "0,0,9,9", "--boxes"),
            "quibble: a description has a region",
        ),
        (("rank", "half.png"), "quibble: a ranking needs two pictures or more, found 1"),
        (("compare", "half.png", "dark.png", "--top-p", "0"), "quibble compare: Invalid value for '--top-p'"),
    ],
)
def test_mistakes_are_one_line_and_code_2(arguments: tuple[str, ...], line: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert result.stderr.startswith(line)


def test_without_weights_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Path, threads: int = 0) -> FakeSpeaker:
        raise ModelError("there are no language weights")

    monkeypatch.setattr(quibble.assessor, "OnnxSpeaker", missing)
    for command in (("describe", "half.png"), ("chat", "half.png"), ("compare", "half.png", "dark.png")):
        result = run(*command)
        assert (result.exit_code, result.stderr) == (2, "quibble: there are no language weights\n")
    assert said("rank", "half.png", "dark.png")
