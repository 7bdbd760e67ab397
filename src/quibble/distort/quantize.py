"""Too few grey values: by Otsu's thresholds, by median cut, or by an equalised histogram. On 8 bits.

All three map each of 256 values to another one, read off the histogram. In a region it is the histogram of the
region's own pixels. Source of kinds and parameters: DepictQA-Wild. Its Otsu gives class k of n the value
min + k (max - min) / n, which also darkens the picture; here a class becomes its mean, the value that belongs to
Otsu's criterion.
"""

from __future__ import annotations

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
    """Round all channels to `bins` values and spread these by the histogram of all three together (equalisation)."""
    grey = to_bytes(image)
    bins = round(p["bins"])
    nearest = np.rint(np.arange(256) / 255 * (bins - 1)).astype(np.int64)
    counts = np.bincount(nearest, sum(_histograms(grey, frame)), minlength=bins)
    below = np.cumsum(counts)
    first = below[np.flatnonzero(counts)[0]]
    if first == below[-1]:
        values = np.arange(bins) / (bins - 1)
    else:
        values = np.maximum(below - first, 0) / (below[-1] - first)
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
    start, end = np.arange(size)[:, None], np.arange(1, size + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = (moment[end] - moment[start]) ** 2 / (weight[end] - weight[start])
    # gain[i, j]: one class of values i..j. An empty or backward range can never be chosen.
    gain[start >= end] = -np.inf
    best = gain[0]
    cuts = []
    for _ in range(classes - 1):
        total = np.concatenate(([-np.inf], best[:-1]))[:, None] + gain
        cut = total.argmax(axis=0)
        cuts.append(cut)
        best = total[cut, end - 1]
    edges, last = [], size
    for cut in reversed(cuts):
        last = int(cut[last - 1])
        edges.append(int(values[last]))
    return edges[::-1]


def median_edges(counts: Histogram, colors: int) -> list[int]:
    """First values of ranges 2..n: the fullest range with two values or more is cut at its median, again and again."""
    below = np.concatenate(([0], np.cumsum(counts)))
    values = np.flatnonzero(counts)
    ranges = [(int(values[0]), int(values[-1]) + 1)]
    while len(ranges) < colors:
        wide = [r for r in ranges if r[1] - r[0] > 1]
        if not wide:
            break
        low, high = max(wide, key=lambda r: below[r[1]] - below[r[0]])
        middle = int(np.searchsorted(below, (below[low] + below[high]) / 2))
        # Both halves are trimmed to values that occur, so that neither is empty.
        middle = min(max(middle, low + 1), high - 1)
        inner = values[(values >= low) & (values < high)]
        left, right = inner[inner < middle], inner[inner >= middle]
        ranges.remove((low, high))
        ranges += [(int(part[0]), int(part[-1]) + 1) for part in (left, right)]
    return sorted(low for low, _ in ranges)[1:]


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
