import numpy as np
import torch
from scipy.ndimage import correlate1d

from quibble.model.fixed_maps import FixedMaps, LocalNormalization, luma
from quibble.model.statistics import SceneStatistics, _blockiness, _moments, _products, _share_below


def test_local_normalization_equals_a_gaussian_window_by_scipy() -> None:
    y = np.random.default_rng(0).random((40, 50)).astype(np.float32)
    offsets = np.arange(-3, 4)
    kernel = np.exp(-0.5 * (offsets / (7 / 6)) ** 2)
    kernel /= kernel.sum()

    def smooth(x: np.ndarray) -> np.ndarray:
        return np.asarray(correlate1d(correlate1d(x, kernel, 1, mode="nearest"), kernel, 0, mode="nearest"))

    mean = smooth(y)
    deviation = np.sqrt(smooth((y - mean) ** 2) + 1e-8)
    got, got_deviation = LocalNormalization()(torch.from_numpy(y)[None, None])
    np.testing.assert_allclose(got_deviation[0, 0].numpy(), deviation, atol=1e-5)
    np.testing.assert_allclose(got[0, 0].numpy(), (y - mean) / (deviation + 1 / 255), atol=1e-4)


def test_moments_and_products_are_those_of_numpy() -> None:
    x = np.random.default_rng(1).standard_normal((30, 40)).astype(np.float32) ** 3
    moments = _moments(torch.from_numpy(x)[None, None])[0].numpy()
    energy = (x**2).mean()
    expected = [np.abs(x).mean(), np.log(energy), (x**3).mean() / energy**1.5, np.log((x**4).mean() / energy**2)]
    np.testing.assert_allclose(moments, expected, rtol=1e-3)

    products = _products(torch.from_numpy(x)[None, None])[0].numpy()
    pairs = [
        x[:, :-1] * x[:, 1:],
        x[:-1] * x[1:],
        x[:-1, :-1] * x[1:, 1:],
        x[:-1, 1:] * x[1:, :-1],
    ]
    for i, product in enumerate(pairs):
        up, down = np.maximum(product, 0), np.maximum(-product, 0)
        expected = [product.mean(), np.abs(product).mean(), np.sqrt((up**2).mean()), np.sqrt((down**2).mean())]
        np.testing.assert_allclose(products[4 * i : 4 * i + 4], expected, rtol=1e-3, atol=1e-3)


def test_blockiness_sees_a_grid_and_nothing_in_noise() -> None:
    rng = np.random.default_rng(2)
    noise = 0.5 + 0.02 * rng.standard_normal((128, 128)).astype(np.float32)
    blocks = np.kron(rng.random((16, 16)), np.ones((8, 8))).astype(np.float32)
    plain, grid = (_blockiness(torch.from_numpy(a)[None, None])[0] for a in (noise, blocks))
    assert grid[0] > 1.5
    assert grid[2] > 1.5
    assert plain[0] < 0.2


def test_shares_below_are_shares() -> None:
    x = torch.linspace(0, 1, 10_000).view(1, 1, 100, 100)
    shares = _share_below(x, (0.25, 0.5, 0.75))[0]
    torch.testing.assert_close(shares, torch.tensor([0.25, 0.5, 0.75]), atol=0.03, rtol=0)


def test_statistics_have_their_size_and_are_finite_on_flat_pictures() -> None:
    statistics = SceneStatistics().eval()
    for value in (0.0, 0.5, 1.0):
        out = statistics(torch.full((2, 3, 64, 80), value))
        assert out.shape == (2, SceneStatistics.SIZE)
        assert out.isfinite().all()


def test_statistics_are_the_same_alone_and_in_a_batch() -> None:
    pictures = torch.rand(4, 3, 96, 100, generator=torch.Generator().manual_seed(0))
    statistics = SceneStatistics().eval()
    torch.testing.assert_close(statistics(pictures)[2:3], statistics(pictures[2:3]), atol=1e-5, rtol=1e-4)


def test_fixed_maps_keep_dark_and_bright_apart() -> None:
    rgb = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    maps = FixedMaps()
    dark, bright = maps(rgb * 0.2), maps(rgb)
    assert (bright[:, :3].mean() - dark[:, :3].mean()) > 0.5
    torch.testing.assert_close(luma(torch.ones(1, 3, 2, 2)), torch.ones(1, 1, 2, 2))
