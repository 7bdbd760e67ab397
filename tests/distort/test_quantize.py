from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.filters import threshold_multiotsu

from quibble.distort import distort
from quibble.distort.quantize import median_edges, otsu_edges
from quibble.taxonomy import LEVEL_PARAMETERS, Distortion

Bytes = NDArray[np.uint8]
QUANTIZERS = [Distortion.QUANTIZE_OTSU, Distortion.QUANTIZE_MEDIAN_CUT, Distortion.QUANTIZE_HISTOGRAM]


def spread_within(counts: NDArray[np.float64], edges: list[int]) -> float:
    """The sum of squares to the classes' means, which Otsu's thresholds make least."""
    values = np.arange(counts.size)
    parts = zip(np.split(counts, edges), np.split(values, edges), strict=True)
    return float(sum((c * (v - np.average(v, weights=c)) ** 2).sum() for c, v in parts if c.sum()))


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_otsu_is_scikit_images(photo: Bytes, classes: int) -> None:
    # scikit-image's search grows too fast for 256 bins: 64 grey values.
    gray = photo[..., 1] // 4
    counts = np.bincount(gray.reshape(-1), minlength=256).astype(float)
    hist = counts[gray.min() : gray.max() + 1], np.arange(gray.min(), gray.max() + 1)
    search: Any = threshold_multiotsu
    thresholds = search(classes=classes, hist=hist)
    edges = otsu_edges(counts, classes)
    # Its classes end with a threshold, ours begin with an edge; ties may be cut either way.
    assert spread_within(counts, edges) == pytest.approx(spread_within(counts, [int(t) + 1 for t in thresholds]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=9, max_size=9).filter(any), st.integers(2, 5))
def test_otsu_is_exact(few: list[int], classes: int) -> None:
    counts = np.zeros(256)
    counts[10:100:10] = few
    values = np.flatnonzero(counts)
    edges = otsu_edges(counts, classes)
    assert edges == sorted(set(edges))
    assert len(edges) == min(classes, len(values)) - 1
    choices = combinations(values[1:].tolist(), min(classes, len(values)) - 1)
    best = min(spread_within(counts, list(choice)) for choice in choices)
    assert spread_within(counts, edges) == pytest.approx(best, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=2, max_size=256).filter(any), st.integers(1, 20))
def test_median_cut_leaves_no_range_empty(histogram: list[int], colors: int) -> None:
    counts = np.array(histogram + [0] * (256 - len(histogram)), float)
    edges = median_edges(counts, colors)
    assert len(edges) == min(colors, int(np.count_nonzero(counts))) - 1
    assert all(part.sum() > 0 for part in np.split(counts, edges))


def test_median_cut_halves_the_fullest_range() -> None:
    counts = np.zeros(256)
    counts[:4] = 10, 10, 10, 10
    counts[100:104] = 30, 30, 30, 30
    assert median_edges(counts, 2) == [102]
    assert median_edges(counts, 3) == [101, 102]
    assert median_edges(np.ones(256), 4) == [64, 128, 192]


@pytest.mark.parametrize("distortion", QUANTIZERS)
@pytest.mark.parametrize("level", [1, 3, 5])
def test_a_channel_is_left_with_so_many_values(distortion: Distortion, level: int, photo: Bytes) -> None:
    (numbers,) = LEVEL_PARAMETERS[distortion].values()
    out = distort(photo, distortion, level=level)
    counts = [len(np.unique(out[..., channel])) for channel in range(3)]
    assert max(counts) <= numbers[level - 1]
    assert max(counts) >= 0.8 * numbers[level - 1]


@pytest.mark.parametrize("distortion", QUANTIZERS[:2])
def test_a_class_becomes_its_mean(distortion: Distortion, photo: Bytes) -> None:
    out = distort(photo, distortion, level=4)
    for channel in range(3):
        before, after = photo[..., channel], out[..., channel]
        for value in np.unique(after):
            assert before[after == value].mean() == pytest.approx(value, abs=0.51)


def test_histogram_is_the_share_of_the_picture_below() -> None:
    picture = np.zeros((4, 25, 3), np.uint8)
    picture[:, 5:], picture[:, 10:], picture[:, 20:] = 90, 180, 255
    # Four bins hold 20, 20, 40 and 20 %; without the first these are 0, 25, 75 and 100 % of the rest.
    out = distort(picture, "quantize.histogram", level=5)
    assert [int(v) for v in out[0, [0, 5, 10, 20], 1]] == [0, 64, 191, 255]


def test_few_values_are_kept_as_they_are() -> None:
    picture = np.repeat(np.array([[[10], [200]]], np.uint8), 3, axis=2).repeat(6, axis=0)
    for distortion in QUANTIZERS[:2]:
        np.testing.assert_array_equal(distort(picture, distortion, level=5), picture)
