from __future__ import annotations

import pytest

from quibble.bench.judge import PROMPTS, Case, read_mark

CASE = Case(answer="It is noisy.", truth="Strong noise in the sky.", question="What is wrong?")


@pytest.mark.parametrize(
    ("reply", "mark"),
    [
        ("Mark: 2", 2),
        ("It agrees in 1 of 4 points.\n\nMark: 1.5", 1.5),
        ("**Mark:** 2", 2),
        ("mark: 1\nOn second thought:\nMark: 0", 0),
        ("Mark: 2/2", 2),
        (" 1 ", 1),
        ("Mark: 3", None),
        ("The answer deserves 2 points.", None),
        ("I would mark it 1 because 2 is too much", None),
        ("", None),
        ("Mark: good", None),
    ],
)
def test_marks_are_read_strictly(reply: str, mark: float | None) -> None:
    assert read_mark(reply, 2) == mark


def test_a_message_holds_what_there_is() -> None:
    message = PROMPTS["llm-score"].message(CASE)
    assert "It is noisy." in message
    assert "Strong noise in the sky." in message
    assert "from 0 to 4" in message
    assert "known of the picture" not in message


def test_an_empty_answer_is_marked_too() -> None:
    assert "Answer to mark:\n<<<\n\n>>>" in PROMPTS["question"].message(Case(answer="", truth="blur"))


def test_prompts_have_hashes_of_their_own() -> None:
    assert len({prompt.sha256 for prompt in PROMPTS.values()}) == len(PROMPTS)
    assert all(name == prompt.name for name, prompt in PROMPTS.items())
    assert [PROMPTS[n].top for n in ("completeness", "llm-score", "description", "grounding")] == [2, 4, 10, 5]
