from __future__ import annotations

import math
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from pycocotools import mask as coco

from quibble.errors import ArgumentError
from quibble.geometry import (
    Box,
    Mask,
    Point,
    Region,
    grid_decode,
    grid_encode,
    position_phrase,
    position_terms,
)

relaxed = settings(deadline=None, database=None)

shapes = st.tuples(st.integers(1, 40), st.integers(1, 40))


@st.composite
def arrays(draw: st.DrawFn) -> NDArray[np.bool_]:
    """Noise, and smooth shapes, whose runs are long."""
    shape = draw(shapes)
    if draw(st.booleans()):
        return draw(hnp.arrays(bool, shape))
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    center = draw(st.tuples(st.integers(-5, 45), st.integers(-5, 45)))
    return np.asarray(np.hypot(y - center[0], x - center[1]) < draw(st.floats(0, 40)))


# Masks


@relaxed
@given(arrays())
@example(np.ones((1, 1), bool))
@example(np.zeros((1, 1), bool))
@example(np.eye(7, dtype=bool))
def test_the_code_is_the_one_of_pycocotools(array: NDArray[np.bool_]) -> None:
    theirs = coco.encode(np.asfortranarray(array.astype(np.uint8)))
    mask = Mask.from_array(array)
    assert mask.counts == theirs["counts"].decode()
    assert mask.to_coco() == {"size": theirs["size"], "counts": theirs["counts"].decode()}
    assert (mask.to_array() == array).all()
    assert mask.to_array().dtype == bool
    assert mask.to_array().flags.c_contiguous
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its decoder is older than numpy 2
        decoded = coco.decode({"size": theirs["size"], "counts": mask.counts.encode()})
    assert (decoded == array).all()
    assert Mask.from_coco(theirs) == mask
    assert mask.area == int(coco.area(theirs))


def test_a_long_run_needs_several_characters() -> None:
    array = np.zeros((3000, 2000), bool)
    array[1234:2345, 567:1890] = True
    theirs = coco.encode(np.asfortranarray(array.astype(np.uint8)))
    assert Mask.from_array(array).counts == theirs["counts"].decode()
    assert (Mask.from_coco(theirs).to_array() == array).all()


@relaxed
@given(arrays())
def test_area_box_and_centroid_are_those_of_the_pixels(array: NDArray[np.bool_]) -> None:
    mask = Mask.from_array(array)
    assert mask.area == array.sum()
    assert mask.share == pytest.approx(array.mean())
    if not array.any():
        assert mask.box is None
        assert mask.centroid is None
        return
    rows, columns = np.nonzero(array)
    assert mask.box == Box(x0=columns.min(), y0=rows.min(), x1=columns.max() + 1, y1=rows.max() + 1)
    x, y, width, height = coco.toBbox(coco.encode(np.asfortranarray(array.astype(np.uint8))))
    assert mask.box == Box.from_xywh(x, y, width, height)
    assert mask.centroid is not None
    assert mask.centroid.x == pytest.approx(columns.mean() + 0.5)
    assert mask.centroid.y == pytest.approx(rows.mean() + 0.5)


@relaxed
@given(st.data())
def test_iou_is_that_of_pycocotools(data: st.DataObject) -> None:
    shape = data.draw(shapes)
    one, two = (data.draw(hnp.arrays(bool, shape)) for _ in range(2))
    theirs = coco.iou(*([coco.encode(np.asfortranarray(a.astype(np.uint8)))] for a in (one, two)), [0])[0, 0]
    mine = Mask.from_array(one).iou(Mask.from_array(two))
    assert mine == pytest.approx(float(theirs) if (one | two).any() else 0.0)


def test_masks_of_other_sizes_cannot_be_compared() -> None:
    with pytest.raises(ArgumentError, match="2 x 3 and 3 x 2"):
        Mask.from_array(np.ones((3, 2))).iou(Mask.from_array(np.ones((2, 3))))


@relaxed
@given(arrays(), st.data())
def test_damaged_codes_are_errors_or_other_masks(array: NDArray[np.bool_], data: st.DataObject) -> None:
    counts = list(Mask.from_array(array).counts)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(counts)))
        change = data.draw(st.sampled_from(("insert", "replace", "delete")))
        character = data.draw(st.one_of(st.sampled_from("0Oo_PRn`~\0 "), st.characters()))
        counts[place : place + (change != "insert")] = [] if change == "delete" else [character]
    try:
        mask = Mask(height=array.shape[0], width=array.shape[1], counts="".join(counts))
    except ArgumentError:
        return
    assert mask.to_array().shape == array.shape
    assert mask.area == mask.to_array().sum()


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ("", "empty"),
        ("4 ", "characters '0'..'o'"),
        ("4é", "characters '0'..'o'"),
        ("o", "middle of a number"),
        ("3", "cover 3 pixels, but 2 x 2 has 4"),
        ("5", "a run of 5"),
        ("O", "a run of -1"),
        ("o" * 40 + "0", "damaged"),
        ("P" + "o" * 40 + "1", "damaged"),
        ("oooooooooooo7" * 3, "damaged"),
    ],
)
def test_damaged_codes_say_what_is_wrong(counts: str, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        Mask(height=2, width=2, counts=counts)


@pytest.mark.parametrize(
    ("rle", "words"),
    [
        ({}, "'size': "),
        ({"size": [2, 2]}, "'counts'"),
        ({"size": [2], "counts": "4"}, "'size': "),
        ({"size": "2x2", "counts": "4"}, "'size': "),
        ({"size": [2.5, 2], "counts": "5"}, "'size': "),
        ({"size": [0, 2], "counts": "0"}, "at least one pixel"),
        ({"size": [-2, -2], "counts": "4"}, "at least one pixel"),
        ({"size": [2, 2], "counts": None}, "whole numbers"),
        ({"size": [2, 2], "counts": ["a"]}, "whole numbers"),
        ({"size": [2, 2], "counts": [1.5, 2.5]}, "whole numbers"),
        ({"size": [2, 2], "counts": [[4]]}, "list of whole numbers"),
        ({"size": [2, 2], "counts": [5, -1]}, r"0\.\.4"),
        ({"size": [2, 2], "counts": [10**30]}, "whole numbers"),
        ({"size": [2, 2], "counts": [2**62, 2**62, 2**62, 2**62, 4]}, r"0\.\.4"),
        ({"size": [2, 2], "counts": [3]}, "cover 3 pixels"),
        ({"size": [2, 2], "counts": []}, "empty"),
        ({"size": [2, 2], "counts": b"\xff4"}, "characters"),
        ([2, 2], "'size': "),
    ],
)
def test_damaged_coco_objects_say_what_is_wrong(rle: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        Mask.from_coco(rle)


def test_coco_objects_with_a_list_of_runs() -> None:
    mask = Mask.from_coco({"size": [2, 3], "counts": [1, 2, 0, 1, 2]})
    assert mask.to_array().tolist() == [[False, True, False], [True, True, False]]
    assert mask.area == 3
    assert mask.box == Box(x0=0, y0=0, x1=2, y1=2)
    same = Mask.from_array(mask.to_array())
    assert same.counts != mask.counts, "a run of no pixels is allowed and kept"
    assert same == mask
    assert hash(same) == hash(mask)
    assert mask != Mask.from_array(~mask.to_array())
    assert mask != "mask"


def test_masks_of_wrong_arrays() -> None:
    for array in (np.ones(3), np.ones((1, 2, 3)), np.ones((0, 3))):
        with pytest.raises(ArgumentError, match=r"\(H, W\)"):
            Mask.from_array(array)
    assert Mask.from_array(np.array([[0, 7], [0.0, -1]])).area == 2


def test_masks_can_be_sent_to_other_processes() -> None:
    mask = Mask.from_array(np.eye(5))
    assert mask.area == 5
    assert pickle.loads(pickle.dumps(mask)) == mask


@relaxed
@given(st.floats(-5, 15), st.floats(-5, 15), st.floats(0, 20), st.floats(0, 20))
def test_a_boxs_mask_holds_the_pixels_whose_centres_it_holds(x: float, y: float, width: float, height: float) -> None:
    box = Box.from_xywh(x, y, width, height)
    array = Mask.from_box(box, width=10, height=8).to_array()
    rows, columns = np.mgrid[0:8, 0:10] + 0.5
    inside = (columns >= box.x0) & (columns < box.x1) & (rows >= box.y0) & (rows < box.y1)
    assert (array == inside).all()


# Boxes


def test_box_sizes_and_forms() -> None:
    box = Box.from_xywh(2, 3, 10, 20)
    assert (box.width, box.height, box.area) == (10, 20, 200)
    assert box.center == Point(x=7, y=13)
    assert box.to_list() == [2, 3, 12, 23]
    assert Box.from_list(box.to_list()) == box
    shares = box.normalized(width=20, height=40)
    assert shares == (0.1, 0.075, 0.6, 0.575)
    again = Box.from_normalized(shares, width=20, height=40)
    assert again.to_list() == pytest.approx(box.to_list())
    assert Box.from_xywh(-5, -5, 100, 7).clip(width=20, height=40).to_list() == [0, 0, 20, 2]
    assert Box.from_xywh(50, 50, 1, 1).clip(width=20, height=40).area == 0


@relaxed
@given(*(st.tuples(*(st.integers(0, 20) for _ in range(4))) for _ in range(2)))
def test_box_iou_counts_pixels(one: tuple[int, ...], two: tuple[int, ...]) -> None:
    a, b = (Box(x0=min(p[0], p[1]), x1=max(p[0], p[1]), y0=min(p[2], p[3]), y1=max(p[2], p[3])) for p in (one, two))
    pixels = [np.zeros((20, 20), bool) for _ in range(2)]
    for array, box in zip(pixels, (a, b), strict=True):
        array[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)] = True
    union = (pixels[0] | pixels[1]).sum()
    assert a.intersection(b) == (pixels[0] & pixels[1]).sum()
    assert a.iou(b) == pytest.approx((pixels[0] & pixels[1]).sum() / union if union else 0)
    assert a.iou(b) == b.iou(a)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Box(x0=5, y0=0, x1=4, y1=1), "x0 <= x1"),
        (lambda: Box(x0=0, y0=5, x1=1, y1=4), "y0 <= y1"),
        (lambda: Box(x0=0, y0=0, x1=float("nan"), y1=1), "finite"),
        (lambda: Box(x0=0, y0=0, x1=float("inf"), y1=1), "finite"),
        (lambda: Box.from_xywh(0, 0, -1, 5), "at least 0"),
        (lambda: Box.from_list([1, 2, 3]), "3 numbers"),
        (lambda: Box.from_normalized([0, 0, 1, 1.1], width=5, height=5), r"0\.\.1"),
        (lambda: Box.from_normalized([0, 0, 1], width=5, height=5), "four numbers"),
    ],
)
def test_wrong_boxes(make: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        make()


# Regions


def test_regions() -> None:
    mask = Mask.from_array(np.eye(6))
    box = Box(x0=1, y0=1, x1=3, y1=3)
    assert Region(mask=mask).bounds == Box(x0=0, y0=0, x1=6, y1=6)
    assert Region(mask=mask, box=box).bounds == box
    assert Region(mask=mask, box=box).to_mask(width=6, height=6) is mask
    assert Region(box=box).to_mask(width=6, height=6).area == 4
    with pytest.raises(ArgumentError, match="mask or a box"):
        Region()
    with pytest.raises(ArgumentError, match="empty"):
        _ = Region(mask=Mask.from_array(np.zeros((3, 3)))).bounds


# The grid code


def test_the_grid_code_by_hand() -> None:
    # 100 x 50 pixels, 20 x 20 cells of 5 x 2.5: x 12 lies in column 2, y 30 in row 12, x 57.5 in column 11,
    # y 49 in row 19.
    assert grid_encode(Box(x0=12, y0=30, x1=57.5, y1=49), width=100, height=50) == (12 * 20 + 2, 19 * 20 + 11)
    # Their centres: columns 2.5 and 11.5 of 20, rows 12.5 and 19.5 of 20.
    assert grid_decode((242, 391), width=100, height=50).to_list() == pytest.approx([12.5, 31.25, 57.5, 48.75])
    # 3 columns x 2 rows over 30 x 20: the whole picture runs from cell 0 to cell 5.
    assert grid_encode(Box(x0=0, y0=0, x1=30, y1=20), width=30, height=20, n=3, m=2) == (0, 5)
    assert grid_decode((0, 5), width=30, height=20, n=3, m=2).to_list() == pytest.approx([5, 5, 25, 15])
    # 2 columns x 3 rows: the same box has other numbers.
    assert grid_encode(Box(x0=16, y0=7, x1=30, y1=20), width=30, height=21, n=2, m=3) == (3, 5)


grids = st.tuples(st.integers(1, 60), st.integers(1, 60))
pictures = st.tuples(st.integers(1, 5000), st.integers(1, 5000))


@relaxed
@given(grids, pictures, st.data())
def test_decoding_and_encoding_again_gives_the_same_cells(
    grid: tuple[int, int], picture: tuple[int, int], data: st.DataObject
) -> None:
    (n, m), (width, height) = grid, picture
    columns = sorted(data.draw(st.integers(0, n - 1)) for _ in range(2))
    rows = sorted(data.draw(st.integers(0, m - 1)) for _ in range(2))
    code = (rows[0] * n + columns[0], rows[1] * n + columns[1])
    box = grid_decode(code, width=width, height=height, n=n, m=m)
    assert grid_encode(box, width=width, height=height, n=n, m=m) == code
    centers = [(c + 0.5) * width / n for c in columns] + [(r + 0.5) * height / m for r in rows]
    assert [box.x0, box.x1, box.y0, box.y1] == pytest.approx(centers)


@relaxed
@given(grids, pictures, st.data())
@example((100, 100), (100, 100), None)
def test_pixels_lie_in_their_cells(grid: tuple[int, int], picture: tuple[int, int], data: Any) -> None:
    (n, m), (width, height) = grid, picture
    places = range(1, 100) if data is None else [data.draw(st.integers(0, min(width, height) - 1))]
    for place in places:
        cell, _ = grid_encode(Box(x0=place, y0=place, x1=width, y1=height), width=width, height=height, n=n, m=m)
        row, column = divmod(cell, n)
        # In whole numbers, so that nothing is rounded: column / n <= place / width < (column + 1) / n.
        assert column * width <= place * n < (column + 1) * width
        assert row * height <= place * m < (row + 1) * height


def test_wrong_grid_codes() -> None:
    box = Box(x0=0, y0=0, x1=11, y1=5)
    with pytest.raises(ArgumentError, match="leaves the picture of 10 x 10"):
        grid_encode(box, width=10, height=10)
    for n, m in ((0, 5), (5, 0)):
        with pytest.raises(ArgumentError, match="at least one cell"):
            grid_encode(box, width=20, height=20, n=n, m=m)
        with pytest.raises(ArgumentError, match="at least one cell"):
            grid_decode((0, 0), width=20, height=20, n=n, m=m)
    for code in ((0, 400), (-1, 5)):
        with pytest.raises(ArgumentError, match=r"0\.\.399"):
            grid_decode(code, width=10, height=10)
    for code in ((21, 20), (45, 21)):
        with pytest.raises(ArgumentError, match="left of or above"):
            grid_decode(code, width=10, height=10)


# Positional terms


@pytest.mark.parametrize(
    ("center", "terms"),
    [
        ((0, 0), ("left", "top")),
        ((49.9, 24.9), ("left", "top")),
        ((50, 24.9), ("right", "top")),
        ((49.9, 25), ("left", "bottom")),
        ((50, 25), ("right", "bottom")),
        ((100, 50), ("right", "bottom")),
    ],
)
def test_position_terms_follow_the_centre(center: tuple[float, float], terms: tuple[str, str]) -> None:
    x, y = center
    assert position_terms(Box(x0=x - 3, y0=y - 2, x1=x + 3, y1=y + 2), width=100, height=50) == terms


def test_position_phrases() -> None:
    assert position_phrase(Region(box=Box(x0=0, y0=0, x1=40, y1=20)), width=100, height=50) == "top left"
    assert position_phrase(Region(box=Box(x0=60, y0=30, x1=99, y1=50)), width=100, height=50) == "bottom right"
    assert position_phrase(Region(box=Box(x0=0, y0=0, x1=100, y1=45)), width=100, height=50) == "whole picture"
    assert position_phrase(Region(box=Box(x0=0, y0=0, x1=100, y1=44)), width=100, height=50) == "top right"
    frame = np.ones((50, 100), bool)
    frame[5:45, 5:95] = False
    around = Region(mask=Mask.from_array(frame))
    assert position_phrase(around, width=100, height=50) == "bottom right", "a mask counts its pixels, not its box"
    nearly = np.ones((50, 100), bool)
    nearly[: math.ceil(0.1 * 50)] = False
    assert position_phrase(Region(mask=Mask.from_array(nearly)), width=100, height=50) == "whole picture"
