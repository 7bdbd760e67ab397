"""Places in a picture: points, boxes, masks, the grid code and the words for a position.

Coordinates are in pixels, x to the right and y down, with the origin at the top left corner of the top left
pixel; a box is half-open, so a box over the whole picture is (0, 0, width, height) and its area is their product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import index
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quibble.errors import ArgumentError
from quibble.taxonomy import HORIZONTAL, VERTICAL, WHOLE_PICTURE

BoolArray = NDArray[np.bool_]

#: A region over this share of the picture is spoken of as the whole picture.
WHOLE_SHARE: Final = 0.9


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """A place in pixels."""

    x: float
    y: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """An axis-parallel box in pixels, half-open: x0 <= x < x1. Raises ArgumentError if inside out or not finite."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not np.isfinite([self.x0, self.y0, self.x1, self.y1]).all():
            raise ArgumentError(f"a box needs finite corners, found {self.to_list()}")
        if self.x1 < self.x0 or self.y1 < self.y0:
            raise ArgumentError(f"a box needs x0 <= x1 and y0 <= y1, found {self.to_list()}")

    @classmethod
    def from_xywh(cls, x: float, y: float, width: float, height: float) -> Box:
        """From a corner and a size, as COCO writes boxes."""
        if width < 0 or height < 0:
            raise ArgumentError(f"a box needs a width and a height of at least 0, found {width} x {height}")
        return cls(x0=x, y0=y, x1=x + width, y1=y + height)

    @classmethod
    def from_normalized(cls, corners: Sequence[float], *, width: int, height: int) -> Box:
        """From (x0, y0, x1, y1) as shares of the picture, 0..1."""
        if len(corners) != 4 or not all(0 <= c <= 1 for c in corners):
            raise ArgumentError(f"a normalized box is four numbers in 0..1, found {list(corners)}")
        x0, y0, x1, y1 = corners
        return cls(x0=x0 * width, y0=y0 * height, x1=x1 * width, y1=y1 * height)

    def normalized(self, *, width: int, height: int) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) as shares of the picture."""
        return self.x0 / width, self.y0 / height, self.x1 / width, self.y1 / height

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def center(self) -> Point:
        return Point(x=(self.x0 + self.x1) / 2, y=(self.y0 + self.y1) / 2)

    def intersection(self, other: Box) -> float:
        """Common area in square pixels."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(width, 0.0) * max(height, 0.0)

    def iou(self, other: Box) -> float:
        """Intersection over union, 0..1; 0 if both are empty."""
        common = self.intersection(other)
        union = self.area + other.area - common
        return common / union if union > 0 else 0.0

    def clip(self, *, width: int, height: int) -> Box:
        """The part inside a picture; empty at its edge if there is none."""
        x0, x1 = (min(max(x, 0), width) for x in (self.x0, self.x1))
        y0, y1 = (min(max(y, 0), height) for y in (self.y0, self.y1))
        return Box(x0=x0, y0=y0, x1=x1, y1=y1)

    def to_list(self) -> list[float]:
        """[x0, y0, x1, y1]"""
        return [self.x0, self.y0, self.x1, self.y1]

    @classmethod
    def from_list(cls, corners: Sequence[float]) -> Box:
        if len(corners) != 4:
            raise ArgumentError(f"a box is [x0, y0, x1, y1], found {len(corners)} numbers")
        x0, y0, x1, y1 = corners
        return cls(x0=x0, y0=y0, x1=x1, y1=y1)


@dataclass(frozen=True, kw_only=True)
class Mask:
    """A set of pixels as COCO's run-length code. `counts` is the compressed string that pycocotools writes.

    Two masks are equal when they have the same size and the same pixels.
    """

    height: int
    width: int
    counts: str

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1:
            raise ArgumentError(f"a mask needs at least one pixel, found {self.width} x {self.height}")
        total = int(self._runs.sum())
        if total != self.height * self.width:
            raise ArgumentError(
                f"the runs of this mask cover {total} pixels, but {self.width} x {self.height} has "
                f"{self.height * self.width}"
            )

    @classmethod
    def from_array(cls, array: NDArray[Any]) -> Mask:
        """From (H, W) booleans, or numbers that are only 0 and non-zero. Raises ArgumentError for another shape."""
        if array.ndim != 2 or 0 in array.shape:
            raise ArgumentError(f"a mask is (H, W) with at least one pixel, found shape {array.shape}")
        return cls.from_columns((array != 0).T)

    @classmethod
    def from_columns(cls, columns: BoolArray) -> Mask:
        """From (W, H) booleans, a row for each column of the picture: the inverse of to_columns."""
        flat = columns.reshape(-1)
        edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        bounds = np.concatenate(([0], edges, [flat.size]))
        runs = np.diff(bounds)
        if flat[0]:
            runs = np.concatenate(([0], runs))
        return cls(height=columns.shape[1], width=columns.shape[0], counts=_pack_runs(runs))

    @classmethod
    def from_box(cls, box: Box, *, width: int, height: int) -> Mask:
        """All pixels whose centre lies in the box."""
        array = np.zeros((height, width), bool)
        inside = box.clip(width=width, height=height)
        x0, x1, y0, y1 = (int(np.ceil(edge - 0.5)) for edge in (inside.x0, inside.x1, inside.y0, inside.y1))
        array[y0:y1, x0:x1] = True
        return cls.from_array(array)

    @classmethod
    def from_coco(cls, rle: dict[str, Any]) -> Mask:
        """From COCO's {"size": [h, w], "counts": ...}, compressed (str or bytes) or a list of runs."""
        try:
            height, width = (index(n) for n in rle["size"])
            counts = rle["counts"]
        except (KeyError, TypeError, ValueError) as error:
            raise ArgumentError(f"a COCO RLE has 'size': [h, w] and 'counts', found {rle!r:.120}") from error
        if isinstance(counts, bytes):
            counts = counts.decode("ascii", errors="replace")
        if not isinstance(counts, str):
            counts = _pack_runs(_check_runs(counts, height * width))
        return cls(height=height, width=width, counts=counts)

    def to_coco(self) -> dict[str, Any]:
        """{"size": [h, w], "counts": compressed string}, ready for JSON and for pycocotools."""
        return {"size": [self.height, self.width], "counts": self.counts}

    def to_array(self) -> BoolArray:
        """(H, W) booleans."""
        return np.ascontiguousarray(self.to_columns().T)

    def to_columns(self) -> BoolArray:
        """(W, H) booleans, a row for each column of the picture: the order of the code, so cheaper than to_array."""
        runs = self._runs
        values = np.arange(runs.size) % 2 == 1
        return np.repeat(values, runs).reshape(self.width, self.height)

    @cached_property
    def _runs(self) -> NDArray[np.int64]:
        return _unpack_runs(self.counts, self.height * self.width)

    @property
    def area(self) -> int:
        """Number of pixels."""
        return int(self._runs[1::2].sum())

    @property
    def share(self) -> float:
        """Share of the picture, 0..1."""
        return self.area / (self.height * self.width)

    @property
    def box(self) -> Box | None:
        """The smallest box around all pixels; None for an empty mask."""
        ends = np.cumsum(self._runs)
        first, last = (ends - self._runs)[1::2], ends[1::2] - 1
        is_empty = last < first
        first, last = first[~is_empty], last[~is_empty]
        if not first.size:
            return None
        x0, x1 = first[0] // self.height, last[-1] // self.height + 1
        if (first // self.height != last // self.height).any():
            y0, y1 = 0, self.height  # a run from one column into the next holds its lowest and its highest row
        else:
            y0, y1 = (first % self.height).min(), (last % self.height).max() + 1
        return Box(x0=float(x0), y0=float(y0), x1=float(x1), y1=float(y1))

    @property
    def centroid(self) -> Point | None:
        """Mean of the pixels' centres; None for an empty mask."""
        if not self.area:
            return None
        y, x = np.nonzero(self.to_array())
        return Point(x=float(x.mean() + 0.5), y=float(y.mean() + 0.5))

    def iou(self, other: Mask) -> float:
        """Intersection over union, 0..1; 0 if both are empty. Raises ArgumentError if the sizes differ."""
        if (self.height, self.width) != (other.height, other.width):
            raise ArgumentError(
                f"masks of {self.width} x {self.height} and {other.width} x {other.height} cannot be compared"
            )
        mine, theirs = self.to_array(), other.to_array()
        union = int((mine | theirs).sum())
        return int((mine & theirs).sum()) / union if union else 0.0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mask):
            return NotImplemented
        same_size = (self.height, self.width) == (other.height, other.width)
        return same_size and (self.counts == other.counts or bool((self.to_array() == other.to_array()).all()))

    def __hash__(self) -> int:
        return hash((self.height, self.width, self.area))


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A part of a picture: a mask, a box, or both, and what is there if somebody knows."""

    mask: Mask | None = None
    box: Box | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        if self.mask is None and self.box is None:
            raise ArgumentError("a region needs a mask or a box")

    @property
    def bounds(self) -> Box:
        """The box if there is one, else the mask's. Raises ArgumentError if the mask is empty."""
        if self.box is not None:
            return self.box
        box = self.mask.box if self.mask is not None else None
        if box is None:
            raise ArgumentError("this region's mask is empty, so it has no bounds")
        return box

    def to_mask(self, *, width: int, height: int) -> Mask:
        """The mask if there is one, else the box's pixels."""
        return self.mask if self.mask is not None else Mask.from_box(self.bounds, width=width, height=height)


def grid_encode(box: Box, *, width: int, height: int, n: int = 20, m: int = 20) -> tuple[int, int]:
    """The cells of a box's top left and bottom right corners on n columns x m rows, counted row by row from 0.

    Source: Grounding-IQA eq. 1, with x and y taken as whole cells. A corner on the right or bottom edge of the
    picture belongs to the last cell. Raises ArgumentError for a box that leaves the picture.
    """
    if n < 1 or m < 1:
        raise ArgumentError(f"a grid has at least one cell, found n={n}, m={m}")
    if min(box.x0, box.y0) < 0 or box.x1 > width or box.y1 > height:
        raise ArgumentError(f"box {box.to_list()} leaves the picture of {width} x {height}; clip it first")
    # Multiplied before divided: 29 / 100 * 100 is less than 29, and pixel 29 would fall into cell 28.
    x0, x1 = (min(int(x * n / width), n - 1) for x in (box.x0, box.x1))
    y0, y1 = (min(int(y * m / height), m - 1) for y in (box.y0, box.y1))
    return y0 * n + x0, y1 * n + x1


def grid_decode(code: tuple[int, int], *, width: int, height: int, n: int = 20, m: int = 20) -> Box:
    """The box between the centres of two cells. Source: Grounding-IQA eq. 2.

    Raises ArgumentError if a cell is not on the grid or the second lies left of or above the first.
    """
    if n < 1 or m < 1:
        raise ArgumentError(f"a grid has at least one cell, found n={n}, m={m}")
    for cell in code:
        if not 0 <= cell < n * m:
            raise ArgumentError(f"a {n} x {m} grid has the cells 0..{n * m - 1}, found {cell}")
    (y0, x0), (y1, x1) = (divmod(cell, n) for cell in code)
    if x1 < x0 or y1 < y0:
        raise ArgumentError(f"grid code {code} has its second corner left of or above its first")
    corners = ((x0 + 0.5) / n, (y0 + 0.5) / m, (x1 + 0.5) / n, (y1 + 0.5) / m)
    return Box.from_normalized(corners, width=width, height=height)


def position_terms(box: Box, *, width: int, height: int) -> tuple[str, str]:
    """("left" | "right", "top" | "bottom") for the centre of a box. Source: IQA-Octopus eq. 1."""
    center = box.center
    return HORIZONTAL[center.x / width >= 0.5], VERTICAL[center.y / height >= 0.5]


def position_phrase(region: Region, *, width: int, height: int) -> str:
    """Where a region is, such as "top left"; "whole picture" if it covers nine tenths of it."""
    area = region.mask.area if region.mask is not None else region.bounds.area
    if area >= WHOLE_SHARE * width * height:
        return WHOLE_PICTURE
    horizontal, vertical = position_terms(region.bounds, width=width, height=height)
    return f"{vertical} {horizontal}"


def _pack_runs(runs: NDArray[np.int64]) -> str:
    """Run lengths as COCO's string: each the difference to the run two before, in 5-bit groups, lowest first."""
    values = runs.astype(np.int64).copy()
    values[3:] -= runs[1:-2]
    out: list[str] = []
    for value in values.tolist():
        more = True
        while more:
            group = value & 0x1F
            value >>= 5
            more = value != (-1 if group & 0x10 else 0)
            out.append(chr((group | 0x20 if more else group) + 48))
    return "".join(out)


def _check_runs(runs: Any, pixels: int) -> NDArray[np.int64]:
    """A list of runs as an array. Raises ArgumentError for anything but whole numbers of at most `pixels`."""
    try:
        array = np.asarray(runs)
    except ValueError as error:
        raise ArgumentError("the runs of a COCO RLE are a list of numbers") from error
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ArgumentError(f"the runs of a COCO RLE are a list of whole numbers, found {runs!r:.80}")
    if (array < 0).any() or (array > pixels).any():
        raise ArgumentError(f"the runs of a COCO RLE of {pixels} pixels lie in 0..{pixels}, found {runs!r:.80}")
    return array.astype(np.int64)


def _unpack_runs(counts: str, pixels: int) -> NDArray[np.int64]:
    """The inverse of _pack_runs. Raises ArgumentError for a string that no packing of so many pixels makes."""
    runs: list[int] = []
    value, shift = 0, 0
    for character in counts:
        group = ord(character) - 48
        if not 0 <= group < 64:
            raise ArgumentError(f"a compressed COCO RLE holds the characters '0'..'o', found {character!r}")
        value |= (group & 0x1F) << shift
        shift += 5
        if group & 0x20:
            if shift > 60:
                raise ArgumentError("a compressed COCO RLE has a number without an end: the string is damaged")
            continue
        if group & 0x10:
            value -= 1 << shift
        if len(runs) > 2:
            value += runs[-2]
        if not 0 <= value <= pixels:
            raise ArgumentError(f"a compressed COCO RLE of {pixels} pixels has a run of {value}: the string is damaged")
        runs.append(value)
        value, shift = 0, 0
    if shift or not runs:
        raise ArgumentError("a compressed COCO RLE ends in the middle of a number or is empty")
    return np.asarray(runs, dtype=np.int64)
