"""From a checkpoint to the files that ship: ONNX with weights in half precision, and a manifest."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn

from quibble import extremes, streaks, tones
from quibble.backends.base import FEATURES, OUTPUTS
from quibble.backends.onnx import GAUGE_OUTPUTS, RANKER_INPUT, RANKER_OUTPUT, READER_INPUTS, READER_OUTPUTS
from quibble.model.gauge import STRUCTURES, DamageGauge
from quibble.model.mask_decoder import CATEGORY_CHANNELS
from quibble.model.perception import Exported, Perception
from quibble.model.ranker import RegionRanker
from quibble.model.reader import RegionReader
from quibble.taxonomy import Category, Distortion
from quibble.train import recipe as recipes
from quibble.train.checkpoint import load_weights


def load_perception(checkpoint: Path) -> tuple[Perception, dict[str, Any]]:
    """The averaged weights of a checkpoint as a model in evaluation mode, and its recipe."""
    weights, recipe = load_weights(checkpoint)
    model = Perception(recipes.from_dict(recipe).model)
    model.load_state_dict(weights)
    return model.eval(), recipe


def export_perception(model: Perception, path: Path) -> None:
    """Write the ONNX file: any batch, any size from 64 pixels, weights as float16 that run as float32."""
    batch, height, width = (torch.export.Dim(n, min=m) for n, m in (("batch", 1), ("height", 64), ("width", 64)))
    example = torch.zeros((2, 160, 192, 3), dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            Exported(model).eval(),
            (example,),
            input_names=["image"],
            output_names=[*OUTPUTS, *FEATURES],
            dynamic_shapes={"image": {0: batch, 1: height, 2: width}},
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    write_graph(program.model_proto, path)


class _ExportedReader(nn.Module):
    """Takes what the perception's graph gives, and gives probabilities: backends.base.Readings."""

    def __init__(self, model: RegionReader) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        categories: Tensor,
        severities: Tensor,
        kinds: Tensor,
        features: list[Tensor],
        regions: Tensor,
        toned: Tensor,
        streaked: Tensor,
    ) -> tuple[Tensor, ...]:
        read = self.model(torch.cat([categories, severities, kinds]), features, regions, toned, streaked)
        return read.presence.sigmoid(), read.extent.sigmoid(), read.severities, read.kinds


def export_reader(model: RegionReader, widths: tuple[int, ...], path: Path) -> None:
    """Write the ONNX file of a region reader: maps and features of one picture of any size, any number of regions."""
    rows, columns = 41, 50
    channels = (CATEGORY_CHANNELS, len(Category), len(Distortion))
    maps = [torch.rand(count, rows, columns) for count in channels]
    features = [torch.rand(width, -(-rows // 2**k), -(-columns // 2**k)) for k, width in enumerate(widths)]
    count, free = torch.export.Dim.AUTO, {1: torch.export.Dim.AUTO, 2: torch.export.Dim.AUTO}
    told = {"tones": torch.rand(3, tones.COUNT), "streaks": torch.rand(3, streaks.COUNT)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            _ExportedReader(model).eval(),
            (*maps, features, torch.ones(3, rows, columns), *told.values()),
            input_names=[*READER_INPUTS, "regions", *told],
            output_names=list(READER_OUTPUTS),
            dynamic_shapes=(free, free, free, [free] * len(features), {0: count, **free}, *({0: count} for _ in told)),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    write_graph(program.model_proto, path)


def export_gauge(model: DamageGauge, widths: tuple[int, ...], path: Path) -> None:
    """Write the ONNX file of a damage gauge: features of a picture and of its original, of any size."""
    rows, columns = 41, 50
    both = [
        [torch.rand(width, -(-rows // 2**k), -(-columns // 2**k)) for k, width in enumerate(widths)] for _ in range(2)
    ]
    free = {1: torch.export.Dim.AUTO, 2: torch.export.Dim.AUTO}
    names = [*FEATURES, *(f"original_{name}" for name in FEATURES), "structure"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model.eval(),
            (*both, torch.rand(STRUCTURES)),
            input_names=names,
            output_names=list(GAUGE_OUTPUTS),
            dynamic_shapes=([free] * len(widths), [free] * len(widths), None),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    write_graph(program.model_proto, path)


class _ExportedRanker(nn.Module):
    """Gives shares, not logits."""

    def __init__(self, model: RegionRanker) -> None:
        super().__init__()
        self.model = model

    def forward(self, told: Tensor) -> Tensor:
        logits: Tensor = self.model(told)
        return logits.sigmoid()


def export_ranker(model: RegionRanker, path: Path) -> None:
    """Write the ONNX file of a region ranker: any number of regions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            _ExportedRanker(model).eval(),
            (torch.rand(5, extremes.COUNT),),
            input_names=[RANKER_INPUT],
            output_names=[RANKER_OUTPUT],
            dynamic_shapes=({0: torch.export.Dim.AUTO},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    write_graph(program.model_proto, path)


def write_graph(proto: onnx.ModelProto, path: Path) -> None:
    """Write an exported graph as it ships: weights in half precision, and nothing of where it was made."""
    halve(proto)
    # Traces of the code behind each node, with the paths of the machine: more bytes than a small model has weights.
    for node in proto.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del proto.graph.value_info[:]
    del proto.graph.metadata_props[:]
    onnx.checker.check_model(proto)
    onnx.save(proto, str(path))


def halve(proto: onnx.ModelProto) -> None:
    """Store large float32 weights as float16 behind a Cast, which the runtime folds away when it loads them.

    Only what is multiplied, convolved or looked up: half precision would move the knots that features are ranked by.
    """
    graph = proto.graph
    users = [node for node in graph.node if node.op_type in ("Conv", "Gather", "Gemm", "MatMul")]
    multiplied = {name for node in users for name in node.input}
    casts = []
    for tensor in graph.initializer:
        large = tensor.data_type == TensorProto.FLOAT and int(np.prod(tensor.dims)) >= 256
        if not large or tensor.name not in multiplied:
            continue
        name = tensor.name
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{name}.half")
        tensor.CopyFrom(half)
        casts.append(onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    for node in reversed(casts):
        graph.node.insert(0, node)


def file_facts(model: Path) -> dict[str, Any]:
    """A file's name, hash and size, as a manifest has them."""
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    return {"file": model.name, "sha256": digest, "bytes": model.stat().st_size}


def write_manifest(path: Path, model: Path, facts: dict[str, Any]) -> None:
    """Write what a user must be able to know of the weights: hash, recipe, commit, data, licences, figures."""
    manifest = file_facts(model) | facts
    path.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")
