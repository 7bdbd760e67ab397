from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from quibble.cli import main
from quibble.data import ImageEntry, Record, Role, Turn, read_jsonl, write_jsonl
from tests.chat_server import ChatServer, Said


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["data", *args])


def feedback(folder: str = "feedback") -> None:
    Path(folder).mkdir()
    Image.linear_gradient("L").convert("RGB").save(Path(folder, "a.png"))
    entry = ImageEntry(role=Role.SINGLE, file="a.png", width=256, height=256)
    text = "There is obvious noise in the background. The quality is poor."
    records = [
        Record(id=str(n), task="pathway", images=(entry,), turns=(Turn(question="?", answer=text),)) for n in range(4)
    ]
    write_jsonl(records, Path(folder, "records.jsonl"))


def test_instruct_through_the_stand_in() -> None:
    feedback()
    result = run("build", "instruct", "feedback", "out", "--limit", "3", "--setting", "direct")
    assert result.exit_code == 0, result.output
    assert "instruct_description                  3" in result.stdout
    assert "written by                                  replies   tokens in  tokens out" in result.stdout
    assert "stand-in/rules-1                                5           0           0" in result.stdout
    again = run("build", "instruct", "feedback", "out", "--limit", "3", "--setting", "direct", "--json")
    told = json.loads(again.stdout)
    assert told["stats"]["tasks"]["instruct_description"] == 3
    assert told["rejects"] == {}
    other = run("build", "instruct", "feedback", "out", "--seed", "3")
    assert other.exit_code == 2
    assert "holds a build with other" in other.stderr
    assert run("show", "out").exit_code == 0
    assert "made by stand-in/rules-1" in Path("out/sheet.html").read_text()


def test_instruct_leaves_evaluation_pictures_out() -> None:
    feedback()
    result = run("build", "instruct", "feedback", "out", "--evaluation", "feedback/a.png")
    assert "rejected\n         4  picture of an evaluation set" in result.stdout


def test_a_served_model_with_its_budget(chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    feedback()
    monkeypatch.setenv("QUIBBLE_MODEL_KEY", "secret")
    chat_server.script = [Said(text='{"questions": []}')]
    Path("counts.toml").write_text("feedbacks = 1\n[counts]\nwhat_how = 1\ndescription = 1\n")
    model = ("--model", f"{chat_server.url}#small", "--concurrency", "1", "--recipe", "counts.toml")
    result = run("build", "instruct", "feedback", "out", *model, "--budget", "20")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    # The four records ask the same with seeds of their own, so the cache knows none of them beforehand.
    assert "28 tokens were spent of a budget of 20" in result.stderr
    result = run("build", "instruct", "feedback", "out", *model)
    assert result.exit_code == 0, result.output
    assert "small                                           4          44          12" in result.stdout
    assert len(chat_server.asked) == 4
    assert chat_server.asked[0]["key"] == "Bearer secret"
    assert Path("out.replies.sqlite").is_file()


def test_a_model_that_is_no_address() -> None:
    feedback()
    result = run("build", "instruct", "feedback", "out", "--model", "gpt")
    assert result.exit_code == 2
    assert "--model takes stand-in or URL#NAME" in result.stderr


def test_depict_from_photographs_and_from_scores() -> None:
    Path("photos").mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).normal(128, 40 + 30 * number, (160, 160, 3)).clip(0, 255)
        noise = Image.fromarray(pixels.astype(np.uint8))
        Image.blend(noise, Image.linear_gradient("L").resize((160, 160)).convert("RGB"), 0.7).save(
            f"photos/{number}.png"
        )
    args = ("--records", "4", "--long-side", "160", "--reference", "both")
    result = run("build", "depict", "photos", "out", *args, "--mix", "description=1")
    assert result.exit_code == 0, result.output
    assert "depict_description                    4" in result.stdout
    assert "depict_description_noref              4" in result.stdout
    Path("scores.csv").write_text("file,score\n0.png,1\n1.png,2\n2.png,3\n")
    result = run("build", "depict", "scores.csv", "pairs", "--images", "photos", "--json")
    assert json.loads(result.stdout)["stats"]["tasks"] == {"depict_comparison_noref": 3}
    records = list(read_jsonl("pairs/records-00000.jsonl"))
    assert {record.extra["winner"] for record in records} <= {"A", "B"}
    result = run("convert", "out", "train.json", "--to", "depictqa")
    assert result.stdout == "train.json: 8 records\n"
    assert "there is no task 'song'" in run("build", "depict", "photos", "x", "--mix", "song=1").stderr
    assert "expected TASK=SHARE" in run("build", "depict", "photos", "x", "--mix", "reasoning").stderr


def test_mixing() -> None:
    feedback("one")
    feedback("two")
    result = run("mix", "all", "one", "two", "--repeat", "path=2")
    assert result.stdout == "all: 16 records\n"
    assert "no task is called 'song'" in run("mix", "x", "one", "--repeat", "song=2").stderr
    assert "expected TASK=N" in run("mix", "y", "one", "--repeat", "path").stderr
