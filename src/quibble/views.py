"""How a picture is brought before a vision transformer, which takes squares: one, or one and tiles.

Everything stays uint8 sRGB here; normalising is the model's business. The same sums as the processors of transformers
that use Pillow, so that a checkpoint sees what it was trained with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.errors import ArgumentError

Picture = NDArray[np.uint8]

#: What a padded picture is surrounded with: the mean of CLIP's pictures. Source: LLaVA-1.5.
PADDING: Final = (122, 116, 104)


@dataclass(frozen=True, kw_only=True)
class Views:
    """pictures: (1 + rows * columns, side, side, 3) uint8, the whole first. rows, columns: 0 where there are no tiles.

    height, width: of the picture that they were made from.
    """

    pictures: Picture
    rows: int = 0
    columns: int = 0
    height: int
    width: int


def look_at(rgb: Picture, *, side: int, fit: str, tiles: Sequence[tuple[int, int]] = ()) -> Views:
    """(H, W, 3) uint8 as a vision transformer of that side is shown it.

    fit: how the whole becomes square without tiles: "pad" (with the mean colour), "crop" (the middle) or "stretch".
    tiles: the numbers of (rows, columns) to choose from; the whole is then stretched, as LLaVA-NeXT does.
    """
    height, width = rgb.shape[:2]
    if not tiles:
        return Views(pictures=square(rgb, side, fit)[None], height=height, width=width)
    rows, columns = choose_tiles(height, width, side, tiles)
    cut = _cut(rgb, side, rows, columns)
    whole = square(rgb, side, "stretch")[None]
    return Views(pictures=np.concatenate([whole, cut]), rows=rows, columns=columns, height=height, width=width)


def square(rgb: Picture, side: int, fit: str) -> Picture:
    """(H, W, 3) -> (side, side, 3). Raises ArgumentError for an unknown fit."""
    height, width = rgb.shape[:2]
    if fit == "stretch":
        return _resize(rgb, side, side)
    if fit == "pad":
        longer = max(height, width)
        canvas = np.full((longer, longer, 3), PADDING, np.uint8)
        top, left = (longer - height) // 2, (longer - width) // 2
        canvas[top : top + height, left : left + width] = rgb
        return _resize(canvas, side, side)
    if fit == "crop":
        # Cut short, not rounded: so does the processor that CLIP's checkpoints were published with.
        across, down = (int(side * n / min(height, width)) for n in (width, height))
        resized = _resize(rgb, down, across)
        top, left = (down - side) // 2, (across - side) // 2
        return np.ascontiguousarray(resized[top : top + side, left : left + side])
    raise ArgumentError(f"a picture becomes square by 'pad', 'crop' or 'stretch', found '{fit}'")


def square_mask(mask: NDArray[np.bool_], side: int, fit: str) -> NDArray[np.float32]:
    """A mask of the picture, (H, W), on the square that the picture becomes: the share of each pixel, 0..1."""
    picture = np.repeat(mask[:, :, None].astype(np.uint8) * 255, 3, axis=2)
    if fit == "pad":
        longer = max(mask.shape)
        canvas = np.zeros((longer, longer, 3), np.uint8)
        top, left = ((longer - n) // 2 for n in mask.shape)
        canvas[top : top + mask.shape[0], left : left + mask.shape[1]] = picture
        picture, fit = canvas, "stretch"
    return square(picture, side, fit)[:, :, 0].astype(np.float32) / np.float32(255)


def unsquare(values: NDArray[np.float32], *, height: int, width: int, fit: str) -> NDArray[np.float32]:
    """Values on the square, (S, S), brought back to a picture of (height, width). What was cropped away becomes the
    lowest value.
    """
    side = values.shape[0]
    if fit == "stretch":
        box = (0.0, 0.0, float(side), float(side))
    else:
        longer = max(height, width) if fit == "pad" else min(height, width)
        down, across = side * height / longer, side * width / longer
        box = ((side - across) / 2, (side - down) / 2, (side + across) / 2, (side + down) / 2)
    source = values
    if fit == "crop":
        margin = int(np.ceil(max(0.0, -box[0], -box[1])))
        source = np.pad(values, margin, constant_values=float(values.min()))
        box = (box[0] + margin, box[1] + margin, box[2] + margin, box[3] + margin)
    resized = Image.fromarray(source).resize((width, height), Image.Resampling.BILINEAR, box=box)
    return np.asarray(resized, dtype=np.float32)


def choose_tiles(height: int, width: int, side: int, tiles: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The (rows, columns) that keep most of the picture's pixels, and of those the one with the least left over.

    Source: LLaVA-NeXT; the first of equals.
    """
    best, most, least = tiles[0], -1, 0
    for rows, columns in tiles:
        down, across = rows * side, columns * side
        scale = min(across / width, down / height)
        used = min(int(width * scale) * int(height * scale), width * height)
        wasted = down * across - used
        if used > most or (used == most and wasted < least):
            best, most, least = (rows, columns), used, wasted
    return best


def _cut(rgb: Picture, side: int, rows: int, columns: int) -> Picture:
    """The picture as large as it fits, in the middle of black, cut into tiles. (rows * columns, side, side, 3)"""
    height, width = rgb.shape[:2]
    down, across = rows * side, columns * side
    scale = (across / width, down / height)
    if scale[0] < scale[1]:
        new_width, new_height = across, min(int(np.ceil(height * scale[0])), down)
    else:
        new_width, new_height = min(int(np.ceil(width * scale[1])), across), down
    canvas = np.zeros((down, across, 3), np.uint8)
    top, left = (down - new_height) // 2, (across - new_width) // 2
    canvas[top : top + new_height, left : left + new_width] = _resize(rgb, new_height, new_width)
    return canvas.reshape(rows, side, columns, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)


def _resize(rgb: Picture, height: int, width: int) -> Picture:
    if rgb.shape[:2] == (height, width):
        return rgb.copy()
    return np.array(Image.fromarray(rgb).resize((width, height), Image.Resampling.BICUBIC))
