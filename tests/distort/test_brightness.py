from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import color

from quibble.distort import distort
from quibble.taxonomy import LEVEL_PARAMETERS, Distortion


def by_hsv(image: NDArray[np.uint8], change: Any) -> NDArray[np.float64]:
    hsv = color.rgb2hsv(image)
    hue, saturation, value = np.moveaxis(hsv, -1, 0)
    value = change(value)
    # Through hue and saturation at a value of 1, for a value above 1 is allowed until the end.
    pure = color.hsv2rgb(np.stack((hue, saturation, np.ones_like(value)), axis=-1))
    return np.asarray(np.clip(pure * value[..., None], 0, 1) * 255)


@pytest.mark.parametrize("level", [1, 3, 5])
@pytest.mark.parametrize(
    "distortion",
    [
        Distortion.BRIGHTEN_SHIFT_HSV,
        Distortion.DARKEN_SHIFT_HSV,
        Distortion.BRIGHTEN_GAMMA_HSV,
        Distortion.DARKEN_GAMMA_HSV,
    ],
)
def test_hsv_keeps_hue_and_saturation(distortion: Distortion, level: int, noise: NDArray[np.uint8]) -> None:
    noise[0] = 0
    noise[1] = 90
    (values,) = LEVEL_PARAMETERS[distortion].values()
    p = values[level - 1]
    change = {
        Distortion.BRIGHTEN_SHIFT_HSV: lambda v: v + p,
        Distortion.DARKEN_SHIFT_HSV: lambda v: np.maximum(v - p, 0),
    }.get(distortion, lambda v: v**p)
    assert np.abs(distort(noise, distortion, level=level) - by_hsv(noise, change)).max() <= 0.51


@pytest.mark.parametrize("level", [1, 3, 5])
@pytest.mark.parametrize("name", ["brighten.shift_rgb", "darken.shift_rgb", "brighten.gamma_rgb", "darken.gamma_rgb"])
def test_rgb_maps_each_value(name: str, level: int, noise: NDArray[np.uint8]) -> None:
    (values,) = LEVEL_PARAMETERS[Distortion(name)].values()
    p = values[level - 1]
    x = noise / 255
    expected = x**p if "gamma" in name else x + p if "brighten" in name else x - p
    assert np.abs(distort(noise, name, level=level) - np.clip(expected, 0, 1) * 255).max() <= 0.51


def test_black_becomes_gray_by_a_shift_and_stays_black_by_a_gamma() -> None:
    black = np.zeros((4, 4, 3), np.uint8)
    assert (distort(black, "brighten.shift_hsv", level=3) == round(0.3 * 255)).all()
    assert not distort(black, "brighten.gamma_hsv", level=3).any()
    assert distort(black.astype(np.float32), "brighten.shift_hsv", level=3) == pytest.approx(0.3)
