"""Scenes as a pipeline would describe them, made of random numbers and without any picture."""

from __future__ import annotations

import numpy as np

from quibble.distort import draw
from quibble.geometry import Box, Mask, Region
from quibble.taxonomy import INVISIBLE_AT_LEVEL_1, Category, Distortion, Level
from quibble.text.scene import Defect, Fact, Scene, Seen

WIDTH, HEIGHT = 64, 48


def defect(kind: Distortion | str, level: float, *facts: Fact, seed: int = 0) -> Defect:
    return Defect(degradation=draw(kind, level, np.random.default_rng(seed)), facts=frozenset(facts))


def region(x: float, y: float, width: float, height: float, label: str | None = None) -> Region:
    """A box in shares of the picture."""
    box = Box.from_xywh(round(x * WIDTH), round(y * HEIGHT), round(width * WIDTH), round(height * HEIGHT))
    return Region(mask=Mask.from_box(box, width=WIDTH, height=HEIGHT), box=box, label=label)


def seen(where: Region | None, *defects: Defect, quality: Level | None = Level.POOR) -> Seen:
    return Seen(region=where, defects=defects, quality=quality)


def scene(*regions: Seen, quality: Level | None = Level.FAIR) -> Scene:
    return Scene(width=WIDTH, height=HEIGHT, regions=regions, quality=quality)


def random_defects(rng: np.random.Generator) -> tuple[Defect, ...]:
    """One or two defects of different categories at levels that can be seen, with some facts."""
    categories = rng.choice(list(Category), size=int(rng.integers(1, 3)), replace=False)
    facts = frozenset(fact for fact in Fact if rng.random() < 0.3)
    found = []
    for category in categories.tolist():
        kinds = [kind for kind in Distortion if kind.category == category]
        least = 2 if category in INVISIBLE_AT_LEVEL_1 else 1
        degradation = draw(kinds[int(rng.integers(len(kinds)))], int(rng.integers(least, 6)), rng)
        found.append(Defect(degradation=degradation, facts=facts))
    return tuple(found)


def random_region(rng: np.random.Generator, label: str | None = None) -> Region:
    width, height = rng.uniform(0.1, 0.5, 2)
    x, y = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
    return region(x, y, width, height, label)


def random_seen(rng: np.random.Generator, *, whole: bool = False, label: str | None = None) -> Seen:
    level = list(Level)[int(rng.integers(1, 5))]
    return seen(None if whole else random_region(rng, label), *random_defects(rng), quality=level)
