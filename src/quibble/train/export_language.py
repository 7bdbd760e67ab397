"""From a checkpoint of the language half to the files that ship: ONNX graphs and a manifest."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from quibble.backends.base import FEATURES
from quibble.backends.visual import PARTS
from quibble.model.language import CachedStep, Language, LanguageConfig
from quibble.model.lmm import Lmm
from quibble.train.export import file_facts, write_graph, write_manifest


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
    names = ["ids", "visual", "past", "rows"], ["logits", "hidden", "added"]
    _export(step, example, path, names, ({0: length}, {0: looked}, {0: before}, {0: rows}))


def export_parts(model: Lmm, folder: Path) -> list[Path]:
    """Write the ONNX files of backends.visual.PARTS, for features of any size and a single picture."""
    sizes = [(40, 56), (20, 28), (10, 14), (5, 7)]
    features = [torch.zeros(1, c, *size) for c, size in zip(model.eyes.widths, sizes, strict=True)]
    anywhere = [
        {2: torch.export.Dim(f"rows{n}", min=2), 3: torch.export.Dim(f"columns{n}", min=2)} for n in range(len(sizes))
    ]
    region, segmentation = model.region, model.segmentation
    assert region is not None
    assert segmentation is not None
    width = model.language.llama.config.hidden_size
    inside, hidden = torch.zeros(1, *sizes[0]), torch.zeros(1, segmentation.tokens, width)
    within = {1: torch.export.Dim("height", min=2), 2: torch.export.Dim("width", min=2)}
    scales = len(model.segmented)
    whole: tuple[tuple[nn.Module, Any, Any, list[str]], ...] = (
        (model.projector, (features,), (anywhere,), [*FEATURES]),
        (region, (features, inside), (anywhere, within), [*FEATURES, "inside"]),
        (segmentation, (features[:scales], hidden), (anywhere[:scales], {}), [*FEATURES[:scales], "hidden"]),
    )
    paths = [folder / f"{name}.onnx" for name in PARTS]
    for path, (part, example, dynamic, names) in zip(paths, whole, strict=True):
        _export(part.eval(), example, path, (names, ["out"]), dynamic)
    return paths


def _export(
    module: nn.Module, example: tuple[Any, ...], path: Path, names: tuple[Sequence[str], Sequence[str]], dynamic: Any
) -> None:
    """names: of inputs and outputs. dynamic: which axes of the inputs are of any size."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            example,
            input_names=names[0],
            output_names=names[1],
            dynamic_shapes=dynamic,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    write_graph(program.model_proto, path)


#: of tokens, visual tokens, tokens read before, and rows of logits
_DIMENSIONS = (("length", 1), ("looked", 0), ("before", 0), ("rows", 1))


def write_language(
    model: Language | Lmm, config: LanguageConfig, folder: Path, facts: dict[str, Any], *, eyes: str = ""
) -> None:
    """Fill a folder that backends.speaker.OnnxSpeaker reads. facts: name, and what a user must be able to know.

    eyes: of an Lmm, hash of the perception whose features it was trained on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    export_language(model.language if isinstance(model, Lmm) else model, folder / "language.onnx")
    sizes: dict[str, Any] = {"context": config.context, "visual_tokens": config.visual_tokens}
    if isinstance(model, Lmm):
        parts = {path.stem: file_facts(path) for path in export_parts(model, folder)}
        sizes |= {"eyes": eyes, "parts": parts}
    write_manifest(folder / "manifest.json", folder / "language.onnx", sizes | facts)
