from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as rle

from quibble.data.fields import Faults, Node
from quibble.data.places import fill_polygons, inside
from quibble.errors import ArgumentError
from quibble.geometry import Box

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")

COORDINATES = st.integers(-3, 30) | st.floats(-3, 30) | st.integers(-30, 300).map(lambda tenths: tenths / 10)
POLYGONS = st.lists(
    st.lists(st.tuples(COORDINATES, COORDINATES), min_size=3, max_size=9).map(
        lambda points: [float(coordinate) for point in points for coordinate in point]
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=300, deadline=None)
@given(polygons=POLYGONS, width=st.integers(1, 28), height=st.integers(1, 28))
def test_polygons_are_filled_as_pycocotools_fills_them(polygons: list[list[float]], width: int, height: int) -> None:
    reference = rle.decode(rle.merge(rle.frPyObjects(polygons, height, width))).astype(bool)
    assert (fill_polygons(polygons, width=width, height=height).to_array() == reference).all()


def test_no_polygons_are_an_empty_mask() -> None:
    assert fill_polygons([], width=3, height=2).area == 0


@pytest.mark.parametrize("polygon", [[], [0, 0, 1, 1], [0, 0, 1, 1, 2], [0, 0, 1, 1, 2, float("nan")]])
def test_what_is_no_polygon(polygon: list[float]) -> None:
    with pytest.raises(ArgumentError, match="at least 3 points"):
        fill_polygons([polygon], width=3, height=2)


def test_a_box_that_sticks_out_by_rounding_is_clipped() -> None:
    node = Node(None, "bbox")
    assert inside(node, [-0.4, 0, 16.9, 12], size=(16, 12)) == Box(x0=0, y0=0, x1=16, y1=12)
    with pytest.raises(Faults, match="field 'bbox': expected a box inside its picture of 16 x 12"):
        inside(node, [0, 0, np.nextafter(17, 18), 12], size=(16, 12))
    with pytest.raises(Faults, match="x0 <= x1"):
        inside(node, [5, 0, 4, 12], size=(16, 12))
