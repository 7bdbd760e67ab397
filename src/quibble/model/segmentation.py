"""From the language model's segmentation tokens, or from a point, to a mask."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from quibble.model.two_way import TwoWay


def encode_places(x: Tensor, y: Tensor, width: int) -> Tensor:
    """Waves over the picture. x, y: shares of width and height, 0..1, of one shape (...) -> (..., width).

    width is a multiple of 4; cosines and sines of 1 to width / 4 half waves each way.
    """
    waves = math.pi * torch.arange(1, width // 4 + 1, device=x.device, dtype=x.dtype)
    angles = torch.cat([x.unsqueeze(-1) * waves, y.unsqueeze(-1) * waves], dim=-1)
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def grid_positions(features: Tensor, width: int) -> Tensor:
    """encode_places of the centres of a map's places. (B, C, H, W) -> (1, H * W, width)"""
    rows, columns = features.shape[-2:]
    y = (torch.arange(rows, device=features.device, dtype=features.dtype) + 0.5) / rows
    x = (torch.arange(columns, device=features.device, dtype=features.dtype) + 0.5) / columns
    y, x = torch.meshgrid(y, x, indexing="ij")
    return encode_places(x.flatten(), y.flatten(), width).unsqueeze(0)


class PlaceNorm(nn.LayerNorm):
    """LayerNorm over the channels of each place. (B, C, H, W) -> the same shape."""

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Scale(nn.Module):
    """One scale: tokens and places look at each other, and each token's product with every place is its mask.

    finer: masks are four times as fine as the features, each way.
    """

    def __init__(self, inputs: int, width: int, heads: int, *, finer: bool = False) -> None:
        super().__init__()
        self.width = width
        self.refine = _refine(width) if finer else None
        weights = width // 8 if finer else width
        self.neck = nn.Sequential(
            nn.Conv2d(inputs, width, 1), PlaceNorm(width), nn.Conv2d(width, width, 3, padding=1), PlaceNorm(width)
        )
        self.two_way = TwoWay(width, heads)
        self.weigh = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, weights))

    def forward(self, features: Tensor, tokens: Tensor, coarser: Tensor | None) -> Tensor:
        """(B, C, H, W), (B, N, width), and logits of the scale before, (B, 1, h, w) -> logits (B, 1, H, W).

        With `finer`, (B, 1, 4 H, 4 W).
        """
        places = self.neck(features)
        if coarser is not None:
            gate = functional.interpolate(coarser, size=places.shape[-2:], mode="bilinear").sigmoid()
            places = places * (1 + gate)
        size = places.shape[-2:]
        tokens, flat = self.two_way(tokens, places.flatten(2).transpose(1, 2), grid_positions(places, self.width))
        flat = flat.transpose(1, 2)
        if self.refine is not None:
            refined = self.refine(flat.unflatten(2, size))
            size, flat = refined.shape[-2:], refined.flatten(2)
        masks = self.weigh(tokens) @ flat
        mask: Tensor = masks.mean(1, keepdim=True)
        return mask.view(-1, 1, *size)


def _refine(width: int) -> nn.Sequential:
    """Four times as fine each way, with an eighth of the channels. Source: SAM's mask decoder."""
    return nn.Sequential(
        nn.ConvTranspose2d(width, width // 4, 2, 2),
        PlaceNorm(width // 4),
        nn.GELU(),
        nn.ConvTranspose2d(width // 4, width // 8, 2, 2),
        nn.GELU(),
    )


class SegmentationDecoder(nn.Module):
    """Hidden states of segmentation tokens over several scales of features -> a mask.

    Each scale has tokens of its own. They are decoded from the coarsest on; the mask of one, through a sigmoid plus
    one, weighs the features of the next, and the masks of all are summed at the finest. Source: PixelLM sec. 3.3,
    with SAM's product of tokens and places for the mask.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        *,
        token_width: int,
        tokens_per_scale: int = 2,
        width: int = 64,
        heads: int = 4,
        finer: bool = False,
    ) -> None:
        super().__init__()
        self.tokens_per_scale = tokens_per_scale
        self.fineness = 4 if finer else 1
        self.project = nn.Sequential(nn.Linear(token_width, width), nn.ReLU(), nn.Linear(width, width))
        self.scales = nn.ModuleList(Scale(i, width, heads, finer=finer) for i in inputs)

    @property
    def tokens(self) -> int:
        """How many tokens stand for one mask."""
        return self.tokens_per_scale * len(self.scales)

    def forward(self, features: Sequence[Tensor], hidden: Tensor) -> Tensor:
        """Features and hidden states -> logits of the mask, (B, H_0, W_0), or four times as fine with `finer`.

        (B, C_i, H_i, W_i) each, finest first; (B, tokens, D), those of the coarsest scale first.
        """
        size = [side * self.fineness for side in features[0].shape[-2:]]
        groups = self.project(hidden).split(self.tokens_per_scale, dim=1)
        mask: Tensor | None = None
        total: Tensor | float = 0.0
        for scale, places, tokens in zip(reversed(self.scales), reversed(features), groups, strict=True):
            mask = scale(places, tokens, mask)
            total = total + functional.interpolate(mask, size=size, mode="bilinear")
        assert isinstance(total, Tensor)
        return total.squeeze(1)
