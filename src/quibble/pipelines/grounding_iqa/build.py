"""Build data in the manner of Grounding-IQA: descriptions of quality with boxes, and questions on local quality.

Of each description: its objects, by a language model (stage 1); their boxes, by a detector (stage 2); of several boxes
of one object those whose patches are as described, and these merged (stage 3); grid codes put behind the words
(stage 4). From the result the language model makes questions, which keep the boxes of what they name. In each shard as
many questions are answered with yes as with no, and as many are open. Source: Grounding-IQA, section 3.2.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from quibble.data import Maker, Record, RegionEntry, Turn
from quibble.data.fields import JSON
from quibble.errors import ReplyError
from quibble.experts.detector import Detector
from quibble.experts.language_model import LanguageModel, Request, answer_all
from quibble.geometry import Box
from quibble.pipelines.described import Described, describe, rejected, seed_of, usable, whos
from quibble.pipelines.grounding_iqa.boxes import Found, Tag, crop, merge
from quibble.pipelines.grounding_iqa.fusion import fuse
from quibble.pipelines.grounding_iqa.prompts import patch_request, questions_request, read_tags, tags_request
from quibble.pipelines.grounding_iqa.questions import Question, balance, read_question
from quibble.pipelines.grounding_iqa.settings import Settings
from quibble.pipelines.grounding_iqa.tags import sift
from quibble.pipelines.grounding_iqa.wording import ASK
from quibble.pipelines.instruct.told import TASKS, Told, fingerprint, gather
from quibble.pipelines.octopus import encode
from quibble.pipelines.shards import Built, Gallery, Item, Progress, Rejected, build_shards
from quibble.text.grammar import Wording, Writer

DESCRIPTION: Final = "giqa_description"
QUESTION: Final = "giqa_question"


@dataclass(kw_only=True)
class _Unit:
    """A description on its way: its objects, and who made what of it."""

    item: Described
    tags: list[Tag] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    makers: list[Maker] = field(default_factory=list)


def build(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    model: LanguageModel,
    detector: Detector,
    settings: Settings | None = None,
    *,
    inspector: LanguageModel | None = None,
    tasks: Sequence[str] = TASKS,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Built:
    """Build a data set from descriptions, or go on with one that was stopped.

    source: a data set's folder whose records of `tasks` hold a description each, or a folder of photographs, on which
    the language model writes some first. inspector: who is asked whether a patch is as described; by default the
    language model. Raises ArgumentError if there is nothing to build from or `out` holds anything but a build of the
    same, BudgetError or EndpointError if a language model cannot go on; what is done is kept.
    """
    settings = settings or Settings()
    told = gather(Path(source), tasks=tasks, rounds=settings.rounds)[: settings.limit]
    judge = inspector or model
    wanted = {
        "builder": "grounding-iqa",
        "source": fingerprint(told),
        "model": model.name,
        "inspector": judge.name,
        "detector": detector.name,
        "settings": settings.to_dict(),
    }

    def make(numbers: range, gallery: Gallery) -> Iterator[Item]:
        named = [(f"giqa-{number:06d}", told[number]) for number in numbers]
        yield from _make(named, gallery, model, judge, detector, settings)

    return build_shards(out, make, wanted=wanted, units=len(told), shard=settings.shard, progress=progress)


def _make(
    told: Sequence[tuple[str, Told]],
    gallery: Gallery,
    model: LanguageModel,
    judge: LanguageModel,
    detector: Detector,
    settings: Settings,
) -> Iterator[Item]:
    units = []
    for item in describe(told, gallery, model, settings):
        if not isinstance(item, Described):
            yield item
        elif "[" in item.text:
            yield Rejected(id=item.id, reason="a description with brackets", detail=item.text[:80], makers=item.makers)
        else:
            units.append(_Unit(item=item, makers=list(item.makers)))
    yield from _tag(units, model)
    yield from _detect(units, detector)
    yield from _inspect(units, judge)
    for unit in units:
        unit.found = [replace(found, boxes=_merged(found, unit.item, settings)) for found in unit.found if found.boxes]
    whole = [unit for unit in units if unit.found]
    yield from (_description(unit, settings) for unit in whole)
    yield from _ask(whole, model, settings)


def _tag(units: Sequence[_Unit], model: LanguageModel) -> Iterator[Rejected | Maker]:
    """Stage 1: the objects of each description that count."""
    requests = (tags_request(unit.item.text, seed=unit.item.seed) for unit in units)
    for unit, reply in zip(units, answer_all(model, requests), strict=True):
        id = f"{unit.item.id}-tags"
        yield from whos(reply)
        try:
            made = usable(reply)
            tags = read_tags(made.data)
            if not tags:
                raise ReplyError("no objects", unit.item.text[:80])
        except ReplyError as error:
            yield rejected(id, "tags", error, reply)
            continue
        unit.makers.append(made.who)
        for number, tag in enumerate(sift(tags, unit.item.text)):
            if isinstance(tag, ReplyError):
                yield rejected(f"{id}-{number}", "tags", tag, reply)
            else:
                unit.tags.append(tag)


def _detect(units: Sequence[_Unit], detector: Detector) -> Iterator[Rejected]:
    """Stage 2: where each object is."""
    who = Maker(part="grounding_iqa.boxes", model=detector.name)
    for unit in units:
        if not unit.tags:
            continue
        rgb = unit.item.load()
        unit.makers.append(who)
        for number, tag in enumerate(unit.tags):
            boxes = tuple(detection.box for detection in detector.find(rgb, tag.phrase))
            if boxes:
                unit.found.append(Found(tag=tag, raw=boxes, boxes=boxes))
            else:
                id = f"{unit.item.id}-boxes-{number}"
                yield Rejected(id=id, reason="boxes: nothing found", detail=tag.phrase, makers=(who,))


def _inspect(units: Sequence[_Unit], judge: LanguageModel) -> Iterator[Rejected | Maker]:
    """Stage 3, the IQA filter: of an object with several boxes, those stay whose patch is as it was described."""
    asked = [
        (unit, index, box)
        for unit in units
        for index, found in enumerate(unit.found)
        if len(found.raw) > 1
        for box in range(len(found.raw))
    ]

    def requests() -> Iterator[Request]:
        for unit, index, box in asked:
            found, item = unit.found[index], unit.item
            patch = encode(crop(item.load(), found.raw[box]))
            yield patch_request(patch, found.tag.quality, seed=seed_of(item.seed, found.tag.phrase, box))

    for (unit, index, box), reply in zip(asked, answer_all(judge, requests()), strict=True):
        found = unit.found[index]
        yield from whos(reply)
        try:
            made = usable(reply)
            if made.data["answer"] == "no":
                raise ReplyError("not of this quality", f"box {box} of {found.tag.phrase}: {found.tag.quality}")
            unit.makers.append(made.who)
        except ReplyError as error:
            unit.found[index] = replace(found, boxes=tuple(b for b in found.boxes if b is not found.raw[box]))
            yield rejected(f"{unit.item.id}-patch-{index}-{box}", "patch", error, reply)


def _merged(found: Found, item: Described, settings: Settings) -> tuple[Box, ...]:
    """Stage 3, Box-Merge."""
    size = {"width": item.image.width, "height": item.image.height}
    return merge(found.boxes, **size, area=settings.area, overlap=settings.overlap)


def _description(unit: _Unit, settings: Settings) -> Record:
    """Stage 4: the description with grid codes."""
    item = unit.item
    fused = fuse(item.text, unit.found, width=item.image.width, height=item.image.height)
    writer = _writer(item)
    raw: list[JSON] = [
        {"phrase": found.tag.phrase, "quality": found.tag.quality, "effect": found.tag.effect,
         "boxes": [[round(c, 2) for c in box.to_list()] for box in found.raw]}
        for found in unit.found
    ]  # fmt: skip
    question = writer.write(ASK)
    extra: dict[str, JSON] = {"objects": raw, "wordings": list(writer.used)}
    return _record(unit, "description", DESCRIPTION, (question, fused.text), fused.placed, unit.makers, settings, extra)


def _ask(units: Sequence[_Unit], model: LanguageModel, settings: Settings) -> Iterator[Item]:
    """Questions on the objects that have boxes, balanced over the units."""
    if not settings.questions:
        return
    requests = (
        questions_request(unit.item.text, [f.tag for f in unit.found], count=settings.questions, seed=unit.item.seed)
        for unit in units
    )
    kept: list[tuple[tuple[_Unit, Maker], Question]] = []
    for unit, reply in zip(units, answer_all(model, requests), strict=True):
        id, item = f"{unit.item.id}-question", unit.item
        yield from whos(reply)
        try:
            made = usable(reply)
        except ReplyError as error:
            yield rejected(id, "questions", error, reply)
            continue
        seen: set[str] = set()
        for number, row in enumerate(made.data["questions"]):
            try:
                question = read_question(row, unit.found, width=item.image.width, height=item.image.height)
                if question.question in seen:
                    raise ReplyError("asked twice", question.question)
            except ReplyError as error:
                yield rejected(f"{id}-{number}", "questions", error, reply)
                continue
            seen.add(question.question)
            kept.append(((unit, made.who), question))
    counts: dict[str, int] = {}
    for (unit, who), question in balance(kept, seed=settings.seed):
        number = counts[unit.item.id] = counts.get(unit.item.id, -1) + 1
        extra: dict[str, JSON] = {
            "kind": question.kind,
            "key": question.key,
            "side": "referring" if question.referring else "grounding",
        }
        texts = question.question, question.answer
        makers = [*unit.makers, who]
        yield _record(unit, f"question-{number}", QUESTION, texts, question.objects, makers, settings, extra)


def _record(
    unit: _Unit,
    name: str,
    task: str,
    texts: tuple[str, str],
    objects: Sequence[int],
    makers: Sequence[Maker],
    settings: Settings,
    extra: Mapping[str, JSON],
) -> Record:
    """A question and an answer with the boxes of the objects in them, in their order."""
    item = unit.item
    regions = [
        RegionEntry(image=0, box=box, label=unit.found[index].tag.phrase)
        for index in objects
        for box in unit.found[index].boxes
    ]
    return Record(
        id=f"{item.id}-{name}",
        task=task,
        images=(item.image,),
        turns=(Turn(question=texts[0], answer=texts[1], regions=tuple(range(len(regions)))),),
        regions=tuple(regions),
        score=item.told.score,
        source=item.told.source,
        split=item.split,
        licence=item.told.licence,
        seed=settings.seed,
        makers=tuple(makers),
        extra=extra,
    )


def _writer(item: Described) -> Writer:
    wording = Wording.HELD_OUT if item.split == "test" else Wording.TRAINING
    return Writer(np.random.default_rng([item.seed, len(item.text)]), wording)
