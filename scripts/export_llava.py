"""Turn a model that `quibble train` made into a LLaVA checkpoint, LoRA merged, for transformers, vLLM and SGLang.

    python scripts/export_llava.py runs/q-instruct-after/model exported
    vllm serve exported

Models with an abstractor, a linear projector or masks are not LLaVA's; the torch backend runs those as they are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from quibble.model.stored import export_llava, load, load_tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a folder that holds a trained model")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    export_llava(load(arguments.model), arguments.out, tokenizer=load_tokenizer(arguments.model))


if __name__ == "__main__":
    main()
