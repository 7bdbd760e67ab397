import torch

from quibble.extremes import COUNT
from quibble.model.ranker import RegionRanker


def test_a_region_has_two_logits_whatever_is_beside_it() -> None:
    torch.manual_seed(0)
    model = RegionRanker(hidden=8, members=2).eval()
    told = torch.randn(5, COUNT)
    both = model(told)
    assert both.shape == (5, 2)
    torch.testing.assert_close(model(told[[3, 1]]), both[[3, 1]])


def test_members_are_averaged_and_far_inputs_are_held() -> None:
    torch.manual_seed(0)
    model = RegionRanker(hidden=8, members=3).eval()
    told = torch.randn(4, COUNT)
    each = [member(told) for member in model.members]
    torch.testing.assert_close(model(told), (each[0] + each[1] + each[2]) / 3)
    torch.testing.assert_close(model(torch.full((1, COUNT), 1e6)), model(torch.full((1, COUNT), 7.0)))
