import pytest
import torch
from torch.nn import functional

from quibble.model.abstractor import Abstractor, RegionPool, pool_grid


def test_pooling_that_divides_evenly_is_average_pooling() -> None:
    features = torch.randn(2, 3, 6, 12)
    expected = functional.adaptive_avg_pool2d(features, (2, 4)).flatten(2).transpose(1, 2)
    torch.testing.assert_close(pool_grid(features, 2, 4), expected)


def test_pooling_shares_places_between_cells_by_area() -> None:
    features = torch.tensor([[[[3.0, 6.0, 9.0]]]])
    torch.testing.assert_close(pool_grid(features, 1, 2).flatten(), torch.tensor([4.0, 8.0]))
    torch.testing.assert_close(pool_grid(torch.full((1, 2, 1, 1), 5.0), 3, 3), torch.full((1, 9, 2), 5.0))


def test_equations_four_and_five_by_hand() -> None:
    """One query of width 1: weights softmax(q k), the values' mean by them, then W2 gelu(W1 V)."""
    abstractor = Abstractor((1, 1), width=1, output=1, grid=(1, 1), heads=1)
    for parameter in abstractor.parameters():
        torch.nn.init.zeros_(parameter)
    fine, coarse = abstractor.projections
    assert isinstance(fine, torch.nn.Linear)
    assert isinstance(coarse, torch.nn.Linear)
    fine.weight.data.fill_(2.0)
    coarse.weight.data.fill_(1.0)
    assert abstractor.attention.in_proj_weight is not None
    abstractor.attention.in_proj_weight.data.fill_(1.0)
    abstractor.attention.out_proj.weight.data.fill_(1.0)
    abstractor.first.weight.data.fill_(3.0)
    abstractor.second.weight.data.fill_(0.5)
    found = abstractor([torch.tensor([[[[0.1, 0.2]]]]), torch.tensor([[[[0.5]]]])])
    query, keys = 0.5, torch.tensor([0.2, 0.4, 0.5])
    value = ((query * keys).softmax(0) * keys).sum()
    assert found.item() == pytest.approx(0.5 * functional.gelu(3 * value).item(), rel=1e-5)


@pytest.mark.parametrize("size", [(2, 2), (5, 9), (20, 31)])
def test_any_size_gives_as_many_tokens(size: tuple[int, int]) -> None:
    height, width = size
    features = [torch.randn(2, 6, 2 * height, 2 * width), torch.randn(2, 10, height, width)]
    assert Abstractor((6, 10), width=16, output=24, grid=(2, 4))(features).shape == (2, 8, 24)


def test_every_scale_is_seen() -> None:
    abstractor = Abstractor((6, 10), width=16, output=24)
    features = [torch.randn(1, 6, 8, 8, requires_grad=True), torch.randn(1, 10, 4, 4, requires_grad=True)]
    abstractor(features).square().sum().backward()
    assert all(f.grad is not None and bool((f.grad.abs().sum(1) > 0).all()) for f in features)


def test_a_region_is_the_mean_of_what_is_inside() -> None:
    pool = RegionPool((1, 2), width=4, output=3)
    pool.mix = torch.nn.Sequential(torch.nn.Identity())
    fine, coarse = torch.arange(16.0).view(1, 1, 4, 4), torch.arange(8.0).view(1, 2, 2, 2)
    region = torch.zeros(1, 8, 8)
    region[:, :4, :6] = 1
    found = pool([fine, coarse], region)
    inside = fine[0, 0, :2, :3].mean()
    expected = [float(inside), (0 + 0.5 * 1) / 1.5, (4 + 0.5 * 5) / 1.5]
    torch.testing.assert_close(found, torch.tensor([expected]))


def test_a_region_of_one_pixel_is_seen() -> None:
    pool = RegionPool((1,), width=4, output=3)
    pool.mix = torch.nn.Sequential(torch.nn.Identity())
    region = torch.zeros(1, 32, 32)
    region[0, 9, 30] = 1
    assert float(pool([torch.arange(16.0).view(1, 1, 4, 4)], region)) == 7.0
