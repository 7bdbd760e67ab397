"""One thing that a benchmark asks, with its truth, whatever file it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from quibble.bench.metrics.boxes import Tag
from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask, Region

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
    REFER = "refer"  # names of the distortions in `focus`, or in the whole picture; truth: `names`


@dataclass(frozen=True, kw_only=True)
class Item:
    """A question of a benchmark. Only the fields of its kind are set; a truth that was not published is None.

    images: the pictures, the one that is judged last but for A and B, which come last in this order; a reference comes
    first. reference: whether there is one. right: index into options. share_b: share of people who find B better, 0..1.
    scores: people's scores of A and B, where comparisons are votes. context: what else is known of the pictures, for a
    judge. tags: boxes in shares of the picture. masks: one mapping of class name to mask for each truth. labels: what
    figures may be broken down by; "setting" keeps answers out of each other's tables.
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
    scores: tuple[float, ...] = ()
    answer: str | None = None
    context: str = ""
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
        if self.scores and (self.kind is not Kind.COMPARE or len(self.scores) != 2):
            raise ArgumentError(f"item {self.id!r} has {len(self.scores)} scores; only comparisons have two")

    def to_dict(self) -> dict[str, Any]:
        """All but the pictures' bytes, for keeping beside an answer: what figures are made of."""
        focus = None
        if self.focus is not None:
            mask, box = self.focus.mask, self.focus.box
            focus = {"mask": mask.to_coco() if mask else None, "box": box.to_list() if box else None}
        return {
            "id": self.id,
            "kind": self.kind.value,
            "images": [str(image) if isinstance(image, Path) else "" for image in self.images],
            "reference": self.reference,
            "question": self.question,
            "options": list(self.options),
            "right": self.right,
            "score": self.score,
            "share_b": self.share_b,
            "scores": list(self.scores),
            "answer": self.answer,
            "context": self.context,
            "tags": [{"name": tag.name, "box": tag.box.to_list()} for tag in self.tags],
            "masks": [{name: mask.to_coco() for name, mask in truth.items()} for truth in self.masks],
            "focus": focus,
            "names": list(self.names),
            "labels": dict(self.labels),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Item:
        """The inverse of to_dict, with paths for pictures. Raises ArgumentError for anything malformed."""
        try:
            focus = data["focus"]
            return cls(
                id=data["id"],
                kind=Kind(data["kind"]),
                images=tuple(Path(image) for image in data["images"]),
                reference=data["reference"],
                question=data["question"],
                options=tuple(data["options"]),
                right=data["right"],
                score=data["score"],
                share_b=data["share_b"],
                scores=tuple(data.get("scores", ())),
                answer=data["answer"],
                context=data.get("context", ""),
                tags=tuple(Tag(name=tag["name"], box=Box.from_list(tag["box"])) for tag in data["tags"]),
                masks=tuple({name: Mask.from_coco(code) for name, code in truth.items()} for truth in data["masks"]),
                focus=_focus(focus) if focus is not None else None,
                names=tuple(data["names"]),
                labels=dict(data["labels"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ArgumentError(f"a kept item is malformed: {error!r}") from error


def _focus(data: Mapping[str, Any]) -> Region:
    mask, box = data["mask"], data["box"]
    return Region(mask=Mask.from_coco(mask) if mask else None, box=Box.from_list(box) if box else None)
