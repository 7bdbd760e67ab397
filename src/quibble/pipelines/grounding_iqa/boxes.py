"""Boxes of one object, refined: those that show something else are dropped, and what belongs together is merged.

Source: Grounding-IQA, section 3.2, stage 3. Its Algorithm 1 states the thresholds; that the area is that of the box
around two others is our reading: merging by the boxes' own areas would join two small things at opposite corners.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from quibble.geometry import Box
from quibble.image import ImageArray

#: T_a: two boxes are merged if the box around both has at most this share of the picture.
MOST_AREA: Final = 0.256
#: T_o: or if at least this share of the smaller one lies in the other.
LEAST_OVERLAP: Final = 0.95


@dataclass(frozen=True, kw_only=True)
class Tag:
    """What a description says of an object. phrase: as the description writes it. quality: such as "blurred"."""

    phrase: str
    quality: str
    effect: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """An object with its boxes, the surest first. raw: as they were detected."""

    tag: Tag
    raw: tuple[Box, ...]
    boxes: tuple[Box, ...]


def merge(
    boxes: Sequence[Box], *, width: int, height: int, area: float = MOST_AREA, overlap: float = LEAST_OVERLAP
) -> tuple[Box, ...]:
    """Merge boxes of one object, two at a time, while two are small and together, or lie on each other.

    area: of the picture, 0..1. overlap: of the smaller box, 0..1. A merged box is the one around both and takes the
    place of the first. Of all pairs that may be merged, the one with the smallest box around it comes first.
    """
    left = list(boxes)
    while True:
        pairs = [
            (around.area, i, j, around)
            for (i, a), (j, b) in combinations(enumerate(left), 2)
            if (around := _around(a, b)).area <= area * width * height or _overlap(a, b) >= overlap
        ]
        if not pairs:
            return tuple(left)
        _, i, j, around = min(pairs, key=lambda pair: pair[:3])
        left[i] = around
        del left[j]


def crop(rgb: ImageArray, box: Box) -> ImageArray:
    """The pixels in a box, at least one in each direction. -> (h, w, 3)"""
    height, width = rgb.shape[:2]
    x0, y0 = min(int(box.x0), width - 1), min(int(box.y0), height - 1)
    x1, y1 = max(x0 + 1, int(np.ceil(box.x1))), max(y0 + 1, int(np.ceil(box.y1)))
    return np.ascontiguousarray(rgb[y0:y1, x0:x1])


def _around(a: Box, b: Box) -> Box:
    return Box(x0=min(a.x0, b.x0), y0=min(a.y0, b.y0), x1=max(a.x1, b.x1), y1=max(a.y1, b.y1))


def _overlap(a: Box, b: Box) -> float:
    smaller = min(a.area, b.area)
    return a.intersection(b) / smaller if smaller else 0.0
