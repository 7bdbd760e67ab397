from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from quibble.distort import Sequence, Step, apply_all
from quibble.errors import ArgumentError
from quibble.taxonomy import DISTINGUISHABLE_ORDERS, ORDERS, Category, Distortion


def test_parse_and_write() -> None:
    plan = Sequence.parse("blur.gaussian:3", "noise.poisson:2.5", " compression.jpeg ")
    assert plan == Sequence(
        (
            Step(Distortion.BLUR_GAUSSIAN, 3),
            Step(Distortion.NOISE_POISSON, 2.5),
            Step(Distortion.COMPRESSION_JPEG, 3),
        )
    )
    assert str(plan) == "blur.gaussian:3 noise.poisson:2.5 compression.jpeg:3"
    assert Sequence.parse(*str(plan).split()) == plan


@pytest.mark.parametrize("text", ["blur:3", "blur.gaussian:", "blur.gaussian:much", "blur.gaussian:6", "", ":2"])
def test_what_is_not_a_step_is_named(text: str) -> None:
    with pytest.raises(ArgumentError):
        Sequence.parse(text)


def test_apply_draws_from_the_seed(photo: NDArray[np.uint8]) -> None:
    plan = Sequence.parse("noise.gaussian_rgb:2", "blur.motion:2")
    expected = apply_all(photo, plan.draw(np.random.default_rng(8)))
    np.testing.assert_array_equal(plan.apply(photo, seed=8), expected)
    assert (plan.apply(photo, seed=9) != expected).any()
    first, second = plan.draw(np.random.default_rng(8))
    assert first.parameters["seed"] != second.parameters["angle_deg"]


@pytest.mark.parametrize("orders", [ORDERS, DISTINGUISHABLE_ORDERS], ids=["ORDERS", "DISTINGUISHABLE_ORDERS"])
@pytest.mark.parametrize("count", [2, 3])
def test_random_plans_obey_the_order(orders: Mapping[Category, frozenset[Category]], count: int) -> None:
    rng = np.random.default_rng(count)
    for _ in range(300):
        plan = Sequence.random(rng, count=count, levels=(2, 3.5), orders=orders)
        assert len(plan.steps) == len({step.distortion for step in plan.steps}) == count
        assert all(step.level in (2, 3.5) for step in plan.steps)
        for first, second in combinations(plan.steps, 2):
            assert second.distortion.category in orders[first.distortion.category]


def test_every_pair_of_the_table_is_drawn() -> None:
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(3000):
        first, second = (step.distortion.category for step in Sequence.random(rng, count=2).steps)
        seen.add((first, second))
    assert seen == {(first, second) for first, after in ORDERS.items() for second in after}


def test_single_steps_are_drawn_by_category() -> None:
    rng = np.random.default_rng(0)
    drawn = [Sequence.random(rng, count=1).steps[0].distortion.category for _ in range(2400)]
    shares = [drawn.count(category) / 200 for category in Category]
    assert min(shares) > 0.75
    assert max(shares) < 1.25


def test_only_what_is_allowed_is_drawn() -> None:
    allowed = (Distortion.BLUR_LENS, Distortion.NOISE_POISSON)
    plans = {str(Sequence.random(np.random.default_rng(s), count=2, levels=(1,), allowed=allowed)) for s in range(40)}
    assert plans == {"blur.lens:1 noise.poisson:1", "noise.poisson:1 blur.lens:1"}
    with pytest.raises(ArgumentError, match="no 3 of the allowed"):
        Sequence.random(np.random.default_rng(0), count=3, allowed=allowed)
    with pytest.raises(ArgumentError, match="at least one"):
        Sequence.random(np.random.default_rng(0), count=0)


def test_the_same_generator_draws_the_same_plan() -> None:
    first, again = (Sequence.random(np.random.default_rng(3), count=3) for _ in range(2))
    assert first == again
