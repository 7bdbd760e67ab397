"""What the package itself asks the language model, in wordings that it learns from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from quibble.text.evidence import RegionNotes

DESCRIBE: Final = "Describe the quality of this picture."
DESCRIBE_REGION: Final = "Give a detailed account of the quality of this region."
DESCRIBE_AGAINST: Final = "Describe the quality of the picture, given the reference."
COMPARE: Final = "Compare the two pictures in detail."
#: Behind a question, for `[phrase](grid code)` in the answer.
WITH_BOXES: Final = "With boxes, please."
WITH_BOX: Final = "Answer with a bounding box."
#: Behind a question, for an answer that ends in segmentation tokens.
WITH_MASK: Final = "Segment it."

#: "worst", "blurriest", "more than the others", but not "forest".
_EXTREME: Final = re.compile(
    r"\b(most|least|worst|best|(?!(for|inter|hon|mod|har|requ|sugg|prot|cont)est\b)\w{3,}est)\b"
    r"|\b(more|less|worse|better|\w{3,}er)\b.*\bthan\b|\bcompared (with|to)\b",
    re.IGNORECASE,
)

_CLEAN: Final = "What is wrong with this region?"
_SHORT: Final = (
    "What is wrong with this region? Just name it.",
    "Give only the names of the distortions seen in this region.",
)
_LONG: Final = (
    "Name the defect of this region and describe its effect.",
    "Name the distortions seen in this region and tell me what each does to texture and edges.",
)


def refer(region: RegionNotes, *, long: bool) -> str:
    """The question for a region's defects: one that supposes as many as it shows."""
    count = len(region.shown())
    if not count:
        return DESCRIBE_REGION if long else _CLEAN
    return (_LONG if long else _SHORT)[min(count, 2) - 1]


def supposes_several(question: str) -> bool:
    """Whether a question asks for the most or the least of something, and so says that it is there more than once."""
    return _EXTREME.search(question) is not None


def where(words: str) -> str:
    """The question for the place of a defect, given by its name."""
    return f"Find the {words}."


def offer(question: str, options: Sequence[str]) -> str:
    """A question with lettered options that asks for the letter."""
    lines = [question, *(f"{letter}. {option}" for letter, option in zip(letters(options), options, strict=True))]
    return "\n".join([*lines, "Answer with the letter."])


def letters(options: Sequence[str]) -> list[str]:
    """A, B, ... for each option."""
    return [chr(65 + number) for number in range(len(options))]
