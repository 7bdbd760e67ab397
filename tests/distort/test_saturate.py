from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import color

from quibble.distort import distort
from quibble.taxonomy import LEVEL_PARAMETERS, Distortion

Bytes = NDArray[np.uint8]


@pytest.mark.parametrize("level", [1, 3, 5])
@pytest.mark.parametrize("distortion", [Distortion.SATURATE_STRENGTHEN_HSV, Distortion.SATURATE_WEAKEN_HSV])
def test_hsv_scales_saturation_up_to_one(distortion: Distortion, level: int, noise: Bytes) -> None:
    hsv = color.rgb2hsv(noise)
    hsv[..., 1] = np.minimum(hsv[..., 1] * LEVEL_PARAMETERS[distortion]["factor"][level - 1], 1)
    assert np.abs(distort(noise, distortion, level=level) - color.hsv2rgb(hsv) * 255).max() <= 0.51


@pytest.mark.parametrize("level", [1, 3, 5])
@pytest.mark.parametrize("distortion", [Distortion.SATURATE_STRENGTHEN_YCRCB, Distortion.SATURATE_WEAKEN_YCRCB])
def test_ycrcb_scales_chroma_up_to_a_half(distortion: Distortion, level: int, noise: Bytes) -> None:
    factor = LEVEL_PARAMETERS[distortion]["factor"][level - 1]
    x = noise / 255
    luma = x @ np.array([0.299, 0.587, 0.114])
    cr = np.clip((x[..., 0] - luma) / 1.402 * factor, -0.5, 0.5)
    cb = np.clip((x[..., 2] - luma) / 1.772 * factor, -0.5, 0.5)
    red, blue = luma + 1.402 * cr, luma + 1.772 * cb
    green = (luma - 0.299 * red - 0.114 * blue) / 0.587
    expected = np.clip(np.stack((red, green, blue), axis=-1), 0, 1) * 255
    # OpenCV's constants have three digits.
    assert np.abs(distort(noise, distortion, level=level) - expected).max() <= 1.5


def test_at_zero_nothing_is_left_of_color(photo: Bytes) -> None:
    luminance = photo @ np.array([0.299, 0.587, 0.114])
    by_value = distort(photo, "saturate_weaken.hsv", level=5)
    by_luma = distort(photo, "saturate_weaken.ycrcb", level=5)
    np.testing.assert_array_equal(by_value, np.repeat(photo.max(axis=2, keepdims=True), 3, axis=2))
    assert np.abs(by_luma - luminance[..., None]).max() <= 0.51
