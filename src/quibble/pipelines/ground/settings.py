"""What a build depends on beside its pictures, its texts and its models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from quibble.errors import ArgumentError
from quibble.pipelines.described import check_common
from quibble.pipelines.ground.agreement import MOST_CONTRADICTION
from quibble.pipelines.ground.marks import LEAST_SHARE, MOST_MARKS


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the data depends on, beside what it is made from.

    runs: how often a model labels a picture; a part gets what most runs give it. consistency: least mean IoU of the
    runs, 0..1. contradiction: most of what two people may call differently, 0..1. least, most: see `mark`. limit: at
    most so many pictures are used. val, test: shares of the pictures. Raises ArgumentError outside these ranges.
    """

    runs: int = 3
    consistency: float = 0.5
    contradiction: float = MOST_CONTRADICTION
    least: float = LEAST_SHARE
    most: int = MOST_MARKS
    limit: int | None = None
    shard: int = 32
    seed: int = 0
    val: float = 0.05
    test: float = 0.05

    def __post_init__(self) -> None:
        check_common(self, shard=self.shard, limit=self.limit)
        if self.runs < 1 or not 1 <= self.most <= 200:
            raise ArgumentError(f"expected at least 1 run and 1..200 parts, found {self.runs} and {self.most}")
        if not all(0 <= share <= 1 for share in (self.consistency, self.contradiction, self.least)):
            raise ArgumentError(
                f"shares lie in 0..1, found consistency {self.consistency}, contradiction {self.contradiction} and "
                f"least {self.least}"
            )

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}
