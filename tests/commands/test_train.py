from pathlib import Path

from click.testing import CliRunner

from quibble.commands.train import train
from quibble.train.language import load_language

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
