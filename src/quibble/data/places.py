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
    places, times = np.unique((column[crossing] * height + row[crossing]).astype(np.int64), return_counts=True)
    # One run after the other over all columns: an odd number in one column runs on into the next, as COCO's does.
    bounds = np.concatenate(([0], places[times % 2 == 1], [width * height]))
    filled = np.repeat(np.arange(bounds.size - 1) % 2 == 1, np.diff(bounds))
    return filled.reshape(width, height).T


def _walk(corners: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every point of the fine grid on a closed polygon's edges, in order; both ends of each edge are included."""
    starts, ends = corners, np.roll(corners, -1, axis=0)
    # Each edge is walked along the axis on which it is longer; (N,) 0 for x, 1 for y.
    axis = (np.abs(ends - starts)[:, 0] < np.abs(ends - starts)[:, 1]).astype(np.int64)
    edges = np.arange(len(corners))
    # Rounding is not symmetric, so an edge is always measured from the end that is smaller on its axis.
    turned = starts[edges, axis] > ends[edges, axis]
    low = np.where(turned[:, None], ends, starts)
    high = np.where(turned[:, None], starts, ends)
    length = (high - low)[edges, axis]
    slope = (high - low)[edges, 1 - axis] / np.maximum(length, 1)
    edge = np.repeat(edges, length + 1)
    step = np.arange(edge.size) - np.repeat(np.cumsum(length + 1) - length - 1, length + 1)
    step = np.where(turned[edge], length[edge] - step, step)
    along = low[edge, axis[edge]] + step
    across = np.trunc(low[edge, 1 - axis[edge]] + slope[edge] * step + 0.5).astype(np.int64)
    is_wide = axis[edge] == 0
    return np.where(is_wide, along, across), np.where(is_wide, across, along)
