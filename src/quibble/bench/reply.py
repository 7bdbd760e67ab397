"""What a model said to an item, and how texts are read: strictly, so that what cannot be read stays unreadable."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from quibble.bench.metrics.boxes import Tag
from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask, grid_decode
from quibble.taxonomy import Category


class Status(StrEnum):
    """Whether there is an answer."""

    READ = "read"
    UNREADABLE = "unreadable"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer; only the field of the item's kind is set, and none unless it was read.

    text: what a model wrote. confidence: 0..1, the probability that a winner or a choice is right, if a model has one.
    """

    status: Status = Status.READ
    score: float | None = None
    choice: int | None = None
    winner: str | None = None
    names: tuple[str, ...] | None = None
    masks: Mapping[str, Mask] | None = None
    text: str | None = None
    confidence: float | None = None

    def to_dict(self) -> dict[str, Any]:
        masks = {name: mask.to_coco() for name, mask in self.masks.items()} if self.masks is not None else None
        plain = {name: getattr(self, name) for name in ("score", "choice", "winner", "text", "confidence")}
        names = list(self.names) if self.names is not None else None
        found = {k: v for k, v in {**plain, "masks": masks, "names": names}.items() if v is not None}
        return {"status": self.status.value, **found}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reply:
        """The inverse of to_dict. Raises ArgumentError for anything malformed."""
        try:
            masks, names = data.get("masks"), data.get("names")
            return cls(
                status=Status(data["status"]),
                score=data.get("score"),
                choice=data.get("choice"),
                winner=data.get("winner"),
                text=data.get("text"),
                confidence=data.get("confidence"),
                masks={k: Mask.from_coco(v) for k, v in masks.items()} if masks is not None else None,
                names=tuple(names) if names is not None else None,
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ArgumentError(f"a kept reply is malformed: {error}") from error


_REFUSAL: Final = re.compile(
    r"\b(i(?:'m| am) sorry|i (?:can ?not|can't|am unable to|won't) |i'm unable to |as an ai\b|"
    r"unable to (?:assess|view|see))",
    re.I,
)
_LETTER: Final = re.compile(
    r"\s*(?:(?:the )?(?:correct )?(?:answer|option)(?: is)?:?\s*)?\(?([A-Z])(?:[).:,]|\s*$)(.*)", re.I | re.S
)
_NUMBER: Final = re.compile(
    r"\s*(?:(?:the )?(?:score|quality|rating)(?: is)?:?\s*)?(-?\d+(?:\.\d+)?)\s*(?:/\s*100|out of 100)?[\s.]*", re.I
)
_WINNER: Final = re.compile(r"\b(?:image|picture)\s+([AB])\b", re.I)
_TAG: Final = re.compile(r"\[([^\[\]]+)\]\s*[(<\[]+\s*([\d.\s,]+?)\s*[)>\]]+")

#: How categories are named in answers, among them by the names of DQ-495K.
_MARKS: Final[Mapping[Category, str]] = {
    Category.BLUR: r"blur|out of focus|defocus",
    Category.NOISE: r"nois|grain",
    Category.COMPRESSION: r"(?:over)?compress|jpeg|blocking",
    Category.BRIGHTEN: r"brighten|over ?(?:expos|bright)|(?:too|overly|excessively) bright|"
    r"(?:excessive|overly high) brightness",
    Category.DARKEN: r"darken|under ?expos|(?:too|overly|excessively) dark|excessive darkness|insufficient brightness|"
    r"(?:lack of|low|insufficient) light",
    Category.CONTRAST_STRENGTHEN: r"contrast (?:strengthen|exagg)|contrasty|"
    r"(?:excess of|excessive|exaggerated|overdone|(?:overly |too )?high(?: in)?) contrast",
    Category.CONTRAST_WEAKEN: r"contrast weaken|(?:low(?: in)?|lacking in|loss of|lack of|insufficient|weak) contrast",
    Category.SATURATE_STRENGTHEN: r"saturate strengthen|over ?saturat|(?:excessive|excess of|overly high) saturation",
    Category.SATURATE_WEAKEN: r"saturate weaken|(?:under|de) ?saturat|(?:loss of|lack of|insufficient|low) saturation",
    Category.OVERSHARPEN: r"over ?sharpen|(?:excessive|overdone|excess of) sharpening",
    Category.PIXELATE: r"pixelat",
    Category.QUANTIZE: r"quantiz|banding|posteriz",
}
#: Words behind which a name is denied.
_DENIED: Final = re.compile(r"\b(?:no|not|nor|without|free of)(?: [a-z]+){0,3} $")
_NO_NAME: Final = re.compile(
    r"\W*(?:none|nothing|clean|no (?:\w+ ){0,2}(?:distortion|degradation|defect|damage|issue|problem)s?)\b", re.I
)


def is_refusal(text: str) -> bool:
    """Whether a text says that it will not answer."""
    return bool(_REFUSAL.search(text))


def read_choice(text: str, options: Sequence[str]) -> int | None:
    """Which option a text chooses: its letter at the start, or one option's words and nothing else; else None.

    Stricter than Q-Bench's rule, which takes any text that contains the right letter anywhere.
    """
    said = text.strip()
    same = [i for i, option in enumerate(options) if _plain(option) == _plain(said)]
    if len(same) == 1:
        return same[0]
    found = _LETTER.fullmatch(said)
    if not found or found.group(1).upper() not in "ABCDEFGH"[: len(options)]:
        return None
    chosen, rest = "ABCDEFGH".index(found.group(1).upper()), _plain(found.group(2))
    others = [option for i, option in enumerate(options) if i != chosen]
    contradicts = rest in {_plain(option) for option in others}
    return None if contradicts else chosen


def read_score(text: str) -> float | None:
    """A score in 0..100 from a text that is one number, with or without "Score:" or "/ 100"; else None."""
    found = _NUMBER.fullmatch(text)
    return float(found.group(1)) if found and 0 <= float(found.group(1)) <= 100 else None


def read_winner(text: str) -> str | None:
    """ "A" or "B", if a text is that letter or names just one of "Image A" and "Image B"; else None."""
    alone = re.fullmatch(r"\W*([AB])\W*", text)
    named = {letter.upper() for letter in ([alone.group(1)] if alone else _WINNER.findall(text))}
    return named.pop() if len(named) == 1 else None


def read_yes_no(text: str) -> bool | None:
    """True for a text that begins with "yes", False for "no"; else None."""
    found = re.match(r"\W*(yes|no)\b", text, re.I)
    return found.group(1).lower() == "yes" if found else None


def read_names(text: str) -> tuple[str, ...] | None:
    """The categories that a text names, in its order, each once; () for one that denies them, or begins with "None".

    None if it does neither.
    """
    line = " ".join(re.findall(r"[a-z]+|[.,;:!?]", text.lower()))
    found = {
        match.start(): category.value
        for category, mark in _MARKS.items()
        for match in re.finditer(rf"\b(?:{mark})", line)
    }
    if not found:
        return () if _NO_NAME.match(text) else None
    said = [at for at in sorted(found) if not _DENIED.search(line[:at])]
    return tuple(dict.fromkeys(found[at] for at in said))


def read_tags(text: str) -> tuple[Tag, ...]:
    """The named boxes of a description, in shares of the picture: "[the sky](x0, y0, x1, y1)" with shares, or with two
    whole numbers, the cells of Grounding-IQA's grid. What is neither is left out.
    """
    tags = []
    for name, numbers in _TAG.findall(text):
        try:
            tags.append(Tag(name=name.strip(), box=_box([part.strip() for part in numbers.split(",")])))
        except ValueError:
            continue
    return tuple(tags)


def _box(numbers: list[str]) -> Box:
    if len(numbers) == 2:
        return grid_decode((int(numbers[0]), int(numbers[1])), width=1, height=1)
    return Box.from_normalized([float(number) for number in numbers], width=1, height=1)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()
