"""How records are put before a large language model as text: pictures, questions and answers, boxes, mask tokens.

What differs between the papers are values here: how pictures are told apart, how boxes are written, what stands around
a question. `<image>` in a text is a picture's place; a text without any gets them before its first question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from quibble.errors import ArgumentError
from quibble.geometry import Box, grid_decode, grid_encode

#: The places of pictures and boxes in a record's texts.
PICTURE: Final = "<image>"
BOX: Final = "<bbox>"

#: Token number n of a group that stands for a mask.
MASK_TOKEN: Final = "<seg{}>"

TAGS: Final = ("none", "named", "distinct", "unified")
BOXES: Final = ("grid", "normalised")

#: What a picture is called in text and in DepictQA's tags, by its role in a record.
_NAMES: Final = {
    "single": ("Image", "Img"),
    "reference": ("Reference", "Img-Reference"),
    "A": ("Image A", "Img-A"),
    "B": ("Image B", "Img-B"),
}
_PLACE: Final = re.compile(r"<bbox>|(?<=[\])])\((\d+),(\d+)\)")


@dataclass(frozen=True, kw_only=True)
class Template:
    """What stands around questions, answers and pictures. Defaults: Vicuna's turns, as in LLaVA-1.5.

    Raises ArgumentError for tags or boxes of another kind than these.
    """

    #: text before everything else
    system: str = ""
    before: str = "USER: "
    after: str = " ASSISTANT:"
    #: how pictures are told apart: "none" (their order), "named" ("Image A: ..."), DepictQA's "distinct" tags
    #: (<Img-A>...</Img-A>) or its "unified" one (<Img>...</Img>)
    tags: str = "none"
    #: how boxes are written: "grid" (cells of 20 x 20) or "normalised" (corners in 0..1). Source: Grounding-IQA
    boxes: str = "grid"

    def __post_init__(self) -> None:
        for name, value, known in (("tags", self.tags, TAGS), ("boxes", self.boxes, BOXES)):
            if value not in known:
                raise ArgumentError(f"{name} are one of {', '.join(known)}, found '{value}'")

    def picture(self, role: str, *, inline: bool) -> str:
        """What goes in the place of a picture, PICTURE in it. inline: it stands within a question, not before it."""
        name, tag = _NAMES[role]
        if self.tags in ("distinct", "unified"):
            tag = tag if self.tags == "distinct" else "Img"
            return f"<{tag}>{PICTURE}</{tag}>"
        end = "" if inline else "\n"
        return f"{name}: {PICTURE}{end}" if self.tags == "named" else f"{PICTURE}{end}"


class Rendered(NamedTuple):
    """A conversation as one text, and where its answers are in it, from the blank before each to its end."""

    text: str
    answers: tuple[tuple[int, int], ...]


def render(template: Template, roles: Sequence[str], turns: Sequence[tuple[str, str]], *, end: str) -> Rendered:
    """(question, answer) turns about pictures of these roles as text. end: what closes an answer.

    A last turn without an answer leaves the text open for it. Raises ArgumentError if the questions have places for
    another number of pictures.
    """
    placed = sum(question.count(PICTURE) for question, _ in turns)
    if placed not in (0, len(roles)):
        raise ArgumentError(f"the questions have {placed} places for pictures, and there are {len(roles)} pictures")
    pictures = iter(template.picture(role, inline=bool(placed)) for role in roles)
    text, answers = template.system, []
    for number, (question, answer) in enumerate(turns):
        if placed:
            question = re.sub(PICTURE, lambda _: next(pictures), question)
        elif number == 0:
            question = "".join(pictures) + question
        text += f"{template.before}{question}{template.after}"
        if answer:
            start = len(text)
            text += f" {answer}{end}"
            answers.append((start, len(text)))
    return Rendered(text, tuple(answers))


def write_box(box: Box, *, width: int, height: int, how: str) -> str:
    """A box as text: "(21,378)" or "(0.05,0.05,0.95,0.90)"."""
    if how == "grid":
        first, second = grid_encode(box, width=width, height=height)
        return f"({first},{second})"
    corners = (box.x0 / width, box.y0 / height, box.x1 / width, box.y1 / height)
    return "(" + ",".join(f"{corner:.2f}" for corner in corners) + ")"


def write_boxes(text: str, boxes: Sequence[str], *, how: str) -> str:
    """A record's text with its boxes written. boxes: those that it mentions, in order, as write_box writes them.

    Places are BOX or, as in "[the sky](0,139)(60,199)", grid codes that are there already: those stay for "grid", and
    become the boxes, or the corners that they stand for if there are not as many boxes, for "normalised".
    Raises ArgumentError if the text has another number of BOXes than there are boxes.
    """
    places = list(_PLACE.finditer(text))
    blanks = [place for place in places if place[0] == BOX]
    if blanks and len(blanks) != len(boxes):
        raise ArgumentError(f"the text has '{BOX}' {len(blanks)} times, and mentions {len(boxes)} regions")
    if not blanks and how == "grid":
        return text
    known = iter(boxes if len(boxes) == len(blanks or places) else ())

    def written(place: re.Match[str]) -> str:
        if blanks and place[0] != BOX:
            return place[0] if how == "grid" else _decoded(place)
        return next(known, None) or _decoded(place)

    return _PLACE.sub(written, text)


def _decoded(place: re.Match[str]) -> str:
    box = grid_decode((int(place[1]), int(place[2])), width=1, height=1)
    return write_box(box, width=1, height=1, how="normalised")


def mask_tokens(count: int) -> str:
    """A group of tokens that stands for one mask."""
    return "".join(MASK_TOKEN.format(number) for number in range(count))
