"""Export a checkpoint as the model in the package: ONNX, calibration, figures, manifest. The region reader is fitted
on what this exports and follows with scripts/release_reader.py.

    python scripts/release_perception.py runs/nano/last.pt --name nano-0.3 --out src/quibble/weights/nano

The recipe in the checkpoint says where the photographs are. Calibration is fitted on the even-numbered validation
pictures; the figures that go into the manifest are those of scripts/evaluate_perception.py.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluate_perception import SEED, Validation, evaluate, print_figures
from quibble.backends.base import Evidence
from quibble.backends.onnx import OnnxPerception
from quibble.findings import find
from quibble.train import calibrate, camera
from quibble.train.checkpoint import save_weights
from quibble.train.export import export_perception, load_perception, write_manifest
from quibble.train.recipe import from_dict

#: Damaged pictures made of each photograph to calibrate on: more than are measured on, since confidences need many.
COPIES = 8
NEUTRAL = calibrate.to_manifest((0.5,) * 12, 1.0, 0.0, 1.0)
DATA = (
    "synthetic distortions over photographs of BSDS500 (train and val parts), COCO, CCP, CID22, OSIE, Urban, SunHays "
    "and wallpapers of free desktops, and over BIQ2021 Train photographs rated 0.8 and more, defects as cameras make "
    "them among the distortions; opinions: BIQ2021 Train. BIQ2021's Test list was not used."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="the folder of decoded pictures of the training run")
    parser.add_argument("--false-findings", type=float, default=0.1, help="allowed on a well-rated photograph")
    arguments = parser.parse_args()
    model, recipe = load_perception(arguments.checkpoint)
    arguments.out.mkdir(parents=True, exist_ok=True)
    weights = arguments.out / "perception.onnx"
    export_perception(model, weights)
    # Without what only says where the data of one machine lies.
    kept = {k: v for k, v in recipe.items() if k not in ("dense", "opinion", "init")}
    facts = {
        "name": arguments.name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "data": DATA,
        "recipe": kept,
    }
    manifest = arguments.out / "manifest.json"
    save_weights(model.state_dict(), kept, arguments.out / "perception.safetensors")
    write_manifest(manifest, weights, facts | {"calibration": NEUTRAL})

    validation = Validation.read(from_dict(recipe), arguments.cache)
    many = Validation.read(from_dict(recipe), arguments.cache, each=COPIES, seed=SEED + 1)
    fitted = calibrated(OnnxPerception(arguments.out), many.half(0), arguments.false_findings)
    write_manifest(manifest, weights, facts | {"calibration": fitted})
    figures = evaluate(OnnxPerception(arguments.out), validation)
    write_manifest(manifest, weights, facts | {"calibration": fitted, "figures": figures})
    print_figures(figures)


def calibrated(backend: OnnxPerception, validation: Validation, false_findings: float) -> dict[str, object]:
    """The calibration of a backend on validation pictures, as manifests have it. False findings are counted on
    well-rated photographs as they are, in a look that is no defect and made smaller, and, with a reader, on soft
    backgrounds: the maps by themselves call each of these blurred, and no thresholds would keep to what is allowed."""

    def look(picture: NDArray[np.uint8]) -> Evidence:
        return backend.perceive([picture])[0]

    looks = [camera.look(np.random.default_rng([SEED + 1, i]), p) for i, p in enumerate(validation.clean)]
    soft = validation.soft if "reader" in backend.manifest else []
    clean = [*validation.clean, *looks, *validation.smaller, *soft]
    threshold = calibrate.fit_thresholds(look, clean, validation.truths, false_findings=false_findings)
    raw, right = [], []
    for truth in validation.truths:
        height, width = truth.category.shape
        for finding, ok in calibrate.judged(
            truth, find(look(truth.rgb), width=width, height=height, threshold=threshold)
        ):
            raw.append(finding.confidence)
            right.append(ok)
    slope, offset = calibrate.fit_confidence(raw, right)
    interval = calibrate.fit_interval(look, validation.rated)
    return calibrate.to_manifest(threshold, slope, offset, interval)


if __name__ == "__main__":
    main()
