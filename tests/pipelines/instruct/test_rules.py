from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from quibble.errors import ReplyError
from quibble.experts.reading import read
from quibble.experts.schema import check
from quibble.experts.stand_in import StandIn
from quibble.pipelines.instruct import prompts
from quibble.pipelines.instruct.checks import Feedback, check_turns, check_what_how, check_yes_no
from quibble.pipelines.instruct.rules import RULES
from quibble.pipelines.talk.describe import description
from quibble.pipelines.talk.exchange import Sight
from quibble.pipelines.talk.simulate import Simulator
from quibble.text.grammar import Writer

PEOPLE = (
    "The image is slightly blurred, while the duck in the center is seriously underexposed. There is obvious noise in "
    "the "
    "background. The composition is good. Overall, the quality of the image is poor."
)


def asked(request: Any) -> Any:
    return StandIn(RULES).answer(request).data


def test_questions_on_what_people_wrote() -> None:
    seen: dict[str, str] = {}
    for seed in range(40):
        items = asked(prompts.what_how_request(PEOPLE, count=4, seed=seed))["questions"]
        assert len(items) == 4
        for item in items:
            check_what_how(item, Feedback(PEOPLE))
            seen[item["question"]] = item["answer"]
    answers = {question: answer for question, answer in seen.items() if "the duck" in question}
    assert set(answers.values()) == {"underexposure", "underexposed", "serious"}
    assert {"poor", "slight", "noise", "blurred", "good", "the duck"} <= set(seen.values())
    assert "in the background" in " ".join(question for question, answer in seen.items() if answer == "noise")


def test_yes_and_no_are_both_supported_by_the_text() -> None:
    seen: dict[str, str] = {}
    for seed in range(40):
        items = asked(prompts.yes_no_request(PEOPLE, count=4, seed=seed))["questions"]
        assert [item["answer"] for item in items] == ["yes", "yes", "no", "no"]
        for item in items:
            check_yes_no(item, Feedback(PEOPLE))
            seen[item["question"]] = item["answer"]
    assert any(answer == "no" and "duck" in question for question, answer in seen.items())
    # Nothing is denied that the text is silent about.
    silent = ("compress", "pixelat", "banding", "color", "saturat")
    assert not [question for question in seen if any(word in question.lower() for word in silent)]


def test_whatever_is_described_its_questions_do() -> None:
    """No question that the checks refuse, from 120 descriptions; and nearly all of them have some of either kind."""
    counts = {"what": 0, "how": 0, "yes": 0, "no": 0}
    for seed in range(120):
        rng = np.random.default_rng(seed)
        text = description(Writer(rng), Sight(Simulator(rng).picture()))
        if read(text).level is None and not read(text).remarks:
            continue
        feedback = Feedback(text)
        for item in asked(prompts.what_how_request(text, count=4, seed=seed))["questions"]:
            question = check_what_how(item, feedback)
            counts[question.kind] += 1
        for item in asked(prompts.yes_no_request(text, count=4, seed=seed))["questions"]:
            counts[check_yes_no(item, feedback).answer] += 1
    assert min(counts.values()) > 90


def test_conversations_are_about_what_was_said() -> None:
    topics = set()
    for seed in range(20):
        turns = check_turns(asked(prompts.conversation_request(PEOPLE, seed=seed))["turns"])
        topics |= {topic for topic, _, _ in turns}
        told = " ".join(answer for _, _, answer in turns).lower()
        assert any(
            word in told for word in ("blur", "noise", "underexposure", "quality", "light", "focus", "record", "iso")
        )
        assert "compression" not in told
    assert topics == {"why", "improve", "tool", "recommend"}


def test_praise_is_spoken_of_as_praise() -> None:
    text = "The bird is sharp and the photo has rich colors. The quality of this image is very good."
    for seed in range(10):
        turns = check_turns(asked(prompts.conversation_request(text, seed=seed))["turns"])
        assert not any("blur" in answer for _, _, answer in turns)


def test_what_is_not_understood_is_said_to_be() -> None:
    for ask in (prompts.what_how_request, prompts.yes_no_request):
        with pytest.raises(ReplyError, match="nothing understood"):
            StandIn(RULES).answer(ask("A cat sits on a wall.", count=2, seed=0))


def test_the_schemas_are_what_a_server_accepts() -> None:
    for schema in (
        prompts.FEEDBACK_SCHEMA,
        prompts.WHAT_HOW_SCHEMA,
        prompts.YES_NO_SCHEMA,
        prompts.CONVERSATION_SCHEMA,
    ):
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])
    check({"questions": []}, prompts.WHAT_HOW_SCHEMA)
