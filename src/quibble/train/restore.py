"""From the files that ship back to weights that can be trained on: the inverse of export_language."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from quibble.backends.visual import PARTS
from quibble.errors import ModelError
from quibble.model.language import Language
from quibble.model.lmm import Lmm
from quibble.train.export_language import write_language
from quibble.train.pictures import make_lmm
from quibble.train.recipe import LanguageRecipe, PicturesRecipe, language_from_dict, pictures_from_dict

Weights = NDArray[np.float32]

#: Half precision moves the twin's weights by less than this; they differ from each other by more.
_ALIKE = 2e-3


def restore(folder: Path) -> tuple[Language | Lmm, LanguageRecipe]:
    """The model that a folder of write_language was exported from, in evaluation mode, and the recipe that made it.

    Its weights are those of the files, most of them in half precision. Graphs name what they hold as the exporter
    likes, so a twin with random weights is exported too: what of the twin is where, is found by value. Raises
    ModelError for a folder that this version would export otherwise.
    """
    facts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    shown = "parts" in facts
    recipe: LanguageRecipe = pictures_from_dict(facts["recipe"]) if shown else language_from_dict(facts["recipe"])
    model: Language | Lmm = make_lmm(recipe) if isinstance(recipe, PicturesRecipe) else Language.random(recipe.language)
    _scatter(model)
    with tempfile.TemporaryDirectory() as twin:
        write_language(model, recipe.language, Path(twin), {"name": "twin"})
        names = ("language", *PARTS) if shown else ("language",)
        held = {name: (_held(Path(twin) / f"{name}.onnx"), _held(folder / f"{name}.onnx")) for name in names}
    found: dict[str, torch.Tensor] = {}
    for name, parameter in model.named_parameters():
        found[name] = torch.from_numpy(_found(parameter.detach().numpy(), held.values(), name))
    model.load_state_dict(found, strict=False)
    return model.eval(), recipe


def _scatter(model: nn.Module) -> None:
    """Random weights no two of which are alike, biases too."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=generator) - 0.5)


def _held(path: Path) -> Mapping[str, Weights]:
    """The numbers that a graph holds, by name."""
    graph = onnx.load(str(path)).graph
    return {held.name: numpy_helper.to_array(held).astype(np.float32) for held in graph.initializer}


def _found(parameter: Weights, held: Any, name: str) -> Weights:
    """What the package's graphs hold where the twin's hold a parameter, maybe turned."""
    for twin, real in held:
        for key, value in twin.items():
            if value.size != parameter.size:
                continue
            for turned in (False, True) if parameter.ndim == 2 else (False,):
                own = parameter.T if turned else parameter
                if np.abs(own.ravel() - value.ravel()).max() < _ALIKE:
                    if key not in real or real[key].shape != value.shape:
                        raise ModelError(f"the export has no {key} like this version's: it was made by another")
                    there = real[key].reshape(own.shape)
                    return np.array(there.T if turned else there)
    raise ModelError(f"the exported graphs do not hold {name} as it is")
