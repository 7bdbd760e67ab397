"""Write the graph of a perception anew, from the weights beside it; calibration and figures stay as they are.

    python scripts/export_perception.py src/quibble/weights/nano

For weights that an earlier version exported, which lack what this version gives, such as features.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from quibble.train.export import export_perception, load_perception, write_manifest

#: What a manifest says of the file, which is written anew.
FILE = {"file", "sha256", "bytes"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with perception.safetensors and manifest.json")
    arguments = parser.parse_args()
    manifest, graph = arguments.folder / "manifest.json", arguments.folder / "perception.onnx"
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    model, _ = load_perception(arguments.folder / "perception.safetensors")
    export_perception(model, graph)
    write_manifest(manifest, graph, {key: value for key, value in facts.items() if key not in FILE})
    print(f"{graph}: {graph.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
