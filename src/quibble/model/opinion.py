"""From features to an opinion: a distribution over the five quality levels, and how sure the model is of its mean."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from quibble.model.mask_decoder import Dense
from quibble.model.member import member
from quibble.model.statistics import SceneStatistics
from quibble.taxonomy import LEVEL_SCORES


class Opinion(NamedTuple):
    """levels: log-probabilities of the five levels, best first (B, 5). spread: of the mean opinion, 0..100 (B, 1)."""

    levels: Tensor
    spread: Tensor

    def mean(self) -> Tensor:
        """Expected opinion, 0..100. (B,)"""
        scores = torch.tensor(list(LEVEL_SCORES.values()), dtype=self.levels.dtype, device=self.levels.device)
        return (self.levels.exp() * scores).sum(dim=1)


def _pool(features: Tensor) -> Tensor:
    """Mean and deviation over the picture. (B, C, H, W) -> (B, 2C)"""
    flat = features.flatten(2)
    return torch.cat([flat.mean(2), (flat.var(2, correction=0) + 1e-6).sqrt()], dim=1)


class Gaussianize(nn.Module):
    """Replace each feature by the normal deviate of its rank among the pictures that `fit` saw. (B, C) -> (B, C).

    Features of pictures have long tails; ranks have none, which is what boosted trees live on and what makes a small
    network on such features beat them. Between the knots the map is linear, beyond them constant.
    """

    KNOTS = 33
    knots: Tensor
    deviates: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        shares = torch.linspace(0.005, 0.995, self.KNOTS)
        self.register_buffer("deviates", torch.special.ndtri(shares), persistent=False)
        self.register_buffer("knots", torch.linspace(-2.5, 2.5, self.KNOTS).repeat(features, 1))

    @torch.no_grad()
    def fit(self, x: Tensor) -> None:
        """Take the ranks from (N, C)."""
        shares = torch.linspace(0.005, 0.995, self.KNOTS, dtype=torch.float64)
        knots = torch.quantile(x.double(), shares, dim=0).T
        # Where many pictures share a value, knots fall together; a step between them needs some width.
        width = 1e-6 + 1e-5 * x.double().std(dim=0, keepdim=True).T
        steps = (knots[:, 1:] - knots[:, :-1]).clamp(min=width)
        self.knots.copy_(torch.cat([knots[:, :1], knots[:, :1] + steps.cumsum(dim=1)], dim=1))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        start, width = self.knots[:, :-1], self.knots[:, 1:] - self.knots[:, :-1]
        passed = ((x.unsqueeze(2) - start) / width).clamp(0, 1)
        return self.deviates[0] + passed @ (self.deviates[1:] - self.deviates[:-1])


class OpinionHead(nn.Module):
    """Scene statistics, pooled encoder features and pooled findings -> Opinion. Source of the levels: Q-Align.

    members: small networks that are fitted apart; their opinion is the mean of their distributions. Source: deep
    ensembles (Lakshminarayanan et al. 2017).
    """

    def __init__(self, features: int, findings: int, width: int, *, members: int = 1, dropout: float = 0.3) -> None:
        super().__init__()
        self.statistics = SceneStatistics()
        size = SceneStatistics.SIZE + 2 * features + findings
        self.gaussianize = Gaussianize(size)
        self.members = nn.ModuleList(member(size, width, 6, dropout=dropout) for _ in range(members))

    def describe(self, rgb: Tensor, features: list[Tensor], dense: Dense) -> Tensor:
        """(B, 3, H, W) in 0..1, the encoder's scales and the dense maps -> (B, D), what the opinion is formed from."""
        presence = dense.categories.sigmoid()
        weighted = presence[:, :-1] * dense.severities
        findings = [presence.flatten(2).mean(2), weighted.flatten(2).mean(2)]
        return torch.cat([self.statistics(rgb), *(_pool(f) for f in features), *findings], dim=1)

    def judge(self, described: Tensor) -> Opinion:
        """What `describe` gave, (B, D) -> Opinion."""
        ranked = self.gaussianize(described)
        opinions = [self.read(one(ranked)) for one in self.members]
        levels = torch.stack([opinion.levels for opinion in opinions]).logsumexp(0) - math.log(len(opinions))
        return Opinion(levels, torch.stack([opinion.spread for opinion in opinions]).mean(0))

    @staticmethod
    def read(out: Tensor) -> Opinion:
        """What a member gives, (B, 6) -> Opinion."""
        return Opinion(out[:, :5].log_softmax(dim=1), 1 + 40 * out[:, 5:].sigmoid())

    def forward(self, rgb: Tensor, features: list[Tensor], dense: Dense) -> Opinion:
        """As describe, then judge."""
        return self.judge(self.describe(rgb, features, dense))
