"""Regions of a photograph: from people's label maps where there are any, else from a segmentation of our own.

A label map gives each pixel a number, and some numbers a name. What is used of it are connected pieces that are large,
thick and compact enough to be pointed at and to show a distortion; the same filter serves every source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.errors import MissingExtraError
from quibble.experts.felzenszwalb import label_colors
from quibble.geometry import Box, Mask, Region

try:
    import cv2
    from scipy.ndimage import find_objects
except ImportError as error:
    missing = "scipy" if (error.name or "").startswith("scipy") else "opencv-python-headless"
    raise MissingExtraError(missing, "data") from error

BoolArray = NDArray[np.bool_]
Labels = NDArray[np.int32]

#: A photograph without a label map is cut into at most so many regions.
MOST_REGIONS: Final = 12
#: A part with a name counts from this share of the least usable area on: a person far behind is a person too.
_REST_SHARE: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which pieces of a label map are used. Lengths and areas are shares of the picture's long side and area.

    least, most: area. thickness: diameter of the largest disk inside. extent: share of the bounding box that
    the piece fills. core: share of the box's middle third that it fills, so that a ring or an L, whose middle lies
    elsewhere, is not spoken of by its place.
    """

    least: float = 0.03
    most: float = 0.6
    thickness: float = 0.06
    extent: float = 0.35
    core: float = 0.5


@dataclass(frozen=True, kw_only=True)
class LabelMap:
    """labels: (H, W) int32, one number a region; a number of `unlabelled` is no region. names: what regions show."""

    labels: Labels
    names: Mapping[int, str] = field(default_factory=dict)
    unlabelled: frozenset[int] = frozenset()

    def resized(self, height: int, width: int) -> LabelMap:
        """At another size, by the nearest pixel."""
        if self.labels.shape == (height, width):
            return self
        labels = np.asarray(cv2.resize(self.labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), np.int32)
        return LabelMap(labels=labels, names=self.names, unlabelled=self.unlabelled)


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """A usable region: its pixels, (H, W) booleans, and its name if the source gives one."""

    array: BoolArray
    label: str | None = None

    @cached_property
    def window(self) -> tuple[slice, slice]:
        """The bounding box in y and x."""
        x, y, width, height = cv2.boundingRect(self.array.view(np.uint8))
        return slice(y, y + height), slice(x, x + width)

    @cached_property
    def mask(self) -> Mask:
        return Mask.from_array(self.array)

    @cached_property
    def region(self) -> Region:
        """As a mask with its box, for everybody else."""
        y, x = self.window
        return Region(mask=self.mask, box=Box(x0=x.start, y0=y.start, x1=x.stop, y1=y.stop), label=self.label)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cut:
    """A label map in pieces, the largest first; they never overlap.

    rest: connected parts with a name that are of no use, but could be meant by that name.
    """

    pieces: tuple[Piece, ...]
    rest: tuple[Piece, ...]


def cut(label_map: LabelMap, rule: Filter | None = None) -> Cut:
    """The usable regions of a label map, and what else has a name."""
    rule = rule or Filter()
    labels = label_map.labels
    usable: list[tuple[int, Piece]] = []
    rest: list[tuple[int, Piece]] = []
    # find_objects takes numbers from 1 and as many as the highest; a panoptic map's go into the millions.
    values, compact = np.unique(labels, return_inverse=True) if labels.max() > 65535 else (None, labels)
    compact = compact.reshape(labels.shape)
    for index, window in enumerate(find_objects(compact + 1)):
        value = index if values is None else int(values[index])
        if window is None or value in label_map.unlabelled:
            continue
        name = label_map.names.get(value)
        least = rule.least * labels.size * (1 if name is None else _REST_SHARE)
        here = (compact[window] == index).view(np.uint8)
        if np.count_nonzero(here) < least:
            continue
        _, parts, boxes, _ = cv2.connectedComponentsWithStats(here, connectivity=4)
        for part in np.flatnonzero(boxes[1:, cv2.CC_STAT_AREA] >= least).tolist():
            x, y, width, height, area = boxes[part + 1].tolist()
            inside = parts[y : y + height, x : x + width] == part + 1
            good = area >= rule.least * labels.size and _compact(inside, area, labels.shape, rule)
            if good or name is not None:
                array = np.zeros(labels.shape, bool)
                array[window[0].start + y :, window[1].start + x :][:height, :width] = inside
                (usable if good else rest).append((area, Piece(array=array, label=name)))
    return Cut(pieces=_largest_first(usable), rest=_largest_first(rest))


def _largest_first(found: list[tuple[int, Piece]]) -> tuple[Piece, ...]:
    # A stable sort: equal areas keep the order of the map's numbers.
    return tuple(piece for _, piece in sorted(found, key=lambda item: -item[0]))


def _compact(inside: BoolArray, area: int, picture: tuple[int, ...], rule: Filter) -> bool:
    """Whether a piece, given its bounding box's pixels, passes all of the rule but its least area."""
    if area > rule.most * picture[0] * picture[1] or area < rule.extent * inside.size:
        return False
    rows, columns = (slice(size // 3, size - size // 3) for size in inside.shape)
    if inside[rows, columns].mean() < rule.core:
        return False
    # A frame of zeros makes the picture's edge count as the region's border.
    framed = cv2.copyMakeBorder(inside.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    radius = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).max()
    return bool(2 * radius >= rule.thickness * max(picture))


def segment(image: NDArray[np.uint8], *, least: float = Filter.least) -> LabelMap:
    """Regions of a photograph nobody has labelled. (H, W, 3) uint8 -> a map without names, of at most MOST_REGIONS."""
    return LabelMap(labels=label_colors(image, least=least, most=MOST_REGIONS))
