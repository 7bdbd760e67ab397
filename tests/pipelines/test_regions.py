from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from quibble.pipelines.regions import MOST_REGIONS, Filter, LabelMap, cut, segment

SIZE = 120


def blank() -> NDArray[np.int32]:
    return np.zeros((SIZE, SIZE), np.int32)


def found(labels: NDArray[np.int32], **options: object) -> list[NDArray[np.bool_]]:
    return [piece.array for piece in cut(LabelMap(labels=labels, unlabelled=frozenset({0}))).pieces]


def test_pieces_are_the_regions_the_largest_first() -> None:
    labels = blank()
    labels[10:40, 10:40] = 7
    labels[50:110, 50:110] = 3
    large, small = cut(LabelMap(labels=labels, names={7: "dog"}, unlabelled=frozenset({0}))).pieces
    assert (large.array == (labels == 3)).all()
    assert (small.array == (labels == 7)).all()
    assert (large.label, small.label) == (None, "dog")
    assert small.window == (slice(10, 40), slice(10, 40))
    assert small.region.mask is not None
    assert (small.region.mask.to_array() == small.array).all()
    assert small.region.bounds == small.region.mask.box


def test_parts_that_do_not_touch_are_pieces_of_their_own() -> None:
    labels = blank()
    labels[10:40, 10:40] = 1
    labels[70:110, 70:110] = 1
    first, second = found(labels)
    assert first.sum() == 1600
    assert second.sum() == 900


def test_numbers_in_the_millions_and_zero_as_a_region() -> None:
    labels = blank()
    labels[:, 60:] = 9_000_000
    halves = [piece.array for piece in cut(LabelMap(labels=labels)).pieces]
    assert [half.sum() for half in halves] == [SIZE * 60] * 2


@pytest.mark.parametrize("kind", ["small", "large", "thin", "ring", "ell", "comb"])
def test_what_cannot_be_pointed_at_is_left_out(kind: str) -> None:
    labels = blank()
    if kind == "small":
        labels[10:28, 10:28] = 1
    elif kind == "large":
        labels[:, :110] = 1
    elif kind == "thin":
        labels[50:55, :] = 1
    elif kind == "ring":
        labels[10:110, 10:110] = 1
        labels[30:90, 30:90] = 0
    elif kind == "ell":
        labels[10:100, 10:30] = 1
        labels[80:100, 10:100] = 1
    else:
        labels[20:100, 20:100:8] = labels[20:100, 21:100:8] = labels[20:25, 20:100] = 1
    assert found(labels) == []


def test_the_filter_can_be_set() -> None:
    labels = blank()
    labels[10:28, 10:28] = 1
    label_map = LabelMap(labels=labels, unlabelled=frozenset({0}))
    assert len(cut(label_map, Filter(least=0.01)).pieces) == 1


def test_what_is_of_no_use_but_has_a_name_is_kept_apart() -> None:
    labels = blank()
    labels[10:50, 10:50] = 1
    labels[100:110, 100:110] = 2
    labels[100:102, 10:12] = 3
    labels[60:62, :] = 4
    names = {1: "dog", 2: "dog", 3: "dog"}
    found = cut(LabelMap(labels=labels, names=names, unlabelled=frozenset({0})))
    assert [(piece.array == (labels == 1)).all() for piece in found.pieces] == [True]
    assert [(piece.array == (labels == 2)).all() for piece in found.rest] == [True]
    assert found.rest[0].label == "dog"


def test_resized_by_the_nearest_pixel() -> None:
    labels = blank()
    labels[:, 60:] = 70_000
    small = LabelMap(labels=labels).resized(60, 30)
    assert small.labels.shape == (60, 30)
    assert set(np.unique(small.labels).tolist()) == {0, 70_000}
    assert LabelMap(labels=labels).resized(SIZE, SIZE).labels is labels


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket"])
def test_a_photograph_without_a_map_is_cut_into_some_regions(name: str) -> None:
    image = getattr(data, name)()
    label_map = segment(image)
    assert label_map.labels.shape == image.shape[:2]
    assert 2 <= len(np.unique(label_map.labels)) <= MOST_REGIONS
    assert len(cut(label_map).pieces) >= (1 if name == "chelsea" else 3)
    assert (segment(image).labels == label_map.labels).all()


def test_segments_follow_what_is_there() -> None:
    image = np.full((200, 300, 3), 40, np.uint8)
    image[:, 150:] = (200, 60, 40)
    labels = segment(image).labels
    assert len(np.unique(labels)) == 2
    assert abs(int((labels == labels[0, 0]).sum()) - 200 * 150) < 200 * 3


def test_a_uniform_picture_is_one_region() -> None:
    assert len(np.unique(segment(np.full((150, 200, 3), 90, np.uint8)).labels)) == 1


@pytest.mark.parametrize(("module", "package"), [("skimage", "scikit-image"), ("scipy", "scipy")])
def test_a_missing_package_is_named_with_its_extra(module: str, package: str) -> None:
    code = f"import sys; sys.modules[{module!r}] = None; import quibble.pipelines.regions"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"this needs the package '{package}', which is not installed: pip install 'quibble[data]'" in done.stderr
