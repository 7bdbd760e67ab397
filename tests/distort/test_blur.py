from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from quibble.degradation import Degradation
from quibble.distort import apply, distort, draw
from quibble.taxonomy import Distortion

Bytes = NDArray[np.uint8]


def blurred(image: NDArray[np.generic], distortion: Distortion, **parameters: float) -> NDArray[np.generic]:
    return apply(image, Degradation(distortion=distortion, level=3, parameters=parameters))


@pytest.mark.parametrize("sigma", [0.7, 1.0, 2.5, 5.0])
def test_gaussian_is_scipys(noise: Bytes, sigma: float) -> None:
    expected = ndimage.gaussian_filter(noise.astype(float), (sigma, sigma, 0), mode="nearest", truncate=4)
    out = blurred(noise, Distortion.BLUR_GAUSSIAN, sigma_px=sigma)
    assert np.abs(out - expected).max() <= 0.51


@pytest.mark.parametrize("radius", [2.0, 3.0, 4.0, 5.0, 6.0, 7.3, 8.0])
def test_lens_is_the_mean_over_a_disk(noise: Bytes, radius: float) -> None:
    line = np.arange(-8, 9)
    disk = (line[:, None] ** 2 + line**2 <= radius**2).astype(float)
    expected = np.stack(
        [ndimage.convolve(noise[..., c].astype(float), disk / disk.sum(), mode="mirror") for c in range(3)], axis=-1
    )
    out = blurred(noise, Distortion.BLUR_LENS, radius_px=radius)
    assert np.abs(out - expected).max() <= 0.51


@pytest.mark.parametrize(("angle", "step"), [(0.0, (0, 1)), (90.0, (1, 0)), (-90.0, (-1, 0)), (45.0, None)])
def test_motion_is_a_trail_of_half_a_gaussian(angle: float, step: tuple[int, int] | None) -> None:
    dot = np.zeros((61, 61, 3), np.float32)
    dot[30, 30] = 1
    out = blurred(dot, Distortion.BLUR_MOTION, radius_px=10, sigma_px=5, angle_deg=angle)[..., 0]
    weights = np.exp(-(np.arange(21) ** 2) / (2 * 5.0**2))
    weights /= weights.sum()
    assert out.sum() == pytest.approx(1, abs=1e-5)
    if step is not None:
        # A pixel shows what lies ahead of it, so the trail of a dot goes back.
        trail = [out[30 - i * step[0], 30 - i * step[1]] for i in range(21)]
        np.testing.assert_allclose(trail, weights, atol=1e-6)
    else:
        rows, columns = np.nonzero(out)
        assert (rows - 30 == columns - 30).all()
        assert rows.max() == 30


def test_motion_repeats_the_border() -> None:
    white = np.full((9, 9, 3), 200, np.uint8)
    np.testing.assert_array_equal(distort(white, "blur.motion", level=5), white)


@pytest.mark.parametrize(
    ("factor", "zooms"),
    [(1.03, [1.02]), (1.06, [1.02, 1.04, 1.06]), (1.10, [1.02, 1.04, 1.06, 1.08, 1.10]), (1.21, None)],
)
def test_zoom_is_the_mean_of_enlarged_pictures(photo: Bytes, factor: float, zooms: list[float] | None) -> None:
    zooms = zooms if zooms is not None else [1 + 0.02 * k for k in range(1, 11)]
    height, width = photo.shape[:2]
    center = (np.array([height, width, 1]) - 1) / 2
    expected = 2 * photo.astype(float)
    for zoom in zooms:
        matrix = np.diag([1 / zoom, 1 / zoom, 1])
        expected += ndimage.affine_transform(
            photo.astype(float), matrix, offset=center - matrix @ center, order=1, mode="nearest"
        )
    expected /= len(zooms) + 2
    out = blurred(photo, Distortion.BLUR_ZOOM, factor=factor)
    # OpenCV places its samples on a grid of 1/32 pixel in some versions.
    assert np.abs(out - expected).mean() < 0.4
    assert np.abs(out - expected).max() <= 6


def numbered(height: int, width: int) -> Bytes:
    """A picture in which no two pixels are alike."""
    number = np.arange(height * width)
    return np.stack((number >> 16, number >> 8 & 255, number & 255), axis=-1).astype(np.uint8).reshape(height, width, 3)


def places(image: NDArray[np.generic]) -> NDArray[np.int64]:
    values = image.astype(np.int64)
    return values[..., 0] << 16 | values[..., 1] << 8 | values[..., 2]


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_jitter_exchanges_pixels_nearby(level: int) -> None:
    height, width = 150, 130
    where = places(distort(numbered(height, width), "blur.jitter", level=level, seed=level))
    assert (np.sort(where.reshape(-1)) == np.arange(height * width)).all()
    dy, dx = where // width - np.arange(height)[:, None], where % width - np.arange(width)
    # Twice on average, uniform in -level..level each time; the middle, where no border holds pixels back.
    expected = math.sqrt(2 * level * (level + 1) / 3)
    for way in (dy, dx):
        assert way[20:-20, 20:-20].std() == pytest.approx(expected, rel=0.06)
        assert way[20:-20, 20:-20].mean() == pytest.approx(0, abs=0.1 * expected)
    assert (where == np.arange(height * width).reshape(height, width)).mean() < 0.12


def test_a_float_picture_is_shuffled_like_its_bytes() -> None:
    picture = numbered(40, 50)
    degradation = draw("blur.jitter", 3, np.random.default_rng(0))
    floats = apply(picture.astype(np.float32) / 255, degradation)
    np.testing.assert_array_equal(np.rint(floats * 255), apply(picture, degradation))


def test_glass_keeps_the_mean_and_is_rougher_than_its_blur(photo: Bytes) -> None:
    glass = distort(photo, "blur.glass", level=4)
    # The blur with the same spread: two of 1.4 and two rounds of exchanges of up to 3 pixels.
    soft = blurred(photo, Distortion.BLUR_GAUSSIAN, sigma_px=math.sqrt(2 * 1.4**2 + 2 * 8))
    np.testing.assert_allclose(glass.mean(axis=(0, 1)), photo.mean(axis=(0, 1)), atol=1.5)
    assert (
        np.abs(np.diff(glass.astype(float), axis=1)).mean() > 1.1 * np.abs(np.diff(soft.astype(float), axis=1)).mean()
    )
