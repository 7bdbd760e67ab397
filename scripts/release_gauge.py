"""Put a fitted damage gauge beside the perception it was fitted on, and measure it on held-out photographs.

    python scripts/release_gauge.py runs/gauge/gauge.safetensors --out src/quibble/weights/nano --cache runs/nano/cache

Measured on pairs of versions of every held-out photograph, clean or not: on the even-numbered ones the slopes, from
points to the probability that one is better, on the odd-numbered ones the share of pairs that are told right.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from evaluate_perception import print_figures
from quibble.backends.onnx import OnnxPerception
from quibble.train.export import export_gauge, file_facts
from quibble.train.gauging import GaugeTrainer, accuracies, load_gauge
from quibble.train.versions import Versions
from release_language import without_places
from release_reader import write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gauge", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="the folder of the exported perception")
    parser.add_argument("--cache", type=Path, required=True, help="the folder of decoded pictures of the training run")
    arguments = parser.parse_args()
    manifest = arguments.out / "manifest.json"
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    perception = OnnxPerception(arguments.out, threads=1)
    model, recipe = load_gauge(arguments.gauge, perception.widths)
    graph = arguments.out / "gauge.onnx"
    export_gauge(model, perception.widths, graph)
    seen = GaugeTrainer(recipe, arguments.gauge.parent, perception, arguments.cache).look_at_held_out()
    even, odd = (accuracies(model, Versions(*(column[half::2] for column in seen))) for half in (0, 1))
    figures = {name: round(value, 4) for name, value in odd.items() if not name.startswith("slope")}
    slopes = [round(even[f"slope_{name}"], 4) for name in ("alone", "against")]
    parameters = sum(p.numel() for p in model.parameters())
    kept = without_places(recipe.to_dict())
    facts["gauge"] = file_facts(graph) | {
        "parameters": parameters,
        "slopes": slopes,
        "recipe": kept,
        "figures": figures,
    }
    write(manifest, facts)
    print_figures(figures)


if __name__ == "__main__":
    main()
