"""Export a checkpoint of the language half as the model in the package: ONNX and manifest.

    python scripts/release_language.py runs/pictures/last.pt --name nano-language-0.1 \
        --out src/quibble/weights/nano/language

A checkpoint of training with pictures takes the parts between pictures and words along. It goes with the perception
that it was trained with, and with no other. With --average the words are the mean of its own and of those that it began
with, or of those that learned more since.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from quibble.model.language import Language
from quibble.model.lmm import Lmm
from quibble.train.checkpoint import commit, load_weights
from quibble.train.export_language import write_language
from quibble.train.language import load_language
from quibble.train.pictures import averaged, load_lmm
from quibble.train.recipe import LanguageRecipe, PicturesRecipe

DATA = "conversations written by quibble.pipelines.talk about simulated evidence; no text of others"
PICTURES = "; and about octopus records of distorted photographs, those that the perception was trained on"
#: Of a recipe: what mostly says where the data of one machine lies.
PLACES = {"init", "records", "held_out", "perception", "dense", "opinion"}


def without_places(recipe: dict[str, Any]) -> dict[str, Any]:
    kept = {k: without_places(v) if isinstance(v, dict) else v for k, v in recipe.items()}
    return {k: v for k, v in kept.items() if k not in PLACES}


def eyes_of(recipe: LanguageRecipe) -> str:
    return recipe.pictures.eyes if isinstance(recipe, PicturesRecipe) else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--average", type=Path, help="the words that training with pictures began with")
    arguments = parser.parse_args()
    pictures = "pictures" in load_weights(arguments.checkpoint)[1]
    model, recipe = load_lmm(arguments.checkpoint) if pictures else load_language(arguments.checkpoint)
    if arguments.average is not None:
        if not isinstance(model, Lmm):
            parser.error("--average is for a checkpoint of training with pictures")
        # Those of restore_language.py come with the recipe of the whole.
        words = Language.random(recipe.language)
        words.load_state_dict(load_weights(arguments.average)[0])
        model = averaged(model, words)
    facts = {
        "name": arguments.name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "data": DATA + (PICTURES if pictures or recipe.data.records else ""),
        "commit": commit(),
        "recipe": without_places(recipe.to_dict()),
    }
    write_language(model, recipe.language, arguments.out, facts, eyes=eyes_of(recipe))
    size = sum(file.stat().st_size for file in arguments.out.iterdir())
    print(f"{arguments.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
