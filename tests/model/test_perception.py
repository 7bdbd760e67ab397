import pytest
import torch

from quibble.model.mask_decoder import CATEGORY_CHANNELS
from quibble.model.opinion import Gaussianize, Opinion
from quibble.model.perception import Perception, PerceptionConfig
from quibble.model.vision import VisionConfig
from quibble.taxonomy import Category, Distortion

TINY = PerceptionConfig(
    vision=VisionConfig(stem=8, widths=(8, 12, 16, 16), blocks=(1, 1, 1, 1)), decoder_width=8, opinion_width=16
)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (65, 130), (203, 97)])
def test_maps_are_a_quarter_of_any_size(height: int, width: int) -> None:
    seen = Perception(TINY).eval()(torch.rand(2, 3, height, width))
    size = (-(-height // 4), -(-width // 4))
    assert seen.dense.categories.shape == (2, CATEGORY_CHANNELS, *size)
    assert seen.dense.severities.shape == (2, len(Category), *size)
    assert seen.dense.kinds.shape == (2, len(Distortion), *size)
    assert [f.shape[1] for f in seen.features] == list(TINY.told_widths)
    assert [f.shape[2:] for f in seen.features] == [(-(-height // s), -(-width // s)) for s in (4, 8, 16, 32)]
    assert 0 <= seen.dense.severities.min() <= seen.dense.severities.max() <= 5


def test_opinion_is_a_distribution_with_its_mean_in_range() -> None:
    opinion = Perception(TINY).eval()(torch.rand(3, 3, 64, 64)).opinion
    torch.testing.assert_close(opinion.levels.exp().sum(1), torch.ones(3))
    assert ((opinion.mean() >= 0) & (opinion.mean() <= 100)).all()
    assert (opinion.spread > 0).all()


def test_mean_of_certain_levels() -> None:
    certain = torch.full((2, 5), -1e4)
    certain[0, 0] = certain[1, 3] = 0
    assert Opinion(certain, torch.ones(2, 1)).mean().tolist() == [100, 25]


def test_same_answer_alone_and_among_sixteen() -> None:
    model = Perception(TINY).eval()
    rgb = torch.rand(16, 3, 96, 80, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        together, alone = model(rgb), model(rgb[5:6])
    assert abs(float(together.opinion.mean()[5] - alone.opinion.mean()[0])) < 1e-3
    torch.testing.assert_close(together.dense.categories[5:6], alone.dense.categories, atol=1e-4, rtol=1e-4)


def test_gaussianize_makes_ranks_normal_whatever_the_tails() -> None:
    x = torch.randn(4000, 3, generator=torch.Generator().manual_seed(0))
    layer = Gaussianize(3)
    skewed = torch.stack([x[:, 0].exp() * 1e3, x[:, 1] + 0.1 * x[:, 1] ** 3, torch.zeros(4000)], dim=1)
    layer.fit(skewed)
    out = layer(skewed)
    inside = (x[:, :2].abs() < 2).all(dim=1)
    torch.testing.assert_close(out[inside, :2], x[inside, :2], atol=0.15, rtol=0)
    assert out.isfinite().all()
    assert out.abs().max() < 2.6
    torch.testing.assert_close(layer(torch.tensor([[1e9, 0.0, 0.0]]))[0, 0], layer.deviates[-1])
