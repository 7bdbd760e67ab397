"""What finds the things that a phrase means: the protocol, and the choice between a model and its stand-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from quibble.errors import ArgumentError
from quibble.geometry import Box
from quibble.image import ImageArray

#: The name by which people ask for the detector that needs no weights.
STAND_IN: Final = "stand-in"


@dataclass(frozen=True, kw_only=True)
class Detection:
    """A box, in pixels and inside the picture, and how sure the detector is of it, 0..1."""

    box: Box
    score: float


class Detector(Protocol):
    """Finds in pictures, (H, W, 3) uint8, what a phrase means. `name` says which model it is, for records."""

    @property
    def name(self) -> str: ...

    def find(self, rgb: ImageArray, phrase: str) -> list[Detection]:
        """What the phrase may mean, the surest first; nothing if it is not there. Raises ArgumentError for no words."""
        ...


def open_detector(model: str = STAND_IN, *, device: str = "cpu") -> Detector:
    """A detector by name: "stand-in", or a Grounding DINO of transformers as a folder or an id of its hub.

    Raises ModelError if there is no such model, MissingExtraError if what runs it is not installed.
    """
    if model == STAND_IN:
        from quibble.experts.worded_regions import WordedRegions

        return WordedRegions()
    from quibble.experts.grounding_dino import GroundingDino

    return GroundingDino(model, device=device)


def check_phrase(phrase: str) -> str:
    """The phrase in single blanks. Raises ArgumentError if nothing is left."""
    words = " ".join(phrase.split())
    if not words:
        raise ArgumentError("expected a phrase to look for, found no words")
    return words
