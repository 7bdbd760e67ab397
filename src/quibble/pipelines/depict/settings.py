"""What a build depends on beside its pictures, its questionnaires and its language model."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from quibble.errors import ArgumentError, RecipeError


class Task(StrEnum):
    """DepictQA's three tasks."""

    DESCRIPTION = "depict_description"
    COMPARISON = "depict_comparison"
    REASONING = "depict_reasoning"


class Reference(StrEnum):
    """Whether records have the reference, have it taken away, or come in both forms."""

    FULL = "full"
    NONE = "none"
    BOTH = "both"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the data depends on, beside what it is made from.

    records: how many are made from photographs, or pairs from scores; questionnaires are each used once. mix: shares of
    the tasks, in any unit. margin: two pictures are compared in brief if their opinions or scores, 0..100, differ by so
    much. short: share of brief comparisons that ask for a name alone. long_side: pixels, of pictures that are made.
    val, test: shares of the references. Raises ArgumentError for values outside these ranges.
    """

    records: int
    mix: Mapping[Task, float] = field(default_factory=lambda: dict.fromkeys(Task, 1.0))
    reference: Reference = Reference.FULL
    margin: float = 8.0
    short: float = 0.5
    long_side: int = 384
    shard: int = 32
    seed: int = 0
    val: float = 0.05
    test: float = 0.05

    def __post_init__(self) -> None:
        if self.records < 1 or self.shard < 1 or self.long_side < 128 or not 0 <= self.seed < 2**53:
            raise ArgumentError(
                "expected at least 1 record, shards of at least 1, a long side of at least 128 pixels and a seed in "
                f"0..2**53 - 1, found {self.records}, {self.shard}, {self.long_side} and {self.seed}"
            )
        if min(self.val, self.test, self.short) < 0 or self.val + self.test > 1 or self.short > 1 or self.margin < 0:
            raise ArgumentError(
                f"shares lie in 0..1 and a margin is at least 0, found val {self.val}, test {self.test}, short "
                f"{self.short} and margin {self.margin}"
            )
        if not self.mix or min(self.mix.values()) < 0 or sum(self.mix.values()) <= 0:
            raise ArgumentError(f"a mix needs shares of at least 0 and one above, found {dict(self.mix)}")

    def to_dict(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return plain | {
            "mix": {Task(task).value: share for task, share in self.mix.items()},
            "reference": self.reference.value,
        }


def read_recipe(path: Path) -> dict[Task, float]:
    """A mix from TOML: a table `mix` of the tasks' shares or counts. Raises RecipeError."""
    try:
        recipe = tomllib.loads(path.read_text(encoding="utf-8"))
        mix = {Task(f"depict_{name}"): float(share) for name, share in recipe["mix"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        names = ", ".join(task.removeprefix("depict_") for task in Task)
        raise RecipeError(f"{path}: expected a table `mix` of {names}: {error}") from error
    if unknown := recipe.keys() - {"builder", "mix", "repeat"}:
        raise RecipeError(f"{path}: does not know {', '.join(sorted(unknown))}; expected builder, mix and repeat")
    if recipe.get("builder", "depict") != "depict":
        raise RecipeError(f"{path}: is for the builder {recipe['builder']!r}, and this one is called depict")
    return mix
