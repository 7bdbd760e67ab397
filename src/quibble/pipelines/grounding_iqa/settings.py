"""What a build depends on beside its descriptions and its models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from quibble.errors import ArgumentError
from quibble.pipelines.described import check_common
from quibble.pipelines.grounding_iqa.boxes import LEAST_OVERLAP, MOST_AREA


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the data depends on, beside what it is made from.

    area, overlap: when boxes of an object are merged, see `merge`. questions: how many are asked for of each kind, for
    yes or no and open, of a description. rounds: descriptions a picture where none is given and they are written first.
    limit: at most so many descriptions are used. val, test: shares of the pictures. Raises ArgumentError outside these
    ranges.
    """

    area: float = MOST_AREA
    overlap: float = LEAST_OVERLAP
    questions: int = 4
    rounds: int = 1
    limit: int | None = None
    shard: int = 32
    seed: int = 0
    val: float = 0.05
    test: float = 0.05

    def __post_init__(self) -> None:
        check_common(self, shard=self.shard, limit=self.limit)
        if not 0 <= self.area <= 1 or not 0 < self.overlap <= 1:
            raise ArgumentError(
                f"expected an area in 0..1 and an overlap above 0, found {self.area} and {self.overlap}"
            )
        if not 0 <= self.questions <= 20 or self.rounds < 1:
            raise ArgumentError(
                f"expected 0..20 questions of each kind and at least 1 round, found {self.questions} and {self.rounds}"
            )

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}
