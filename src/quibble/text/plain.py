"""What is asked of models that see pictures for themselves: plain words, with the form of the answer.

nano is asked in wordings that it has learned (quibble.text.questions).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from quibble.taxonomy import Level
from quibble.text import questions


@dataclass(frozen=True, kw_only=True)
class Asks:
    """How descriptions are asked for: of a picture, of a region, beside the original, and of two pictures."""

    picture: str
    region: str
    against: str
    two: str


LEARNED: Final = Asks(
    picture=questions.DESCRIBE,
    region=questions.DESCRIBE_REGION,
    against=questions.DESCRIBE_AGAINST,
    two=questions.COMPARE,
)
PLAIN: Final = Asks(
    picture="Describe the technical quality of this picture in a few sentences: what is wrong with it if anything, "
    "where and how badly, and how good it is as a whole.",
    region="Describe the technical quality of this region in a few sentences: what is wrong with it if anything, and "
    "how badly.",
    against="Describe the technical quality of the picture named Image in a few sentences: what sets it apart from the "
    "undamaged Reference, where and how badly.",
    two="Compare the technical quality of Image A and Image B in a few sentences: which is better, and why.",
)

RATE: Final = (
    f"How good is the technical quality of this picture? Answer with one word: {', '.join(list(Level)[:-1])} or "
    f"{list(Level)[-1]}."
)
BETTER: Final = "Which has the better technical quality, Image A or Image B? Answer with the letter, A or B."
#: Behind a question for a place.
SAY_WHERE: Final = "Answer in one sentence that says in which part of the picture it is."
ACROSS: Final = (
    "Where in the picture is that from left to right? Answer with one word: left, center or right, or nowhere if the "
    "picture has no such place."
)
NOWHERE: Final = "nowhere"
DOWN: Final = "Where in the picture is that from top to bottom? Answer with one word: top, center or bottom."

_REFER: Final = "What is wrong with the technical quality of this region? Only name it, or answer: nothing."
_REFER_LONG: Final = (
    "What is wrong with the technical quality of this region? Name each defect and say what it does to texture and "
    "edges, or answer: nothing."
)


def refer(*, long: bool) -> str:
    """The question for a region's defects."""
    return _REFER_LONG if long else _REFER


def where(words: str) -> str:
    """The question for the place of a defect, given by its name."""
    return f"Where in this picture is {words}?"
