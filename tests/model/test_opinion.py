"""The opinion head: what its members say together."""

import torch

from quibble.model.opinion import OpinionHead
from quibble.taxonomy import LEVEL_SCORES
from quibble.train.opinions import fit_head
from quibble.train.recipe import OpinionData


def test_members_are_heard_as_a_mean_of_their_distributions() -> None:
    torch.manual_seed(0)
    head = OpinionHead(4, 3, 8, members=3).eval()
    described = torch.randn(5, head.gaussianize.knots.shape[0])
    ranked = head.gaussianize(described)
    each = [head.read(member(ranked)) for member in head.members]
    together = head.judge(described)
    torch.testing.assert_close(together.levels.exp(), torch.stack([one.levels.exp() for one in each]).mean(0))
    torch.testing.assert_close(together.spread, torch.stack([one.spread for one in each]).mean(0))
    torch.testing.assert_close(together.mean(), torch.stack([one.mean() for one in each]).mean(0))


def test_a_fit_is_repeatable_and_its_members_differ() -> None:
    rng = torch.Generator().manual_seed(1)
    head, again = (OpinionHead(4, 3, 16, members=2) for _ in range(2))
    described = torch.randn(600, head.gaussianize.knots.shape[0], generator=rng)
    opinions = (50 + 20 * described[:, 3]).clamp(min(LEVEL_SCORES.values()), max(LEVEL_SCORES.values()))
    data = OpinionData(epochs=40, batch=64)
    for one in (head, again):
        fit_head(one.eval(), described, opinions, data, seed=3)
    assert all(torch.equal(a, b) for a, b in zip(head.parameters(), again.parameters(), strict=True))
    first, second = (next(member.parameters()) for member in head.members)
    assert not torch.equal(first, second)
    new = torch.randn(300, described.shape[1], generator=rng)
    said = torch.stack([head.judge(new).mean(), new[:, 3]]).detach()
    assert float(torch.corrcoef(said)[0, 1]) > 0.8
