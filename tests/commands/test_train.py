from pathlib import Path

import pytest
from click.testing import CliRunner

import quibble.backends.onnx
from quibble.commands.train import train
from quibble.pipelines.octopus import build
from quibble.pipelines.plans import Task
from quibble.pipelines.settings import Settings
from quibble.train.language import load_language
from quibble.train.pictures import load_lmm
from tests.fake_backend import FakeBackend
from tests.pipelines.conftest import LONG_SIDE, photos_folder

__all__ = ["photos_folder"]

RECIPES = Path(__file__).parents[2] / "recipes"


def test_the_language_half_is_trained_by_its_recipe(tmp_path: Path) -> None:
    small = ["language.width=32", "language.layers=1", "language.heads=2", "language.intermediate=32"]
    # Accelerate keeps one precision a process, and the other tests' runs have the plain one.
    short = ["precision=no", "steps=2", "workers=0", "data.batch=4", "data.validate=4", "optim.warmup_steps=1"]
    changes = [part for change in (*small, *short) for part in ("--set", change)]
    result = CliRunner().invoke(
        train, [str(RECIPES / "nano-language.toml"), "--out", str(tmp_path), *changes], catch_exceptions=False
    )
    assert result.exit_code == 0
    assert "step 2/2  val/loss" in result.output
    model, recipe = load_language(tmp_path / "last.pt")
    assert recipe.steps == 2
    assert model.llama.config.vocab_size == 4096


def test_it_goes_on_with_pictures(photos_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(photos_folder, tmp_path / "records", Settings(records=2, long_side=LONG_SIDE, mix={Task.LOCAL: 1}))
    opened: list[Path] = []

    def opening(folder: Path, *, threads: int) -> FakeBackend:
        opened.append(folder)
        return FakeBackend()

    monkeypatch.setattr(quibble.backends.onnx, "OnnxPerception", opening)
    small = ["language.width=32", "language.layers=1", "language.heads=2", "language.intermediate=32"]
    short = ["precision=no", "steps=1", "workers=0", "data.batch=2", "data.validate=2", "pictures.validate=2"]
    folders = [f"{key}={tmp_path / 'records'}" for key in ("data.records", "pictures.held_out")]
    changes = [part for change in (*small, *short, *folders, "pictures.perception=mine") for part in ("--set", change)]
    command = [str(RECIPES / "nano-pictures.toml"), "--out", str(tmp_path / "run"), *changes]
    result = CliRunner().invoke(train, command, catch_exceptions=False)
    assert result.exit_code == 0
    assert "val/records/loss" in result.output
    assert opened == [Path("mine")]
    assert (tmp_path / "run" / "cache" / f"looks-{FakeBackend.eyes}").is_dir()
    assert load_lmm(tmp_path / "run" / "last.pt")[1].steps == 1
