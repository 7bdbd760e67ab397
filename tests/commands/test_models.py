"""Choosing a model on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner, Result

import quibble.assessor
from quibble.cli import main
from quibble.image import load, save
from quibble.results import Ranked
from tests.chat_server import ChatServer, Said
from tests.fake_backend import FakeBackend
from tests.seeing_server import look, pictures
from tests.test_seeing import Disc


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(quibble.assessor, "OnnxPerception", lambda *_, threads=0: FakeBackend())
    for name, value in {"dark": 40, "bright": 220}.items():
        save(np.full((80, 100, 3), value, np.uint8), f"{name}.png")


@pytest.fixture
def model(chat_server: ChatServer) -> str:
    chat_server.answer = look
    return f"{chat_server.url}#lmm"


def run(*arguments: str, typed: str = "", **environment: str) -> Result:
    return CliRunner().invoke(main, arguments, input=typed, env=environment)


def test_every_command_that_answers_takes_a_model(model: str, chat_server: ChatServer) -> None:
    for command in (
        ("describe", "dark.png"),
        ("ask", "dark.png", "why?"),
        ("refer", "dark.png", "--region", "0,0,9,9"),
        ("ground", "bright.png", "blur"),
        ("compare", "dark.png", "bright.png"),
        ("rank", "dark.png", "bright.png"),
    ):
        chat_server.asked.clear()
        result = run(*command, "--model", model)
        assert (result.exit_code, result.stderr) == (0, "")
        assert len(pictures(chat_server.asked[0])) >= 1
    assert run("chat", "dark.png", "--model", model, typed="why?\n").stdout == "I see 1. You said: why?\n"


def test_the_environment_chooses_and_the_option_wins(model: str, chat_server: ChatServer) -> None:
    lines = run("rank", "dark.png", "bright.png", "--json", QUIBBLE_MODEL=model).stdout.splitlines()
    facts = [json.loads(line) for line in lines]
    assert [facts[0].pop("place"), facts[0]["image"]] == [1, "bright.png"]
    assert Ranked.from_dict(facts[0]).score.value == pytest.approx(100 * 220 / 255, abs=0.01)
    chat_server.asked.clear()
    assert run("rank", "dark.png", "bright.png", "--model", "nano", QUIBBLE_MODEL=model).exit_code == 0
    assert chat_server.asked == []


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("dark.png", "bright.png"), "quibble: the model lmm gives no findings with masks and severities; ask nano"),
        (("describe", "dark.png", "--boxes"), "quibble: the model lmm gives no boxes in its descriptions; ask nano"),
    ],
)
def test_what_a_model_cannot_do_is_one_line(model: str, command: tuple[str, ...], line: str) -> None:
    result = run(*command, "--model", model)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert result.stderr.startswith(line)


def test_a_conversation_outlives_a_server_that_fails(chat_server: ChatServer) -> None:
    chat_server.script = [Said(text="It is soft.", cut=1), Said(text="So it is.")]
    result = run("chat", "dark.png", "--model", f"{chat_server.url}#lmm", typed="is it?\nis it?\n")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (2, "ItSo it is.")
    assert "broke off after 2 characters" in result.stderr


def test_a_model_that_is_not_there_is_one_line(chat_server: ChatServer) -> None:
    result = run("describe", "dark.png", "--model", "gpt")
    assert (result.exit_code, result.stderr[:33]) == (2, "quibble: there is no model 'gpt';")


def test_the_list_for_people_and_for_programs(chat_server: ChatServer) -> None:
    lines = run("models", chat_server.url, COLUMNS="200").stdout.splitlines()
    assert any(line.split()[:1] == ["nano"] and "in this package" in line and "assess" in line for line in lines)
    assert any(f"{chat_server.url}#lmm" in line and "assess" not in line for line in lines)
    facts = [json.loads(line) for line in run("models", chat_server.url, "--json").stdout.splitlines()]
    assert [fact["model"] for fact in facts if fact["about"] == "served there"] == [f"{chat_server.url}#lmm"]
    assert set(facts[0]) == {"model", "about", "abilities", "missing"}


def test_a_segmenter_is_opened_by_its_name(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("quibble.experts.segmenter")
    module.__dict__["open_segmenter"] = lambda name: Disc() if name == "sam" else None
    monkeypatch.setitem(sys.modules, "quibble.experts", ModuleType("quibble.experts"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    result = run("ground", "bright.png", "the spot", "--model", model, "--segmenter", "sam", "--json")
    found = json.loads(result.stdout)
    assert (len(found["regions"]), found["findings"]) == (1, [])
    lines = run("ground", "bright.png", "the spot", "--model", model, "--segmenter", "sam").stdout.splitlines()
    assert lines[-2].startswith("  4% of the picture, box ")


def test_draw_shows_what_was_pointed_to(model: str) -> None:
    picture = np.full((80, 100, 3), 20, np.uint8)
    picture[:20, :20] = 250
    save(picture, "spot.png")
    result = run("ground", "spot.png", "the spot", "--model", model, "--draw", "out.png")
    assert "points to 27,21" in result.stdout
    changed = (load("out.png") != picture).any(axis=2)
    rows, columns = changed.nonzero()
    assert changed.any()
    assert abs(columns.mean() - 27) < 4
    assert abs(rows.mean() - 21) < 4
