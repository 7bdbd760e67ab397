"""One thing that a benchmark asks, with its truth, whatever file it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from quibble.bench.metrics.boxes import Tag
from quibble.errors import ArgumentError
from quibble.geometry import Mask, Region

#: A picture: a file, or the bytes of one.
Picture = Path | bytes


class Kind(StrEnum):
    """What is asked, and by that what an answer looks like."""

    SCORE = "score"  # a number; truth: `score`
    CHOICE = "choice"  # one of `options`; truth: `right`
    COMPARE = "compare"  # "A" or "B"; truth: `share_b`
    DESCRIBE = "describe"  # text; truth: `answer`, and `tags` if it names boxes
    QUESTION = "question"  # a short text; truth: `answer`
    GROUND = "ground"  # masks by class name; truth: `masks`
    REFER = "refer"  # names of the distortions in `focus`; truth: `names`


@dataclass(frozen=True, kw_only=True)
class Item:
    """A question of a benchmark. Only the fields of its kind are set; a truth that was not published is None.

    images: the pictures, the one that is judged last but for A and B, which come last in this order; a reference comes
    first. reference: whether there is one. right: index into options. share_b: share of people who find B better, 0..1.
    masks: one mapping of class name to mask for each truth. labels: what figures may be broken down by.
    """

    id: str
    kind: Kind
    images: tuple[Picture, ...]
    reference: bool = False
    question: str = ""
    options: tuple[str, ...] = ()
    right: int | None = None
    score: float | None = None
    share_b: float | None = None
    answer: str | None = None
    tags: tuple[Tag, ...] = ()
    masks: tuple[Mapping[str, Mask], ...] = ()
    focus: Region | None = None
    names: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.images) < 1 + self.reference + (self.kind is Kind.COMPARE):
            raise ArgumentError(f"item {self.id!r} has too few pictures for its kind, {self.kind}")
        if self.right is not None and not 0 <= self.right < len(self.options):
            raise ArgumentError(f"item {self.id!r} has {len(self.options)} options, but option {self.right} is right")
        if self.kind is Kind.REFER and self.focus is None:
            raise ArgumentError(f"item {self.id!r} asks about a region, but there is none")
