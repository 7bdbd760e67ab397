from __future__ import annotations

import numpy as np
import pytest

from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask
from quibble.pipelines.ground.agreement import agreement, consistency, contradiction, judge
from quibble.taxonomy import QGroundClass

BLUR, NOISE, DARK = QGroundClass.BLUR, QGroundClass.NOISE, QGroundClass.LOW_LIGHT


def box(x: float, y: float, width: float, height: float) -> Mask:
    return Mask.from_box(Box.from_xywh(x, y, width, height), width=20, height=10)


def test_agreement_by_hand() -> None:
    inside = [box(0, 0, 10, 10), box(2, 2, 3, 3)]
    half = [box(0, 0, 4, 4), box(2, 0, 4, 4), box(10, 0, 4, 4)]
    assert agreement([inside]) == 1
    assert agreement([half]) == pytest.approx(0.5 / 3)
    assert agreement([inside, half, [box(0, 0, 1, 1)]]) == pytest.approx((1 + 0.5 / 3) / 2)

    with pytest.raises(ArgumentError, match="at least two"):
        agreement([[box(0, 0, 1, 1)]])
    with pytest.raises(ArgumentError, match="an empty one"):
        agreement([[box(0, 0, 1, 1), box(0, 0, 0, 0)]])


class TestContradiction:
    def test_a_region_inside_another_is_fine(self) -> None:
        assert contradiction({BLUR: box(0, 0, 20, 10)}, {BLUR: box(3, 3, 2, 2)}) == 0

    def test_the_same_region_with_another_distortion_is_not(self) -> None:
        assert contradiction({BLUR: box(0, 0, 8, 8)}, {NOISE: box(0, 0, 8, 8)}) == 1

    def test_it_is_a_share_of_the_smaller_one(self) -> None:
        assert contradiction({BLUR: box(0, 0, 10, 10)}, {NOISE: box(9, 0, 2, 10)}) == 0.5
        assert contradiction({NOISE: box(9, 0, 2, 10)}, {BLUR: box(0, 0, 10, 10)}) == 0.5

    def test_a_common_name_settles_it(self) -> None:
        both = {BLUR: box(0, 0, 8, 8), DARK: box(0, 0, 8, 8)}
        assert contradiction(both, {DARK: box(2, 0, 8, 8)}) == 0

    def test_other_places_do_not_contradict(self) -> None:
        assert contradiction({BLUR: box(0, 0, 5, 5)}, {NOISE: box(10, 0, 5, 5)}) == 0
        assert contradiction({}, {NOISE: box(10, 0, 5, 5)}) == 0
        assert contradiction({BLUR: box(0, 0, 0, 0)}, {NOISE: box(10, 0, 5, 5)}) == 0

    def test_sizes_must_agree(self) -> None:
        with pytest.raises(ArgumentError, match="masks of one picture"):
            contradiction({BLUR: box(0, 0, 5, 5)}, {BLUR: Mask.from_array(np.ones((3, 3)))})


class TestJudge:
    def test_all_that_agree_stand(self) -> None:
        found = judge([{BLUR: box(0, 0, 20, 10)}, {BLUR: box(3, 3, 2, 2)}, {}])
        assert (found.accepted, found.contradictions) == ((0, 1, 2), ())

    def test_the_odd_one_out_is_dropped(self) -> None:
        same = {BLUR: box(0, 0, 8, 8)}
        found = judge([same, {NOISE: box(1, 1, 7, 7)}, {BLUR: box(0, 0, 9, 8)}])
        assert found.accepted == (0, 2)
        assert found.contradictions == ((0, 1, 1.0), (1, 2, 1.0))

    def test_of_two_that_contradict_neither_stands(self) -> None:
        assert judge([{BLUR: box(0, 0, 8, 8)}, {NOISE: box(0, 0, 8, 8)}]).accepted == ()

    def test_little_contradiction_is_none(self) -> None:
        pair = [{BLUR: box(0, 0, 10, 10)}, {NOISE: box(9, 0, 2, 10)}]
        assert judge(pair).accepted == (0, 1)
        assert judge(pair, most=0.4).accepted == ()


def test_runs_are_as_consistent_as_their_masks() -> None:
    half = {BLUR: box(0, 0, 10, 10)}
    assert consistency([half, half]) == 1
    assert consistency([{}, {}]) == 1
    assert consistency([half, {}]) == 0
    assert consistency([half, {NOISE: box(0, 0, 10, 10)}]) == 0
    assert consistency([half, {BLUR: box(0, 0, 20, 10)}]) == 0.5
    assert consistency([half, half, {BLUR: box(0, 0, 20, 10)}]) == pytest.approx(2 / 3)
    with pytest.raises(ArgumentError, match="at least two runs"):
        consistency([half])
