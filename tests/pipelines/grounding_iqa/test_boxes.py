from __future__ import annotations

import numpy as np
import pytest

from quibble.geometry import Box
from quibble.pipelines.grounding_iqa.boxes import crop, merge

SIZE = {"width": 100, "height": 100}


def box(x: float, y: float, width: float, height: float) -> Box:
    return Box.from_xywh(x, y, width, height)


def test_small_boxes_that_lie_together_become_one() -> None:
    assert merge([box(0, 0, 20, 20), box(30, 0, 20, 50)], **SIZE) == (box(0, 0, 50, 50),)


def test_the_area_is_that_of_the_box_around_both() -> None:
    # 50 x 51.2 is exactly 0.256 of the picture.
    assert len(merge([box(0, 0, 20, 20), box(30, 0, 20, 51.2)], **SIZE)) == 1
    assert len(merge([box(0, 0, 20, 20), box(30, 0, 20, 51.3)], **SIZE)) == 2
    far = [box(0, 0, 5, 5), box(95, 95, 5, 5)]
    assert merge(far, **SIZE) == tuple(far)
    assert len(merge(far, **SIZE, area=1)) == 1


def test_a_box_inside_another_goes_with_it() -> None:
    assert merge([box(10, 10, 5, 5), box(0, 0, 90, 90)], **SIZE) == (box(0, 0, 90, 90),)
    # 95 % of the smaller one inside is enough, 94 % is not.
    large = box(0, 0, 60, 100)
    assert len(merge([large, box(41, 0, 20, 100)], **SIZE, area=0)) == 1
    assert len(merge([large, box(41.2, 0, 20, 100)], **SIZE, area=0)) == 2


def test_merging_goes_on_with_what_was_merged_and_keeps_the_order() -> None:
    row = [box(80, 80, 10, 10), box(0, 0, 10, 10), box(12, 0, 10, 10), box(24, 0, 10, 10)]
    assert merge(row, **SIZE) == (box(80, 80, 10, 10), box(0, 0, 34, 10))
    assert merge([], **SIZE) == ()


def test_the_order_of_the_boxes_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    boxes = [box(*rng.integers(0, 70, 2), *rng.integers(5, 30, 2)) for _ in range(8)]
    expected = set(merge(boxes, **SIZE))
    for _ in range(5):
        assert set(merge([boxes[i] for i in rng.permutation(8)], **SIZE)) == expected


@pytest.mark.parametrize(
    ("corners", "shape"), [((1.2, 2.7, 4.1, 5.0), (3, 4)), ((7.9, 9.9, 8, 10), (1, 1)), ((0, 0, 8, 10), (10, 8))]
)
def test_a_patch_holds_every_pixel_that_its_box_touches(
    corners: tuple[float, float, float, float], shape: tuple[int, int]
) -> None:
    rgb = np.zeros((10, 8, 3), np.uint8)
    x0, y0, x1, y1 = corners
    assert crop(rgb, Box(x0=x0, y0=y0, x1=x1, y1=y1)).shape == (*shape, 3)
