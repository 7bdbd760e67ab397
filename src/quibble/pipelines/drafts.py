"""Find, for a record's number, a photograph and a plan that fit each other and the record's task."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from quibble.distort import combine_opinions, opinion
from quibble.pipelines.damage import Damaged, Part, Reject, damage
from quibble.pipelines.photos import Photo, Photos, split_of
from quibble.pipelines.plans import Dice, Plan, Task, draw_plan
from quibble.pipelines.regions import Piece
from quibble.pipelines.settings import Settings
from quibble.pipelines.visibility import source_facts
from quibble.taxonomy import Level
from quibble.text.grammar import Noun, Wording, Writer
from quibble.text.places import names
from quibble.text.scene import Scene, Seen

#: How many photographs are tried for a record, and how many plans on each.
_PHOTOS: Final = 12
_PLANS: Final = 6
#: Records in a row that start from the same photograph, where there are enough records: it is then segmented once.
_RUN: Final = 8
#: The word for a severity and the verdict that people's opinion gives may differ by so many levels; beyond, no verdict.
_VERDICT_GAP: Final = 1


class _Purpose(IntEnum):
    """What random numbers are for: a part of their seed. Numpy takes a zero at a key's end for nothing at all."""

    TASK = 1
    ORDER = 2
    PHOTO = 3
    PLAN = 4


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A record's picture and what is to be said of it. subject: what the question names; None if it names none."""

    index: int
    plan: Plan
    photo: Photo
    split: str
    damaged: Damaged
    scene: Scene
    writer: Writer
    subject: Noun | None


def find_draft(index: int, photos: Photos, settings: Settings, reject: Reject) -> Draft | None:
    """The draft of a record, or None if a dozen photographs had none. What failed is rejected with its reason."""
    task = _task(index, settings)
    for attempt in range(_PHOTOS):
        photo = photos.get(_photo_name(index, attempt, photos, settings))
        if isinstance(photo, str):
            reject(photo)
            continue
        split = split_of(photo.sha256, val=settings.val, test=settings.test)
        wording = Wording.ALL
        if settings.hold_out:
            wording = Wording.HELD_OUT if split == "test" else Wording.TRAINING
        for number in range(_PLANS):
            rng = _rng(settings, _Purpose.PLAN, index, attempt, number)
            dice = Dice(rng=rng, continuous=settings.continuous)
            plan = draw_plan(task, dice, clean=settings.clean)
            if plan is None:
                reject("no levels with a clear margin")
                continue
            damaged = damage(photo, plan, dice, reject)
            if damaged is None:
                continue
            writer = Writer(rng, wording)
            told = _scene(plan, photo, damaged, writer)
            if isinstance(told, str):
                reject(told)
                continue
            scene, subject = told
            return Draft(
                index=index,
                plan=plan,
                photo=photo,
                split=split,
                damaged=damaged,
                scene=scene,
                writer=writer,
                subject=subject,
            )
    return None


def _rng(settings: Settings, purpose: _Purpose, *key: int) -> np.random.Generator:
    return np.random.default_rng([settings.seed, purpose, *key])


def _task(index: int, settings: Settings) -> Task:
    tasks = sorted(settings.mix)
    weights = np.array([settings.mix[task] for task in tasks])
    place = _rng(settings, _Purpose.TASK, index).choice(len(tasks), p=weights / weights.sum())
    return tasks[int(place)]


def _photo_name(index: int, attempt: int, photos: Photos, settings: Settings) -> str:
    """Each photograph once a round, in a new order each round; a record that finds no draft there goes elsewhere."""
    count = len(photos.names)
    if attempt:
        return photos.names[int(_rng(settings, _Purpose.PHOTO, index, attempt).integers(count))]
    run = min(_RUN, max(1, settings.records // count))
    round_number, place = divmod(index // run, count)
    return photos.names[int(_rng(settings, _Purpose.ORDER, round_number).permutation(count)[place])]


def _scene(plan: Plan, photo: Photo, damaged: Damaged, writer: Writer) -> tuple[Scene, Noun | None] | str:
    """What can be seen in a damaged picture and what its question names, or why it does not suit its task."""
    height, width = photo.image.shape[:2]
    if plan.task is Task.SID_G:
        shifts = [part.shift for part in damaged.parts]
        if shifts[0] != (max(shifts) if plan.variant == "most" else min(shifts)):
            return "the distortion shows less where it is stronger"
    seen = [_seen(part) for part in damaged.parts]
    spared = list(damaged.spared)
    names_one = plan.task in (Task.LOCAL, Task.REFER_SHORT, Task.REFER_LONG)
    if plan.task is Task.LOCAL and plan.target is None:
        seen.append(_seen_clean(photo, spared.pop(0)))
    if plan.task is Task.GLOBAL and not seen:
        seen.append(_seen_clean(photo, None))
    subject = None
    if names_one:
        target = plan.target if plan.target is not None else -1
        regions = [view.region for view in seen if view.region is not None]
        others = [piece.region for piece in (*spared, *photo.rest)]
        subject = names(writer, regions, others, width=width, height=height)[target]
        if subject is None:
            return "region cannot be named without doubt"
    scene = Scene(width=width, height=height, regions=tuple(seen), quality=_verdict(damaged.parts))
    return scene, subject


def _seen(part: Part) -> Seen:
    whole = bool(part.piece.array.all())
    return Seen(region=None if whole else part.piece.region, defects=part.defects, quality=_verdict([part], alone=True))


def _seen_clean(photo: Photo, piece: Piece | None) -> Seen:
    """A piece without distortions, or the whole picture."""
    facts = source_facts(photo.patch(piece or photo.whole), local=piece is not None)
    return Seen(region=piece.region if piece else None, defects=(), quality=Level.EXCELLENT, facts=facts)


def opinion_of_parts(parts: Iterable[Part], *, alone: bool = False) -> float:
    """How good people would find the picture, 0..100; with `alone`, if there were only these parts."""
    parts = list(parts)
    scores = [combine_opinions([opinion(d.distortion, d.level) for d in part.degradations]) for part in parts]
    shares = [1.0 if alone else float(part.piece.array.mean()) for part in parts]
    return combine_opinions(scores, shares)


def _verdict(parts: Iterable[Part], *, alone: bool = False) -> Level | None:
    """The quality level that opinion gives, at most good if there is any distortion.

    None where one part is all there is and the words for its severity would contradict the opinion: "slight motion
    blur", which people mind, beside "poor quality".
    """
    parts = list(parts)
    if not parts:
        return Level.EXCELLENT
    ladder = list(Level)
    place = max(1, ladder.index(Level.of(opinion_of_parts(parts, alone=alone))))
    if alone or parts[0].piece.array.all():
        worst = max(defect.severity for part in parts for defect in part.defects)
        if abs(place - min(worst, 4)) > _VERDICT_GAP:
            return None
    return ladder[place]
