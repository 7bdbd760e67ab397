"""Random fields made from a seed, the same on every machine and under every version of numpy.

They use the raw output of a bit generator, whose stream numpy guarantees, and not the sampling functions, whose
stream it does not. Sixteen random bits a value: enough for pictures of eight, and several times as fast.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: The number of values that random16 draws from.
STATES: Final = 1 << 16


def random16(shape: tuple[int, ...], seed: float) -> NDArray[np.uint16]:
    """Uniform whole numbers in 0..65535 of the given shape."""
    size = math.prod(shape)
    raw = np.random.SFC64(int(seed)).random_raw((size + 3) // 4)
    return raw.astype("<u8", copy=False).view("<u2")[:size].reshape(shape)


def normal(draws: NDArray[np.uint16], sigma: float) -> NDArray[np.float32]:
    """Gaussian noise of mean 0 and at most 4.3 sigma: the quantiles at the middles of 65,536 equal shares."""
    out = np.take(_quantiles(), draws)
    out *= np.float32(sigma)
    return out


@cache
def _quantiles() -> NDArray[np.float32]:
    """The 65,536 values of the standard normal distribution, scaled to a variance of exactly 1."""
    inverse = NormalDist().inv_cdf
    upper = np.array([inverse(0.5 + (i + 0.5) / STATES) for i in range(STATES // 2)])
    upper /= math.sqrt(np.mean(upper**2))
    return np.concatenate((-upper[::-1], upper)).astype(np.float32)
