"""What language models are asked: for the objects of a description, about a patch, and for questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from quibble.experts.language_model import Request
from quibble.experts.schema import many, strict, text
from quibble.pipelines.grounding_iqa.boxes import Tag

TAGS: Final = "grounding_iqa.tags"
PATCH: Final = "grounding_iqa.patch"
QUESTIONS: Final = "grounding_iqa.questions"

#: What an object does to the picture's quality.
NO_IMPACT: Final = "no impact"
EFFECTS: Final = ("positive", "negative", NO_IMPACT)
OPEN: Final = ("what", "why", "how")

_SYSTEM: Final = (
    "You prepare data that teaches a model to point at what makes the quality of a picture good or bad. You use "
    "nothing but what you are given, and you answer in the form that you are asked for, with nothing before or behind "
    "it."
)

TAGS_SCHEMA: Final[dict[str, Any]] = strict(
    objects=many(strict(phrase=text(), quality=text(), effect=text(*EFFECTS)), 0, 20)
)
PATCH_SCHEMA: Final[dict[str, Any]] = strict(answer=text("yes", "no"))
QUESTIONS_SCHEMA: Final[dict[str, Any]] = strict(
    questions=many(strict(kind=text("yes_no", *OPEN), question=text(), answer=text()), 0, 40)
)


def tags_request(description: str, *, seed: int) -> Request:
    """Asks for the objects of a description, how they are, and what they do to the picture's quality."""
    return Request(
        task=TAGS,
        system=_SYSTEM,
        prompt=(
            f"A description of a picture's quality:\n\n{description}\n\nList the objects and places in the picture "
            "whose quality it speaks of. `phrase`: how the description names the object, copied letter by letter, with "
            "everything that tells it from others of its kind (a color, clothing, a place), and nothing about quality. "
            "`quality`: how the object looks, in one to three words taken from the description, such as clear, blurry, "
            f"too dark. `effect`: whether that makes the picture's quality better (positive) or worse (negative), or "
            f"neither ({NO_IMPACT}). Decide the effect before you go on to the next object. Give each object once, in "
            "the order of the description; give an empty list if it names none."
        ),
        schema=TAGS_SCHEMA,
        seed=seed,
        facts={"description": description},
    )


def patch_request(patch: bytes, quality: str, *, seed: int) -> Request:
    """Asks of a part of a picture, as an encoded file, whether its quality is so."""
    return Request(
        task=PATCH,
        prompt=f"This is a part of a picture. Is its quality {quality}? Answer with yes or no.",
        pictures=(patch,),
        schema=PATCH_SCHEMA,
        seed=seed,
        facts={"quality": quality},
    )


def questions_request(description: str, tags: Sequence[Tag], *, count: int, seed: int) -> Request:
    """Asks for questions on a description's objects: for yes or no, and what, why and how."""
    objects = "\n".join(f"- {tag.phrase}: {tag.quality}" for tag in tags)
    return Request(
        task=QUESTIONS,
        system=_SYSTEM,
        prompt=(
            f"A description of a picture's quality:\n\n{description}\n\nIts objects:\n{objects}\n\nWrite {count} "
            "questions with `kind` yes_no, half of them answered with Yes and half with No, and as many with `kind` "
            "what, why or how in turn. Each is about the quality of one of these objects, and the question or the "
            "answer names this object exactly as it stands in the list. Yes follows from the description; No does too, "
            "as the opposite of what it says. What asks for a distortion, a state, or which object is so; why asks for "
            "the cause of a good or poor quality; how asks for a degree. Their answers are short phrases that follow "
            "from the description. Whoever is asked sees the picture and not the description, so never mention it."
        ),
        schema=QUESTIONS_SCHEMA,
        seed=seed,
        facts={"description": description, "tags": tuple(tags), "count": count},
    )


def read_tags(data: Mapping[str, Any]) -> tuple[Tag, ...]:
    """The objects of a reply."""
    return tuple(
        Tag(phrase=" ".join(row["phrase"].split()), quality=" ".join(row["quality"].split()), effect=row["effect"])
        for row in data["objects"]
    )
