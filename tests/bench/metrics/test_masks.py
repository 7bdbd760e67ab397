"""Class mIoU against pycocotools, and scikit-learn where it is installed; the rest by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco

from quibble.bench.metrics.masks import agreement, grounding, merge_smaller_first
from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask

CLASSES = 5


def maps(count: int, seed: int) -> list[NDArray[np.int16]]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, CLASSES + 1, (9 + i, 12)).astype(np.int16) for i in range(count)]


def box(x: int, y: int, w: int, h: int) -> Mask:
    return Mask.from_box(Box.from_xywh(x, y, w, h), width=20, height=10)


def test_one_truth_each_is_scikit_learns_where_it_is_installed() -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    predicted, truth = maps(4, 1), maps(4, 2)
    found = grounding(predicted, [[t] for t in truth], CLASSES, resamples=20)
    p, t = (np.concatenate([m.reshape(-1) for m in ms]) for ms in (predicted, truth))
    labels = list(range(1, CLASSES + 1))
    iou = sklearn.jaccard_score(t, p, labels=labels, average=None)
    acc = sklearn.recall_score(t, p, labels=labels, average=None)
    assert [e.value for e in found.iou if e] == pytest.approx(iou.tolist())
    assert [e.value for e in found.acc if e] == pytest.approx(acc.tolist())
    assert found.miou.value == pytest.approx(iou.mean())
    assert found.macc.value == pytest.approx(acc.mean())


def test_iou_of_a_class_is_pycocotools() -> None:
    predicted, truth = maps(1, 3)[0], maps(1, 4)[0]
    found = grounding([predicted], [[truth]], CLASSES, resamples=0)
    for index, iou in enumerate(found.iou):
        codes = [coco.encode(np.asfortranarray((m == index + 1).astype(np.uint8))) for m in (predicted, truth)]
        assert iou is not None
        assert iou.value == pytest.approx(coco.iou([codes[0]], [codes[1]], [0])[0, 0])


def test_several_truths_count_their_share_each() -> None:
    predicted = np.array([[1, 1, 0, 0]])
    same, other = np.array([[1, 1, 0, 0]]), np.array([[0, 0, 0, 1]])
    found = grounding([predicted], [[same, other]], CLASSES, resamples=0)
    # Intersections 2 and 0, unions 2 and 3, true areas 2 and 1, each halved.
    assert found.miou.value == pytest.approx(2 / 5)
    assert found.macc.value == pytest.approx(2 / 3)
    # A second picture with one truth weighs as much as the first with two.
    one = np.array([[1, 0, 0, 0]])
    found = grounding([predicted, one], [[same, other], [one]], CLASSES, resamples=0)
    assert found.miou.value == pytest.approx((1 + 1) / (2.5 + 1))
    assert found.macc.value == pytest.approx((1 + 1) / (1.5 + 1))


def test_per_picture_and_pooled_differ_as_they_should() -> None:
    large, small = np.ones((10, 10), int), np.ones((1, 1), int)
    found = grounding([large, np.zeros_like(small)], [[large], [small]], CLASSES, resamples=0)
    assert found.miou.value == pytest.approx(100 / 101)
    assert found.per_picture.value == 0.5


def test_a_class_that_nobody_has_is_left_out() -> None:
    found = grounding([np.array([[1, 2]])], [[np.array([[1, 0]])]], CLASSES, resamples=0)
    assert [e.value if e else None for e in found.iou] == [1, 0, None, None, None]
    assert [e.value if e else None for e in found.acc] == [1, None, None, None, None]
    assert found.miou.value == 0.5
    assert found.macc.value == 1


def test_an_empty_picture_is_right_only_if_nothing_was_claimed() -> None:
    clean, claimed, true = np.zeros((2, 2), int), np.array([[1, 0], [0, 0]]), np.ones((2, 2), int)
    found = grounding([clean, claimed, true], [[clean], [clean], [true]], CLASSES, resamples=0)
    assert found.per_picture.value == pytest.approx(2 / 3)


def test_the_smaller_region_wins() -> None:
    merged = merge_smaller_first({3: box(0, 0, 10, 10), 1: box(5, 0, 10, 5)}, height=10, width=20)
    assert merged[0, 4] == 4
    assert merged[0, 6] == merged[0, 14] == 2
    assert merged[9, 9] == 4
    assert merged[9, 15] == 0
    equal = merge_smaller_first({3: box(0, 0, 4, 4), 1: box(2, 0, 4, 4)}, height=10, width=20)
    assert equal[0, 3] == 2


def test_agreement_by_hand() -> None:
    inside = [box(0, 0, 10, 10), box(2, 2, 3, 3)]
    half = [box(0, 0, 4, 4), box(2, 0, 4, 4), box(10, 0, 4, 4)]
    assert agreement([inside]).value.value == 1
    assert agreement([half]).value.value == pytest.approx(0.5 / 3)
    found = agreement([inside, half, [box(0, 0, 1, 1)]])
    assert found.value.value == pytest.approx((1 + 0.5 / 3) / 2)
    assert (found.n, found.alone, found.pairs) == (2, 1, 4)
    assert [found.value.low, found.value.high] == pytest.approx([0.5 / 3, 1])


def test_mistakes_are_named() -> None:
    with pytest.raises(ArgumentError, match="shape"):
        grounding([np.zeros((2, 2), int)], [[np.zeros((2, 3), int)]], CLASSES)
    with pytest.raises(ArgumentError, match="at least one truth"):
        grounding([np.zeros((2, 2), int)], [[]], CLASSES)
    with pytest.raises(ArgumentError, match=r"0\.\.5"):
        grounding([np.full((2, 2), 7)], [[np.zeros((2, 2), int)]], CLASSES)
    with pytest.raises(ArgumentError, match="of one size"):
        agreement([[box(0, 0, 1, 1), Mask.from_box(Box.from_xywh(0, 0, 1, 1), width=2, height=2)]])
    with pytest.raises(ArgumentError, match="at least two"):
        agreement([[box(0, 0, 1, 1)]])
    with pytest.raises(ArgumentError, match="20 x 10"):
        merge_smaller_first({0: box(0, 0, 1, 1)}, height=5, width=5)
