from __future__ import annotations

import numpy as np
import pytest

from quibble.distort import Step
from quibble.pipelines.plans import (
    LEVEL_MARGIN,
    MIX,
    MOST_OF_TWO,
    OPINION_MARGIN,
    TOTAL_MARGIN,
    Dice,
    Plan,
    Task,
    draw_plan,
    intensity,
    opinion_of,
)
from quibble.taxonomy import DISTINGUISHABLE_ORDERS, INVISIBLE_AT_LEVEL_1, ORDERS, Category, Distortion


def dice(seed: int, *, continuous: bool = False) -> Dice:
    return Dice(rng=np.random.default_rng(seed), continuous=continuous)


def plans(task: Task, count: int = 300, *, clean: float = 0.1, continuous: bool = False) -> list[Plan]:
    drawn = [draw_plan(task, dice(seed, continuous=continuous), clean=clean) for seed in range(count)]
    found = [plan for plan in drawn if plan is not None]
    assert len(found) > 0.9 * count
    return found


def categories(plan: Plan) -> list[tuple[Category, ...]]:
    return [tuple(step.distortion.category for step in steps) for steps in plan.damage]


def test_the_mix_is_the_papers() -> None:
    total = sum(MIX.values())
    grounding = sum(share for task, share in MIX.items() if task.startswith("grounding"))
    assert total == 3251 + 9742 + 11669 + 4506 + 4222
    assert grounding == pytest.approx(11669)
    assert set(MIX) == set(Task)


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("task", Task)
def test_every_plan_keeps_to_what_can_be_seen_and_ordered(task: Task, continuous: bool) -> None:
    for plan in plans(task, continuous=continuous):
        assert plan.task is task
        assert len(plan.damage) <= 3
        assert plan.target in (None, 0)
        for steps in plan.damage:
            assert 1 <= len(steps) <= 2
            assert all(1 + (s.distortion.category in INVISIBLE_AT_LEVEL_1) <= s.level <= 5 for s in steps)
            if len(steps) == 2:
                first, second = steps
                assert second.distortion.category in ORDERS[first.distortion.category] | DISTINGUISHABLE_ORDERS.get(
                    first.distortion.category, frozenset()
                )
                assert first.distortion.category is not second.distortion.category
                assert max(first.level, second.level) <= MOST_OF_TWO


def test_levels_are_whole_unless_they_are_to_be_continuous() -> None:
    whole = [s.level for p in plans(Task.LOCAL) for steps in p.damage for s in steps]
    between = [s.level for p in plans(Task.LOCAL, continuous=True) for steps in p.damage for s in steps]
    assert all(level == int(level) for level in whole)
    assert set(whole) == {1, 2, 3, 4, 5}
    assert sum(level != int(level) for level in between) > 0.9 * len(between)


@pytest.mark.parametrize("continuous", [False, True])
def test_hyd_has_one_answer_by_intensity_and_by_opinion(continuous: bool) -> None:
    seen = set()
    for plan in plans(Task.HYD_G, continuous=continuous):
        seen.add(plan.variant)
        sign = 1 if plan.variant == "most" else -1
        target, *others = plan.damage
        assert others
        for other in others:
            assert sign * (intensity(target) - intensity(other)) >= TOTAL_MARGIN
            assert sign * (opinion_of(other) - opinion_of(target)) >= OPINION_MARGIN
    assert seen == {"most", "least"}


@pytest.mark.parametrize("continuous", [False, True])
def test_sid_compares_one_distortion_that_comes_last(continuous: bool) -> None:
    seen = set()
    for plan in plans(Task.SID_G, continuous=continuous):
        seen.add(plan.variant)
        last = [steps[-1] for steps in plan.damage]
        assert len(last) >= 2
        assert len({step.distortion for step in last}) == 1
        sign = 1 if plan.variant == "most" else -1
        assert all(sign * (last[0].level - other.level) >= LEVEL_MARGIN for other in last[1:])
        shared = last[0].distortion.category
        assert all(step.distortion.category is not shared for steps in plan.damage for step in steps[:-1])
    assert seen == {"most", "least"}


def test_dao_asks_for_an_order_that_only_one_region_has() -> None:
    seen = set()
    for plan in plans(Task.DAO_G):
        seen.add(plan.variant)
        pairs = categories(plan)
        assert all(second in DISTINGUISHABLE_ORDERS[first] for first, second in pairs)
        asked = {"pair": slice(0, 2), "first": slice(0, 1), "last": slice(1, 2)}[plan.variant]
        wanted = [pair[asked] for pair in pairs]
        assert len(wanted) >= 2
        assert wanted.count(wanted[0]) == 1
    assert seen == {"pair", "first", "last"}


@pytest.mark.parametrize("task", [Task.REFER_SHORT, Task.REFER_LONG])
def test_referring_asks_for_one_distortion_or_two(task: Task) -> None:
    found = plans(task)
    assert all(plan.variant == ("single", "double")[len(plan.damage[0]) - 1] for plan in found)
    assert 0.4 < sum(plan.variant == "single" for plan in found) / len(found) < 0.6


@pytest.mark.parametrize("task", [Task.GLOBAL, Task.LOCAL])
def test_some_descriptions_are_of_what_is_clean(task: Task) -> None:
    clean = [plan for plan in plans(task, 600, clean=0.3) if plan.variant == "clean"]
    assert 0.22 < len(clean) / 600 < 0.38
    assert all(plan.target is None for plan in clean)
    assert all(bool(plan.damage) == (task is Task.LOCAL) for plan in clean)
    assert not any(plan.variant == "clean" for plan in plans(task, clean=0))


def test_all_distortions_occur() -> None:
    used = {step.distortion for task in Task for plan in plans(task) for steps in plan.damage for step in steps}
    assert used == set(Distortion)


def test_what_is_drawn_again_is_of_the_same_categories_and_no_weaker() -> None:
    steps = (Step(Distortion.QUANTIZE_OTSU, 2), Step(Distortion.NOISE_POISSON, 1))
    for seed in range(50):
        again = dice(seed).again(steps)
        assert [s.distortion.category for s in again] == [Category.QUANTIZE, Category.NOISE]
        assert all(new.level >= old.level for new, old in zip(again, steps, strict=True))
        assert max(s.level for s in again) <= MOST_OF_TWO
        (alone,) = dice(seed).again(steps[:1])
        assert 2 <= alone.level <= 5


def test_only_plans_that_compare_levels_are_fixed() -> None:
    assert {task for task in Task if plans(task, 30)[0].fixed} == {Task.HYD_G, Task.SID_G}
