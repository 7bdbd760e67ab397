from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from quibble.bench.metrics.correlation import srcc
from quibble.bench.metrics.estimate import Estimate, bootstrap, bootstrap_mean
from quibble.errors import ArgumentError


def test_the_interval_of_a_mean_is_scipys() -> None:
    values = np.random.default_rng(0).exponential(10, 80)
    found = bootstrap_mean(values, resamples=4000)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=4000, rng=1).confidence_interval
    assert found.value == values.mean()
    assert found.low == pytest.approx(theirs.low, abs=0.2)
    assert found.high == pytest.approx(theirs.high, abs=0.2)


def rank_correlation(x: NDArray[np.float64], y: NDArray[np.float64], chosen: NDArray[np.intp]) -> float:
    return srcc(x[chosen], y[chosen])


def test_an_interval_holds_its_value_and_shrinks_with_more_items() -> None:
    rng = np.random.default_rng(1)
    widths = []
    for n in (50, 800):
        y = rng.normal(size=n)
        x = y + rng.normal(size=n)
        found = bootstrap(partial(rank_correlation, x, y), n, resamples=200)
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.value < found.high
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 2.5


def test_the_same_seed_gives_the_same_interval() -> None:
    assert bootstrap_mean([1, 2, 5], seed=3) == bootstrap_mean([1, 2, 5], seed=3)
    assert bootstrap_mean(range(50), seed=3) != bootstrap_mean(range(50), seed=4)


def test_no_interval_where_most_resamples_are_undefined() -> None:
    def only_in_order(chosen: NDArray[np.intp]) -> float:
        if chosen.tolist() != [0, 1, 2]:
            raise ArgumentError("undefined")
        return 7.0

    assert bootstrap(only_in_order, 3) == Estimate(value=7)
    assert bootstrap_mean([1.0], resamples=0) == Estimate(value=1)
    with pytest.raises(ArgumentError):
        bootstrap_mean([])


def test_to_dict() -> None:
    assert Estimate(value=0.5, low=0.4, high=0.6).to_dict() == {"value": 0.5, "low": 0.4, "high": 0.6}
