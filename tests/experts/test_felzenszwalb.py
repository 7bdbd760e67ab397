from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from quibble.errors import ArgumentError
from quibble.experts.felzenszwalb import Felzenszwalb, label_colors
from quibble.experts.segmenter import open_segmenter
from quibble.geometry import Point


def halves() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A dark left half, a red right one with a white square of 20 x 20 in it."""
    rgb = np.full((100, 200, 3), 40, np.uint8)
    rgb[:, 100:] = (200, 60, 40)
    rgb[40:60, 140:160] = 250
    return rgb


def test_segments_do_not_overlap_and_come_by_size() -> None:
    segmenter = open_segmenter()
    assert segmenter.name == "stand-in/felzenszwalb-1"
    segments = segmenter.segments(data.astronaut())
    assert 5 < len(segments) < 40
    assert [mask.area for mask in segments] == sorted((mask.area for mask in segments), reverse=True)
    assert np.sum([mask.to_array() for mask in segments], axis=0).max() == 1
    assert all(mask.share >= 0.01 for mask in segments)


def test_two_parts_of_one_color_are_two_segments() -> None:
    rgb = np.full((100, 200, 3), 40, np.uint8)
    rgb[:, 90:110] = 240
    left, right, *rest = Felzenszwalb().segments(rgb)
    assert left.share == pytest.approx(0.45, abs=0.03)
    assert right.share == pytest.approx(0.45, abs=0.03)
    assert sum(mask.share for mask in rest) == pytest.approx(0.1, abs=0.03)


def test_a_point_gives_its_segment() -> None:
    found = Felzenszwalb().at(halves(), [Point(x=50, y=50)], [True])
    assert found.share == pytest.approx(0.5, abs=0.02)
    assert found.to_array()[50, 50]
    assert not found.to_array()[50, 120]


def test_a_point_outside_asks_for_a_smaller_segment() -> None:
    coarse = Felzenszwalb().at(halves(), [Point(x=150, y=50)], [True])
    fine = Felzenszwalb().at(halves(), [Point(x=150, y=50), Point(x=120, y=20)], [True, False])
    assert coarse.share > 0.4
    assert fine.area == pytest.approx(400, abs=100)


def test_a_segment_with_points_of_both_kinds_is_cut_between_them() -> None:
    found = Felzenszwalb().at(halves(), [Point(x=20, y=50), Point(x=80, y=50)], [True, False]).to_array()
    assert found[50, 20]
    assert not found[50, 80]
    assert found[:, :100].mean() == pytest.approx(0.5, abs=0.02)


def test_two_points_inside_are_joined() -> None:
    found = Felzenszwalb().at(halves(), [Point(x=20, y=50), Point(x=120, y=10)], [True, True])
    assert found.share > 0.95


def test_the_points_are_checked() -> None:
    with pytest.raises(ArgumentError, match="a point inside"):
        Felzenszwalb().at(halves(), [], [])


def test_labels_are_at_most_so_many() -> None:
    for most in (3, 9):
        labels = label_colors(data.coffee(), least=0.001, most=most)
        assert len(np.unique(labels)) <= most
        assert labels.dtype == np.int32
