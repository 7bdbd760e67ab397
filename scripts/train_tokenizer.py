"""Learn nano's tokenizer from simulated conversations: the same command makes the same file.

python scripts/train_tokenizer.py --examples 20000 --out src/quibble/weights/nano/tokenizer.json
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from quibble.text.special import SEGMENT
from quibble.text.tokenizer import NANO, PIECES, train
from quibble.train.examples import Simulated

SEED = 11


def texts(count: int) -> Iterator[str]:
    """All that is written in the first conversations."""
    source = Simulated(SEED)
    for number in range(count):
        conversation = source[number].conversation
        for picture in conversation.pictures:
            yield f"{picture.name}:"
            yield picture.evidence
        yield conversation.region or ""
        yield conversation.comparison or ""
        for question, answer in conversation.turns:
            yield question
            yield answer.partition(SEGMENT[0])[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=20000)
    parser.add_argument("--pieces", type=int, default=PIECES)
    parser.add_argument("--out", type=Path, default=NANO)
    arguments = parser.parse_args()
    train(texts(arguments.examples), arguments.out, pieces=arguments.pieces)


if __name__ == "__main__":
    main()
