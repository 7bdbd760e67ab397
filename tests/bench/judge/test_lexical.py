from __future__ import annotations

import pytest

from quibble.bench.judge import PROMPTS, Case, LexicalJudge

TRUTH = "The sky is noisy and the edges are blurred."


def mark(prompt: str, answer: str) -> float:
    found = LexicalJudge().marks(PROMPTS[prompt], Case(answer=answer, truth=TRUTH), rounds=5)
    assert len(set(found)) == 1
    assert len(found) == 5
    assert found[0] is not None
    return found[0]


def test_marks_by_hand() -> None:
    # The truth's words: sky noisy edge blurred.
    assert mark("completeness", "A noisy sky.") == 1
    assert mark("precision", "A noisy sky.") == 2
    assert mark("llm-score", "A noisy sky.") == pytest.approx(4 * 2 / 3)
    assert mark("precision", "The noisy sky has colors and edges of metal") == pytest.approx(2 * 3 / 5)


def test_the_truth_itself_is_best_and_nothing_is_worst() -> None:
    for name, prompt in PROMPTS.items():
        assert mark(name, TRUTH) == prompt.top
        assert mark(name, "") == mark(name, "I cannot help with this") == 0


def test_its_name_says_what_it_is() -> None:
    assert "no language model" in LexicalJudge().label
