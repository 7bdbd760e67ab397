"""A judge without a language model: how many words two texts have in common. Deterministic, offline, and crude."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from quibble.bench.judge.prompts import Case, Prompt

_EMPTY: Final = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be but by can for from has have i in is it its of on or so some that the their there these "
        "this to very was which with image picture photo photograph overall quality",
    )
)


class LexicalJudge:
    """Marks by words in common, without articles and the like and without "image" or "quality".

    completeness: the share of the reference's words that the answer has; precision: the share of the answer's words
    that the reference has; everything else: the harmonic mean of both. It knows no synonyms and no negation ("not
    blurry" has the word "blurry"), so its marks rank answers at best and mean nothing beside a language model's.
    """

    label = "lexical judge (words in common, no language model)"

    def marks(self, prompt: Prompt, case: Case, *, rounds: int) -> tuple[float | None, ...]:
        """The same mark in every round."""
        said, true = _words(case.answer), _words(case.truth)
        common = (said & true).total()
        recall = common / true.total() if true else 0.0
        precision = common / said.total() if said else 0.0
        shares = {"completeness": recall, "precision": precision}
        both = 2 * recall * precision / (recall + precision) if common else 0.0
        return (prompt.top * shares.get(prompt.name, both),) * rounds


def _words(text: str) -> Counter[str]:
    words = re.findall(r"[a-z]+", text.lower())
    return Counter(
        w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w for w in words if w not in _EMPTY
    )
