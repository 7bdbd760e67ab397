"""From feature maps of any size to a few visual tokens, and from a region of them to one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


def pool_grid(features: Tensor, rows: int, columns: int) -> Tensor:
    """Average onto a grid. (B, C, H, W) -> (B, rows * columns, C), row by row.

    Every place counts by the area that it shares with a cell, so that any size will do, smaller ones than the grid
    too. A matrix product, because the runtime knows no adaptive pooling of sizes that it learns only when it runs.
    """
    down = _shares(features.shape[-2], rows, features)
    across = _shares(features.shape[-1], columns, features)
    pooled = down @ features @ across.transpose(0, 1)
    return pooled.flatten(2).transpose(1, 2)


def _shares(places: int, cells: int, like: Tensor) -> Tensor:
    """What share each place has in each cell of a line. (cells, places), rows sum to 1."""
    place = torch.arange(places, device=like.device, dtype=like.dtype).unsqueeze(0) / places
    cell = torch.arange(cells, device=like.device, dtype=like.dtype).unsqueeze(1) / cells
    common = torch.minimum(place + 1 / places, cell + 1 / cells) - torch.maximum(place, cell)
    return common.clamp(min=0) * cells


class Abstractor(nn.Module):
    """Features of several scales -> rows * columns visual tokens. Source: Q-Ground eq. 4 and 5.

    The coarsest features pooled onto a grid are the queries, the features of all scales keys and values. Deviation:
    an encoder whose scales differ in width has each projected to one width first; the projections' biases tell the
    scales apart.
    """

    def __init__(
        self, inputs: Sequence[int], *, width: int, output: int, grid: tuple[int, int] = (2, 4), heads: int = 4
    ) -> None:
        super().__init__()
        self.grid = grid
        self.projections = nn.ModuleList(nn.Linear(i, width) for i in inputs)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, output)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """(B, C_i, H_i, W_i) each, the coarsest last -> (B, rows * columns, output)"""
        tokens = [p(f.flatten(2).transpose(1, 2)) for p, f in zip(self.projections, features, strict=True)]
        queries = self.projections[-1](pool_grid(features[-1], *self.grid))
        everything = torch.cat(tokens, dim=1)
        attended, _ = self.attention(queries, everything, everything, need_weights=False)
        out: Tensor = self.second(functional.gelu(self.first(attended)))
        return out


class RegionPool(nn.Module):
    """Mean features of a region at every scale -> one visual token."""

    def __init__(self, inputs: Sequence[int], *, width: int, output: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(nn.Linear(sum(inputs), width), nn.GELU(), nn.Linear(width, output))

    def forward(self, features: Sequence[Tensor], region: Tensor) -> Tensor:
        """(B, C_i, H_i, W_i) each, and (B, H, W) with 1 inside the region, at the picture's size -> (B, output)

        A place counts by the share of it that lies in the region, so that no region is too small to be seen.
        """
        pooled = []
        for scale in features:
            height, width = scale.shape[-2:]
            down, across = _shares(region.shape[-2], height, scale), _shares(region.shape[-1], width, scale)
            weights = down @ region.to(scale.dtype) @ across.transpose(0, 1)
            total = weights.sum((1, 2)).clamp(min=1e-6)
            pooled.append(torch.einsum("bchw,bhw->bc", scale, weights) / total.unsqueeze(1))
        out: Tensor = self.mix(torch.cat(pooled, dim=1))
        return out
