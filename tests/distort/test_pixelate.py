from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from quibble.distort import distort

Bytes = NDArray[np.uint8]


@pytest.mark.parametrize(("level", "scale"), [(1, 0.5), (3, 0.3), (4, 0.25), (5, 0.2)])
def test_blocks_are_pillows(level: int, scale: float, photo: Bytes) -> None:
    height, width = photo.shape[:2]
    small = Image.fromarray(photo).resize((int(width * scale), int(height * scale)), Image.Resampling.BOX)
    expected = np.asarray(small.resize((width, height), Image.Resampling.NEAREST))
    out = distort(photo, "pixelate.box", level=level)
    # Level 2 is left out: with blocks of 2.5 pixels centres lie on borders, and belong to either side.
    assert np.mean(np.abs(out.astype(float) - expected) <= 1) > 0.98


def test_a_block_is_the_mean_of_its_pixels(noise: Bytes) -> None:
    picture = noise[:60, :80]
    means = picture.reshape(12, 5, 16, 5, 3).mean(axis=(1, 3))
    expected = np.rint(means).repeat(5, axis=0).repeat(5, axis=1)
    assert np.abs(distort(picture, "pixelate.box", level=5) - expected).max() <= 1
