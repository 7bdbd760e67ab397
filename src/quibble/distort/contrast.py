"""Contrast, stronger or weaker: scaled about the mean luminance, or stretched by a sigmoid about each channel's mean.

In a region the means are those of the region's own pixels. Source: DepictQA-Wild.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from quibble.distort.pixels import LUMA, Frame, Pixels, channel_means, curve


def scale(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """mean + factor * (x - mean), with the mean luminance of the picture."""
    factor = p["factor"]
    mean = float(channel_means(image, frame) @ LUMA)
    return curve(image, lambda x: mean + factor * (x - mean))


def stretch(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """1 / (1 + (mean / x) ** factor), with the mean of each channel, which itself becomes 0.5. Black stays black."""
    means = np.maximum(channel_means(image, frame), 1e-6)

    def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
        # Division by zero and overflow both stand for an infinite ratio, whose result is 0.
        with np.errstate(divide="ignore", over="ignore"):
            return 1 / (1 + (means.astype(x.dtype) / x) ** p["factor"])

    return curve(image, sigmoid)
