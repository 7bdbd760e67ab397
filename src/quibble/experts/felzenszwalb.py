"""Segments of a picture from its colors alone: what stands in for a segmentation model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quibble.errors import MissingExtraError
from quibble.experts.segmenter import check_points
from quibble.geometry import Mask, Point
from quibble.image import ImageArray, require_rgb

try:
    import cv2
    from skimage.segmentation import felzenszwalb
except ImportError as error:
    # scikit-image itself needs scipy.
    packages = {"skimage": "scikit-image", "scipy": "scipy"}
    raise MissingExtraError(
        packages.get((error.name or "").partition(".")[0], "opencv-python-headless"), "data"
    ) from error

Labels = NDArray[np.int32]

#: Long side in pixels of the copy that is segmented: Felzenszwalb's time grows with the pixels, its regions do not.
SEGMENT_SIDE: Final = 256
#: Least share of the picture and largest number of the segments that points choose among, the coarsest first.
_SCALES: Final = ((0.06, 6), (0.02, 14), (0.005, 32))


class Felzenszwalb:
    """A Segmenter that needs no weights. A segment is a connected part of one color, so it may be part of a thing.

    least: share of the picture, 0..1, that a segment has at least; most: the number of segments before those that fall
    apart are counted apart.
    """

    name = "stand-in/felzenszwalb-1"

    def __init__(self, *, least: float = 0.01, most: int = 24) -> None:
        self.least, self.most = least, most

    def segments(self, rgb: ImageArray) -> list[Mask]:
        """Segments that do not overlap, the largest first."""
        require_rgb(rgb, "a picture to segment")
        labels = label_colors(rgb, least=self.least, most=self.most)
        found = []
        for value in np.unique(labels).tolist():
            count, parts, sizes, _ = cv2.connectedComponentsWithStats((labels == value).view(np.uint8), connectivity=4)
            areas = sizes[:, cv2.CC_STAT_AREA]
            found += [parts == part for part in range(1, count) if areas[part] >= self.least * labels.size]
        return [Mask.from_array(part) for part in sorted(found, key=np.count_nonzero, reverse=True)]

    def at(self, rgb: ImageArray, points: Sequence[Point], labels: Sequence[bool]) -> Mask:
        """The largest segments at the points inside that hold no point outside.

        Where even the smallest segments hold both, they are cut half-way between the points.
        """
        require_rgb(rgb, "a picture to segment")
        check_points(rgb, points, labels)
        pixels = [(int(point.y), int(point.x)) for point in points]
        for least, most in _SCALES:
            regions = label_colors(rgb, least=least, most=most)
            wanted = {int(regions[pixel]) for pixel, inside in zip(pixels, labels, strict=True) if inside}
            found = np.isin(regions, list(wanted))
            if not any(found[pixel] for pixel, inside in zip(pixels, labels, strict=True) if not inside):
                return Mask.from_array(found)
        near, far = (_distance(regions.shape, pixels, labels, inside) for inside in (True, False))
        return Mask.from_array(found & (near < far))


def _distance(
    shape: tuple[int, ...], pixels: Sequence[tuple[int, int]], labels: Sequence[bool], inside: bool
) -> NDArray[np.float32]:
    """Each pixel's distance to the nearest of the points that are inside, or outside."""
    away = np.ones(shape, np.uint8)
    for pixel, label in zip(pixels, labels, strict=True):
        if label == inside:
            away[pixel] = 0
    return np.asarray(cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def label_colors(image: ImageArray, *, least: float, most: int) -> Labels:
    """A picture cut into regions of one color. (H, W, 3) uint8 -> (H, W) int32, numbered from 0.

    Felzenszwalb's segmentation of a copy, in which the smallest region is merged into the neighbour of the most similar
    mean color until every region has the share `least` and there are at most `most`; borders are then smoothed.
    Source: Felzenszwalb and Huttenlocher 2004.
    """
    height, width = image.shape[:2]
    scale = min(1.0, SEGMENT_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    copy = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(copy.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    fine = felzenszwalb(lab / 100, scale=200, sigma=0.8, min_size=max(1, copy.shape[0] * copy.shape[1] // 400))
    merged = _merge(fine.astype(np.int32), lab, least=least, most=most)
    smooth = cv2.medianBlur(merged.astype(np.uint8), 5)
    whole = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    smoothed: Labels = cv2.medianBlur(whole, 5).astype(np.int32)
    return smoothed


def _merge(labels: Labels, lab: NDArray[Any], *, least: float, most: int) -> Labels:
    """Merge regions until all are large enough and there are at most `most`; numbers them from 0."""
    count = int(labels.max()) + 1
    flat = labels.reshape(-1)
    areas = np.bincount(flat, minlength=count).astype(np.float64)
    sums = np.stack([np.bincount(flat, lab[..., c].reshape(-1), minlength=count) for c in range(3)], axis=1)
    adjacent = np.zeros((count, count), bool)
    for a, b in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])):
        adjacent[a, b] = adjacent[b, a] = True
    np.fill_diagonal(adjacent, False)
    owner = np.arange(count)
    alive = areas > 0
    while (n := int(alive.sum())) > 1:
        smallest = int(np.where(alive, areas, np.inf).argmin())
        if areas[smallest] >= least * labels.size and n <= most:
            break
        neighbours = np.flatnonzero(adjacent[smallest])
        colors = sums[neighbours] / areas[neighbours, None]
        distances = np.linalg.norm(colors - sums[smallest] / areas[smallest], axis=1)
        into = int(neighbours[distances.argmin()])
        areas[into] += areas[smallest]
        sums[into] += sums[smallest]
        adjacent[into] |= adjacent[smallest]
        adjacent[:, into] |= adjacent[:, smallest]
        adjacent[smallest] = adjacent[:, smallest] = False
        adjacent[into, into] = False
        alive[smallest] = False
        owner[owner == smallest] = into
    numbers = np.zeros(count, np.int32)
    numbers[np.flatnonzero(alive)] = np.arange(int(alive.sum()))
    return numbers[owner][labels]
