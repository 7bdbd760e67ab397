"""Plans of several distortions: which, at which level, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass

import numpy as np

from quibble.degradation import Degradation
from quibble.distort.engine import apply_all, distortions_of, draw
from quibble.distort.pixels import Pixels
from quibble.errors import ArgumentError
from quibble.taxonomy import ORDERS, Category, Distortion

Orders = Mapping[Category, frozenset[Category]]


@dataclass(frozen=True, slots=True)
class Step:
    """A distortion and its level in [1, 5]. Raises ArgumentError for an unknown name or another level."""

    distortion: Distortion
    level: float = 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "distortion", Distortion.parse(self.distortion))
        if not 1 <= self.level <= 5:
            raise ArgumentError(f"a level lies in 1..5, found {self.level!r}")

    @classmethod
    def parse(cls, text: str) -> Step:
        """From "blur.gaussian:3"; without a level it is 3."""
        name, colon, level = text.partition(":")
        try:
            return cls(Distortion.parse(name.strip()), float(level) if colon else 3)
        except ValueError as error:
            if isinstance(error, ArgumentError):
                raise
            raise ArgumentError(f"a step is written like blur.gaussian:3, found {text!r}") from error

    def __str__(self) -> str:
        return f"{self.distortion}:{self.level:g}"


@dataclass(frozen=True, slots=True)
class Sequence:
    """Distortions to be applied one after the other; their random parameters are not drawn yet."""

    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, *texts: str) -> Sequence:
        """From one text a step, such as "blur.gaussian:3", "noise.poisson:2"."""
        return cls(tuple(Step.parse(text) for text in texts))

    @classmethod
    def random(
        cls,
        rng: np.random.Generator,
        *,
        count: int,
        levels: Items[float] = (1, 2, 3, 4, 5),
        orders: Orders = ORDERS,
        allowed: Iterable[Distortion] = tuple(Distortion),
    ) -> Sequence:
        """Draw a plan of `count` distortions in which each category may follow all those before it.

        Categories are drawn first and each as often as another, as far as `orders` leaves it, then one of the
        category's distortions, each at most once, then one of `levels`. Raises ArgumentError if no plan is possible.
        """
        if count < 1 or not levels:
            raise ArgumentError(f"a plan has at least one step and one level to choose, found {count}, {levels}")
        wanted = frozenset(allowed)
        pool = {category: [d for d in distortions_of(category) if d in wanted] for category in Category}
        chosen = _draw_kinds(rng, count, orders, pool, ())
        if chosen is None:
            raise ArgumentError(f"no {count} of the allowed distortions can follow one another; allow more of them")
        return cls(tuple(Step(d, levels[int(rng.integers(len(levels)))]) for d in chosen))

    def draw(self, rng: np.random.Generator) -> tuple[Degradation, ...]:
        """Draw the parameters of all steps."""
        return tuple(draw(step.distortion, step.level, rng) for step in self.steps)

    def apply(self, image: Pixels, *, seed: int = 0) -> Pixels:
        """The picture with all steps applied."""
        return apply_all(image, self.draw(np.random.default_rng(seed)))

    def __str__(self) -> str:
        return " ".join(str(step) for step in self.steps)


def _draw_kinds(
    rng: np.random.Generator,
    count: int,
    orders: Orders,
    pool: Mapping[Category, list[Distortion]],
    before: tuple[Distortion, ...],
) -> tuple[Distortion, ...] | None:
    """Complete `before` to `count` distortions, or None if there is no way: a search in random order."""
    if len(before) == count:
        return before
    categories = [
        c for c in Category if all(c in orders.get(first.category, frozenset()) for first in before) and pool[c]
    ]
    for index in rng.permutation(len(categories)).tolist():
        kinds = [d for d in pool[categories[index]] if d not in before]
        if not kinds:
            continue
        found = _draw_kinds(rng, count, orders, pool, (*before, kinds[int(rng.integers(len(kinds)))]))
        if found is not None:
            return found
    return None
