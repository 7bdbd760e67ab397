"""What is to be done to a picture for a task: distortions and levels, before anything is known of the photograph.

A plan is drawn so that its question has one answer with room to spare. Which regions it falls on is decided later, for
it depends on where the distortions can be seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

import numpy as np

from quibble.distort import Step, combine_opinions, opinion
from quibble.distort.engine import distortions_of
from quibble.taxonomy import DISTINGUISHABLE_ORDERS, INVISIBLE_AT_LEVEL_1, ORDERS, Category, Distortion

T = TypeVar("T")
Orders = Mapping[Category, frozenset[Category]]
Steps = tuple[Step, ...]


class Task(StrEnum):
    """The tasks of IQA-Octopus, section 3.1."""

    GLOBAL = "global_description"
    LOCAL = "local_description"
    HYD_G = "grounding_hyd"
    SID_G = "grounding_sid"
    DAO_G = "grounding_dao"
    REFER_SHORT = "referring_short"
    REFER_LONG = "referring_long"


#: Shares of the tasks: the training counts of IQA-Octopus, table 7, with grounding's three kinds alike.
MIX: Final[Mapping[Task, float]] = {
    Task.GLOBAL: 3251,
    Task.LOCAL: 9742,
    Task.HYD_G: 11669 / 3,
    Task.SID_G: 11669 / 3,
    Task.DAO_G: 11669 / 3,
    Task.REFER_SHORT: 4506,
    Task.REFER_LONG: 4222,
}

#: Levels of two distortions in one region end here, as in DepictQA-Wild: beyond, the second hides the first.
MOST_OF_TWO: Final = 3
#: HyD-G: by how much the sums of levels and the opinions (0..100) of the answer and the next region differ at least.
TOTAL_MARGIN: Final = 1.5
OPINION_MARGIN: Final = 8.0
#: SiD-G: by how many levels the answer and the next region differ at least.
LEVEL_MARGIN: Final = 2.0
#: Draws of levels before a plan's margins are given up; a draw misses them about every other time.
_DRAWS: Final = 100


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Distortions of one to three regions, in the order in which they are added to each.

    variant: what kind of its task this is. target: the region that the question is about or that answers it; None if it
    is the whole picture or a region without distortions.
    """

    task: Task
    variant: str
    damage: tuple[Steps, ...]
    target: int | None = None

    @property
    def fixed(self) -> bool:
        """Whether the question hangs on the levels; if not, steps that cannot be seen may be drawn `again`."""
        return self.task in (Task.HYD_G, Task.SID_G)


@dataclass(frozen=True, kw_only=True)
class Dice:
    """A source of random plans. continuous: levels are any numbers in 1..5 and not only whole ones."""

    rng: np.random.Generator
    continuous: bool = False

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def among(self, low: int, high: int) -> int:
        """A whole number in low..high."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, items: list[T]) -> T:
        return items[int(self.rng.integers(len(items)))]

    def level(self, category: Category, most: int = 5) -> float:
        """A level that can be seen without the original, up to `most`."""
        least = least_level(category)
        if self.continuous:
            return round(float(self.rng.uniform(least, most)), 2)
        return self.among(least, most)

    def kind(self, category: Category) -> Distortion:
        return self.pick(list(distortions_of(category)))

    def single(self) -> Steps:
        """One distortion; categories are equally likely, and the kinds in each."""
        kind = self.kind(self.pick(list(Category)))
        return (Step(kind, self.level(kind.category)),)

    def double(self, orders: Orders = ORDERS) -> Steps:
        """Two distortions of different categories in an order that the table allows."""
        pairs = {first: sorted(seconds - {first}) for first, seconds in orders.items() if seconds - {first}}
        first = self.pick(sorted(pairs))
        kinds = self.kind(first), self.kind(self.pick(pairs[first]))
        return tuple(Step(kind, self.level(kind.category, MOST_OF_TWO)) for kind in kinds)

    def steps(self) -> Steps:
        """One distortion or two."""
        return self.double() if self.chance(0.5) else self.single()

    def again(self, steps: Steps) -> Steps:
        """Other kinds of the same categories, at levels as high or higher: what could not be seen might be now."""
        most = 5 if len(steps) == 1 else MOST_OF_TWO
        return tuple(self._stronger(step, most) for step in steps)

    def _stronger(self, step: Step, most: int) -> Step:
        category = step.distortion.category
        return Step(self.kind(category), max(step.level, self.level(category, most)))


def least_level(category: Category) -> int:
    """The lowest level of a category that can be seen without the original."""
    return 2 if category in INVISIBLE_AT_LEVEL_1 else 1


def draw_plan(task: Task, dice: Dice, *, clean: float) -> Plan | None:
    """A plan for a task, or None if the dice found none. clean: share of descriptions of what has no distortions."""
    if task is Task.GLOBAL:
        return _global(dice, clean)
    if task is Task.LOCAL:
        return _local(dice, clean)
    if task is Task.HYD_G:
        return _total(dice)
    if task is Task.SID_G:
        return _single(dice)
    if task is Task.DAO_G:
        return _order(dice)
    return _referred(task, dice)


def intensity(steps: Steps) -> float:
    """The accumulated intensity of a region: the sum of its levels."""
    return sum(step.level for step in steps)


def opinion_of(steps: Steps) -> float:
    """How good people would find a picture with these distortions, 0..100."""
    return combine_opinions([opinion(step.distortion, step.level) for step in steps])


def _global(dice: Dice, clean: float) -> Plan:
    if dice.chance(clean):
        return Plan(task=Task.GLOBAL, variant="clean", damage=())
    if dice.chance(0.5):
        return Plan(task=Task.GLOBAL, variant="whole", damage=(dice.steps(),))
    return Plan(task=Task.GLOBAL, variant="regional", damage=_several(dice, 1, 3))


def _local(dice: Dice, clean: float) -> Plan:
    if dice.chance(clean):
        return Plan(task=Task.LOCAL, variant="clean", damage=_several(dice, 1, 2))
    damage = _several(dice, 1, 3)
    return Plan(task=Task.LOCAL, variant=_count(damage[0]), damage=damage, target=0)


def _referred(task: Task, dice: Dice) -> Plan:
    target = dice.double() if dice.chance(0.5) else dice.single()
    return Plan(task=task, variant=_count(target), damage=(target, *_several(dice, 0, 2)), target=0)


def _total(dice: Dice) -> Plan | None:
    """HyD-G: one region is the most, or the least, degraded by the sum of levels and by opinion."""
    most = dice.chance(0.5)
    for _ in range(_DRAWS):
        damage = _several(dice, 2, 3)
        target, *others = sorted(damage, key=intensity, reverse=most)
        sign = 1 if most else -1
        clear = all(
            sign * (intensity(target) - intensity(other)) >= TOTAL_MARGIN
            and sign * (opinion_of(other) - opinion_of(target)) >= OPINION_MARGIN
            for other in others
        )
        if clear:
            return Plan(task=Task.HYD_G, variant="most" if most else "least", damage=(target, *others), target=0)
    return None


def _single(dice: Dice) -> Plan | None:
    """SiD-G: two or three regions share a distortion, one of them with clearly the most or the least of it.

    The shared distortion comes last or alone, so that no other one changes how strong it looks.
    """
    most = dice.chance(0.5)
    kind = dice.kind(dice.pick(list(Category)))
    count = dice.among(2, 3)
    for _ in range(_DRAWS):
        levels = sorted((dice.level(kind.category) for _ in range(count)), reverse=most)
        if abs(levels[0] - levels[1]) >= LEVEL_MARGIN:
            break
    else:
        return None
    damage = tuple(_beneath(dice, Step(kind, level)) for level in levels)
    return Plan(task=Task.SID_G, variant="most" if most else "least", damage=damage, target=0)


def _beneath(dice: Dice, step: Step) -> Steps:
    """A step, and now and then another one before it."""
    firsts = sorted(first for first, seconds in ORDERS.items() if step.distortion.category in seconds)
    if step.level > MOST_OF_TWO or not firsts or not dice.chance(0.3):
        return (step,)
    kind = dice.kind(dice.pick(firsts))
    return Step(kind, dice.level(kind.category, MOST_OF_TWO)), step


def _order(dice: Dice) -> Plan | None:
    """DAO-G: two or three regions with two distortions in orders that the eye can tell, one of them as asked."""
    variant = dice.pick(["pair", "first", "last"])
    for _ in range(_DRAWS):
        damage = tuple(dice.double(DISTINGUISHABLE_ORDERS) for _ in range(dice.among(2, 3)))
        asked = [_asked(steps, variant) for steps in damage]
        if asked.count(asked[0]) == 1:
            return Plan(task=Task.DAO_G, variant=variant, damage=damage, target=0)
    return None


def _asked(steps: Steps, variant: str) -> tuple[Category, ...]:
    """What a question of a variant says of a region's order."""
    categories = tuple(step.distortion.category for step in steps)
    return {"pair": categories, "first": categories[:1], "last": categories[-1:]}[variant]


def _several(dice: Dice, low: int, high: int) -> tuple[Steps, ...]:
    return tuple(dice.steps() for _ in range(dice.among(low, high)))


def _count(steps: Steps) -> str:
    return "single" if len(steps) == 1 else "double"
