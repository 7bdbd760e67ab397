"""What the language half learns from, by a recipe: simulated evidence without end, and pictures that exist."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from quibble.assessor import Assessor
from quibble.backends.base import FeatureBackend
from quibble.errors import RecipeError
from quibble.text.grammar import Wording
from quibble.text.tokenizer import nano
from quibble.train.examples import Example, Samples, Simulated, Source
from quibble.train.journal import say
from quibble.train.kept import KeptPerception
from quibble.train.language import LanguageTrainer
from quibble.train.pictures import Lessons, PicturesTrainer
from quibble.train.recipe import LanguageRecipe, PicturesRecipe
from quibble.train.recorded import Perceived, Recorded, perceive

#: Seconds after which whoever watches hears again how far it is.
_QUIET: Final = 20.0


class Mixed:
    """Two sources: item i comes from the second with a probability of `share`."""

    def __init__(self, seed: int, first: Source, second: Source, share: float) -> None:
        self.seed, self.first, self.second, self.share = seed, first, second, share

    def __getitem__(self, number: int) -> Example:
        rng = np.random.default_rng([self.seed, 3, number])
        # Numbers of the second source are drawn, so that every record comes up in every part of a run.
        return self.second[int(rng.integers(2**31))] if rng.random() < self.share else self.first[number]


def pictures_trainer(recipe: PicturesRecipe, folder: Path, perception: FeatureBackend, cache: Path) -> PicturesTrainer:
    """A run in a folder that learns from records with their pictures beside simulated evidence without any.

    cache: where looks at pictures are kept. Raises RecipeError for records or held-out records that are missing, and
    for a perception that is not the one the recipe names.
    """
    if recipe.pictures.eyes not in ("", perception.eyes):
        raise RecipeError(f"pictures.eyes: this recipe is for another perception than {perception.name}")
    seen = replace(recipe.pictures, eyes=perception.eyes, widths=perception.widths)
    recipe = replace(recipe, pictures=seen)
    assessor = Assessor(KeptPerception(perception, cache))
    shown = {
        "data.records": Recorded(recipe.seed, _perceived(recipe.data.records, assessor), shown=True),
        "pictures.held_out": Recorded(
            recipe.seed + 1, _perceived(recipe.pictures.held_out, assessor), wording=Wording.HELD_OUT, shown=True
        ),
    }
    for key, records in shown.items():
        if not len(records):
            raise RecipeError(f"{key}: there are no records in this folder")
    learned = Mixed(recipe.seed, Simulated(recipe.seed), shown["data.records"], recipe.data.recorded)
    held_out = Simulated(recipe.seed + 1, wording=Wording.HELD_OUT)
    tokens = recipe.language.visual_tokens
    sources = (learned, held_out, shown["pictures.held_out"])
    lessons = (Lessons(source, nano(), assessor, visual_tokens=tokens) for source in sources)
    return PicturesTrainer(recipe, folder, *lessons)


def language_trainer(recipe: LanguageRecipe, folder: Path, assessor: Assessor | None = None) -> LanguageTrainer:
    """A run in a folder that learns from training wordings and is validated on those held out.

    assessor: whose perception looks at the recipe's records; the package's own if there is none. Raises RecipeError
    for a folder of records that holds none.
    """
    learned: Source = Simulated(recipe.seed)
    if recipe.data.records:
        items = list(_perceived(recipe.data.records, assessor or Assessor()))
        if not items:
            raise RecipeError(f"data.records: there are no records in '{recipe.data.records}'")
        learned = Mixed(recipe.seed, learned, Recorded(recipe.seed, items), recipe.data.recorded)
    held_out = Simulated(recipe.seed + 1, wording=Wording.HELD_OUT)
    tokens = recipe.language.visual_tokens
    samples = (Samples(source, nano(), visual_tokens=tokens) for source in (learned, held_out))
    return LanguageTrainer(recipe, folder, *samples)


def _perceived(folder: str, assessor: Assessor) -> Iterator[Perceived]:
    """As perceive, and says now and then how far it is: a look takes a good part of a second."""
    say(f"looking at the records of {folder}")
    started = told = time.monotonic()
    for number, item in enumerate(perceive(folder, assessor), start=1):
        yield item
        now = time.monotonic()
        if now - told > _QUIET:
            say(f"{number} records seen  {number / (now - started):.1f} a second")
            told = now
