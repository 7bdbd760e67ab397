"""Lay a plan's distortions on regions of a photograph where every one of them can be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.degradation import Degradation
from quibble.distort import draw, regional
from quibble.distort.engine import apply_in
from quibble.distort.pixels import Frame
from quibble.distort.regional import looked_at
from quibble.pipelines.photos import Photo
from quibble.pipelines.plans import Dice, Plan, Steps
from quibble.pipelines.regions import Piece
from quibble.pipelines.visibility import Patch, change, hidden, may_show, outcome_facts, source_facts
from quibble.text.scene import Defect

Bytes = NDArray[np.uint8]
Reject = Callable[[str], None]

#: On how many regions the distortions of one are tried, and how often they are drawn again, before a plan is given up.
_TRIES: Final = 3
_REDRAWS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Part:
    """A region with distortions that can be seen. shift: mean change of its cells by the last of them, 0..255."""

    piece: Piece
    defects: tuple[Defect, ...]
    shift: float

    @property
    def degradations(self) -> tuple[Degradation, ...]:
        return tuple(defect.degradation for defect in self.defects)


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """A picture, its parts with distortions in the plan's order, and the pieces of the photograph left as they were."""

    image: Bytes
    parts: tuple[Part, ...]
    spared: tuple[Piece, ...]


def damage(photo: Photo, plan: Plan, dice: Dice, reject: Reject) -> Damaged | None:
    """The photograph with a plan's distortions, each set on a region of its own, or None with the reasons rejected.

    A set that cannot be seen on one region is tried on others, in random order, and then, unless the plan is fixed,
    drawn again.
    """
    pieces = [photo.whole] if plan.variant == "whole" else list(photo.pieces)
    if len(pieces) < len(plan.damage) + (plan.target is None and plan.variant == "clean"):
        reject("too few regions")
        return None
    order = [pieces[index] for index in dice.rng.permutation(len(pieces)).tolist()]
    parts: list[Part] = []
    for steps in plan.damage:
        part = _place(photo, steps, order, dice.rng, reject)
        for _ in range(0 if plan.fixed else _REDRAWS):
            if part is not None:
                break
            steps = dice.again(steps)
            part = _place(photo, steps, order, dice.rng, reject)
        if part is None:
            return None
        order = [piece for piece in order if piece is not part.piece]
        parts.append(part)
    done = regional(photo.image, [part.piece.mask for part in parts], [part.degradations for part in parts])
    return Damaged(image=done.image, parts=tuple(parts), spared=tuple(order))


def _place(photo: Photo, steps: Steps, pieces: list[Piece], rng: np.random.Generator, reject: Reject) -> Part | None:
    """The first of some pieces on which all steps can be seen."""
    categories = {step.distortion.category for step in steps}
    suited = [piece for piece in pieces if all(may_show(photo.patch(piece), category) for category in categories)]
    if not suited:
        reject(f"no region suited to {' and '.join(sorted(categories))}")
    for piece in suited[:_TRIES]:
        part = _try(photo, piece, tuple(draw(step.distortion, step.level, rng) for step in steps))
        if isinstance(part, Part):
            return part
        reject(part)
    return None


def _try(photo: Photo, piece: Piece, drawn: tuple[Degradation, ...]) -> Part | str:
    """One or two distortions on a piece, or why one of them cannot be seen there.

    Of two, each is held against the picture without it: the second as it was added, the first as it is left.
    """
    crop = _Crop.around(photo.image, piece, drawn)
    before = photo.patch(piece)
    first, *more = drawn
    one = apply_in(crop.pixels, first, crop.frame)
    previous, after = before, crop.patch(one)
    reason = hidden(before, after, first.category)
    for second in more:
        if reason:
            break
        previous, after = after, crop.patch(apply_in(one, second, crop.frame))
        reason = hidden(previous, after, second.category)
        if not reason:
            without_first = crop.patch(apply_in(crop.pixels, second, crop.frame))
            reason = hidden(without_first, after, first.category, beneath=True)
    if reason:
        return reason
    facts = source_facts(before, local=not piece.array.all()) | outcome_facts(before, after)
    defects = tuple(Defect(degradation=degradation, facts=facts) for degradation in drawn)
    return Part(piece=piece, defects=defects, shift=float(change(previous, after).mean()))


@dataclass(frozen=True, kw_only=True)
class _Crop:
    """What distortions of a piece look at, as quibble.distort.regional cuts it out: one frame for all versions, so
    that noise is the same field in each."""

    pixels: Bytes
    frame: Frame
    inner: tuple[slice, slice]
    inside: NDArray[np.bool_]

    @classmethod
    def around(cls, image: Bytes, piece: Piece, drawn: tuple[Degradation, ...]) -> _Crop:
        height, width = image.shape[:2]
        y, x = looked_at(piece.window, drawn, (height, width))
        mask = np.ascontiguousarray(piece.array[y, x]).view(np.uint8)
        return cls(
            pixels=np.ascontiguousarray(image[y, x]),
            frame=Frame(x=x.start, y=y.start, width=width, height=height, mask=mask),
            inner=(_shifted(piece.window[0], -y.start), _shifted(piece.window[1], -x.start)),
            inside=piece.array[piece.window],
        )

    def patch(self, pixels: Bytes) -> Patch:
        """The piece's bounding box of a version of these pixels."""
        return Patch(pixels[self.inner], self.inside)


def _shifted(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)
