"""From features to an opinion: a distribution over the five quality levels, and how sure the model is of its mean."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from quibble.model.mask_decoder import Dense
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


class Standardize(nn.Module):
    """Subtract a running mean, divide by a running deviation. (B, C) -> (B, C), clamped to -4..4.

    The running values are used in training too: a batch of a few pictures has no statistics worth having. Beyond
    four deviations a feature says no more than "unusual", and would only shake the score.
    """

    mean: Tensor
    square: Tensor
    updates: Tensor

    def __init__(self, features: int, momentum: float = 0.02) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("square", torch.ones(features))
        self.register_buffer("updates", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        if self.training:
            self._update(x.detach().float())
        deviation = (self.square - self.mean * self.mean).clamp(min=1e-6).sqrt()
        return ((x - self.mean) / deviation).clamp(-4, 4)

    @torch.no_grad()
    def _update(self, x: Tensor) -> None:
        self.updates += 1
        share = torch.clamp(1 / self.updates, min=self.momentum)
        self.mean.lerp_(x.mean(0), share)
        self.square.lerp_((x * x).mean(0), share)


class OpinionHead(nn.Module):
    """Scene statistics, pooled encoder features and pooled findings -> Opinion. Source of the levels: Q-Align."""

    def __init__(self, features: int, findings: int, width: int = 96, dropout: float = 0.2) -> None:
        super().__init__()
        self.statistics = SceneStatistics()
        self.standardize_statistics = Standardize(SceneStatistics.SIZE)
        self.from_statistics = nn.Sequential(nn.Linear(SceneStatistics.SIZE, width), nn.ReLU(), nn.Dropout(dropout))
        self.standardize_features = Standardize(2 * features + findings)
        self.from_features = nn.Sequential(nn.Linear(2 * features + findings, width), nn.ReLU(), nn.Dropout(dropout))
        self.mix = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, 6))

    def forward(self, rgb: Tensor, features: list[Tensor], dense: Dense) -> Opinion:
        """(B, 3, H, W) in 0..1, the encoder's scales and the dense maps -> Opinion."""
        presence = dense.categories.sigmoid()
        weighted = presence[:, :-1] * dense.severities
        findings = torch.cat([presence.flatten(2).mean(2), weighted.flatten(2).mean(2)], dim=1)
        pooled = torch.cat([*(_pool(f) for f in features), findings], dim=1)
        statistics = self.from_statistics(self.standardize_statistics(self.statistics(rgb)))
        out = self.mix(torch.cat([statistics, self.from_features(self.standardize_features(pooled))], dim=1))
        return Opinion(out[:, :5].log_softmax(dim=1), 1 + 40 * out[:, 5:].sigmoid())
