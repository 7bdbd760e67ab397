"""How like a description is to a true one: BLEU@4, with coordinates taken out."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.bench.metrics.estimate import RESAMPLES, SEED, Estimate, bootstrap
from quibble.errors import ArgumentError

ORDER: Final = 4

_NUMBER: Final = r"\d+(?:\.\d+)?"
#: A list of two or more numbers in brackets of any kind: a box as corners or as cells of a grid, or a point.
_COORDINATES: Final = re.compile(rf"\s?(?:[(\[<{{]\s*)+{_NUMBER}(?:\s*,\s*{_NUMBER})+(?:\s*[)\]>}}])+")
#: The name that a box follows, in square brackets as Grounding-IQA writes it.
_BRACKETED: Final = re.compile(r"\[([^\[\]\d][^\[\]]*)\]")
_SYMBOLS: Final = re.compile(r"([{-~\[-` -&(-+:-@/])")


def without_coordinates(text: str) -> str:
    """A description without its boxes: "[the sky](0,41)" -> "the sky". Source: Grounding-IQA, section 3.4."""
    return " ".join(_BRACKETED.sub(r"\1", _COORDINATES.sub("", text)).split())


def bleu4(
    hypotheses: Sequence[str], references: Sequence[str], *, resamples: int = RESAMPLES, seed: int = SEED
) -> Estimate:
    """BLEU@4 of a corpus, 0..100, one reference each, coordinates removed from both.

    Case counts, words are split as by mteval-v13a, nothing is smoothed: 0 if no four words in a row are right.
    Source: Papineni et al. 2002; the same figure as sacrebleu's with smooth_method "none". The interval resamples
    texts. Raises ArgumentError unless there is a hypothesis for each of at least one reference.
    """
    if not hypotheses or len(hypotheses) != len(references):
        raise ArgumentError(f"expected a text for each reference, found {len(hypotheses)} and {len(references)}")
    counts = np.array([_counts(h, r) for h, r in zip(hypotheses, references, strict=True)])
    return bootstrap(lambda chosen: _bleu(counts[chosen].sum(axis=0)), len(counts), resamples=resamples, seed=seed)


def tokens(text: str) -> list[str]:
    """Words and signs, as mteval-v13a splits them: signs apart, points and commas within numbers not."""
    line = _SYMBOLS.sub(r" \1 ", f" {text} ")
    line = re.sub(r"([^0-9])([.,])", r"\1 \2 ", line)
    line = re.sub(r"([.,])([^0-9])", r" \1 \2", line)
    return re.sub(r"([0-9])(-)", r"\1 \2 ", line).split()


def _counts(hypothesis: str, reference: str) -> NDArray[np.int64]:
    """Lengths of both, then hits and n-grams of each order."""
    said, true = tokens(without_coordinates(hypothesis)), tokens(without_coordinates(reference))
    out = [len(said), len(true)]
    for n in range(1, ORDER + 1):
        mine, theirs = Counter(_grams(said, n)), Counter(_grams(true, n))
        out += [(mine & theirs).total(), mine.total()]
    return np.array(out)


def _grams(words: list[str], n: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[i:] for i in range(n)), strict=False)


def _bleu(counts: NDArray[np.int64]) -> float:
    said, true, *pairs = (int(count) for count in counts)
    hits, totals = pairs[::2], pairs[1::2]
    if not all(hits):
        return 0.0
    log = sum(math.log(hit / total) for hit, total in zip(hits, totals, strict=True)) / ORDER
    return 100 * math.exp(log + min(0.0, 1 - true / said))
