"""How much of people's opinion a picture has lost: read off the features of the whole, alone or beside the original.

What a score says of a photograph holds for all photographs, and is off by more than two versions of one scene differ.
This is for those: it learns from versions only, and what they share cancels out.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

#: How structures of the original are compared: at the full size, at a half and at a quarter of it.
STRUCTURES = 3
#: Inputs further from their mean than so many deviations are taken to be so far.
_FARTHEST = 6.0
_TINY = 1e-3


class DamageGauge(nn.Module):
    """Features of a picture -> points of 100 that defects take from people's opinion; about 0 for an undamaged one.

    widths: channels of the features, finest first. Two networks of two layers: `alone` reads means and deviations of
    each channel, `against` also how far they are from the original's, place by place.
    """

    def __init__(self, widths: tuple[int, ...], *, hidden: int = 128, dropout: float = 0.3) -> None:
        super().__init__()
        channels = sum(widths)
        self.alone = _Network(2 * channels, hidden, dropout)
        self.against = _Network(3 * channels + STRUCTURES, hidden, dropout)

    def forward(self, features: list[Tensor], original: list[Tensor], structure: Tensor) -> tuple[Tensor, Tensor]:
        """Points by each of the networks, (1,) both. features, original: (C, h, w) and so on, finest first, of pictures
        of one size. structure: (3,), how much of the original's structure is lost at each size, 0..1."""
        told = self.told(features)
        compared = self.compared(told, self.told(original), self.apart(features, original), structure)
        return self.alone(told.unsqueeze(0)), self.against(compared.unsqueeze(0))

    @staticmethod
    def told(features: list[Tensor]) -> Tensor:
        """Mean and deviation of every channel. (2 x channels,)"""
        flat = [scale.flatten(1) for scale in features]
        return torch.cat([torch.cat([scale.mean(1), scale.std(1, unbiased=False)]) for scale in flat])

    @staticmethod
    def apart(features: list[Tensor], original: list[Tensor]) -> Tensor:
        """Mean distance of every channel from the original's, place by place. (channels,)"""
        return torch.cat([(a - b).abs().mean((1, 2)) for a, b in zip(features, original, strict=True)])

    @staticmethod
    def compared(told: Tensor, original: Tensor, apart: Tensor, structure: Tensor) -> Tensor:
        """What `against` is given, any number of pictures in front: (..., 3 x channels + 3)"""
        return torch.cat([told - original, (apart + _TINY).log(), (structure + _TINY).log()], dim=-1)


class _Network(nn.Module):
    """Inputs, standardised -> points."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, inputs: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("deviation", torch.ones(inputs))
        self.hidden = nn.ModuleList([nn.Linear(inputs, hidden), nn.Linear(hidden, hidden)])
        self.out = nn.Linear(hidden, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) -> (...,)"""
        x = ((x - self.mean) / self.deviation).clamp(-_FARTHEST, _FARTHEST)
        for layer in self.hidden:
            x = self.dropout(functional.gelu(layer(x)))
        points: Tensor = 50 + 20 * self.out(x).squeeze(-1)
        return points
