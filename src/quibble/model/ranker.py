"""Which of the regions of a picture has the most of something, and which the least: read off what is known of them all.

A reading says of a region by itself what it shows. That another one is more likely, or a better outline of the same
place, only the others can tell.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from quibble import extremes
from quibble.model.member import member

#: Inputs further from their mean than so many deviations are taken to be so far.
_FARTHEST = 6.0


class RegionRanker(nn.Module):
    """Regions of one picture, (N, extremes.COUNT) -> logits of how well each would do as the place with the most, and
    as the one with the least, as intersection over union. (N, 2)

    members: small networks that are fitted apart and whose outputs are averaged. Source: deep ensembles
    (Lakshminarayanan et al. 2017).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, *, hidden: int = 96, dropout: float = 0.3, members: int = 3) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(extremes.COUNT))
        self.register_buffer("deviation", torch.ones(extremes.COUNT))
        self.members = nn.ModuleList(member(extremes.COUNT, hidden, 2, dropout=dropout) for _ in range(members))

    def forward(self, told: Tensor) -> Tensor:
        """See extremes.told_of."""
        x = self.standardized(told)
        return torch.stack([one(x) for one in self.members]).mean(0)

    def standardized(self, told: Tensor) -> Tensor:
        """Inputs as the members read them. (N, COUNT) -> the same shape"""
        return ((told - self.mean) / self.deviation).clamp(-_FARTHEST, _FARTHEST)
