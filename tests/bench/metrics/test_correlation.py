"""Parity with scipy on scores with and without ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import curve_fit

from quibble.bench.metrics.correlation import fit_logistic, krcc, logistic, plcc, plcc_fitted, ranks, rmse, srcc
from quibble.errors import ArgumentError

Vector = NDArray[np.float64]


def scores(n: int, seed: int, *, ties: bool) -> tuple[Vector, Vector]:
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0, 100, n)
    predicted = truth + rng.normal(0, 30, n)
    return (np.round(predicted / 10), np.round(truth / 20)) if ties else (predicted, truth)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("n", [3, 10, 257])
def test_correlations_are_scipys(n: int, ties: bool) -> None:
    x, y = scores(n, n, ties=ties)
    assert srcc(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert plcc(x, y) == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-12)
    assert krcc(x, y) == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
    assert rmse(x, y) == pytest.approx(np.linalg.norm(x - y) / np.sqrt(n), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=20))
def test_kendall_with_many_ties_is_scipys(pairs: list[tuple[int, int]]) -> None:
    x, y = (np.array(column, float) for column in zip(*pairs, strict=True))
    if len(set(x)) < 2 or len(set(y)) < 2:
        with pytest.raises(ArgumentError, match="undefined"):
            krcc(x, y)
    else:
        assert krcc(x, y) == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)


def test_ranks_are_shared() -> None:
    values = np.array([3.0, 1, 3, 2, 3])
    assert ranks(values).tolist() == stats.rankdata(values).tolist() == [4, 1, 4, 2, 4]


def test_order_and_direction_matter() -> None:
    x = np.arange(20.0)
    assert srcc(x, x**3) == krcc(x, x**3) == 1
    assert plcc(x, x**3) < 0.95
    assert srcc(x, -x) == krcc(x, -x) == plcc(x, -x) == -1


@pytest.mark.parametrize("rises", [1, -1])
def test_the_fit_straightens_a_logistic(rises: int) -> None:
    x = np.linspace(-3, 9, 60)
    y = logistic(x, 90, 10, 2.5, 0.8) if rises > 0 else logistic(x, 10, 90, 2.5, 0.8)
    assert abs(plcc(x, y)) < 0.97
    assert plcc_fitted(x, y) == pytest.approx(1, abs=1e-9)
    assert fit_logistic(x, y)[2:] == pytest.approx((2.5, 0.8), abs=1e-4)


def test_the_fit_is_as_good_as_scipys_own_curve_fit() -> None:
    x, y = scores(200, 5, ties=False)
    found, _ = curve_fit(logistic, x, y, p0=[y.max(), y.min(), x.mean(), x.std() / 2], maxfev=20000)
    assert plcc_fitted(x, y) == pytest.approx(stats.pearsonr(logistic(x, *found), y).statistic, abs=1e-6)


@pytest.mark.parametrize("metric", [srcc, plcc, krcc])
def test_what_is_undefined_is_refused(metric: object) -> None:
    assert callable(metric)
    for x, y in (([1.0, 1], [1.0, 2]), ([1.0], [1.0]), ([1.0, 2], [1.0, 2, 3]), ([1.0, np.nan], [1.0, 2])):
        with pytest.raises(ArgumentError):
            metric(x, y)
    with pytest.raises(ArgumentError, match="at least 5"):
        fit_logistic([1.0, 2, 3], [1.0, 2, 3])
