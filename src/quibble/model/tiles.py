"""Pictures cut into tiles, and how their visual tokens are read. Source: LLaVA-NeXT.

The whole comes first, then the tiles as one large picture, row by row, each row ended by a learned token. What was
only padding of the tiles is left out.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Tiled(NamedTuple):
    """views: (1 + rows * columns, 3, S, S), the whole and then its tiles row by row. height, width: of the picture."""

    views: Tensor
    rows: int
    columns: int
    height: int
    width: int


def kept(rows: int, columns: int, *, height: int, width: int) -> tuple[int, int, int, int]:
    """(top, left, rows, columns) of the part of a map that is no padding, for a picture of (height, width).

    The padding is centred and as wide on both sides, rounded down. Of very elongated pictures nothing is left.
    """
    if width / height > columns / rows:
        # Rounded first, as LLaVA-NeXT does: a product just below a whole number would lose a row.
        inner = int(round(height * (columns / width), 7))
        margin = (rows - inner) // 2
        return margin, 0, rows - 2 * margin, columns
    inner = int(round(width * (rows / height), 7))
    margin = (columns - inner) // 2
    return 0, margin, rows, columns - 2 * margin


def tile_tokens(each: int, rows: int, columns: int, *, height: int, width: int) -> int:
    """How many visual tokens a picture of (height, width) on rows x columns tiles has, each tile having `each`."""
    side = math.isqrt(each)
    _, _, down, across = kept(rows * side, columns * side, height=height, width=width)
    return each + down * (across + 1)


def pack_tiles(tokens: Tensor, tiled: Tiled, newline: Tensor | None) -> Tensor:
    """Visual tokens of the views in the order in which they are read. (V, N, D) -> (tile_tokens, D), N a square."""
    side, width = math.isqrt(tokens.shape[1]), tokens.shape[2]
    rows, columns = tiled.rows, tiled.columns
    grid = tokens[1:].view(rows, columns, side, side, width).transpose(1, 2)
    grid = grid.reshape(rows * side, columns * side, width)
    top, left, down, across = kept(rows * side, columns * side, height=tiled.height, width=tiled.width)
    grid = grid[top : top + down, left : left + across]
    if newline is not None:
        grid = torch.cat([grid, newline.to(grid.dtype).expand(down, 1, width)], dim=1)
    return torch.cat([tokens[0], grid.flatten(0, 1)])
