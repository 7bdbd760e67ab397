"""What README.md and docs/ show is what happens: Python and console blocks run in order, and their output is exact."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from skimage import data

from quibble.cli import main
from quibble.image import save

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with what the pages take for granted: photo.jpg, and photos/ with three photographs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    Path("photos").mkdir()
    for name in ("astronaut", "coffee", "chelsea"):
        save(getattr(data, name)(), Path("photos", f"{name}.jpg"))
    shutil.copy("photos/astronaut.jpg", "photo.jpg")
    return tmp_path


def transcript(console: str) -> str:
    """A console block's commands, each with the output that it really has."""
    shown = []
    for command in re.findall(r"^\$ ((?:.*\\\n)*.*)$", console, re.MULTILINE):
        name, *args = shlex.split(command.replace("\\\n", ""))
        assert name == "quibble", f"only quibble's own commands can be shown, found {name}"
        shown.append(f"$ {command}\n{CliRunner().invoke(main, args).output}")
    return "".join(shown)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_do_what_they_show(page: Path, here: Path) -> None:
    namespace: dict[str, Any] = {}
    printed = ""
    for language, block in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(block, page.name, "exec"), namespace)
            printed = out.getvalue()
        elif language == "text":
            assert printed == block
        elif language == "console":
            assert transcript(block) == block


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_two_commands_of_the_readme_are_there() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    shown = re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert {"demo", "test"} <= set(shown) <= set(targets)


def test_the_tables_of_the_distortions_are_current() -> None:
    script = ROOT / "scripts" / "distortion_tables.py"
    assert subprocess.run([sys.executable, str(script), "--check"], check=False).returncode == 0


def test_architecture_names_every_part() -> None:
    table = (ROOT / "docs" / "architecture.md").read_text()
    parts = {path.stem for path in (ROOT / "src" / "quibble").iterdir()} - {"__init__", "__pycache__", "_version", "py"}
    named = set(re.findall(r"`(\w+)/?`", table))
    assert parts - named == set()


def test_the_figures_of_the_model_card_are_current() -> None:
    script = ROOT / "scripts" / "model_card.py"
    assert subprocess.run([sys.executable, str(script), "--check"], check=False).returncode == 0
