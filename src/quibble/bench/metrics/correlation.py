"""How well predicted scores follow people's: SRCC, PLCC, KRCC and RMSE.

All take two vectors of equal length, (n,), and raise ArgumentError for fewer than two items, for numbers that are not
finite, and, for a correlation, if either vector holds one value only: it is not 0 then but undefined.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quibble.errors import ArgumentError, MissingExtraError

Vector = NDArray[np.float64]

#: Fewer points than the logistic has parameters say nothing about it.
LEAST_TO_FIT: Final = 5


def srcc(predicted: ArrayLike, truth: ArrayLike) -> float:
    """Spearman's rank correlation, -1..1: Pearson's correlation of the ranks, equal values sharing the mean rank."""
    x, y = _pair(predicted, truth)
    return _pearson(ranks(x), ranks(y))


def plcc(predicted: ArrayLike, truth: ArrayLike) -> float:
    """Pearson's linear correlation, -1..1, of the scores as they are. This is what the Q-Bench family reports."""
    return _pearson(*_pair(predicted, truth))


def krcc(predicted: ArrayLike, truth: ArrayLike) -> float:
    """Kendall's rank correlation, -1..1, in its form tau-b, which allows for ties. O(n log² n)."""
    x, y = _pair(predicted, truth)
    _check_varied(x, y)
    order = np.lexsort((y, x))
    x, y = x[order], y[order]
    pairs = x.size * (x.size - 1) // 2
    tied_x, tied_y = _tied(x), _tied(y)
    tied_both = _tied(np.unique(np.stack([x, y]), axis=1, return_inverse=True)[1].reshape(-1))
    discordant = _inversions(np.unique(y, return_inverse=True)[1])
    difference = pairs - tied_x - tied_y + tied_both - 2 * discordant
    return float(difference / (np.sqrt(float(pairs - tied_x)) * np.sqrt(float(pairs - tied_y))))


def rmse(predicted: ArrayLike, truth: ArrayLike) -> float:
    """Root mean square error, in the unit of the scores, 0 or more, lower is better. Both must be on one scale."""
    x, y = _pair(predicted, truth)
    return float(np.sqrt(np.mean((x - y) ** 2)))


def logistic(x: Vector, top: float, bottom: float, middle: float, slope: float) -> Vector:
    """The 4-parameter logistic of VQEG: from `bottom` to `top` around `middle`. Source: VQEG 2000, FR-TV phase I."""
    steep = np.clip(-(x - middle) / abs(slope), -500, 500)
    return np.asarray(bottom + (top - bottom) / (1 + np.exp(steep)), np.float64)


def fit_logistic(predicted: ArrayLike, truth: ArrayLike) -> tuple[float, float, float, float]:
    """The parameters of `logistic` that map predictions to scores with the least squared error.

    Starts from the range of the scores and the mean and spread of the predictions, rising or falling as the scores do.
    Raises ArgumentError for fewer than five items or if the search does not settle. Needs the extra `data` (scipy).
    """
    x, y = _pair(predicted, truth)
    _check_varied(x, y)
    if x.size < LEAST_TO_FIT:
        raise ArgumentError(f"a logistic fit needs at least {LEAST_TO_FIT} items, found {x.size}")
    try:
        from scipy.optimize import least_squares
    except ImportError as error:
        raise MissingExtraError("scipy", "data") from error
    shift, scale = float(x.mean()), float(x.std())
    x = (x - shift) / scale
    ends = (y.max(), y.min()) if _pearson(x, y) >= 0 else (y.min(), y.max())
    found = least_squares(lambda p: logistic(x, *p) - y, [*ends, 0.0, 0.5], max_nfev=2000)
    if not found.success:
        raise ArgumentError(f"the logistic fit did not settle ({found.message}); report the plain PLCC instead")
    top, bottom, middle, slope = (float(p) for p in found.x)
    return top, bottom, middle * scale + shift, abs(slope) * scale


def plcc_fitted(predicted: ArrayLike, truth: ArrayLike) -> float:
    """PLCC after the predictions went through the fitted 4-parameter logistic; never negative but for rounding."""
    x, y = _pair(predicted, truth)
    return _pearson(logistic(x, *fit_logistic(x, y)), y)


def ranks(values: Vector) -> Vector:
    """1..n, equal values sharing the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], np.float64)


def _pair(predicted: ArrayLike, truth: ArrayLike) -> tuple[Vector, Vector]:
    x, y = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    if x.ndim != 1 or x.shape != y.shape or x.size < 2:
        raise ArgumentError(f"expected two vectors of one length of at least 2, found shapes {x.shape} and {y.shape}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ArgumentError("scores must be finite; count unreadable ones and leave them out")
    return x, y


def _check_varied(x: Vector, y: Vector) -> None:
    for name, values in (("predictions", x), ("true scores", y)):
        if (values == values[0]).all():
            raise ArgumentError(f"a correlation is undefined: all {values.size} {name} are {values[0]:g}")


def _pearson(x: Vector, y: Vector) -> float:
    _check_varied(x, y)
    x, y = x - x.mean(), y - y.mean()
    # Scaled first, so that the squares of tiny or huge scores neither vanish nor overflow.
    x, y = x / np.abs(x).max(), y / np.abs(y).max()
    return float(np.clip((x @ y) / np.sqrt((x @ x) * (y @ y)), -1, 1))


def _tied(values: NDArray[np.generic]) -> int:
    """Pairs of equal values."""
    counts = np.unique(values, return_counts=True)[1].astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


def _inversions(values: NDArray[np.intp]) -> int:
    """Pairs that stand in falling order. (n,) whole numbers from 0.

    Two numbers differ first in one bit: for each bit, among numbers that agree above it, those are counted in which a 1
    stands before a 0.
    """
    total = 0
    for bit in range(int(values.max()).bit_length()):
        order = np.argsort(values >> (bit + 1), kind="stable")
        group, ones = (values >> (bit + 1))[order], ((values >> bit) & 1)[order]
        before = np.cumsum(ones) - ones
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        base = np.repeat(before[starts], np.diff(starts, append=group.size))
        total += int(((before - base) * (1 - ones)).sum())
    return total
