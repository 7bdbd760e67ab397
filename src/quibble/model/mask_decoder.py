"""From the encoder's scales to maps at a quarter of the picture: what is wrong at each place, and how badly."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from quibble.model.vision import conv
from quibble.taxonomy import Category, Distortion

#: Channels of the category logits: the 12 categories, then "clean".
CATEGORY_CHANNELS = len(Category) + 1


class Dense(NamedTuple):
    """Maps at a quarter of the picture's size, each (B, C, ceil(H/4), ceil(W/4)).

    categories: logits of the 12 categories, each for itself since they may be stacked, and of "clean".
    severities: of the 12 categories, 0..5, meaningful where the category is.
    kinds: logits over the 35 distortions, meaningful where something is wrong.
    """

    categories: Tensor
    severities: Tensor
    kinds: Tensor


class DenseDecoder(nn.Module):
    """A top-down pyramid: each scale is projected, added to the coarser one, and mixed at the finest.

    Source: feature pyramid networks (Lin et al. 2017), with one output.
    """

    def __init__(self, inputs: tuple[int, ...], width: int = 48) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(nn.Conv2d(i, width, 1) for i in inputs)
        self.mixes = nn.ModuleList(conv(width, width) for _ in inputs[:-1])
        self.categories = nn.Conv2d(width, CATEGORY_CHANNELS, 1)
        self.severities = nn.Conv2d(width, len(Category), 1)
        self.kinds = nn.Conv2d(width, len(Distortion), 1)

    def forward(self, features: list[Tensor]) -> tuple[Dense, Tensor]:
        """The encoder's features, finest first -> the maps, and the mixed features (B, width, H/4, W/4)."""
        x = self.laterals[-1](features[-1])
        for i in reversed(range(len(features) - 1)):
            fine = self.laterals[i](features[i])
            x = self.mixes[i](fine + functional.interpolate(x, size=fine.shape[-2:], mode="nearest"))
        severities = 5 * self.severities(x).sigmoid()
        return Dense(self.categories(x), severities, self.kinds(x)), x
