"""Export a checkpoint of the language half as the model in the package: ONNX and manifest.

    python scripts/release_language.py runs/language/last.pt --name nano-language-0.1 \
        --out src/quibble/weights/nano/language
"""

from __future__ import annotations

import argparse
from pathlib import Path

from quibble.train.checkpoint import commit
from quibble.train.export_language import write_language
from quibble.train.language import load_language

DATA = "conversations written by quibble.pipelines.talk about simulated evidence; no text and no picture of others"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    model, recipe = load_language(arguments.checkpoint)
    facts = {
        "name": arguments.name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "data": DATA,
        "commit": commit(),
        "recipe": {k: v for k, v in recipe.to_dict().items() if k != "init"},
    }
    write_language(model, recipe.language, arguments.out, facts)
    size = sum(file.stat().st_size for file in arguments.out.iterdir())
    print(f"{arguments.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
