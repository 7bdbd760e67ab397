"""Noise: Gaussian in RGB or in YCrCb, speckle, spatially correlated, Poisson, impulse. Each value has its own draw.

Source of kinds and parameters: DepictQA-Wild. Sigmas are on the scale 0..1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quibble.distort.fields import STATES, normal, random16
from quibble.distort.pixels import Frame, Pixels, cv2, settle, strips, to_bytes, top, widen

#: Change of (R, G, B) by a change of (Y, Cr, Cb), full range: ITU-R BT.601 with OpenCV's scales of Cr and Cb.
YCRCB_TO_RGB: Final = np.array([[1, 1.403, 0], [1, -0.714, -0.344], [1, 0, 1.773]])

#: Shares that a Poisson distribution is cut into, as a power of two.
_POISSON_BITS: Final = 12


def gaussian_rgb(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Add Gaussian noise of `sigma` to every value."""
    sigma = p["sigma"] * top(image)
    return _by_strips(image, p["seed"], lambda part, draws: _added(part, normal(draws, sigma)))


def gaussian_ycrcb(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Add Gaussian noise of sigma_y to Y and of chroma_ratio times that to Cr and Cb."""
    sigma = p["sigma_y"] * top(image)
    # YCrCb is linear in RGB, so the noise is carried over instead of the picture.
    matrix = YCRCB_TO_RGB * (1, p["chroma_ratio"], p["chroma_ratio"])
    return _by_strips(image, p["seed"], lambda part, draws: _added(part, cv2.transform(normal(draws, sigma), matrix)))


def speckle(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Multiply every value by 1 plus Gaussian noise of `sigma`."""

    def multiplied(part: Pixels, draws: NDArray[np.uint16]) -> Pixels:
        gain = normal(draws, p["sigma"])
        gain += 1
        return settle(cv2.multiply(part, gain, dtype=cv2.CV_32F), part)

    return _by_strips(image, p["seed"], multiplied)


def spatially_correlated(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Add Gaussian noise of `sigma`, then take the mean over 3x3 pixels, of the picture too."""
    noisy = normal(random16(image.shape, p["seed"]), p["sigma"] * top(image))
    noisy += image
    return settle(cv2.blur(noisy, (3, 3)), image)


def poisson(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Count photons: a value x becomes a Poisson number of mean x * photons, divided by photons.

    A float picture is counted at the nearest of 256 values and keeps its difference to that.
    """
    table = _poisson_table(p["photons"], white=int(top(image)))

    def counted(part: Pixels, draws: NDArray[np.uint16]) -> Pixels:
        grey = to_bytes(part)
        index = grey.astype(np.uint32)
        index <<= _POISSON_BITS
        index += draws >> np.uint16(16 - _POISSON_BITS)
        if part.dtype == np.uint8:
            return np.take(table, index)
        return settle(np.take(table, index) + (part - grey.astype(np.float32) * np.float32(1 / 255)), part)

    return _by_strips(image, p["seed"], counted)


@lru_cache(maxsize=8)
def _poisson_table(photons: float, *, white: int) -> NDArray[Any]:
    """Noisy values at the middles of 4,096 equal shares of the distribution, for each of 256 grey values.

    (256 * 4096,), uint8 for white 255 and float32 for white 1. Cached, for it takes longer than its use.
    """
    shares = 1 << _POISSON_BITS
    rate = np.arange(256) / 255.0 * photons
    # What lies above six standard deviations is less than half a share, so the last edge rounds to all of them.
    most = int(photons + 6 * photons**0.5) + 8
    counts = np.arange(most + 1)
    terms = np.vstack((np.exp(-rate), rate / counts[1:, None]))
    cumulative = np.cumsum(np.cumprod(terms, axis=0), axis=0)
    edges = np.rint(cumulative * shares).astype(np.int64)
    repeats = np.diff(edges, axis=0, prepend=0).T
    values = np.minimum(counts / photons, 1) * white
    values = np.rint(values).astype(np.uint8) if white == 255 else values.astype(np.float32)
    table = np.repeat(np.tile(values, 256), repeats.reshape(-1))
    table.setflags(write=False)
    return table


def impulse(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Salt and pepper: the share `amount` of all values becomes 0 or white, half each."""
    half = round(p["amount"] / 2 * STATES)
    draws = random16(image.shape, p["seed"])
    out = image.copy()
    np.putmask(out, draws < half, 0)
    np.putmask(out, draws >= STATES - half, top(image))
    return out


def _by_strips(image: Pixels, seed: float, function: Callable[[Pixels, NDArray[np.uint16]], Pixels]) -> Pixels:
    """Apply a function of some rows and their random numbers, one for each value, to all rows."""
    draws = random16(image.shape, seed)
    out = np.empty_like(image)
    for rows in strips(image.shape):
        out[rows] = function(image[rows], draws[rows])
    return out


def _added(image: Pixels, noise: NDArray[np.float32]) -> Pixels:
    if image.dtype == np.uint8:
        out: Pixels = cv2.add(image, noise, dtype=cv2.CV_8U)
        return out
    return settle(widen(image) + noise, image)
