from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from quibble.distort import distort
from quibble.taxonomy import LEVEL_PARAMETERS, Distortion

Bytes = NDArray[np.uint8]
SCALES = [Distortion.CONTRAST_STRENGTHEN_SCALE, Distortion.CONTRAST_WEAKEN_SCALE]
STRETCHES = [Distortion.CONTRAST_STRENGTHEN_STRETCH, Distortion.CONTRAST_WEAKEN_STRETCH]


@pytest.mark.parametrize("level", [1, 3, 5])
@pytest.mark.parametrize("distortion", SCALES)
def test_scale_is_about_the_mean_luminance(distortion: Distortion, level: int, photo: Bytes) -> None:
    factor = LEVEL_PARAMETERS[distortion]["factor"][level - 1]
    mean = (photo @ np.array([0.299, 0.587, 0.114])).mean()
    expected = np.clip(mean + factor * (photo - mean), 0, 255)
    out = distort(photo, distortion, level=level)
    assert np.abs(out - expected).max() <= 0.51
    # Pillow rounds the mean.
    pillow = np.asarray(ImageEnhance.Contrast(Image.fromarray(photo)).enhance(factor))
    assert np.abs(out.astype(float) - pillow).max() <= 0.5 * abs(1 - factor) + 1.5


@pytest.mark.parametrize("level", [1, 3, 5])
@pytest.mark.parametrize("distortion", STRETCHES)
def test_stretch_is_a_sigmoid_about_each_mean(distortion: Distortion, level: int, photo: Bytes) -> None:
    factor = LEVEL_PARAMETERS[distortion]["factor"][level - 1]
    x = photo / 255
    ratio = x.mean(axis=(0, 1)) / np.maximum(x, 1e-9)
    expected = 255 / (1 + ratio**factor)
    assert np.abs(distort(photo, distortion, level=level) - expected).max() <= 0.51


def test_a_black_picture_stays_black() -> None:
    black = np.zeros((5, 5, 3), np.uint8)
    for distortion in (*SCALES, *STRETCHES):
        assert not distort(black, distortion).any()


def test_contrast_rises_and_falls(photo: Bytes) -> None:
    for distortion in (*SCALES, *STRETCHES):
        spread = distort(photo, distortion, level=4).std()
        assert (spread > photo.std()) == distortion.value.startswith("contrast_strengthen")
