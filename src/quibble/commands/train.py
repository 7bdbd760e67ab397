"""`quibble train`: one loop, told by a recipe what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from quibble.errors import MissingExtraError

if TYPE_CHECKING:
    from quibble.train.gauging import GaugeTrainer
    from quibble.train.language import LanguageTrainer
    from quibble.train.loop import Trainer
    from quibble.train.ranking import RankerTrainer
    from quibble.train.reading import ReaderTrainer
    from quibble.train.tuner import Tuner

_EXAMPLES = """\b
Examples:
  quibble train recipes/nano-perception.toml --out runs/nano
  quibble train recipes/nano-perception.toml --out runs/short --set steps=2000 --set optim.lr=1e-3
  quibble train recipes/nano-reader.toml --out runs/reader
  quibble train recipes/nano-gauge.toml --out runs/gauge
  quibble train recipes/nano-ranker.toml --out runs/ranker
  quibble train recipes/nano-language.toml --out runs/language
  quibble train recipes/nano-pictures.toml --out runs/pictures --set init=runs/language/last.pt
  quibble train recipes/depictqa.toml --out runs/depictqa --set parts.language=models/vicuna-7b-v1.5
  accelerate launch --num_processes 8 -m quibble train recipes/depictqa.toml --out runs/depictqa
  quibble train recipes/nano-perception.toml --out runs/nano        (again: goes on where it stopped)
"""


@click.command(epilog=_EXAMPLES)
@click.argument("recipe", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The run's folder.")
@click.option(
    "overrides", "--set", metavar="KEY=VALUE", multiple=True, help="Change a value of the recipe. Repeatable."
)
@click.option(
    "--cache", type=click.Path(path_type=Path, file_okay=False), help="Where decoded or seen pictures are kept."
)
def train(recipe: Path, out: Path, overrides: tuple[str, ...], cache: Path | None) -> None:
    """Train a model by a recipe (TOML), with checkpoints every few minutes.

    A run that was stopped goes on from its last checkpoint when the same command is given again. Figures go to stdout,
    to log.jsonl and to TensorBoard files in the run's folder.
    """
    try:
        trainer = _trainer(recipe, out, overrides, cache)
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "torch", "train") from error
    trainer.train()


def _trainer(
    recipe: Path, out: Path, overrides: tuple[str, ...], cache: Path | None
) -> Trainer | LanguageTrainer | ReaderTrainer | GaugeTrainer | RankerTrainer | Tuner:
    from quibble.train.recipe import GaugeRecipe, LanguageRecipe, PicturesRecipe, RankerRecipe, ReaderRecipe, load_any
    from quibble.train.tuning_recipe import TuningRecipe

    read = load_any(recipe, overrides)
    if isinstance(read, TuningRecipe):
        from quibble.train.tuner import Tuner

        return Tuner(read, out)
    if isinstance(read, PicturesRecipe):
        from quibble.backends.onnx import OnnxPerception
        from quibble.backends.weights import NANO
        from quibble.train.lessons import pictures_trainer

        perception = OnnxPerception(Path(read.pictures.perception or NANO), threads=1)
        return pictures_trainer(read, out, perception, cache or out / "cache")
    if isinstance(read, ReaderRecipe):
        from quibble.backends.onnx import OnnxPerception
        from quibble.backends.weights import NANO
        from quibble.train.reading import ReaderTrainer

        perception = OnnxPerception(Path(read.reader.perception or NANO), threads=1)
        return ReaderTrainer(read, out, perception, cache or out / "cache")
    if isinstance(read, GaugeRecipe):
        from quibble.backends.onnx import OnnxPerception
        from quibble.backends.weights import NANO
        from quibble.train.gauging import GaugeTrainer

        perception = OnnxPerception(Path(read.gauge.perception or NANO), threads=1)
        return GaugeTrainer(read, out, perception, cache or out / "cache")
    if isinstance(read, RankerRecipe):
        from quibble.backends.onnx import OnnxPerception
        from quibble.backends.weights import NANO
        from quibble.train.ranking import RankerTrainer

        return RankerTrainer(read, out, OnnxPerception(Path(read.ranker.perception or NANO), threads=1))
    if not isinstance(read, LanguageRecipe):
        from quibble.train.loop import Trainer

        return Trainer(read, out, cache=cache)
    from quibble.train.lessons import language_trainer

    return language_trainer(read, out)
