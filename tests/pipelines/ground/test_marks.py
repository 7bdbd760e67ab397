from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from skimage import data

from quibble.errors import ArgumentError, ImageError
from quibble.experts.felzenszwalb import Felzenszwalb
from quibble.geometry import Box, Mask
from quibble.pipelines.ground.marks import cut_apart, mark

WIDTH, HEIGHT = 200, 100
GREY = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)


def box(x: float, y: float, width: float, height: float) -> Mask:
    return Mask.from_box(Box.from_xywh(x, y, width, height), width=WIDTH, height=HEIGHT)


def test_a_pixel_belongs_to_the_smallest_segment_over_it() -> None:
    parts = cut_apart([box(0, 0, 100, 100), box(20, 20, 30, 30)], height=HEIGHT, width=WIDTH, least=0.005, most=9)
    assert parts[0, 0] == parts[99, 99] != parts[30, 30]
    assert (parts == parts[30, 30]).sum() == 900
    # What no segment covers is a part too.
    assert parts[50, 150] not in (0, parts[0, 0])
    assert set(np.unique(parts).tolist()) == {1, 2, 3}


def test_parts_have_a_least_size_and_a_largest_number() -> None:
    strips = [box(10 * i, 0, 10, 100) for i in range(19)]
    parts = cut_apart(strips, height=HEIGHT, width=WIDTH, least=0.06, most=9)
    assert set(np.unique(parts).tolist()) == {1}
    parts = cut_apart(strips, height=HEIGHT, width=WIDTH, least=0.04, most=9)
    assert set(np.unique(parts).tolist()) == set(range(10))
    nothing_left = cut_apart([box(0, 0, 200, 100), box(0, 0, 200, 99)], height=HEIGHT, width=WIDTH, least=0.02, most=9)
    assert set(np.unique(nothing_left).tolist()) == {0, 1}


def test_numbers_run_by_rows_and_stand_in_their_parts() -> None:
    marked = mark(GREY, [box(100, 0, 100, 50), box(0, 0, 100, 50), box(0, 50, 200, 50)])
    assert [item.number for item in marked.marks] == [1, 2, 3]
    first, second, third = marked.marks
    assert (first.mask, second.mask, third.mask) == (box(0, 0, 100, 50), box(100, 0, 100, 50), box(0, 50, 200, 50))
    scale = marked.image.shape[1] / WIDTH
    for item in marked.marks:
        center = item.plate.center
        assert item.mask.to_array()[int(center.y / scale), int(center.x / scale)]


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket", "chelsea", "colorwheel"])
def test_plates_never_overlap_and_lie_in_the_picture(name: str) -> None:
    rgb = np.ascontiguousarray(getattr(data, name)()[..., :3])
    marked = mark(rgb, Felzenszwalb(least=0.005, most=60).segments(rgb), most=60)
    height, width = marked.image.shape[:2]
    assert len(marked.marks) > 5
    for item in marked.marks:
        assert item.plate.clip(width=width, height=height) == item.plate
    for one, other in combinations(marked.marks, 2):
        assert one.plate.intersection(other.plate) == 0
    assert np.sum([item.mask.to_array() for item in marked.marks], axis=0).max() == 1


def test_a_part_without_room_for_its_number_is_left_out() -> None:
    slivers = [box(i, 0, 1, 100) for i in range(60)]
    marked = mark(GREY, slivers, least=0.004, most=80)
    assert marked.left_out > 0
    assert len(marked.marks) + marked.left_out == 61
    assert [item.number for item in marked.marks] == list(range(1, len(marked.marks) + 1))
    for one, other in combinations(marked.marks, 2):
        assert one.plate.intersection(other.plate) == 0


@pytest.mark.parametrize("ground", [0, 120, 255])
def test_numbers_can_be_read_on_any_ground(ground: int) -> None:
    rgb = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
    marked = mark(rgb, [box(0, 0, 100, 100)])
    for item in marked.marks:
        x0, y0, x1, y1 = (int(corner) for corner in item.plate.to_list())
        plate = marked.image[y0:y1, x0:x1]
        assert y1 - y0 >= 17
        assert plate.max() == 255
        assert (plate < 40).mean() > 0.4
    # Different numbers look different.
    first, second = (
        marked.image[int(i.plate.y0) : int(i.plate.y1), int(i.plate.x0) : int(i.plate.x1)] for i in marked.marks
    )
    assert (first != second).any()


@pytest.mark.parametrize(("shape", "long_side"), [((100, 200), 768), ((900, 600), 900), ((3000, 2000), 1536)])
def test_marked_pictures_have_a_size_that_is_looked_at(shape: tuple[int, int], long_side: int) -> None:
    marked = mark(np.full((*shape, 3), 9, np.uint8), [])
    assert max(marked.image.shape) == long_side
    assert [(item.mask.height, item.mask.width, item.mask.share) for item in marked.marks] == [(*shape, 1.0)]


def test_what_does_not_do_is_said() -> None:
    with pytest.raises(ArgumentError, match="expected segments of 200 x 100, found 3 x 2"):
        mark(GREY, [Mask.from_array(np.ones((2, 3)))])
    with pytest.raises(ImageError):
        mark(GREY[..., 0], [])
