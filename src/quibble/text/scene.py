"""All that a writer is told about a picture, and so all that it may say: defects, their marks, and what is where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from quibble.degradation import Degradation
from quibble.geometry import Region
from quibble.taxonomy import Category, Level
from quibble.text.vocabulary import severity_number


class Fact(StrEnum):
    """Something measured in a region that makes some sentences true and others false."""

    #: before the distortions
    DETAILED = "detailed"
    SMOOTH = "smooth"
    #: a part of the picture, not the whole
    LOCAL = "local"
    #: after them
    CLIPPED = "clipped"
    CRUSHED = "crushed"
    GRAY = "gray"


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A degradation that can be seen, and the facts measured where it is."""

    degradation: Degradation
    facts: frozenset[Fact] = frozenset()

    @property
    def category(self) -> Category:
        return self.degradation.category

    @property
    def severity(self) -> int:
        """1..5, the place of its severity word."""
        return severity_number(self.degradation.level)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A region as it can be seen: its defects in the order in which they were added, and its quality.

    `region` is None for the whole picture; `quality` where no verdict is to be given. `facts` are those of the source,
    for a region without defects.
    """

    region: Region | None
    defects: tuple[Defect, ...]
    quality: Level | None
    facts: frozenset[Fact] = frozenset()

    @property
    def worst_first(self) -> tuple[Defect, ...]:
        """The defects by severity; equal ones keep their order."""
        return tuple(sorted(self.defects, key=lambda defect: -defect.degradation.level))


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A picture of a size, with the regions that were degraded or are spoken of.

    quality: None where no verdict is to be given.
    """

    width: int
    height: int
    regions: tuple[Seen, ...]
    quality: Level | None
