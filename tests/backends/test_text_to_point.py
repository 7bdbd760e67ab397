import numpy as np
import pytest

from quibble.backends.text_to_point import PositionTokens, point_by_thirds, point_in_answer
from quibble.errors import ArgumentError, ModelError

WORDS = PositionTokens(horizontal=((1, 5), (2,)), vertical=((3,), (4,)))


def logits(**probabilities: float) -> np.ndarray:
    """Of six tokens, as if all others had almost no share."""
    shares = np.full(6, 1e-6)
    for token, share in probabilities.items():
        shares[int(token[1:])] = share
    return np.asarray(np.log(shares), dtype=np.float32)


ANSWER = [0, 3, 1, 0]
LOGITS = [logits(t0=1), logits(t3=0.6, t4=0.2), logits(t1=0.2, t5=0.2, t2=0.1), logits(t0=1)]


def test_the_point_is_the_mean_of_the_words_corners_by_their_probabilities() -> None:
    point = point_in_answer(ANSWER, LOGITS, WORDS, width=200, height=100)
    assert point is not None
    assert point.x == pytest.approx(0.1 / 0.5 * 200, rel=1e-3)
    assert point.y == pytest.approx(0.2 / 0.8 * 100, rel=1e-3)


def test_temperature_draws_the_point_to_the_corner_or_to_the_centre() -> None:
    cold = point_in_answer(ANSWER, LOGITS, WORDS, width=100, height=100, temperature=0.05)
    warm = point_in_answer(ANSWER, LOGITS, WORDS, width=100, height=100, temperature=100)
    assert cold is not None
    assert warm is not None
    assert cold.x < 0.1
    assert cold.y < 0.1
    assert abs(warm.x - 50) < 1
    assert abs(warm.y - 50) < 1
    with pytest.raises(ArgumentError):
        point_in_answer(ANSWER, LOGITS, WORDS, width=100, height=100, temperature=0)


@pytest.mark.parametrize("answer", [[0, 0, 0, 0], [0, 3, 0, 0], [0, 0, 2, 0]])
def test_an_answer_without_both_terms_points_nowhere(answer: list[int]) -> None:
    assert point_in_answer(answer, LOGITS, WORDS, width=10, height=10) is None


def test_tokens_are_found_in_all_their_forms() -> None:
    pieces = {"left": [1], " left": [5], "right": [9, 9], " right": [2], " top": [3], " Bottom": [4]}
    found = PositionTokens.find(lambda text: pieces.get(text, [7, 8]))
    assert found == WORDS
    with pytest.raises(ModelError, match="'left'"):
        PositionTokens.find(lambda _: [7, 8])


def test_thirds_are_weighed_by_their_probabilities() -> None:
    sure = point_by_thirds([1, 0, 0], [0, 0, 1], width=300, height=120)
    assert (sure.x, sure.y) == pytest.approx((50, 100))
    unsure = point_by_thirds([0.2, 0.1, 0.1], [1 / 3, 1 / 3, 1 / 3], width=300, height=120)
    assert (unsure.x, unsure.y) == pytest.approx(((0.5 / 6 + 0.25 / 2 + 0.25 * 5 / 6) * 300, 60))
