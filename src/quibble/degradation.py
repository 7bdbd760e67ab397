"""One distortion as it was drawn. With the source picture it is enough to make the result again, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from quibble.errors import ArgumentError
from quibble.taxonomy import Category, Distortion


@dataclass(frozen=True, kw_only=True)
class Degradation:
    """A distortion, its level in [1, 5] (whole or between) and every parameter that its application needs.

    Parameters are numbers with their unit in the name; random fields (noise, shuffles) are stored as the seed
    that makes them, so a record stays small.
    """

    distortion: Distortion
    level: float
    parameters: Mapping[str, float]

    def __post_init__(self) -> None:
        if not 1 <= self.level <= 5:
            raise ArgumentError(f"a level lies in 1..5, found {self.level!r}")
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    @property
    def category(self) -> Category:
        return self.distortion.category

    def to_dict(self) -> dict[str, Any]:
        return {"distortion": self.distortion.value, "level": self.level, "parameters": dict(self.parameters)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Degradation:
        """The inverse of to_dict. Raises ArgumentError naming the field that is missing or wrong."""
        try:
            parameters = {str(k): _number(k, v) for k, v in data["parameters"].items()}
            return cls(
                distortion=Distortion.parse(data["distortion"]),
                level=_number("level", data["level"]),
                parameters=parameters,
            )
        except KeyError as error:
            raise ArgumentError(f"a degradation needs the field {error}") from error
        except (AttributeError, TypeError) as error:
            raise ArgumentError(f"a degradation is an object, found {data!r:.80}") from error

    def __hash__(self) -> int:
        return hash((self.distortion, self.level, tuple(sorted(self.parameters.items()))))

    def __reduce__(self) -> tuple[Any, ...]:
        return Degradation.from_dict, (self.to_dict(),)


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ArgumentError(f"'{name}' is a number, found {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ArgumentError(f"'{name}' is a finite number, found {value!r}")
    return value
