"""Everything a run needs to go on as if it had never stopped."""

from __future__ import annotations

import json
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from quibble.errors import RecipeError
from quibble.model.vision import Block, Context
from quibble.train.recipe import AnyRecipe


@dataclass(kw_only=True)
class Run:
    """The state of a run. `step` is also the place in the data: items are numbered, not drawn."""

    model: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    step: int = 0


def save(run: Run, recipe: AnyRecipe, path: Path) -> None:
    """Write to a temporary name, then rename: a kill leaves the last checkpoint whole."""
    temporary = path.with_suffix(".tmp")
    torch.save(
        {
            "recipe": recipe.to_dict(),
            "commit": commit(),
            "step": run.step,
            "model": run.model.state_dict(),
            "average": run.average.state_dict(),
            "optimizer": run.optimizer.state_dict(),
            "rng": torch.get_rng_state(),
        },
        temporary,
    )
    temporary.replace(path)


def resume(run: Run, recipe: AnyRecipe, path: Path) -> None:
    """Load a checkpoint into a fresh run. Raises RecipeError if it was made by another recipe."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    then, now = dict(state["recipe"]), recipe.to_dict()
    differing = [key for key in now if _plain(then.get(key)) != _plain(now[key]) and key not in _MAY_CHANGE]
    if differing:
        raise RecipeError(
            f"{path} was made with another {', '.join(differing)}: train into a new folder, or start from its "
            "weights with init"
        )
    run.model.load_state_dict(state["model"])
    run.average.load_state_dict(state["average"])
    run.optimizer.load_state_dict(state["optimizer"])
    run.step = state["step"]
    torch.set_rng_state(state["rng"])


#: How the names of an opinion head's weights begin.
_OPINION = "opinion."


def load_weights(path: Path | str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The averaged weights and the recipe of a checkpoint, or of the small file that save_weights wrote."""
    if Path(path).suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a mapping
            return _named(weights), json.loads(file.metadata()["recipe"])
    state = torch.load(path, map_location="cpu", weights_only=True)
    return _named(state["average"]), state["recipe"]


def _named(weights: dict[str, Any]) -> dict[str, Any]:
    """Weights by the names of today: opinion heads of nano-0.5 and before had one member."""
    return {name.replace(f"{_OPINION}layers.", f"{_OPINION}members.0."): value for name, value in weights.items()}


def begin_with(model: nn.Module, path: Path | str) -> None:
    """Load a checkpoint's weights, of a model as deep or shallower: blocks that it lacks stay the identity they are.
    An opinion head of another shape is left out: the head is fitted anew at the end.

    Raises RecipeError if anything else is missing, left over or of another shape.
    """
    weights, recipe = load_weights(path)
    own = model.state_dict()
    heads = [{k: v.shape for k, v in named.items() if k.startswith(_OPINION)} for named in (weights, own)]
    if heads[0] != heads[1]:
        weights = {k: own[k] for k in heads[1]} | {k: v for k, v in weights.items() if k not in heads[0]}
    blocks = {f"{name}." for name, part in model.named_modules() if isinstance(part, Block | Context)}
    grown = {b for b in blocks if not any(name.startswith(b) for name in weights)}
    lacking = [k for k in own if k not in weights and not any(k.startswith(b) for b in grown)]
    other = [k for k, v in weights.items() if k not in own or own[k].shape != v.shape]
    if lacking or other:
        shape = f"; it was made with model = {json.dumps(recipe['model'])}" if "model" in recipe else ""
        raise RecipeError(
            f"{path} holds another model, see {(lacking + other)[0]}: blocks may be added, not changed{shape}"
        )
    model.load_state_dict(own | weights)


def save_weights(weights: dict[str, torch.Tensor], recipe: dict[str, Any], path: Path) -> None:
    """Keep weights to train on from, kernels and matrices in half precision, with the recipe that made them."""
    halved = {k: (v.half() if k.endswith("weight") and v.ndim > 1 else v).contiguous() for k, v in weights.items()}
    save_file(halved, path, metadata={"recipe": json.dumps(recipe)})


def seed_everything(seed: int) -> None:
    """For initial weights and dropout; data never draws from these."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - third-party code may use it
    torch.manual_seed(seed)


def commit() -> str:
    """The commit of the checkout that this runs from, "" if there is none."""
    here = Path(__file__).parent
    result = subprocess.run(["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return result.stdout.strip()


#: Parts of a recipe that do not change what is learned.
_MAY_CHANGE = {"workers", "validate_every", "checkpoint_minutes"}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
