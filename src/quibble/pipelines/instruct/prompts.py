"""What a language model is asked, and the form in which it has to answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from quibble.experts.language_model import Request
from quibble.experts.schema import many, strict, text

FEEDBACK: Final = "instruct.feedback"
WHAT_HOW: Final = "instruct.what_how"
YES_NO: Final = "instruct.yes_no"
CONVERSATION: Final = "instruct.conversation"

#: What the turns of a conversation may be about.
TOPICS: Final = ("why", "improve", "tool", "recommend", "other")

_SYSTEM: Final = (
    "You prepare data that teaches a model to talk about the technical quality of pictures: sharpness, noise, "
    "exposure, "
    "contrast, color, artifacts, detail, composition. You are careful: you state nothing that you were not told or "
    "cannot see, and you answer in the form that you are asked for, with nothing before or behind it."
)
_GIVEN: Final = "An observer looked at a picture and wrote:\n\n{feedback}\n\n"
_UNSEEN: Final = (
    "Whoever is asked sees the picture and does not know these notes, so never mention notes, an observer, a text or a "
    "description. "
)

FEEDBACK_SCHEMA: Final[dict[str, Any]] = strict(description=text(), conclusion=text())
WHAT_HOW_SCHEMA: Final[dict[str, Any]] = strict(
    questions=many(
        strict(
            kind=text("what", "how"),
            question=text(),
            answer=text(),
            wrong=many(text(), 1, 3),
            context={"type": "boolean"},
        ),
        0,
        6,
    )
)
YES_NO_SCHEMA: Final[dict[str, Any]] = strict(
    questions=many(strict(question=text(), answer=text("yes", "no"), context={"type": "boolean"}), 0, 8)
)
CONVERSATION_SCHEMA: Final[dict[str, Any]] = strict(
    turns=many(strict(topic=text(*TOPICS), question=text(), answer=text()), 0, 6)
)


def feedback_request(picture: Path, *, seed: int) -> Request:
    """Asks for a feedback on a picture, as a person would give it."""
    return Request(
        task=FEEDBACK,
        system=_SYSTEM,
        prompt=(
            "Look at the picture and judge its technical quality as an attentive viewer would. `description`: three to "
            "five sentences, 40 to 70 words, on all that matters for the quality, naming the things or places in the "
            "picture that are sharp or blurred, dark or bright, noisy, dull or otherwise good or bad. `conclusion`: "
            "one "
            "sentence that weighs this up and calls the overall quality excellent, good, fair, poor or bad."
        ),
        pictures=(picture,),
        schema=FEEDBACK_SCHEMA,
        seed=seed,
    )


def what_how_request(feedback: str, *, count: int, seed: int) -> Request:
    """Asks for questions on what and how, with short answers and wrong options."""
    return Request(
        task=WHAT_HOW,
        system=_SYSTEM,
        prompt=_GIVEN.format(feedback=feedback)
        + f"Write up to {count} different questions about the quality of this picture that these notes answer. Half of "
        "them ask what (which distortion, which part, what kind), half ask how (how sharp, how severe, how good). An "
        "answer is a noun or an adjective of one to three words that follows from the notes and fits the question. "
        "`wrong`: one to three options of the same sort that somebody might believe and that are false by the notes, "
        "none of them nearly the same as the answer. `context`: true if the question is about a thing or a place in "
        "the "
        "picture and not about the whole; ask such questions where the notes allow them. " + _UNSEEN,
        schema=WHAT_HOW_SCHEMA,
        seed=seed,
        facts={"feedback": feedback, "count": count},
    )


def yes_no_request(feedback: str, *, count: int, seed: int) -> Request:
    """Asks for questions answered with yes, from what is said, and with no, from its opposite."""
    return Request(
        task=YES_NO,
        system=_SYSTEM,
        prompt=_GIVEN.format(feedback=feedback)
        + f"Write up to {count} different questions about the quality of this picture that are answered with yes or "
        f"no, as "
        "many with yes as with no. Yes follows from what the notes say. No follows from what they say too: ask for the "
        "opposite of it, never for something that they are silent about. `context`: true if the question is about a "
        "thing or a place in the picture and not about the whole. " + _UNSEEN,
        schema=YES_NO_SCHEMA,
        seed=seed,
        facts={"feedback": feedback, "count": count},
    )


def conversation_request(feedback: str, *, seed: int) -> Request:
    """Asks for a conversation that goes on from what was seen."""
    return Request(
        task=CONVERSATION,
        system=_SYSTEM,
        prompt=_GIVEN.format(feedback=feedback)
        + "Write a conversation of two to five turns between somebody who wants to know more about this picture's "
        "quality "
        "and an expert who sees it. Each turn has one `topic`, all different: why (why it looks as it does), improve "
        "(how to take or edit it better), tool (which tool or method restores or enhances it), recommend (for whom or "
        "what the picture is fit), other (anything else that follows from its quality). Answers have one to four "
        "sentences, are concrete, and say nothing of the picture that the notes do not. " + _UNSEEN,
        schema=CONVERSATION_SCHEMA,
        seed=seed,
        facts={"feedback": feedback},
    )
