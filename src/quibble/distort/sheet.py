"""One picture that shows what the distortions look like: a row each, a column a level."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from quibble.distort.engine import check_image, distort
from quibble.distort.pixels import Bytes, Pixels, cv2, to_bytes
from quibble.errors import ArgumentError
from quibble.taxonomy import Distortion, severity_word

_GAP_PX: Final = 4
_TEXT_PX: Final = 14
_HEADER_PX: Final = 24
_NAME_PX: Final = 150


def sheet(
    image: Pixels,
    *,
    distortions: Iterable[Distortion] = tuple(Distortion),
    levels: Sequence[float] = (1, 2, 3, 4, 5),
    tile_px: int = 160,
    seed: int = 0,
) -> Bytes:
    """A labelled grid, the clean picture in its first column. (H, W, 3) uint8 or float32 -> (h, w, 3) uint8.

    The picture is made smaller until its longer side is `tile_px` and distorted at that size, so that every pixel of
    a distortion can be seen. Raises ImageError for another kind of array.
    """
    check_image(image)
    kinds = tuple(distortions)
    if not kinds or not levels or tile_px < 16:
        raise ArgumentError(
            f"a sheet needs a distortion, a level and tiles of 16 pixels or more, "
            f"found {len(kinds)}, {len(levels)} and {tile_px}"
        )
    tile = _tile(to_bytes(image), tile_px)
    height, width = tile.shape[:2]
    rows, columns = len(kinds), len(levels) + 1
    size = _NAME_PX + columns * (width + _GAP_PX), _HEADER_PX + rows * (height + _GAP_PX)
    page = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(_TEXT_PX)
    headers = ["clean", *(f"{level:g} {severity_word(level)}" for level in levels)]
    for column, header in enumerate(headers):
        pen.text((_NAME_PX + column * (width + _GAP_PX), _GAP_PX), header, fill="black", font=font)
    for row, kind in enumerate(kinds):
        y = _HEADER_PX + row * (height + _GAP_PX)
        pen.multiline_text((_GAP_PX, y), f"{kind.category}\n{kind.kind}", fill="black", font=font)
        tiles = [tile, *(distort(tile, kind, level=level, seed=seed) for level in levels)]
        for column, shown in enumerate(tiles):
            page.paste(Image.fromarray(shown), (_NAME_PX + column * (width + _GAP_PX), y))
    return np.array(page)


def _tile(image: Bytes, tile_px: int) -> Bytes:
    """The picture with a longer side of at most tile_px."""
    scale = min(tile_px / max(image.shape[:2]), 1)
    size = [max(round(side * scale), 1) for side in image.shape[1::-1]]
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
