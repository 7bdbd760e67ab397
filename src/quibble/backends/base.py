"""What a backend must be able to do, and what it hands back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from quibble.backends.language import Sampling
    from quibble.text.conversation import Conversation

Maps = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a model sees in one view of (height, width) pixels; maps at a quarter of it, rounded up.

    categories: (13, h, w), probability 0..1 of the 12 categories, each for itself, and of "clean".
    severities: (12, h, w), 0..5. kinds: (35, h, w), logits of the distortions.
    levels: (5,), probabilities of the quality levels, best first, summing to 1.
    spread: points of 100 within which the model expects to miss the mean opinion.
    """

    categories: Maps
    severities: Maps
    kinds: Maps
    levels: Maps
    spread: float
    width: int
    height: int


#: What an exported graph gives back, in this order, each with a batch in front.
OUTPUTS: Final = ("categories", "severities", "kinds", "levels", "spread")


def evidence(outputs: Sequence[Maps], width: int, height: int) -> Evidence:
    """OUTPUTS of one picture, without the batch -> Evidence."""
    categories, severities, kinds, levels, spread = outputs
    return Evidence(
        categories=categories,
        severities=severities,
        kinds=kinds,
        levels=levels,
        spread=float(spread[0]),
        width=width,
        height=height,
    )


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How the model's raw figures become what is reported; fitted on validation photographs.

    threshold: probability from which a pixel counts, per category. slope, offset: logistic map from the mean
    probability inside a region (as a logit) to the confidence of a finding. interval: what the spread is multiplied
    by for an 80% interval.
    """

    threshold: tuple[float, ...]
    slope: float
    offset: float
    interval: float


class PerceptionBackend(Protocol):
    """A model that looks at pictures."""

    calibration: Calibration

    @property
    def name(self) -> str:
        """What it is called in reports, such as "nano-0.1"."""

    def perceive(self, views: Sequence[NDArray[np.uint8]]) -> list[Evidence]:
        """Look at views, (H, W, 3) uint8 sRGB of at least 64 pixels each way, of any sizes. One Evidence a view."""


class LanguageBackend(Protocol):
    """A model that answers in words."""

    @property
    def name(self) -> str:
        """What it is called, such as "nano-language-0.1"."""

    def write(self, conversation: Conversation, *, sampling: Sampling, opening: str = "") -> Iterator[str]:
        """The answer to the last turn, piece by piece. opening: what it begins with; the first piece.

        Raises ArgumentError if the conversation is too long.
        """

    def weigh(self, conversation: Conversation, words: Sequence[str]) -> list[float]:
        """How the answer to the last turn is shared out among words that it may begin with. Sums to 1."""
