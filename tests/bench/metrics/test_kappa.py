from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from quibble.bench.metrics.kappa import kappa
from quibble.errors import ArgumentError

ORDER = ["none", "mild", "severe"]


@pytest.mark.parametrize("seed", range(8))
def test_scikit_learn_finds_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = [ORDER[n] for n in rng.integers(0, 3, 40)]
    second = [a if rng.random() < 0.1 * seed else ORDER[rng.integers(0, 3)] for a in first]
    assert kappa(first, second) == pytest.approx(cohen_kappa_score(first, second))
    assert kappa(first, second, order=ORDER) == pytest.approx(cohen_kappa_score(first, second, labels=ORDER))
    weighted = cohen_kappa_score(first, second, labels=ORDER, weights="quadratic")
    assert kappa(first, second, order=ORDER, quadratic=True) == pytest.approx(weighted)


def test_an_order_with_answers_that_nobody_gave() -> None:
    first, second = ["none", "severe", "none"], ["none", "none", "severe"]
    weighted = cohen_kappa_score(first, second, labels=ORDER, weights="quadratic")
    assert kappa(first, second, order=ORDER, quadratic=True) == pytest.approx(weighted)


def test_by_hand() -> None:
    """35 of 50 the same, and 25 expected by chance: (0.7 - 0.5) / (1 - 0.5)."""
    counts = {("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}
    first = [a for (a, _), n in counts.items() for _ in range(n)]
    second = [b for (_, b), n in counts.items() for _ in range(n)]
    found = kappa(first, second)
    assert found is not None
    assert math.isclose(found, 0.4)


def test_undefined_where_both_always_say_the_same() -> None:
    assert kappa(["a"] * 5, ["a"] * 5) is None
    assert kappa(["a"] * 5, ["a"] * 5, order=["a", "b"], quadratic=True) is None
    assert kappa(["a"] * 5, ["b"] * 5) == 0


def test_faults() -> None:
    with pytest.raises(ArgumentError, match="one at least"):
        kappa([], [])
    with pytest.raises(ArgumentError, match="2 and 1"):
        kappa(["a", "b"], ["a"])
    with pytest.raises(ArgumentError, match="order"):
        kappa(["a"], ["a"], quadratic=True)
    with pytest.raises(ArgumentError, match="'c'"):
        kappa(["c"], ["a"], order=["a"])
