"""What the language half learns from, by a recipe: simulated evidence without end, and pictures that exist."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from quibble.assessor import Assessor
from quibble.errors import RecipeError
from quibble.text.grammar import Wording
from quibble.text.tokenizer import nano
from quibble.train.examples import Example, Samples, Simulated, Source
from quibble.train.language import LanguageTrainer
from quibble.train.recipe import LanguageRecipe
from quibble.train.recorded import Recorded, perceive


class Mixed:
    """Two sources: item i comes from the second with a probability of `share`."""

    def __init__(self, seed: int, first: Source, second: Source, share: float) -> None:
        self.seed, self.first, self.second, self.share = seed, first, second, share

    def __getitem__(self, number: int) -> Example:
        rng = np.random.default_rng([self.seed, 3, number])
        # Numbers of the second source are drawn, so that every record comes up in every part of a run.
        return self.second[int(rng.integers(2**31))] if rng.random() < self.share else self.first[number]


def language_trainer(recipe: LanguageRecipe, folder: Path, assessor: Assessor | None = None) -> LanguageTrainer:
    """A run in a folder that learns from training wordings and is validated on those held out.

    assessor: whose perception looks at the recipe's records; the package's own if there is none. Raises RecipeError
    for a folder of records that holds none.
    """
    learned: Source = Simulated(recipe.seed)
    if recipe.data.records:
        items = list(perceive(recipe.data.records, assessor or Assessor()))
        if not items:
            raise RecipeError(f"data.records: there are no records in '{recipe.data.records}'")
        learned = Mixed(recipe.seed, learned, Recorded(recipe.seed, items), recipe.data.recorded)
    held_out = Simulated(recipe.seed + 1, wording=Wording.HELD_OUT)
    tokens = recipe.language.visual_tokens
    samples = (Samples(source, nano(), visual_tokens=tokens) for source in (learned, held_out))
    return LanguageTrainer(recipe, folder, *samples)
