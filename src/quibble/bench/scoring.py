"""A large model's score by the probabilities of a few words, as the papers read it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from quibble.backends.base import SeeingBackend
from quibble.bench.metrics.levels import QALIGN_WORDS, QBOOST_WORDS, good_poor, q_align, q_boost
from quibble.bench.reply import Reply, Status
from quibble.text.conversation import Conversation


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """A way to ask. words: whose probabilities are needed. worth: their logits, less a common number, to 0..1.

    all_needed: a word without a probability makes an answer unreadable; else it counts as impossible.
    """

    name: str
    words: tuple[str, ...]
    question: str
    worth: Callable[[Sequence[float]], float]
    all_needed: bool = True

    def score(self, viewer: SeeingBackend, shown: Conversation) -> Reply:
        """The score of what is shown, 0..100."""
        shares = viewer.weigh(shown.saying(self.question), self.words)
        if self.all_needed and not all(shares):
            missing = ", ".join(word for word, share in zip(self.words, shares, strict=True) if not share)
            return Reply(status=Status.UNREADABLE, text=f"no probability of {missing} is known")
        return Reply(score=100 * self.worth([math.log(share) if share else -math.inf for share in shares]))


def _boosted(logits: Sequence[float]) -> float:
    good, neutral, poor = np.reshape(logits, (3, -1))
    return float(q_boost(good, neutral, poor))


_RATE: Final = "Rate the technical quality of this picture with one word, such as"

#: By the names of the command line.
SCORINGS: Final[Mapping[str, Scoring]] = MappingProxyType(
    {
        scoring.name: scoring
        for scoring in (
            Scoring(
                name="good-poor",
                words=("good", "poor"),
                question=f"{_RATE} good or poor.",
                worth=lambda logits: float(good_poor(*logits)),
            ),
            Scoring(
                name="q-boost",
                words=tuple(word for tone in QBOOST_WORDS for word in tone),
                question=f"{_RATE} good, average or poor.",
                worth=_boosted,
            ),
            Scoring(
                name="q-align",
                words=QALIGN_WORDS,
                question=f"{_RATE} {', '.join(QALIGN_WORDS[:-1])} or {QALIGN_WORDS[-1]}.",
                worth=lambda logits: float(q_align(logits)),
                all_needed=False,
            ),
        )
    }
)
