"""The language half on simulated evidence: no pictures, no files, as many conversations as there are steps."""

from __future__ import annotations

from pathlib import Path

from quibble.text.grammar import Wording
from quibble.text.tokenizer import nano
from quibble.train.examples import Samples, Simulated
from quibble.train.language import LanguageTrainer
from quibble.train.recipe import LanguageRecipe


def trainer_on_simulated(recipe: LanguageRecipe, folder: Path) -> LanguageTrainer:
    """A run in a folder that learns from training wordings and is validated on those held out."""
    learned, held_out = (
        Samples(Simulated(seed, wording=wording), nano(), visual_tokens=recipe.language.visual_tokens)
        for seed, wording in ((recipe.seed, Wording.TRAINING), (recipe.seed + 1, Wording.HELD_OUT))
    )
    return LanguageTrainer(recipe, folder, learned, held_out)
