"""What a build depends on beside its pictures, its feedback and its language model; and the paper's counts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from quibble.errors import ArgumentError, RecipeError


class Subset(StrEnum):
    """The parts of the data set."""

    DESCRIPTION = "description"
    WHAT_HOW = "what_how"
    YES_NO = "yes_no"
    CONVERSATION = "conversation"


class Setting(StrEnum):
    """How an answer is asked for: in a word or two, or as the letter of an option."""

    DIRECT = "direct"
    CHOICE = "choice"


#: Q-Instruct's counts: 58K feedbacks are described, and turned into questions on what and how, into balanced ones for
#: yes or no, and into conversations, 200K in all. Source: Q-Instruct, figure 2 and section 4.
PAPER: Final[Mapping[Subset, int]] = MappingProxyType(
    {Subset.DESCRIPTION: 58_000, Subset.WHAT_HOW: 76_000, Subset.YES_NO: 57_000, Subset.CONVERSATION: 12_000}
)
FEEDBACKS: Final = 58_000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the data depends on, beside what it is made from.

    counts: of the subsets, for so many feedbacks as `feedbacks`; less or more feedback gives less or more of each.
    A question counts once, in however many settings it is asked. rounds: feedbacks a picture where none is given and
    they are written first. limit: at most so many feedbacks are used. val, test: shares of the pictures. Raises
    ArgumentError for values that make no sense.
    """

    counts: Mapping[Subset, int] = field(default_factory=lambda: dict(PAPER))
    feedbacks: int = FEEDBACKS
    settings: tuple[Setting, ...] = (Setting.DIRECT, Setting.CHOICE)
    rounds: int = 3
    limit: int | None = None
    shard: int = 32
    seed: int = 0
    val: float = 0.05
    test: float = 0.05

    def __post_init__(self) -> None:
        if not self.counts or min(self.counts.values()) < 0 or not sum(self.counts.values()) or self.feedbacks < 1:
            raise ArgumentError(
                f"expected counts of at least 0 with one above, for at least 1 feedback, found {dict(self.counts)} for "
                f"{self.feedbacks}"
            )
        if not self.settings or self.rounds < 1 or self.shard < 1 or (self.limit is not None and self.limit < 1):
            raise ArgumentError(
                "expected at least one answer setting, 1 round, shards of 1 and a limit of 1, found "
                f"{self.settings}, {self.rounds}, {self.shard} and {self.limit}"
            )
        if not 0 <= self.seed < 2**53 or min(self.val, self.test) < 0 or self.val + self.test > 1:
            raise ArgumentError(
                f"a seed lies in 0..2**53 - 1 and shares in 0..1, found {self.seed}, val {self.val}, test {self.test}"
            )

    def quota(self, subset: Subset, unit: int) -> int:
        """How many of a subset the feedback of this number owes, so that all together come to the counts."""
        rate = self.counts.get(subset, 0)
        return rate * (unit + 1) // self.feedbacks - rate * unit // self.feedbacks

    def to_dict(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return plain | {
            "counts": {Subset(subset).value: count for subset, count in self.counts.items()},
            "settings": [setting.value for setting in self.settings],
        }


def read_recipe(path: Path) -> tuple[dict[Subset, int], int]:
    """Counts and the number of feedbacks they are for, from TOML: `feedbacks`, and a table `counts`. Raises "
    "RecipeError."""
    try:
        recipe = tomllib.loads(path.read_text(encoding="utf-8"))
        counts = {Subset(name): count for name, count in recipe["counts"].items()}
        feedbacks = recipe["feedbacks"]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise RecipeError(
            f"{path}: expected `feedbacks = N` and a table `counts` of {', '.join(Subset)}: {error}"
        ) from error
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in (feedbacks, *counts.values()))
    if unknown := recipe.keys() - {"builder", "counts", "feedbacks"}:
        raise RecipeError(f"{path}: does not know {', '.join(sorted(unknown))}; expected builder, feedbacks and counts")
    if not whole or recipe.get("builder", "instruct") != "instruct":
        raise RecipeError(f'{path}: expected whole numbers and builder = "instruct"')
    return counts, feedbacks
