"""Too few grey values: by Otsu's thresholds, by median cut, or by an equalised histogram. On 8 bits.

All three map each of 256 values to another one, read off the histogram. In a region it is the histogram of the
region's own pixels. Source of kinds and parameters: DepictQA-Wild. Its Otsu gives class k of n the value
min + k (max - min) / n, which also darkens the picture; here a class becomes its mean, the value that belongs to
Otsu's criterion.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from quibble.distort.pixels import Bytes, Frame, Pixels, cv2, from_bytes, to_bytes

Histogram = NDArray[np.float64]


def otsu(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Cut each channel into `classes` at the thresholds with the least variance within classes."""
    grey = to_bytes(image)
    classes = round(p["classes"])
    tables = [_class_means(h, otsu_edges(h, classes)) for h in _histograms(grey, frame)]
    return from_bytes(cv2.LUT(grey, np.stack(tables, axis=-1)[:, None]), image)


def median_cut(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Cut each channel into `colors` ranges, always the fullest at its median; a range becomes its mean."""
    grey = to_bytes(image)
    colors = round(p["colors"])
    tables = [_class_means(h, median_edges(h, colors)) for h in _histograms(grey, frame)]
    return from_bytes(cv2.LUT(grey, np.stack(tables, axis=-1)[:, None]), image)


def histogram(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Round all channels to `bins` values and spread these by the histogram of all three together (equalisation).

    Value k of n becomes the share of the picture in bins 1..k of n equal ones, less the first that is not empty.
    """
    grey = to_bytes(image)
    bins = round(p["bins"])
    steps = np.arange(256) / 255
    nearest = np.rint(steps * (bins - 1)).astype(np.intp)
    counts = np.bincount(np.minimum((steps * bins).astype(np.intp), bins - 1), sum(_histograms(grey, frame)), bins)
    below = np.cumsum(counts)
    first = below[counts > 0][0]
    # A picture within one bin has nothing to spread.
    flat = first == below[-1]
    values = np.arange(bins) / (bins - 1) if flat else np.maximum(below - first, 0) / (below[-1] - first)
    return from_bytes(cv2.LUT(grey, np.rint(values * 255).astype(np.uint8)[nearest]), image)


def otsu_edges(counts: Histogram, classes: int) -> list[int]:
    """First values of classes 2..n that cut a histogram with the least variance within classes, exactly.

    With fewer values in the picture than classes each value is a class. Dynamic programming over the values that occur.
    Source: Otsu 1979, section IV; Liao, Chen and Chung 2001 for the sum S^2 / P that is maximised.
    """
    values = np.flatnonzero(counts)
    if len(values) <= classes:
        return [int(v) for v in values[1:]]
    weight = np.concatenate(([0], np.cumsum(counts[values])))
    moment = np.concatenate(([0], np.cumsum(counts[values] * values)))
    size = len(values)
    # gain[j, i]: one class of the values i up to but without j. A range without values can never be chosen.
    start, end = np.arange(size), np.arange(size + 1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = (moment[end] - moment[start]) ** 2 / (weight[end] - weight[start])
    gain[start >= end] = -np.inf
    # best[j]: the values before j in the classes so far; cuts: where the last of these classes begins.
    best = gain[:, 0]
    cuts = []
    total = np.empty_like(gain)
    for _ in range(classes - 1):
        np.add(gain, best[:-1], out=total)
        cut = total.argmax(axis=1)
        cuts.append(cut)
        best = np.take_along_axis(total, cut[:, None], axis=1)[:, 0]
    edges, last = [], size
    for cut in reversed(cuts):
        last = int(cut[last])
        edges.append(int(values[last]))
    return edges[::-1]


def median_edges(counts: Histogram, colors: int) -> list[int]:
    """First values of ranges 2..n: the fullest range with two values or more is cut at its median, again and again."""
    values = np.flatnonzero(counts)
    below = [0.0, *np.cumsum(counts[values]).tolist()]
    ranges = [(0, len(values))]
    while len(ranges) < colors:
        low, high = max(ranges, key=lambda r: (r[1] - r[0] > 1, below[r[1]] - below[r[0]]))
        if high - low == 1:
            break
        middle = bisect_left(below, (below[low] + below[high]) / 2)
        middle = min(max(middle, low + 1), high - 1)
        ranges.remove((low, high))
        ranges += [(low, middle), (middle, high)]
    return [int(values[low]) for low, _ in sorted(ranges)[1:]]


def _histograms(grey: Bytes, frame: Frame) -> list[Histogram]:
    """Counts of the 256 values of each channel over the frame's mask."""
    return [
        cv2.calcHist([grey], [channel], frame.mask, [256], [0, 256]).reshape(-1).astype(np.float64)
        for channel in range(3)
    ]


def _class_means(counts: Histogram, edges: list[int]) -> Bytes:
    """A table from each value to the mean of its class. (256,) uint8"""
    starts = np.array([0, *edges])
    weight = np.add.reduceat(counts, starts)
    mean = np.add.reduceat(counts * np.arange(256), starts) / np.maximum(weight, 1)
    lengths = np.diff(np.append(starts, 256))
    return np.repeat(np.rint(mean).astype(np.uint8), lengths)
