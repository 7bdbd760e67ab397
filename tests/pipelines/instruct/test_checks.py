from __future__ import annotations

from typing import Any

import pytest

from quibble.errors import ReplyError
from quibble.pipelines.instruct.checks import (
    Feedback,
    check_feedback,
    check_turns,
    check_what_how,
    check_yes_no,
)

FEEDBACK = Feedback(
    "The picture has obvious noise and no compression artifacts. The dog is underexposed. Overall, the quality is poor."
)
WHAT: dict[str, Any] = {
    "kind": "what",
    "question": "What distortion can be seen in this picture?",
    "answer": "Noise.",
    "wrong": ["Overexposure", "Pixelation"],
    "context": False,
}
HOW: dict[str, Any] = {
    "kind": "how",
    "question": "How is the overall quality of this picture?",
    "answer": "poor",
    "wrong": ["good", "excellent"],
    "context": False,
}
YES: dict[str, Any] = {"question": "Is there noise in this picture?", "answer": "yes", "context": False}


def test_questions_that_do() -> None:
    question = check_what_how(WHAT, FEEDBACK)
    assert (question.answer, question.wrong, question.concern) == (
        "Noise",
        ("Overexposure", "Pixelation"),
        "distortion",
    )
    assert check_what_how(HOW, FEEDBACK).concern == "other"
    assert check_yes_no(YES, FEEDBACK).wrong == ("no",)
    assert check_yes_no(YES | {"question": "Is this picture free of noise?", "answer": "no"}, FEEDBACK).answer == "no"
    assert check_yes_no(YES | {"question": "Is the dog blurred?", "answer": "no", "context": True}, FEEDBACK)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"question": "Name the distortion."}, "not a question"),
        ({"question": "Noise?"}, "not a question"),
        ({"question": f"What {'very ' * 40}bad thing is there?"}, "too long a text"),
        ({"answer": "Noise, which is random and comes from the sensor"}, "too long a text"),
        ({"answer": "Noise\nand more"}, "too long a text"),
        ({"question": "What distortion does the observer mention in the notes?"}, "speaks of what it was told"),
        ({"answer": "Motion blur"}, "the feedback does not say so"),
        ({"answer": "Compression artifacts"}, "the feedback does not say so"),
        ({"wrong": ["Overexposure", "noise"]}, "an option is given twice"),
        ({"wrong": ["Heavy noise"]}, "a wrong option is right"),
        (
            {"kind": "how", "question": "How noisy is it?", "answer": "Very", "wrong": ["Underexposed"]},
            "a wrong option is right",
        ),
    ],
)
def test_questions_on_what_that_do_not(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ReplyError) as caught:
        check_what_how(WHAT | change, FEEDBACK)
    assert caught.value.reason == reason


def test_a_verdict_that_is_not_the_feedbacks() -> None:
    with pytest.raises(ReplyError, match="says otherwise"):
        check_what_how(HOW | {"answer": "good", "wrong": ["bad"]}, FEEDBACK)
    unsure = Feedback("The picture has obvious noise and little contrast.")
    assert check_what_how(HOW | {"answer": "good", "wrong": ["bad"]}, unsure)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"question": "What is there in this picture?"}, "not a question for yes or no"),
        ({"question": "Is there motion blur here?"}, "the feedback does not say so"),
        ({"question": "Are there compression artifacts?"}, "the feedback does not say so"),
        ({"answer": "no"}, "the feedback says otherwise"),
        ({"question": "According to the text, is there noise?"}, "speaks of what it was told"),
    ],
)
def test_questions_for_yes_or_no_that_do_not(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ReplyError) as caught:
        check_yes_no(YES | change, FEEDBACK)
    assert caught.value.reason == reason


def test_conversations() -> None:
    turns = [
        {"topic": "why", "question": "Why is it so noisy?", "answer": " There was little light. "},
        {"topic": "tool", "question": "Which tool helps?", "answer": "A denoiser."},
    ]
    assert check_turns(turns)[0] == ("why", "Why is it so noisy?", "There was little light.")
    for wrong in ([], turns[:1], [turns[0], turns[0]]):
        with pytest.raises(ReplyError, match="not a conversation"):
            check_turns(wrong)
    with pytest.raises(ReplyError, match="too long"):
        check_turns([turns[0], turns[1] | {"answer": "A denoiser. " * 100}])


def test_feedback_that_was_written() -> None:
    told = {"description": "The dog is sharp, but the sky is blown out.", "conclusion": "So the quality is fair."}
    assert check_feedback(told) == "The dog is sharp, but the sky is blown out. So the quality is fair."
    with pytest.raises(ReplyError, match="without a verdict"):
        check_feedback(told | {"conclusion": "A nice dog."})
    with pytest.raises(ReplyError, match="too short"):
        check_feedback(told | {"description": "A dog."})
