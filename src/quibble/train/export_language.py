"""From a checkpoint of the language half to the files that ship: one cached step as ONNX, and a manifest."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import onnx
import torch

from quibble.model.language import CachedStep, Language, LanguageConfig
from quibble.train.export import halve, write_manifest


def export_language(model: Language, path: Path) -> None:
    """Write the ONNX file of CachedStep: weights as float16 that run as float32, the embeddings stored once."""
    step = CachedStep(model).eval()
    shape = (step.layers, 2, step.key_value_heads, step.size)
    width = model.llama.config.hidden_size
    example = (
        torch.tensor([1, 5, *[model.places[0]] * 2, 6]),
        torch.zeros(2, width),
        torch.zeros(7, *shape),
        torch.tensor([2, 4, 3]),
    )
    length, looked, before, rows = (torch.export.Dim(n, min=m) for n, m in _DIMENSIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            step,
            example,
            input_names=["ids", "visual", "past", "rows"],
            output_names=["logits", "hidden", "added"],
            dynamic_shapes=({0: length}, {0: looked}, {0: before}, {0: rows}),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    halve(proto)
    onnx.checker.check_model(proto)
    onnx.save(proto, str(path))


#: of tokens, visual tokens, tokens read before, and rows of logits
_DIMENSIONS = (("length", 1), ("looked", 0), ("before", 0), ("rows", 1))


def write_language(model: Language, config: LanguageConfig, folder: Path, facts: dict[str, Any]) -> None:
    """Fill a folder that backends.language.OnnxLanguage reads. facts: name, and what a user must be able to know."""
    folder.mkdir(parents=True, exist_ok=True)
    export_language(model, folder / "language.onnx")
    sizes = {"context": config.context, "visual_tokens": config.visual_tokens}
    write_manifest(folder / "manifest.json", folder / "language.onnx", sizes | facts)
