from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from quibble.distort import distort
from quibble.errors import ImageError

Bytes = NDArray[np.uint8]


def psnr(a: Bytes, b: Bytes) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))


@pytest.mark.parametrize(("level", "quality"), [(1, 25), (3, 12), (5, 5)])
def test_jpeg_is_pillows(photo: Bytes, level: int, quality: int) -> None:
    code = io.BytesIO()
    Image.fromarray(photo).save(code, "JPEG", quality=quality)
    expected = np.asarray(Image.open(code))
    # Two builds of libjpeg may round differently.
    assert np.abs(distort(photo, "compression.jpeg", level=level).astype(float) - expected).max() <= 3


def test_jpeg_keeps_red_and_blue_apart() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    assert distort(red, "compression.jpeg", level=1).mean(axis=(0, 1)) == pytest.approx([255, 0, 0], abs=8)


def test_a_picture_too_long_for_jpeg_is_named() -> None:
    with pytest.raises(ImageError, match="65500 pixels a side, found 65501 x 1"):
        distort(np.zeros((1, 65_501, 3), np.uint8), "compression.jpeg")


@pytest.mark.parametrize(("level", "target"), [(1, 29.0), (3, 26.0), (5, 23.0)])
def test_jpeg_2000_meets_its_ratio(level: int, target: float) -> None:
    photographs: Any = data
    picture = np.ascontiguousarray(photographs.astronaut()[100:356, 100:356])
    assert psnr(picture, distort(picture, "compression.jpeg_2000", level=level)) == pytest.approx(target, abs=0.5)


def test_jpeg_2000_keeps_red_and_blue_apart(photo: Bytes) -> None:
    out = distort(photo, "compression.jpeg_2000", level=1)
    for channel in range(3):
        errors = [np.abs(out[..., channel].astype(float) - photo[..., other]).mean() for other in range(3)]
        assert int(np.argmin(errors)) == channel
