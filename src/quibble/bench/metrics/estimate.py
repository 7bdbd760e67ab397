"""A measured figure with its uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quibble.errors import ArgumentError

#: Resamples and seed of every interval, unless somebody asks for others.
RESAMPLES: Final = 1000
SEED: Final = 0
#: The share of resamples that an interval holds.
COVERAGE: Final = 0.95

Indices = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure and its 95% bootstrap interval; low and high are None where no interval was asked for or defined."""

    value: float
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"value": self.value, "low": self.low, "high": self.high}


def bootstrap(
    statistic: Callable[[Indices], float], count: int, *, resamples: int = RESAMPLES, seed: int = SEED
) -> Estimate:
    """The statistic of items 0..count-1, and the interval between the percentiles of its resamples.

    `statistic` takes the indices of the items in a sample, some of them repeatedly. A resample for which it raises
    ArgumentError, as a correlation does for a sample of equal numbers, is left out; if more than half are, there is no
    interval. Source: Efron and Tibshirani 1993, the percentile method.
    """
    everything = np.arange(count)
    value = statistic(everything)
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(resamples):
        try:
            values.append(statistic(rng.integers(count, size=count)))
        except ArgumentError:
            continue
    if not resamples or 2 * len(values) < resamples:
        return Estimate(value=value)
    low, high = np.quantile(values, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return Estimate(value=value, low=float(low), high=float(high))


def bootstrap_mean(values: object, *, resamples: int = RESAMPLES, seed: int = SEED) -> Estimate:
    """The mean of at least one number, with its interval. Raises ArgumentError for none."""
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise ArgumentError(f"a mean needs at least one finite number, found {array.size} in shape {array.shape}")
    return bootstrap(lambda chosen: float(array[chosen].mean()), array.size, resamples=resamples, seed=seed)
