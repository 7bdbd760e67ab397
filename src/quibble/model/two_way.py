"""Tokens that ask and places that answer, each looking at the other: SAM's two-way transformer.

Source: Segment Anything (Kirillov et al. 2023), appendix A. Same sums as transformers' SamTwoWayTransformer.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Attention(nn.Module):
    """Multi-head attention whose inner width may be smaller than its outer one."""

    def __init__(self, width: int, heads: int, *, shrink: int = 1) -> None:
        super().__init__()
        inner = width // shrink
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, inner) for _ in range(3))
        self.out = nn.Linear(inner, width)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """(B, N, D), (B, M, D), (B, M, D) -> (B, N, D)"""
        parts = (self.query(query), self.key(key), self.value(value))
        split = [part.view(*part.shape[:2], self.heads, -1).transpose(1, 2) for part in parts]
        seen = functional.scaled_dot_product_attention(*split)
        out: Tensor = self.out(seen.transpose(1, 2).flatten(2))
        return out


class TwoWayBlock(nn.Module):
    """Tokens look at each other, at the places, and think; then the places look at the tokens. Norms come after."""

    def __init__(self, width: int, heads: int, *, first: bool) -> None:
        super().__init__()
        self.first = first
        self.among, self.at_places, self.at_tokens = (Attention(width, heads, shrink=shrink) for shrink in (1, 2, 2))
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(4))

    def forward(self, tokens: Tensor, places: Tensor, names: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """tokens, names: (B, N, D); places, positions: (B, M, D) -> tokens and places.

        names: the tokens as they came in, which say who asks, as positions say where a place is.
        """
        if self.first:
            tokens = self.among(tokens, tokens, tokens)
        else:
            named = tokens + names
            tokens = tokens + self.among(named, named, tokens)
        tokens = self.norms[0](tokens)
        tokens = self.norms[1](tokens + self.at_places(tokens + names, places + positions, places))
        tokens = self.norms[2](tokens + self.think(tokens))
        places = self.norms[3](places + self.at_tokens(places + positions, tokens + names, tokens))
        return tokens, places


class TwoWay(nn.Module):
    """TwoWayBlocks, and a last look of the tokens at the places."""

    def __init__(self, width: int, heads: int, depth: int = 2) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(TwoWayBlock(width, heads, first=number == 0) for number in range(depth))
        self.last, self.norm = Attention(width, heads, shrink=2), nn.LayerNorm(width)

    def forward(self, tokens: Tensor, places: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """(B, N, D), (B, M, D), (B, M, D) -> tokens and places, of the same shapes."""
        names = tokens
        for block in self.blocks:
            tokens, places = block(tokens, places, names, positions)
        tokens = self.norm(tokens + self.last(tokens + names, places + positions, places))
        return tokens, places
