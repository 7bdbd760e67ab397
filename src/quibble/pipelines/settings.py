"""What a build depends on beside its photographs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quibble.errors import ArgumentError
from quibble.pipelines.plans import MIX, Task


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the data depends on, beside the photographs.

    shard: records a shard. long_side: pixels; pictures are never enlarged. mix: shares of the tasks, in any unit. val,
    test: shares of the photographs, 0..1. clean: share of descriptions of what has no distortions. continuous: levels
    are any numbers in 1..5. hold_out: the split "test" is worded with a fifth of the templates and the others with the
    rest, as far as there is a choice. Raises ArgumentError for values outside these ranges.
    """

    records: int
    shard: int = 64
    seed: int = 0
    long_side: int = 512
    mix: Mapping[Task, float] = field(default_factory=lambda: dict(MIX))
    val: float = 0.05
    test: float = 0.05
    clean: float = 0.1
    continuous: bool = False
    hold_out: bool = True

    def __post_init__(self) -> None:
        if self.records < 1 or self.shard < 1 or self.long_side < 128 or not 0 <= self.seed < 2**53:
            raise ArgumentError(
                "expected at least 1 record, shards of at least 1, a long side of at least 128 pixels and a seed in "
                f"0..2**53 - 1, found {self.records}, {self.shard}, {self.long_side} and {self.seed}"
            )
        if min(self.val, self.test, self.clean) < 0 or self.val + self.test > 1 or self.clean > 1:
            raise ArgumentError(f"shares lie in 0..1, found val {self.val}, test {self.test}, clean {self.clean}")
        if not self.mix or min(self.mix.values()) < 0 or sum(self.mix.values()) <= 0:
            raise ArgumentError(f"a mix needs shares of at least 0 and one above, found {dict(self.mix)}")

    def to_dict(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return plain | {"mix": {Task(task).value: share for task, share in self.mix.items()}}
