"""How a picture is brought before the model. Training, export and inference all come through here.

A picture is judged at a long side of at most 768 pixels, as people see it on a screen; larger ones also show tiles
at their own resolution, where fine noise, missed focus and blocking are that shrinking hides. Values stay what they
are: nothing is divided by a picture's own maximum or mean, so that a dark picture stays dark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.geometry import Box

Picture = NDArray[np.uint8]

LONG_SIDE: Final = 768
#: The model's statistics need this many pixels each way; smaller pictures are mirrored outwards.
SHORT_SIDE: Final = 64
TILE: Final = 256
MAX_TILES: Final = 6


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A part of a picture at its own resolution. `box` is where it lies, in the picture's pixels."""

    box: Box
    pixels: Picture


def view(image: Picture) -> Picture:
    """The picture as it is judged. (H, W, 3) uint8 -> (h, w, 3) uint8, C-contiguous, 64 <= h, w and max(h, w) <= 768.

    Pictures whose long side is at most 768 keep their pixels; very elongated ones are shrunk to 768 and then mirrored
    outwards on the short side.
    """
    height, width = image.shape[:2]
    scale = LONG_SIDE / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        shrunk = Image.fromarray(image).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
        image = np.asarray(shrunk)
    return np.ascontiguousarray(pad(image))


def pad(image: Picture) -> Picture:
    """Mirror a picture outwards, to the right and down, until both sides have 64 pixels."""
    down, right = (max(0, SHORT_SIDE - side) for side in image.shape[:2])
    if not down and not right:
        return image
    return np.pad(image, ((0, down), (0, right), (0, 0)), mode="symmetric")


def tiles(image: Picture) -> list[Tile]:
    """Up to 6 tiles of 256x256 at native resolution, on a regular grid; none for a picture that fits the view."""
    height, width = image.shape[:2]
    if max(height, width) <= LONG_SIDE:
        return []
    columns, rows = (3, 2) if width >= height else (2, 3)
    found = []
    for top in _starts(height, min(rows, -(-height // TILE))):
        for left in _starts(width, min(columns, -(-width // TILE))):
            pixels = pad(image[top : top + TILE, left : left + TILE])
            box = Box(x0=left, y0=top, x1=min(left + TILE, width), y1=min(top + TILE, height))
            found.append(Tile(box=box, pixels=np.ascontiguousarray(pixels)))
    return found[:MAX_TILES]


def _starts(side: int, count: int) -> list[int]:
    """Where `count` tiles begin along a side: each in the middle of its share of it."""
    last = max(0, side - TILE)
    return sorted({min(last, max(0, round((i + 0.5) * side / count - TILE / 2))) for i in range(count)})
