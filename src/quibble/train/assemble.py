"""From a recipe's parts to a model that is ready to learn, with its tokenizer."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import chain
from typing import Any, Final, NamedTuple

import torch
from torch import nn

from quibble.errors import RecipeError
from quibble.model.adapters import is_adapter
from quibble.model.composition import Composition
from quibble.model.stored import Stored, from_parts, load, load_tokenizer, recompose, resize_vocabulary
from quibble.text.template import MASK_TOKEN, PICTURE
from quibble.train.tuning_recipe import Parts, TuningRecipe

#: Precisions by their names in recipes.
DTYPES: Final = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
#: Fields of a composition that a recipe may set.
_SET: Final = ("projector", "projected", "grid", "width", "heads", "side", "fit", "tiles")


class Assembled(NamedTuple):
    """stored: with exactly what learns asking for gradients. tokenizer: one of transformers'."""

    stored: Stored
    tokenizer: Any


def assemble(recipe: TuningRecipe) -> Assembled:
    """Load or join the parts, add the tokens that they lack, inject adapters, and say what learns."""
    parts, dtype = recipe.parts, DTYPES[recipe.frozen]
    tokenizer = load_tokenizer(parts.model or parts.language)
    if parts.model:
        loaded = load(parts.model, dtype=dtype)
        composition = _with_tokens(_joined(loaded.composition, parts), tokenizer, loaded.composition.image_token)
        stored = recompose(loaded, composition)
    else:
        composition = _with_tokens(_joined(Composition(), parts), tokenizer, None)
        stored = from_parts(parts.vision, parts.language, composition, dtype=dtype)
    resize_vocabulary(stored, len(tokenizer))
    stored.merge()
    stored.template = asdict(recipe.template)
    if recipe.lora.rank:
        stored.adapt(recipe.lora)
    _choose(stored, recipe)
    return Assembled(stored, tokenizer)


def _joined(composition: Composition, parts: Parts) -> Composition:
    """The composition with what the recipe sets."""
    chosen = {name: getattr(parts, name) for name in _SET if getattr(parts, name)}
    masks = parts.masks if parts.masks.layers else composition.masks
    return replace(composition, **chosen, masks=masks)


def _with_tokens(composition: Composition, tokenizer: Any, image: int | None) -> Composition:
    """The composition with the numbers of its tokens, which are added to the tokenizer if it lacks them."""
    if image is None:
        tokenizer.add_tokens([PICTURE], special_tokens=True)
        image = int(tokenizer.convert_tokens_to_ids(PICTURE))
    if not composition.masks.tokens:
        return replace(composition, image_token=image)
    names = [MASK_TOKEN.format(number) for number in range(composition.masks.tokens)]
    tokenizer.add_tokens(names, special_tokens=True)
    numbers = [int(n) for n in tokenizer.convert_tokens_to_ids(names)]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise RecipeError(
            f"the tokenizer has other tokens between {names[0]} and {names[-1]}: begin from another model"
        )
    return replace(composition, image_token=image, segmentation_token=numbers[0])


def _choose(stored: Stored, recipe: TuningRecipe) -> None:
    """Gradients, in single precision, for what the recipe names and for nothing else."""
    model, llama = stored.model, stored.llama
    model.requires_grad_(False)
    if "masks" in recipe.train and model.segmentation is None:
        raise RecipeError("'train' names masks, and 'parts.masks.layers' is empty")
    ends = (llama.get_input_embeddings(), llama.get_output_embeddings())
    groups: dict[str, list[nn.Parameter]] = {
        "vision": list(stored.tower.vision.parameters()),
        "projector": [*model.projector.parameters(), *([model.newline] if model.newline is not None else [])],
        "language": list(llama.parameters()),
        "embeddings": [parameter for end in ends for parameter in end.parameters()],
        "masks": list(model.segmentation.parameters()) if model.segmentation is not None else [],
    }
    injected = (parameter for name, parameter in llama.named_parameters() if is_adapter(name))
    idle = {id(parameter) for parameter in stored.tower.idle_parameters()}
    for parameter in chain(injected, *(groups[name] for name in recipe.train)):
        if id(parameter) not in idle:
            parameter.requires_grad_(True)
            parameter.data = parameter.data.float()
