"""Questions on a description's objects: what does not do is turned down, boxes are put in, and kinds are balanced."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np

from quibble.errors import ReplyError
from quibble.pipelines.grounding_iqa.boxes import Found
from quibble.pipelines.grounding_iqa.fusion import Fused, fuse

T = TypeVar("T")

YES_NO: Final = "yes_no"
_BEGINNINGS: Final[Mapping[str, str]] = {"what": r"what|which|whose", "why": "why|what makes", "how": "how"}
_OPEN: Final = re.compile(r"\W*(?:what|which|whose|why|how|where|who|when)\b", re.IGNORECASE)
#: Words that give away that somebody was given a text.
_TOLD: Final = re.compile(r"\b(descri(?:ption|bed)\w*|texts?|mentioned|according to|stated)\b", re.IGNORECASE)
_MOST_ANSWER_WORDS: Final = 12


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question that does, with boxes. key: the answer as it is checked: "yes", "no", or its words without boxes.

    objects: those named, by index, in order. Referring, if the question has boxes; else the answer has, and it grounds.
    """

    kind: str
    question: str
    answer: str
    key: str
    objects: tuple[int, ...]
    referring: bool


def read_question(row: Mapping[str, Any], found: Sequence[Found], *, width: int, height: int) -> Question:
    """A question of a reply. Raises ReplyError with why it does not do: its form, or that it names no object."""
    kind = str(row["kind"])
    question, answer = (" ".join(str(row[name]).split()) for name in ("question", "answer"))
    key = _check_form(kind, question, answer)
    size = {"width": width, "height": height}
    asked = fuse(question, found, **size)
    rest = [index for index in range(len(found)) if index not in asked.placed]
    if kind == YES_NO:
        told = Fused(text=key.capitalize(), placed=())
    else:
        told = fuse(answer, [found[index] for index in rest], **size)
    objects = (*asked.placed, *(rest[index] for index in told.placed))
    if not objects:
        raise ReplyError("names no object", f"{question} {answer}")
    first = 1 if told.text.startswith("[") else 0
    said = told.text[:first] + told.text[first : first + 1].upper() + told.text[first + 1 :]
    return Question(kind=kind, question=asked.text, answer=said, key=key, objects=objects, referring=bool(asked.placed))


def _check_form(kind: str, question: str, answer: str) -> str:
    """The answer's key. Raises ReplyError."""
    both = f"{question} {answer}"
    if not question.endswith("?") or len(question.split()) < 3 or "[" in both:
        raise ReplyError("not a question", question)
    if told := _TOLD.search(both):
        raise ReplyError("speaks of what it was told", f"{told[0]!r} in {both}")
    if kind == YES_NO:
        said = re.match(r"\W*(yes|no)\b", answer, re.IGNORECASE)
        if said is None or _OPEN.match(question):
            raise ReplyError("not a question for yes or no", both)
        return said[1].lower()
    if not re.match(rf"\W*(?:\w+\s+){{0,3}}?(?:{_BEGINNINGS[kind]})\b", question, re.IGNORECASE):
        raise ReplyError("a question of another kind", f"{kind}: {question}")
    if len(answer.split()) > _MOST_ANSWER_WORDS or re.match(r"\W*(yes|no)\b", answer, re.IGNORECASE):
        raise ReplyError("no short phrase for an answer", both)
    return answer.rstrip(".").lower()


def balance(questions: Sequence[tuple[T, Question]], *, seed: int) -> list[tuple[T, Question]]:
    """As many answered with yes as with no, and as many open ones as both together, in their order.

    Which are dropped is drawn by the seed. Source: Grounding-IQA, section 3.3.
    """
    piles: dict[str, list[int]] = {"yes": [], "no": [], "open": []}
    for index, (_, question) in enumerate(questions):
        piles[question.key if question.kind == YES_NO else "open"].append(index)
    each = min(len(piles["yes"]), len(piles["no"]), len(piles["open"]) // 2)
    rng = np.random.default_rng([seed, len(questions)])
    kept: set[int] = set()
    for name, pile in piles.items():
        kept.update(rng.permutation(pile)[: each * (2 if name == "open" else 1)].tolist())
    return [entry for index, entry in enumerate(questions) if index in kept]
