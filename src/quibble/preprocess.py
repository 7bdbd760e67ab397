"""How a picture is brought before the model when somebody asks about it. Training sees crops no larger than that.

A picture is judged at a long side of at most 768 pixels, as people see it on a screen. Values stay what they are:
nothing is divided by a picture's own maximum or mean, so that a dark picture stays dark.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]

LONG_SIDE: Final = 768
#: The model's statistics need this many pixels each way; smaller pictures are mirrored outwards.
SHORT_SIDE: Final = 64


def view(image: Picture) -> Picture:
    """The picture as it is judged. (H, W, 3) uint8 -> (h, w, 3) uint8, C-contiguous, 64 <= h, w and max(h, w) <= 768.

    Pictures whose long side is at most 768 keep their pixels; very elongated ones are shrunk to 768 and then mirrored
    outwards on the short side.
    """
    return np.ascontiguousarray(pad(shrink(image, LONG_SIDE)))


def shrink(image: Picture, long_side: int) -> Picture:
    """A picture with a long side of at most so many pixels: itself, or a smaller version. (H, W, 3) uint8."""
    height, width = image.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0))


def pad(image: Picture) -> Picture:
    """Mirror a picture outwards, to the right and down, until both sides have 64 pixels."""
    down, right = (max(0, SHORT_SIDE - side) for side in image.shape[:2])
    if not down and not right:
        return image
    return np.pad(image, ((0, down), (0, right), (0, 0)), mode="symmetric")
