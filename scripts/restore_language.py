"""From the language half in the package back to checkpoints that training can begin with.

    python scripts/restore_language.py --out runs/nano-language
    quibble train recipes/nano-language.toml --out runs/mine --set init=runs/nano-language/words.pt
    quibble train recipes/nano-pictures.toml --out runs/mine --set init=runs/nano-language/pictures.pt ...

words.pt holds the language model alone, pictures.pt also the parts between pictures and words.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from quibble.backends.weights import NANO
from quibble.model.lmm import Lmm
from quibble.train.restore import restore


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=NANO / "language", help="a folder that release_language.py wrote")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    model, recipe = restore(arguments.model)
    arguments.out.mkdir(parents=True, exist_ok=True)
    parts = {"words": model.language, "pictures": model} if isinstance(model, Lmm) else {"words": model}
    for name, part in parts.items():
        path = arguments.out / f"{name}.pt"
        torch.save({"average": part.state_dict(), "recipe": recipe.to_dict(), "step": 0}, path)
        print(f"{path}: {sum(p.numel() for p in part.parameters()) / 1e6:.1f} million parameters")


if __name__ == "__main__":
    main()
