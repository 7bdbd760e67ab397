import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner, Result

import quibble.assessor
from quibble.cli import main
from quibble.image import load, save
from quibble.results import Report
from tests.fake_backend import FakeBackend

SCHEMA = Path(__file__).parents[2] / "docs" / "report.schema.json"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(quibble.assessor, "OnnxPerception", lambda *_, threads=0: FakeBackend())
    monkeypatch.chdir(tmp_path)
    picture = np.full((120, 160, 3), 51, np.uint8)
    save(picture, "dark.png")
    picture[:, :80] = 255
    save(picture, "half.png")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_report_for_a_person(folder: Path) -> None:
    result = run("half.png", "dark.png")
    assert result.exit_code == 0
    assert result.stdout == (
        "half.png  160 x 120\n"
        "  60 of 100, fair (80% sure: 50 to 70)\n"
        "  obvious blur, bottom left, 50% of the picture, severity 3.2 of 5, 90% sure\n"
        "dark.png  160 x 120\n"
        "  20 of 100, poor (80% sure: 10 to 30)\n"
        "  Nothing found to be wrong.\n"
    )


def test_json_is_one_valid_object_a_line(folder: Path) -> None:
    result = run("half.png", "dark.png", "--json")
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for line in lines:
        report = json.loads(line)
        jsonschema.validate(report, schema)
        assert Report.from_dict(report).to_dict() == report


def test_options_may_come_first(folder: Path) -> None:
    assert json.loads(run("--json", "dark.png").stdout)["image"] == "dark.png"


def test_drawing_marks_the_finding_and_leaves_the_rest(folder: Path) -> None:
    assert run("half.png", "--draw", "out.png").exit_code == 0
    before, after = load("half.png"), load("out.png")
    assert before.shape == after.shape
    assert np.array_equal(before[:, 130:], after[:, 130:])
    assert not np.array_equal(before[:, :80], after[:, :80])


def test_several_are_drawn_into_a_folder(folder: Path) -> None:
    assert run("half.png", "dark.png", "--draw", "drawn").exit_code == 0
    assert sorted(p.name for p in (folder / "drawn").iterdir()) == ["dark.png", "half.png"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("half.png", "--fail-below", "50"), 0),
        (("half.png", "--fail-below", "61"), 1),
        (("half.png", "--fail-on", "blur:3"), 1),
        (("half.png", "--fail-on", "blur:3.5"), 0),
        (("half.png", "--fail-on", "noise"), 0),
        (("half.png", "dark.png", "--fail-below", "30", "--json"), 1),
    ],
)
def test_gates(folder: Path, arguments: tuple[str, ...], code: int) -> None:
    assert run(*arguments).exit_code == code


def test_a_gate_says_why(folder: Path) -> None:
    assert "  fails: score 20 is below 30\n" in run("dark.png", "--fail-below", "30").stdout


def test_a_broken_file_is_named_and_the_others_go_on(folder: Path) -> None:
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    result = run("missing.png", "broken.jpg", "dark.png", "--json")
    assert result.exit_code == 2
    assert [json.loads(line)["image"] for line in result.stdout.splitlines()] == ["dark.png"]
    errors = result.stderr.splitlines()
    assert len(errors) == 2
    assert "missing.png" in errors[0]
    assert "broken.jpg" in errors[1]


@pytest.mark.parametrize("limit", ["blurr:3", "blur:much", "blur:"])
def test_limits_that_make_no_sense(folder: Path, limit: str) -> None:
    result = run("dark.png", "--fail-on", limit)
    if limit == "blur:":
        assert result.exit_code == 0
    else:
        assert result.exit_code == 2
        assert "expected CATEGORY[:SEVERITY]" in result.stderr
