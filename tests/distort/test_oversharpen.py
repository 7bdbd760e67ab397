from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from quibble.distort import distort


@pytest.mark.parametrize(("level", "amount"), [(1, 2.0), (3, 4.0), (5, 8.0)])
def test_unsharp_adds_what_a_blur_takes(level: int, amount: float, photo: NDArray[np.uint8]) -> None:
    kernel = np.exp(-(np.arange(-2, 3) ** 2) / (2 * 1.1**2))
    kernel /= kernel.sum()
    x = photo.astype(float)
    soft = ndimage.correlate1d(ndimage.correlate1d(x, kernel, axis=0, mode="mirror"), kernel, axis=1, mode="mirror")
    expected = np.clip(x + amount * (x - soft), 0, 255)
    assert np.abs(distort(photo, "oversharpen.unsharp", level=level) - expected).max() <= 0.51
