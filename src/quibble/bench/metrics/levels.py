"""From a language model's logits of a few words to a score in 0..1. Logits: (n, words), at the answer's position."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quibble.errors import ArgumentError

Vector = NDArray[np.float64]

#: What Q-Bench's public code divides the logits by. Ranks do not change by it, PLCC does; the papers' figures have it.
QBENCH_DIVISOR: Final = 100.0
#: Q-Boost's words, good first. Its public code takes all three for videos, and the first of each for pictures.
QBOOST_WORDS: Final = (("good", "high", "fine"), ("average", "medium", "acceptable"), ("poor", "low", "bad"))
#: Q-Align's five levels, and their worth.
QALIGN_WORDS: Final = ("excellent", "good", "fair", "poor", "bad")
QALIGN_WORTH: Final = (1.0, 0.75, 0.5, 0.25, 0.0)
QALIGN_WORTH_5: Final = (5.0, 4.0, 3.0, 2.0, 1.0)


def good_poor(good: ArrayLike, poor: ArrayLike, *, divisor: float = QBENCH_DIVISOR) -> Vector:
    """The probability of "good" among "good" and "poor", 0..1, (n,) each. Source: Q-Bench, task A3.

    It is computed from the difference of the two, so that equal differences are ties and rounding does not rank them.
    """
    if not divisor > 0:
        raise ArgumentError(f"logits are divided by a number above 0, found {divisor!r}")
    a, b = np.asarray(good, np.float64), np.asarray(poor, np.float64)
    if a.shape != b.shape:
        raise ArgumentError(f"expected as many logits of good as of poor, found shapes {a.shape} and {b.shape}")
    return np.asarray(1 / (1 + np.exp(np.clip((b - a) / divisor, -700, 700))), np.float64)


def good_poor_published(good: float, poor: float, *, divisor: float = QBENCH_DIVISOR) -> float:
    """good_poor in the arithmetic of Q-Bench's public code: two exponentials in double precision, divided.

    Its rounding puts pictures with equal differences of logits into an order, which moves the SRCC of models with few
    different logits by up to 0.003, and the published figures have it. For those only; good_poor keeps ties.
    """
    if not divisor > 0:
        raise ArgumentError(f"logits are divided by a number above 0, found {divisor!r}")
    # Of numpy's exp the last digit depends on the processor; this is the C library's, as when the figures were made.
    try:
        a, b = math.exp(good / divisor), math.exp(poor / divisor)
        return a / (a + b)
    except (OverflowError, ZeroDivisionError) as error:
        raise ArgumentError(
            f"logits of {good:g} and {poor:g} over {divisor:g} are beyond the published arithmetic; keep ties instead"
        ) from error


def q_boost(good: ArrayLike, neutral: ArrayLike, poor: ArrayLike) -> Vector:
    """A score in 0..1 from three sets of words, (n, words) each: good counts 1, neutral a half, poor 0.

    The logits of a set are averaged, then the softmax is taken over the three means. Source: Q-Boost (2023), whose
    words are QBOOST_WORDS.
    """
    means = [np.asarray(words, np.float64).mean(axis=-1) for words in (good, neutral, poor)]
    return np.asarray(softmax(np.stack(means, axis=-1)) @ np.array([1, 0.5, 0]), np.float64)


def q_align(logits: ArrayLike, *, worth: Sequence[float] = QALIGN_WORTH) -> Vector:
    """The expected worth of the five levels, (n, 5) logits, excellent first, softmax over the five alone.

    Source: Q-Align, section 3. QALIGN_WORTH gives 0..1, QALIGN_WORTH_5 gives 1..5.
    """
    array = np.asarray(logits, np.float64)
    if array.shape[-1:] != (len(worth),):
        raise ArgumentError(f"expected {len(worth)} logits, one a level, found shape {array.shape}")
    return np.asarray(softmax(array) @ np.asarray(worth, np.float64), np.float64)


def softmax(logits: NDArray[np.float64]) -> Vector:
    """Probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float64)
