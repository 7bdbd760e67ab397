from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from quibble.annotate.kinds import Kind
from quibble.annotate.server import running
from quibble.annotate.study import Study
from quibble.cli import main
from tests.annotate.conftest import fake
from tests.annotate.fake_server import FakeLabelStudio
from tests.annotate.people import pathway, write_source

__all__ = ["fake"]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A study of four pictures by two people."""
    monkeypatch.chdir(tmp_path)
    for name in ("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY", "QUIBBLE_LABEL_STUDIO"):
        monkeypatch.delenv(name, raising=False)
    write_source(tmp_path / "source", Kind.PATHWAY, count=4)
    people = ("--person", "anna", "--person", "ben=b@lab.org")
    made = run("new", "study", "source", "--task", "pathway", "--each", "2", *people)
    assert made.stdout == "study: 4 items for 2 of 2 people each\n"
    return "study"


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["annotate", *args])


def at(fake: FakeLabelStudio, *args: str) -> Result:
    """Run on a server that runs already."""
    return run(*args, "--url", fake.url, "--token", fake.state.token)


def test_a_whole_study(study: str, fake: FakeLabelStudio) -> None:
    dealt = at(fake, "deal", study)
    assert dealt.exit_code == 0, dealt.output
    assert re.search(rf"anna: sitting 1, 4 pictures  {fake.url}/projects/\d+/data\?labeling=1\n", dealt.stdout)
    for sitting in Study(Path(study)).sittings():
        for item in sitting.items[: 4 if sitting.person == "anna" else 1]:
            fake.answer(sitting.project or 0, item, pathway())
    assert at(fake, "status", study).stdout == (
        "person            done  dealt  to come  now\n"
        "anna                 4      4        0  all done\n"
        "ben                  0      4        0  sitting 1: 0 of 4, 1 answers by another account\n"
    )
    assert json.loads(at(fake, "status", study, "--json").stdout)[1]["sitting"] == "ben-01"
    exported = at(fake, "export", study, "feedback")
    assert exported.stdout == "feedback: 4 records; 0 items without an answer\n         1  by another account\n"
    assert json.loads(run("export", study, "feedback", "--offline", "--json").stdout) == {
        "records": 4,
        "rejects": {"by another account": 1},
        "unanswered": 0,
    }
    assert run("report", study, "report", "--offline").stdout == "report/agreement.html: 4 answers\n"
    assert json.loads(at(fake, "report", study, "report", "--json").stdout)["kind"] == "pathway"
    assert at(fake, "leave", study, "ben").stdout == "ben has left; 4 items go to others\n"
    assert "has left" in run("status", study, "--offline").stdout


def test_adding(study: str) -> None:
    write_source(Path("more"), Kind.PATHWAY, count=6)
    assert run("add", study, "more", "--person", "carl").stdout == "study: 2 new items, 6 in all; 3 people\n"
    nothing = run("add", study)
    assert nothing.exit_code == 2
    assert "nothing to add" in nothing.stderr
    twice = run("add", study, "--person", "dora", "--person", "dora=d@lab.org")
    assert "'dora' is named twice" in twice.stderr


def test_too_few_people(study: str) -> None:
    made = run("new", "other", "source", "--task", "pathway", "--person", "anna")
    assert "1 of 1 people" in made.stdout
    assert "add more" in made.stderr


def test_faults_are_one_line(study: str, fake: FakeLabelStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIBBLE_LABEL_STUDIO", "/nowhere/label-studio")
    for args, message in (
        (("status", "nothing"), "holds no study"),
        (("serve", study), "nothing that can be run at /nowhere/label-studio"),
        (("deal", study, "--url", fake.url), "needs an access token"),
        (("deal", study, "--url", "http://127.0.0.1:9", "--token", "x"), "was not reached"),
        (("export", study, "source"), "not empty and holds no export"),
        (("new", "x", "source", "--task", "comparison", "--person", "anna"), "reference, A, B"),
    ):
        result = run(*args)
        assert result.exit_code == 2, args
        assert message in result.stderr
        assert result.stderr.count("\n") == 1


def test_dealing_goes_on_when_the_server_hiccups(
    study: str, fake: FakeLabelStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps = 0

    def nap(seconds: float) -> None:
        nonlocal naps
        naps += 1
        fake.state.refuse = 1 if naps == 2 else 0
        if naps == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", nap)
    result = at(fake, "deal", study, "--watch")
    assert result.exit_code == 130
    assert naps == 4
    fake.state.refuse = 99
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    assert "500: out of order" in at(fake, "deal", study, "--watch").stderr


def test_serving_until_it_is_stopped(study: str, tmp_path: Path) -> None:
    program = tmp_path / "label-studio"
    paths = [str(ROOT), str(ROOT / "src")]
    lines = (f"#!{sys.executable}", "import sys", f"sys.path[:0] = {paths!r}")
    program.write_text("\n".join([*lines, "from tests.annotate.fake_server import main", "main()"]))
    program.chmod(0o755)
    options = ["--program", str(program), "--every", "1"]
    command = [sys.executable, "-m", "quibble.cli", "annotate", "serve", study, *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        lead = process.stdout.readline()
        dealt = [process.stdout.readline() for _ in range(2)]
        server = running(Path(study) / "label-studio")
        assert server is not None
        assert server.url in lead
        assert server.password in lead
        accounts = json.loads((Path(study) / "label-studio" / "accounts.json").read_bytes())
        assert f"(anna@quibble.invalid, password {accounts['anna@quibble.invalid']})" in dealt[0]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 130
    assert running(Path(study) / "label-studio") is None
