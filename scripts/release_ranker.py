"""Put a fitted region ranker beside the perception and the reader it was fitted on, and measure it on held-out records.

    python scripts/release_ranker.py runs/ranker/ranker.safetensors --out src/quibble/weights/nano

Measured as mean intersection over union, of the region that is taken for the one with the most of a category (or of
damage) with the one that truly has it, and of the least.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from evaluate_perception import print_figures
from quibble.backends.onnx import OnnxPerception
from quibble.train.export import export_ranker, file_facts
from quibble.train.ranking import RankerTrainer, load_ranker, overlap
from release_language import without_places
from release_reader import write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ranker", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="the folder of the exported perception")
    arguments = parser.parse_args()
    manifest = arguments.out / "manifest.json"
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    model, recipe = load_ranker(arguments.ranker)
    graph = arguments.out / "ranker.onnx"
    export_ranker(model, graph)
    perception = OnnxPerception(arguments.out, threads=1)
    seen = RankerTrainer(recipe, arguments.ranker.parent, perception).look_at_held_out()
    figures = {name: round(value, 4) for name, value in overlap(model, seen).items()}
    facts["ranker"] = file_facts(graph) | {
        "parameters": sum(p.numel() for p in model.parameters()),
        "recipe": without_places(recipe.to_dict()),
        "figures": figures,
    }
    write(manifest, facts)
    print_figures(figures)


if __name__ == "__main__":
    main()
