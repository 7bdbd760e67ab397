"""Where a region is, in words, and what to call it so that no other region of the picture is meant.

Every phrase for a place holds "left" or "right" and "top" or "bottom" as IQA-Octopus eq. 1 gives them from the
middle of the region's box. Near the middle of the picture, or where a region runs from edge to edge, that alone
would mislead, so the phrase says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from quibble.geometry import Box, Region, position_terms
from quibble.text.grammar import Noun, Template, Writer, enumerate_words, pool

#: A box whose middle is nearer than this to the picture's middle, as a share of its size, is at the middle.
MIDDLE: Final = 0.1
#: Nearer than this, neither side of the middle is named.
DEAD_CENTER: Final = 0.015
#: A box that takes up this share of the width or the height runs from edge to edge.
SPAN: Final = 0.85
#: A neighbour this much smaller is not meant by "the top left region".
RIVAL_SHARE: Final = 0.5

_CORNER: Final = pool(
    "place.corner",
    "[in|at] the {y} {x}",
    "in the {y} {x} part of the [picture|image|frame]",
    "[on|to] the {x}, toward the {y}",
    "toward the {y} {x}",
    "[in|within] the {y} {x} area",
    "at the {y}, on the {x} side",
)
_ABOVE: Final = pool(
    "place.above",
    "at the {y}, [slightly|a little] to the {x} of the middle",
    "in the {y} part, just {x} of center",
    "toward the {y}, a touch to the {x}",
    "near the {y} of the [picture|image], slightly {x} of the middle",
    "at the {y} of the frame, a bit to the {x}",
    "in the {y} half, a little {x} of center",
)
_BESIDE: Final = pool(
    "place.beside",
    "on the {x}, [slightly|a little] toward the {y}",
    "[on|at] the {x} side, a touch nearer to the {y}",
    "toward the {x}, about halfway up but nearer to the {y}",
    "in the {x} part, slightly toward the {y}",
    "to the {x}, a little toward the {y}",
    "in the {x} half, just off the middle toward the {y}",
)
_CENTER: Final = pool(
    "place.center",
    "near the center, slightly to the {y} {x}",
    "close to the middle, a little toward the {y} {x}",
    "[around|about] the center of the picture, a touch to the {y} {x}",
    "in the middle, [leaning|tending] to the {y} {x}",
    "not far from the center, toward the {y} {x}",
    "in the central part, slightly {y} {x}",
)
_ACROSS: Final = pool(
    "place.across",
    "{there}, from left to right",
    "over the full width from left to right, {there}",
    "from the left edge to the right one, {there}",
    "{there}, spanning left to right",
    "{there}, all the way from left to right",
    "from left to right, {there}",
)
_DOWN: Final = pool(
    "place.down",
    "{there}, from top to bottom",
    "over the full height from top to bottom, {there}",
    "{there}, running from top to bottom",
    "{there}, spanning top to bottom",
    "{there}, all the way from top to bottom",
    "from top to bottom, {there}",
)
_EVERYWHERE: Final = pool(
    "place.everywhere",
    "over nearly the whole picture, from left to right and top to bottom",
    "from left to right and from top to bottom, almost everywhere",
    "almost all over the image, left to right, top to bottom",
    "in most parts of the frame, from left to right and from top to bottom",
    "all across the picture, reaching left and right, top and bottom",
    "nearly everywhere between left and right, top and bottom",
)

_SHARES: Final = {
    1 / 30: "a thirtieth",
    1 / 20: "a twentieth",
    1 / 15: "a fifteenth",
    1 / 12: "a twelfth",
    1 / 10: "a tenth",
    1 / 8: "an eighth",
    1 / 6: "a sixth",
    1 / 5: "a fifth",
    1 / 4: "a quarter",
    1 / 3: "a third",
    2 / 5: "two fifths",
    1 / 2: "half",
    3 / 5: "three fifths",
    2 / 3: "two thirds",
    3 / 4: "three quarters",
    9 / 10: "nine tenths",
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A region and the picture that it lies in."""

    region: Region
    width: int
    height: int

    @cached_property
    def box(self) -> Box:
        return self.region.bounds

    @property
    def share(self) -> float:
        """Share of the picture, 0..1."""
        return self.region.to_mask(width=self.width, height=self.height).share

    @property
    def wide(self) -> bool:
        return self.box.width >= SPAN * self.width

    @property
    def tall(self) -> bool:
        return self.box.height >= SPAN * self.height

    @property
    def offset(self) -> tuple[float, float]:
        """Of the box's middle from the picture's, as shares of its size, -0.5..0.5."""
        center = self.box.center
        return center.x / self.width - 0.5, center.y / self.height - 0.5

    @property
    def cell(self) -> tuple[str, str]:
        """("top" | "middle" | "bottom", "left" | "middle" | "right") of the box's middle."""
        dx, dy = self.offset
        x, y = position_terms(self.box, width=self.width, height=self.height)
        return "middle" if abs(dy) < MIDDLE or self.tall else y, "middle" if abs(dx) < MIDDLE or self.wide else x

    @cached_property
    def edges(self) -> tuple[str, ...]:
        """The edges of the picture that the region touches."""
        mask = self.region.to_mask(width=self.width, height=self.height).to_array()
        sides = {"left": mask[:, 0], "right": mask[:, -1], "top": mask[0], "bottom": mask[-1]}
        return tuple(name for name, side in sides.items() if bool(np.any(side)))


def where(writer: Writer, place: Place) -> str:
    """A phrase for a place, such as "at the top left", that can stand behind a verb."""
    dx, dy = place.offset
    x, y = position_terms(place.box, width=place.width, height=place.height)
    if place.wide and place.tall:
        return writer.write(_EVERYWHERE)
    if place.wide:
        return writer.write(_ACROSS, there=_along(dy, f"at the {y}", f"nearer to the {y}", "between top and bottom"))
    if place.tall:
        return writer.write(_DOWN, there=_along(dx, f"on the {x} side", f"nearer to the {x}", "between left and right"))
    if abs(dx) >= MIDDLE and abs(dy) >= MIDDLE:
        return writer.write(_CORNER, x=x, y=y)
    if abs(dy) >= MIDDLE:
        return writer.write(_ABOVE, x=x, y=y) if abs(dx) >= DEAD_CENTER else f"at the {y}, between left and right"
    if abs(dx) >= MIDDLE:
        return writer.write(_BESIDE, x=x, y=y) if abs(dy) >= DEAD_CENTER else f"on the {x}, between top and bottom"
    if abs(dx) >= DEAD_CENTER and abs(dy) >= DEAD_CENTER:
        return writer.write(_CENTER, x=x, y=y)
    return "in the very center, between left and right, top and bottom"


def _along(offset: float, side: str, nearer: str, between: str) -> str:
    """Where a region lies that runs from edge to edge in the other direction."""
    if abs(offset) >= MIDDLE:
        return side
    return f"in the middle, {nearer}" if abs(offset) >= DEAD_CENTER else f"in the middle {between}"


def names(
    writer: Writer, regions: Iterable[Region], others: Iterable[Region], *, width: int, height: int
) -> list[Noun | None]:
    """What to call each of `regions`, or None for one that cannot be told from the rest by its label or its place.

    Labels are used where the data gives them; a region without one is named by its place only. `others` are
    regions that are in the picture and not spoken of.
    """
    mine = [Place(region=region, width=width, height=height) for region in regions]
    rest = [Place(region=region, width=width, height=height) for region in others]
    return [_name(writer, place, [p for p in mine if p is not place], rest) for place in mine]


def _name(writer: Writer, place: Place, spoken_of: list[Place], rest: list[Place]) -> Noun | None:
    label = place.region.label
    if label is None and place.wide and place.tall:
        return None
    rivals = [p for p in spoken_of + rest if p.region.label == label]
    if label is not None and not rivals:
        return labelled(label)
    if any(_confusable(place, rival, seen=rival in spoken_of) for rival in rivals):
        return None
    return _positional(writer, place, labelled(label) if label is not None else None)


def _confusable(place: Place, rival: Place, *, seen: bool) -> bool:
    """Whether words for a place could mean another region of the same name too; small ones only if they are `seen`."""
    if not seen and rival.share < RIVAL_SHARE * place.share:
        return False
    center, box = place.box.center, rival.box
    around = box.x0 <= center.x <= box.x1 and box.y0 <= center.y <= box.y1
    # An unlabelled region is named as a region somewhere, and that does not mean what lies around it.
    return rival.cell == place.cell or (around and place.region.label is not None)


def _positional(writer: Writer, place: Place, noun: Noun | None) -> Noun:
    """ "the top left region", "the dog on the left"."""
    y, x = place.cell
    if noun is not None:
        return Noun(f"{noun} {_CELL_PHRASES[y, x]}", noun.plural)
    if place.wide and y == "middle":
        return Noun(writer.one_of("the [area|band|strip] across the middle|the middle [band|strip] of the picture"))
    if place.wide:
        return Noun(writer.one_of(f"the [area|band|strip] along the {y}|the {y} [part|section] of the picture"))
    kind = writer.one_of("region|area|part")
    if place.tall and x == "middle":
        return Noun(writer.one_of(f"the {kind} running down the middle|the upright middle {kind}"))
    if place.tall:
        return Noun(writer.one_of(f"the {kind} along the {x} side|the {kind} running down the {x} side"))
    if (y, x) == ("middle", "middle"):
        return Noun(writer.one_of(f"the central {kind}|the {kind} in the [center|middle]"))
    if y == "middle":
        return Noun(writer.one_of(f"the {kind} on the {x}|the {x}-hand {kind}|the {kind} on the {x} side"))
    if x == "middle":
        return Noun(writer.one_of(f"the {kind} at the {y} center|the {y} center {kind}"))
    high = "upper" if y == "top" else "lower"
    return Noun(writer.one_of(f"the [{y}|{high}] {x} {kind}|the {kind} at the {y} {x}"))


_CELL_PHRASES: Final = {
    ("top", "left"): "at the top left",
    ("top", "middle"): "at the top center",
    ("top", "right"): "at the top right",
    ("middle", "left"): "on the left",
    ("middle", "middle"): "in the middle",
    ("middle", "right"): "on the right",
    ("bottom", "left"): "at the bottom left",
    ("bottom", "middle"): "at the bottom center",
    ("bottom", "right"): "at the bottom right",
}


def stand_in(writer: Writer, place: Place) -> Noun:
    """What a sentence that says where something is may call it: its label, or else its size, shape and edges."""
    return labelled(place.region.label) if place.region.label is not None else look(writer, place)


def look(writer: Writer, place: Place) -> Noun:
    """What stands in for a label: size, shape and edges of a region, such as "a large area reaching the left edge"."""
    size = "small|compact" if place.share < 0.06 else "large|sizable" if place.share >= 0.2 else "|mid-sized"
    ratio = place.box.width / place.box.height
    shape = "wide|broad" if ratio > 2 else "tall|narrow" if ratio < 0.5 else ""
    adjectives = " ".join(writer.one_of(words) for words in (size, shape) if words).split()
    body = f"{', '.join(adjectives)} {writer.one_of('region|area|patch|part')}"
    share = f"[covering|taking up|filling] [about|roughly] {share_words(place.share)} of the [picture|image|frame]"
    edges = _touching(place.edges)
    tail = writer.one_of(f"{share}|{edges}|{share} and {edges}" if edges else share)
    return Noun(f"a {body} {tail}")


def _touching(edges: tuple[str, ...]) -> str:
    if not edges:
        return ""
    if len(edges) == 4:
        return "reaching all four edges"
    return f"[touching|reaching] the {enumerate_words(edges)} {'edge' if len(edges) == 1 else 'edges'}"


def share_words(share: float) -> str:
    """The nearest plain fraction by ratio, such as "a fifth"."""
    nearest = min(_SHARES, key=lambda known: abs(math.log(known / max(share, 1e-6))))
    return _SHARES[nearest]


#: Words that end in s and are not plural.
_SINGULAR_IN_S: Final = frozenset({"canvas", "christmas", "gas", "lens", "series"})
#: COCO's names for stuff that read badly as they stand.
_COCO_STUFF: Final = {
    "window-blind": "window blind",
    "playingfield": "playing field",
    "tree-merged": "tree area",
    "food-other-merged": "food",
}


def labelled(label: str) -> Noun:
    """A data set's label as a noun with "the": "tree-merged" -> "the tree area", "wall-brick" -> "the brick wall"."""
    words = _COCO_STUFF.get(label)
    if words is None:
        parts = [part for part in label.replace("_", " ").split("-") if part not in ("merged", "other", "stuff")]
        words = " ".join(reversed(parts)).strip() or label
    last = words.split()[-1].lower()
    ends_in_s = last.endswith("s") and not last.endswith(("ss", "us", "is")) and last not in _SINGULAR_IN_S
    return Noun(f"the {words}", plural=ends_in_s or last == "people")


#: All pools of this module, for checks.
PLACES: Final[tuple[Template, ...]] = _CORNER + _ABOVE + _BESIDE + _CENTER + _ACROSS + _DOWN + _EVERYWHERE
