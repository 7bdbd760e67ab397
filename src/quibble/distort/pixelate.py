"""Pixelation: the picture as a mosaic of blocks, each the mean of the pixels whose centres lie in it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from quibble.distort.pixels import Frame, Pixels, cv2, settle


def box(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Down to `scale` of the size by means, and up again by the nearest block.

    A part of a picture keeps the blocks of the whole picture; a block cut off by its edge is the mean of what is there.
    """
    rows = _block_edges(frame.y, image.shape[0], frame.height, p["scale"])
    columns = _block_edges(frame.x, image.shape[1], frame.width, p["scale"])
    sums = cv2.integral(image, sdepth=cv2.CV_64F)[rows[:, None], columns]
    heights, widths = np.diff(rows), np.diff(columns)
    blocks = np.diff(np.diff(sums, axis=0), axis=1) / (heights[:, None] * widths)[..., None]
    small = settle(blocks.astype(np.float32), image)
    return np.repeat(np.repeat(small, widths, axis=1), heights, axis=0)


def reach(p: Mapping[str, float], side_px: int) -> int:
    """The largest side of a block: up to 2 / scale where a small picture's number of blocks is rounded down."""
    return int(2 / p["scale"])


def _block_edges(start: int, length: int, whole: int, scale: float) -> NDArray[np.int64]:
    """Where blocks begin in start .. start + length of a line of `whole` pixels, counted from start, and its end."""
    count = max(1, int(whole * scale))
    block = ((np.arange(start, start + length) + 0.5) * count / whole).astype(np.int64)
    return np.concatenate(([0], np.flatnonzero(np.diff(block)) + 1, [length]))
