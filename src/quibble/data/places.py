"""Places as foreign files state them: boxes that stick out by a rounding error, and polygons as masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.data.fields import Node
from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask

#: A foreign box may leave its picture by so much, which is how far rounding goes; it is then clipped.
SLACK_PX: Final = 1.0

#: COCO's rasteriser follows a polygon's edge on a grid this much finer than the pixels.
_FINER: Final = 5


def inside(node: Node, corners: Sequence[float], *, size: tuple[int, int]) -> Box:
    """A box [x0, y0, x1, y1] in a picture of (width, height), clipped if it sticks out by at most SLACK_PX.

    Raises Faults with the node's place for one that sticks out further or is inside out.
    """
    width, height = size
    try:
        box = Box.from_list(corners)
    except ArgumentError as error:
        raise node.fault(str(error)) from error
    if min(box.x0, box.y0) < -SLACK_PX or box.x1 > width + SLACK_PX or box.y1 > height + SLACK_PX:
        raise node.fault(f"expected a box inside its picture of {width} x {height}, found {box.to_list()}")
    return box.clip(width=width, height=height)


def fill_polygons(polygons: Sequence[Sequence[float]], *, width: int, height: int) -> Mask:
    """The pixels inside any of several polygons [x0, y0, x1, y1, ...], the same as pycocotools finds them.

    Raises ArgumentError for a polygon that is not an even number of finite coordinates, at least three points of them.
    """
    filled = np.zeros((height, width), bool)
    for polygon in polygons:
        points = np.asarray(polygon, dtype=np.float64)
        if points.ndim != 1 or points.size < 6 or points.size % 2 or not np.isfinite(points).all():
            raise ArgumentError(
                f"a polygon is [x0, y0, x1, y1, ...] with at least 3 points, found {points.size} coordinates"
            )
        filled |= _fill(points.reshape(-1, 2), width=width, height=height)
    return Mask.from_array(filled)


def _fill(points: NDArray[np.float64], *, width: int, height: int) -> NDArray[np.bool_]:
    """(N, 2) corners → (H, W). A column is switched at each edge that crosses its centre, from the top down.

    Source: the conventions of cocoapi's rleFrPoly, which decide whether a border pixel belongs to the mask.
    """
    x, y = _walk(np.trunc(points * _FINER + 0.5).astype(np.int64))
    steps = np.flatnonzero(x[1:] != x[:-1])
    column = (np.minimum(x[steps], x[steps + 1]) + 0.5) / _FINER - 0.5
    # Of the five finer columns of a pixel, only the middle one counts as crossing its centre.
    crossing = (column == np.floor(column)) & (column >= 0) & (column <= width - 1)
    row = (np.minimum(y[steps], y[steps + 1]) + 0.5) / _FINER - 0.5
    row = np.ceil(np.clip(row, 0, height))
    switches = np.zeros(width * height + 1, np.int64)
    np.add.at(switches, (column[crossing] * height + row[crossing]).astype(np.int64), 1)
    # One running count over all columns: a column with an odd number of switches runs on into the next, as COCO's does.
    odd: NDArray[np.bool_] = switches[:-1].cumsum() % 2 == 1
    return odd.reshape(width, height).T


def _walk(corners: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every point of the fine grid on a closed polygon's edges, in order; both ends of each edge are included."""
    xs: list[NDArray[np.int64]] = []
    ys: list[NDArray[np.int64]] = []
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        wide = abs(x1 - x0) >= abs(y1 - y0)
        along, across = ((x0, x1), (y0, y1)) if wide else ((y0, y1), (x0, x1))
        backwards = along[0] > along[1]
        # Rounding is not symmetric, so an edge is always walked from its smaller end and turned round afterwards.
        (start, end), (first, last) = (along[::-1], across[::-1]) if backwards else (along, across)
        distance = np.arange(end - start + 1)
        slope = (last - first) / (end - start) if end > start else 0.0
        main = start + distance
        side = np.trunc(first + slope * distance + 0.5).astype(np.int64)
        if backwards:
            main, side = main[::-1], side[::-1]
        xs.append(main if wide else side)
        ys.append(side if wide else main)
    return np.concatenate(xs), np.concatenate(ys)
