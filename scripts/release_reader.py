"""Put a fitted region reader beside the perception it was fitted on, and calibrate and measure both together.

    python scripts/release_reader.py runs/reader/reader.safetensors --name nano-0.7 --out src/quibble/weights/nano \
        --cache runs/nano/cache

Thresholds, confidences and intervals are fitted on the even-numbered validation pictures, the cuts of whole maps on
training photographs; the figures that go into the manifest are those of scripts/evaluate_perception.py.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from evaluate_perception import SEED, Validation, evaluate, print_figures
from quibble.backends.onnx import OnnxPerception
from quibble.train.export import export_reader, file_facts
from quibble.train.palette import fit_paint
from quibble.train.reading import load_reader
from quibble.train.recipe import Recipe
from quibble.train.sources import find_photos
from quibble.train.validation import whole_pictures
from release_language import without_places
from release_perception import COPIES, calibrated

#: Pictures made of each training photograph with a region map, for the cuts: with one of each they are chosen by luck.
COPIES_PAINTED = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reader", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, required=True, help="the folder of the exported perception")
    parser.add_argument("--cache", type=Path, required=True, help="the folder of decoded pictures of the training run")
    parser.add_argument("--false-findings", type=float, default=0.1, help="allowed on a well-rated photograph")
    arguments = parser.parse_args()
    manifest = arguments.out / "manifest.json"
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    widths = OnnxPerception(arguments.out).widths
    model, recipe = load_reader(arguments.reader, widths)
    graph = arguments.out / "reader.onnx"
    export_reader(model, widths, graph)
    parameters = sum(p.numel() for p in model.parameters())
    kept = without_places(recipe.to_dict())
    told = {"parameters": parameters, "streaks": True, "recipe": kept}
    facts |= {"name": arguments.name, "reader": file_facts(graph) | told}
    write(manifest, facts)

    where = Recipe(name=recipe.name, dense=recipe.dense, opinion=recipe.opinion)
    many = Validation.read(where, arguments.cache, each=COPIES, seed=SEED + 1).half(0)
    backend = OnnxPerception(arguments.out)
    facts["calibration"] = calibrated(backend, many, arguments.false_findings)
    photos = find_photos(where, arguments.cache, held_out=False)
    truths = whole_pictures(photos, each=COPIES_PAINTED, seed=SEED + 2)
    facts["calibration"] |= {"paint": fit_paint(lambda picture: backend.perceive([picture])[0], truths)}
    write(manifest, facts)
    facts["figures"] = evaluate(OnnxPerception(arguments.out), Validation.read(where, arguments.cache))
    write(manifest, facts)
    print_figures(facts["figures"])


def write(manifest: Path, facts: dict[str, object]) -> None:
    manifest.write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
