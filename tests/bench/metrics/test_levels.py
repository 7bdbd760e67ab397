from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax as scipy_softmax

from quibble.bench.metrics.correlation import plcc, srcc
from quibble.bench.metrics.levels import QALIGN_WORTH_5, good_poor, good_poor_published, q_align, q_boost, softmax
from quibble.errors import ArgumentError

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(15, 3, (40, 5))


def test_softmax_is_scipys_even_for_large_logits() -> None:
    assert softmax(LOGITS * 100) == pytest.approx(scipy_softmax(LOGITS * 100, axis=-1))


def test_good_poor_by_hand() -> None:
    good, poor = np.array([16.140625, 14.5390625]), np.array([14.3203125, 16.390625])
    assert good_poor(good, poor, divisor=1) == pytest.approx(1 / (1 + np.exp(poor - good)))
    assert good_poor(good, poor) == pytest.approx(1 / (1 + np.exp((poor - good) / 100)))


def test_the_divisor_moves_plcc_and_not_srcc() -> None:
    good, poor, truth = LOGITS[:, 0], LOGITS[:, 1], LOGITS[:, 0] - LOGITS[:, 1] + RNG.normal(0, 2, 40)
    with_it, without = good_poor(good, poor), good_poor(good, poor, divisor=1)
    assert srcc(with_it, truth) == srcc(without, truth)
    assert abs(plcc(with_it, truth) - plcc(without, truth)) > 0.01


def test_q_boost_averages_logits_before_the_softmax() -> None:
    good, neutral, poor = LOGITS[:, :3], LOGITS[:, 3:4], LOGITS[:, 2:5]
    share = scipy_softmax(np.stack([good.mean(1), neutral.mean(1), poor.mean(1)], axis=1), axis=1)
    assert q_boost(good, neutral, poor) == pytest.approx(share[:, 0] + share[:, 1] / 2)
    assert q_boost([[0.0]], [[0.0]], [[0.0]])[0] == pytest.approx(0.5)


def test_q_align_is_the_expected_worth() -> None:
    assert q_align(LOGITS) == pytest.approx(scipy_softmax(LOGITS, axis=1) @ [1, 0.75, 0.5, 0.25, 0])
    assert q_align([[9.0, 0, 0, 0, 0]])[0] > 0.99
    assert q_align(LOGITS, worth=QALIGN_WORTH_5) == pytest.approx(1 + 4 * q_align(LOGITS))


def test_the_published_arithmetic_is_the_same_but_for_rounding() -> None:
    for good, poor in LOGITS[:, :2].tolist():
        assert good_poor_published(good, poor) == pytest.approx(float(good_poor(good, poor)), abs=1e-15)
    for good, poor in ((800.0, 1.0), (-800.0, -900.0)):
        with pytest.raises(ArgumentError, match="beyond the published arithmetic"):
            good_poor_published(good, poor, divisor=1)


def test_mistakes_are_named() -> None:
    with pytest.raises(ArgumentError, match="above 0"):
        good_poor([1.0], [1.0], divisor=0)
    with pytest.raises(ArgumentError, match="5 logits"):
        q_align([[1.0, 2.0]])
