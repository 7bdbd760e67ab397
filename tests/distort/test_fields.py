from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from quibble.distort.fields import normal, random16


def test_the_stream_of_a_seed_is_fixed_for_good() -> None:
    assert random16((2, 3), 0).tolist() == [[25394, 47466, 40543], [37269, 40737, 23166]]
    assert random16((5,), 2**53 - 1).tolist() == [11528, 47281, 48881, 64620, 20228]


def test_random16_is_uniform_and_fills_any_shape() -> None:
    field = random16((701, 333, 3), 5)
    counts = np.bincount(field.reshape(-1) >> 8, minlength=256)
    assert stats.chisquare(counts).pvalue > 1e-4
    assert random16((1, 1, 3), 1).shape == (1, 1, 3)
    assert random16((0, 4), 1).shape == (0, 4)


def test_normal_is_gaussian() -> None:
    field = normal(random16((600, 601), 3), 2.0).astype(np.float64)
    assert field.mean() == pytest.approx(0, abs=0.015)
    assert field.std() == pytest.approx(2, rel=0.005)
    assert stats.kurtosis(field.reshape(-1)) == pytest.approx(0, abs=0.03)
    assert stats.kstest(field.reshape(-1)[:50_000] / 2, "norm").pvalue > 1e-4
    # Neighbours are independent.
    assert np.corrcoef(field[:, 1:].reshape(-1), field[:, :-1].reshape(-1))[0, 1] == pytest.approx(0, abs=0.01)
