from __future__ import annotations

import numpy as np

from quibble.geometry import Box, Mask, Point
from quibble.pointing import finding_at
from quibble.results import Finding
from quibble.taxonomy import Category


def found(category: Category, x0: int, x1: int) -> Finding:
    inside = np.zeros((90, 120), bool)
    inside[:, x0:x1] = True
    box = Box(x0=x0, y0=0, x1=x1, y1=90)
    mask = Mask.from_array(inside)
    return Finding(
        category=category,
        distortion=None,
        severity=3,
        share=mask.share,
        confidence=0.8,
        position="",
        box=box,
        mask=mask,
    )


WHOLE, LEFT, STRIP = found(Category.NOISE, 0, 120), found(Category.BLUR, 0, 40), found(Category.DARKEN, 30, 38)


def test_of_several_the_smallest_is_meant_unless_another_is_named() -> None:
    point = Point(x=20, y=45)
    assert finding_at(point, [WHOLE, LEFT, STRIP], ()) is STRIP
    assert finding_at(point, [WHOLE, LEFT, STRIP], [Category.BLUR]) is LEFT
    assert finding_at(point, [WHOLE, LEFT, STRIP], [Category.NOISE, Category.BLUR]) is LEFT
    assert finding_at(point, [WHOLE, LEFT], [Category.PIXELATE]) is LEFT


def test_a_point_is_exact_to_half_a_third() -> None:
    assert finding_at(Point(x=58, y=1), [STRIP], ()) is None
    assert finding_at(Point(x=56, y=89), [STRIP], ()) is STRIP
    assert finding_at(Point(x=1, y=1), [], ()) is None
