from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage, stats
from skimage import color

from quibble.degradation import Degradation
from quibble.distort import apply
from quibble.taxonomy import Distortion

SIDE = 200


def flat(value: float) -> NDArray[np.float32]:
    return np.full((SIDE, SIDE, 3), value, np.float32)


def noisy(image: NDArray[Any], distortion: Distortion, **parameters: float) -> NDArray[np.float64]:
    degradation = Degradation(distortion=distortion, level=3, parameters={**parameters, "seed": 11})
    return apply(image, degradation).astype(np.float64)


def test_gaussian_rgb_has_its_sigma_in_each_channel_independently() -> None:
    noise = noisy(flat(0.5), Distortion.NOISE_GAUSSIAN_RGB, sigma=0.1) - 0.5
    assert noise.mean() == pytest.approx(0, abs=0.002)
    np.testing.assert_allclose(np.cov(noise.reshape(-1, 3).T), 0.01 * np.eye(3), atol=3e-4)


def test_gaussian_ycrcb_has_its_sigmas_in_its_own_space() -> None:
    out = noisy(flat(0.5), Distortion.NOISE_GAUSSIAN_YCRCB, sigma_y=0.05, chroma_ratio=2)
    y = out @ (0.299, 0.587, 0.114)
    cr, cb = (out[..., 0] - y) * 0.713, (out[..., 2] - y) * 0.564
    for part, sigma in ((y, 0.05), (cr, 0.1), (cb, 0.1)):
        assert part.std() == pytest.approx(sigma, rel=0.02)
    assert np.corrcoef([p.reshape(-1) for p in (y, cr, cb)])[np.triu_indices(3, 1)] == pytest.approx(0, abs=0.02)


def test_speckle_grows_with_the_value() -> None:
    for value in (0.1, 0.4):
        noise = noisy(flat(value), Distortion.NOISE_SPECKLE, sigma=0.3) - value
        assert noise.std() == pytest.approx(0.3 * value, rel=0.02)
        assert noise.mean() == pytest.approx(0, abs=0.01 * value)
    assert not noisy(flat(0), Distortion.NOISE_SPECKLE, sigma=0.3).any()


def test_spatially_correlated_is_the_mean_over_nine_pixels(noise: NDArray[np.uint8]) -> None:
    field = noisy(flat(0.5), Distortion.NOISE_SPATIALLY_CORRELATED, sigma=0.12)[..., 0] - 0.5
    assert field.std() == pytest.approx(0.12 / 3, rel=0.03)
    assert np.corrcoef(field[:, 1:].reshape(-1), field[:, :-1].reshape(-1))[0, 1] == pytest.approx(2 / 3, abs=0.03)
    out = noisy(noise, Distortion.NOISE_SPATIALLY_CORRELATED, sigma=0)
    expected = ndimage.uniform_filter(noise.astype(float), (3, 3, 1), mode="mirror")
    assert np.abs(out - expected).max() <= 0.51


@pytest.mark.parametrize("photons", [80.0, 33.3, 15.0])
@pytest.mark.parametrize("value", [3, 40, 90])
def test_poisson_counts_photons(photons: float, value: int) -> None:
    rate = value / 255 * photons
    image = np.full((SIDE, SIDE, 3), value, np.uint8)
    out = noisy(image.astype(np.float32) / 255, Distortion.NOISE_POISSON, photons=photons)
    counts = out * photons
    assert counts.mean() == pytest.approx(rate, rel=0.01, abs=0.002)
    assert counts.var() == pytest.approx(rate, rel=0.025)
    assert np.abs(counts - np.rint(counts)).max() < 1e-3
    whole, times = np.unique(np.rint(counts).astype(int), return_counts=True)
    np.testing.assert_allclose(times / counts.size, stats.poisson.pmf(whole, rate), atol=0.005)
    as_bytes = noisy(image, Distortion.NOISE_POISSON, photons=photons)
    np.testing.assert_array_equal(as_bytes, np.rint(np.rint(counts) / photons * 255))


def test_poisson_of_a_float_keeps_what_lies_between_two_bytes() -> None:
    values = [0.5, 0.5 + 0.3 / 255, 0.5 + 0.45 / 255]
    means = [noisy(flat(v), Distortion.NOISE_POISSON, photons=80).mean() for v in values]
    np.testing.assert_allclose(np.diff(means), np.diff(values), rtol=1e-3)


def test_impulse_is_salt_and_pepper_in_equal_parts() -> None:
    out = noisy(np.full((SIDE, SIDE, 3), 77, np.uint8), Distortion.NOISE_IMPULSE, amount=0.1)
    assert set(np.unique(out)) == {0, 77, 255}
    for value in (0, 255):
        assert (out == value).mean() == pytest.approx(0.05, rel=0.1)
    # Each value of a pixel has its own draw: coloured dots.
    hit = out != 77
    assert (hit.any(axis=2) & ~hit.all(axis=2)).sum() > 0.9 * hit.any(axis=2).sum()


def test_noise_on_a_picture_is_clipped_not_wrapped() -> None:
    black, white = np.zeros((50, 50, 3), np.uint8), np.full((50, 50, 3), 255, np.uint8)
    assert noisy(black, Distortion.NOISE_GAUSSIAN_RGB, sigma=0.1).max() < 128
    assert noisy(white, Distortion.NOISE_GAUSSIAN_RGB, sigma=0.1).min() > 128
    assert noisy(white, Distortion.NOISE_POISSON, photons=15).max() == 255


def test_the_matrix_is_that_of_the_color_space() -> None:
    from quibble.distort.noise import YCRCB_TO_RGB

    # scikit-image's YCbCr runs over 16..235 and 16..240.
    to_rgb = np.linalg.inv(color.colorconv.ycbcr_from_rgb)
    expected = (to_rgb * (219, 224, 224))[:, [0, 2, 1]]
    np.testing.assert_allclose(YCRCB_TO_RGB, expected, atol=2e-3)
