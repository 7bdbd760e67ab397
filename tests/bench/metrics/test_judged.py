from __future__ import annotations

import numpy as np
import pytest

from quibble.bench.metrics.judged import describe_marks, mean_mark, relative_score
from quibble.errors import ArgumentError


def test_llm_score_is_scaled_to_a_hundred() -> None:
    found = mean_mark([[4], [2], [1]], top=4, scale=25)
    assert found.value.value == pytest.approx(175 / 3)


def test_rounds_are_averaged_before_answers() -> None:
    found = mean_mark([[1, None, 0], [2]], top=2)
    assert found.value.value == pytest.approx((0.5 + 2) / 2)


def test_an_answer_without_a_readable_mark_is_counted_and_not_guessed() -> None:
    found = mean_mark([[1, 1], [None, None], [0]], top=2)
    assert (found.value.value, found.n, found.unreadable) == (0.5, 3, 1)
    with pytest.raises(ArgumentError, match="readable"):
        mean_mark([[None]], top=2)
    with pytest.raises(ArgumentError, match=r"0\.\.2"):
        mean_mark([[3]], top=2)


def test_relative_to_the_truth_is_the_mean_of_shares() -> None:
    answers, truths = np.array([6.0, 9, 3, 10]), np.array([8.0, 9, 10, 5])
    marks = [[a] for a in answers], [[t] for t in truths]
    assert relative_score(*marks).value.value == pytest.approx(100 * (answers / truths).mean())
    assert relative_score(*marks, capped=True).value.value == pytest.approx(100 * (0.75 + 1 + 0.3 + 1) / 4)
    assert relative_score([[10]], [[8]]).value.value == 125
    assert relative_score([[10], [None], [5]], [[8], [8], [0]]).unreadable == 2
    with pytest.raises(ArgumentError, match="above 0"):
        relative_score([[5]], [[0]])


def test_description_marks_are_summed() -> None:
    found = describe_marks([([2, 1], [1, 1], [2, 2]), ([0], [None], [1])])
    assert found["completeness"].value.value == pytest.approx(0.75)
    assert found["precision"].value.value == 1
    assert found["relevance"].value.value == 1.5
    assert found["sum"].value.value == pytest.approx(4.5)
    assert [found[name].unreadable for name in ("completeness", "precision", "sum")] == [0, 1, 1]
