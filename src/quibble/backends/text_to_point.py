"""From the words of an answer to a point in the picture. Source: IQA-Octopus eq. 2 to 4."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from quibble.backends.language import Numbers, softmax
from quibble.errors import ArgumentError, ModelError
from quibble.geometry import Point
from quibble.taxonomy import HORIZONTAL, VERTICAL

#: One-word answers for thirds of a picture's width and height, in order, for models whose tokens are not known.
ACROSS: Final = (HORIZONTAL[0], "center", HORIZONTAL[1])
DOWN: Final = (VERTICAL[0], "center", VERTICAL[1])
_MIDDLES: Final = (1 / 6, 1 / 2, 5 / 6)


def point_by_thirds(across: Sequence[float], down: Sequence[float], *, width: int, height: int) -> Point:
    """Where in a picture of (width, height) something lies whose place is shared out among ACROSS and DOWN.

    As eq. 4, the mean of places by their probabilities, shares of three that need not sum to 1. A word stands for the
    middle of its third: with the corners of eq. 4 a sure answer would point at the picture's border.
    """
    x, y = (float(np.dot(shares, _MIDDLES) / np.sum(shares)) for shares in (across, down))
    return Point(x=x * width, y=y * height)


@dataclass(frozen=True, kw_only=True)
class PositionTokens:
    """Numbers of the tokens that are the words left and right, and top and bottom: the forms of each."""

    horizontal: tuple[tuple[int, ...], tuple[int, ...]]
    vertical: tuple[tuple[int, ...], tuple[int, ...]]

    @classmethod
    def find(cls, encode: Callable[[str], Sequence[int]]) -> PositionTokens:
        """The tokens of a tokenizer, with and without a blank or a capital. Raises ModelError if a word has none."""

        def forms(word: str) -> tuple[int, ...]:
            encoded = [encode(form) for form in (word, f" {word}", word.capitalize(), f" {word.capitalize()}")]
            single = tuple(sorted({ids[0] for ids in encoded if len(ids) == 1}))
            if not single:
                raise ModelError(f"the tokenizer has no piece for the word '{word}', which text-to-point needs")
            return single

        left, right = (forms(word) for word in HORIZONTAL)
        top, bottom = (forms(word) for word in VERTICAL)
        return cls(horizontal=(left, right), vertical=(top, bottom))


def point_in_answer(
    tokens: Sequence[int],
    logits: Sequence[Numbers],
    words: PositionTokens,
    *,
    width: int,
    height: int,
    temperature: float = 1.0,
) -> Point | None:
    """Where in a picture of (width, height) the answer points; None if it does not name both of its terms.

    tokens: of the answer; logits: those that each was chosen from. The first word of either direction counts. None is
    also what an answer about the whole picture gives, and then nothing is left to segment.
    """
    if not temperature > 0:
        raise ArgumentError(f"temperature is above 0, found {temperature}")
    across = _second(tokens, logits, words.horizontal, temperature)
    down = _second(tokens, logits, words.vertical, temperature)
    return None if across is None or down is None else Point(x=across * width, y=down * height)


def _second(
    tokens: Sequence[int],
    logits: Sequence[Numbers],
    words: tuple[tuple[int, ...], tuple[int, ...]],
    temperature: float,
) -> float | None:
    """Probability of the second of two words where the first of them was written."""
    either = {*words[0], *words[1]}
    for token, scores in zip(tokens, logits, strict=True):
        if token in either:
            # A word has several forms, and its probability is the sum of theirs.
            both = np.array([np.logaddexp.reduce(scores[list(forms)]) for forms in words], np.float32)
            return float(softmax(both / temperature)[1])
    return None
