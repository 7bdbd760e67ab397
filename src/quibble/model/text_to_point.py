"""Masks from a point: what IQA-Octopus hands to SAM, for those who have none installed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from quibble.model.segmentation import SegmentationDecoder, encode_places


class PointSegmenter(nn.Module):
    """The region of one category around a point.

    A point alone does not say which of several stacked defects is meant; the category, which the answer names, does.
    """

    def __init__(self, inputs: Sequence[int], *, categories: int, width: int = 64, heads: int = 4) -> None:
        super().__init__()
        self.width = width
        self.category = nn.Embedding(categories, width)
        self.decoder = SegmentationDecoder(inputs, token_width=width, tokens_per_scale=2, width=width, heads=heads)

    def forward(self, features: Sequence[Tensor], point: Tensor, category: Tensor) -> Tensor:
        """Features, points and categories -> masks.

        (B, C_i, H_i, W_i) each, finest first; points (B, 2), x and y as shares of the picture; categories (B,)
        -> logits (B, H_0, W_0).
        """
        where = encode_places(point[:, 0], point[:, 1], self.width)
        asked = torch.stack([self.category(category), where], dim=1)
        mask: Tensor = self.decoder(features, asked.repeat(1, len(features), 1))
        return mask
