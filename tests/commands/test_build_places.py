from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from quibble.cli import main
from quibble.data import read_jsonl
from quibble.experts import sam
from quibble.experts.sam import Grid
from tests.chat_server import ChatServer, Said
from tests.experts.tiny import save_grounding_dino, save_sam
from tests.pipelines.ground.conftest import described

__all__ = ["described"]


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["data", "build", *map(str, args)])


def prompt(body: dict[str, Any]) -> str:
    """The words of a request's last message."""
    parts = body["messages"][-1]["content"]
    return str(next(part["text"] for part in parts if part["type"] == "text"))


def pictures(body: dict[str, Any]) -> int:
    return sum(part["type"] == "image_url" for part in body["messages"][-1]["content"])


class TestGround:
    def test_offline(self, described: Path, tmp_path: Path) -> None:
        result = run("ground", described, tmp_path / "out")
        assert result.exit_code == 0, result.output
        assert "model: records 3, pictures 3" in result.stdout
        assert re.search(r"low light +1 +\d+\.\d%", result.stdout)
        assert run("ground", described, tmp_path / "out").stdout == result.stdout
        refused = run("ground", described, tmp_path / "out", "--runs", "2")
        assert refused.exit_code == 2
        assert "other settings" in refused.stderr

    def test_json_and_people(self, described: Path, tmp_path: Path) -> None:
        first = run("ground", described, tmp_path / "first", "--json", "--limit", "2")
        assert json.loads(first.stdout)["table"]["model"]["records"] == 2
        result = run("ground", tmp_path / "first", tmp_path / "out", "--annotated", "--json")
        found = json.loads(result.stdout)["table"]
        assert set(found) == {"people"}
        assert found["people"]["classes"] == {"low light": 1}
        both = run("ground", described, tmp_path / "both", "--people", tmp_path / "first", "--json")
        table = json.loads(both.stdout)["table"]
        assert (table["people"]["records"], table["model"]["records"]) == (2, 1)
        assert run("ground", described, tmp_path / "x", "--annotated", "--people", described).exit_code == 2

    def test_with_a_served_model_and_sam(
        self, described: Path, tmp_path: Path, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sam, "Grid", lambda: Grid(side=4))

        def answer(body: dict[str, Any]) -> Said:
            found = re.search(r"numbered from 1 to (\d+)", prompt(body))
            assert found is not None
            rows = [{"mark": n, "distortions": ["low light", "noise"]} for n in range(1, int(found[1]) + 1)]
            refuses = "excellent" in prompt(body)
            return Said(text="I'm sorry, I can't help with that." if refuses else json.dumps({"marks": rows}))

        chat_server.answer = answer
        folder = save_sam(tmp_path / "sam")
        options = ("--model", f"{chat_server.url}#labeller", "--segmenter", folder, "--runs", "2", "--json")
        result = run("ground", described, tmp_path / "out", *options)
        assert result.exit_code == 0, result.output
        found = json.loads(result.stdout)
        assert found["rejects"] == {"labels: refused": 1}
        assert found["table"]["model"]["classes"] == {"low light": 2, "noise": 2}
        assert found["costs"]["labeller"]["input_tokens"] > 0
        assert len(chat_server.asked) == 6
        assert {pictures(body) for body in chat_server.asked} == {2}
        record = next(read_jsonl(tmp_path / "out" / "records-00000.jsonl"))
        assert [maker.model for maker in record.makers] == [str(folder), "labeller", "labeller"]


class TestGroundingIqa:
    def test_offline(self, described: Path, tmp_path: Path) -> None:
        result = run("grounding-iqa", described, tmp_path / "out")
        assert result.exit_code == 0, result.output
        assert "images  total  descriptions  yes or no  what, why, how" in result.stdout
        assert "share of picture" in result.stdout

    def test_with_served_models_and_grounding_dino(
        self, described: Path, tmp_path: Path, chat_server: ChatServer
    ) -> None:
        def answer(body: dict[str, Any]) -> Said:
            text = prompt(body)
            if body["model"] == "inspector":
                return Said(text='{"answer": "yes"}')
            if "Its objects:" in text:
                return Said(text='{"questions": [')
            if "the rest" in text.lower():
                rest = {"phrase": "The rest", "quality": "good", "effect": "positive"}
                return Said(text=json.dumps({"objects": [rest]}))
            return Said(text="The objects are a cup and a rocket.")

        chat_server.answer = answer
        dino = save_grounding_dino(tmp_path / "dino")
        result = run(
            "grounding-iqa", described, tmp_path / "out", "--json", "--detector", dino,
            "--model", f"{chat_server.url}#writer", "--inspector", f"{chat_server.url}#inspector",
        )  # fmt: skip
        assert result.exit_code == 0, result.output
        found = json.loads(result.stdout)
        assert found["rejects"] == {"tags: not JSON": 2, "questions: not JSON": 1}
        assert found["table"]["descriptions"] == 1
        asked = [body["model"] for body in chat_server.asked]
        assert asked.count("inspector") == 6
        record = next(read_jsonl(tmp_path / "out" / "records-00000.jsonl"))
        assert "[The rest](" in record.turns[0].answer


@pytest.mark.parametrize("command", ["ground", "grounding-iqa"])
def test_mistakes_are_one_line(command: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run(command, tmp_path / "empty", tmp_path / "out")
    assert result.exit_code == 2
    assert "no photographs" in result.stderr
    assert run(command, tmp_path / "nowhere", tmp_path / "out").exit_code == 2
    wrong = run(command, tmp_path / "empty", tmp_path / "out", "--model", "qwen")
    assert wrong.exit_code == 2
