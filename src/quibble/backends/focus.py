"""How a model that sees pictures is told of a region: by its place in words, and cut out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quibble.geometry import WHOLE_SHARE, Region
from quibble.preprocess import pad


class Focus(NamedTuple):
    """told: where the region is. cut: (h, w, 3), the region by itself; None if it is most of the picture."""

    told: str
    cut: NDArray[np.uint8] | None


def focused(region: Region, pixels: NDArray[np.uint8]) -> Focus:
    """A region of a picture, (H, W, 3), by the shares of its box, and cut out where it is not the picture itself."""
    height, width = pixels.shape[:2]
    box = region.bounds
    x0, y0, x1, y1 = box.normalized(width=width, height=height)
    told = (
        f"The region asked about lies between {x0:.2f} and {x1:.2f} of the width, from the left, and between "
        f"{y0:.2f} and {y1:.2f} of the height, from the top."
    )
    if box.area >= WHOLE_SHARE * width * height:
        return Focus(told, None)
    rows, columns = slice(int(box.y0), int(np.ceil(box.y1))), slice(int(box.x0), int(np.ceil(box.x1)))
    return Focus(f"{told} Here it is by itself:", pad(pixels[rows, columns]))
