"""Build data in the manner of Q-Ground: pictures, texts on their quality, and masks of five distortions.

Two parts make one data set. People's part: masks and texts that several people gave on a picture; those that
contradict each other are rejected. The model's part, for pictures that no person annotated: the picture is cut into
segments, these are numbered on a copy, and a language model that sees both says which number has which distortion,
several times; where its runs differ too much, the picture is rejected. Source: Q-Ground, section 3.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from quibble.data import Maker, Record, RegionEntry, Turn
from quibble.data.fields import JSON
from quibble.errors import ReplyError
from quibble.experts.language_model import LanguageModel, Reply, Request, answer_all
from quibble.experts.segmenter import Segmenter
from quibble.pipelines.described import Described, describe, open_picture, rejected, seed_of, usable, whos
from quibble.pipelines.ground.agreement import Masks, agreement, consistency, judge
from quibble.pipelines.ground.marks import Mark, mark
from quibble.pipelines.ground.named import found_fault, mentioned
from quibble.pipelines.ground.people import Annotation, People, Seen, join
from quibble.pipelines.ground.prompts import label_request, read_labels
from quibble.pipelines.ground.settings import Settings
from quibble.pipelines.ground.wording import answer_one, ask_all, ask_one
from quibble.pipelines.instruct.told import TASKS, Told, fingerprint, gather
from quibble.pipelines.shards import Built, Gallery, Item, Progress, Rejected, build_shards
from quibble.taxonomy import QGroundClass
from quibble.text.grammar import Wording, Writer

#: Values of a record's extra key "part".
PEOPLE: Final = "people"
MODEL: Final = "model"


def build(
    source: str | os.PathLike[str] | None,
    out: str | os.PathLike[str],
    model: LanguageModel,
    segmenter: Segmenter,
    settings: Settings | None = None,
    *,
    people: str | os.PathLike[str] | None = None,
    tasks: Sequence[str] = TASKS,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Built:
    """Build a data set, or go on with one that was stopped.

    source: pictures for the model's part, a data set's folder whose records of `tasks` hold a text on quality each, or
    a folder of photographs, on which the language model writes one first; None for people's part alone. people: a
    data set's folder of annotations, see `People`. Raises ArgumentError if there is nothing to build from or `out`
    holds anything but a build of the same, BudgetError or EndpointError if the language model cannot go on; what is
    done is kept.
    """
    settings = settings or Settings()
    annotated = People(Path(people)) if people is not None else None
    told = gather(Path(source), tasks=tasks, rounds=1)[: settings.limit] if source is not None else []
    seen = annotated.seen if annotated is not None else {}
    wanted = {
        "builder": "ground",
        "source": fingerprint(told),
        "people": annotated.fingerprint() if annotated is not None else None,
        "model": model.name,
        "segmenter": segmenter.name,
        "settings": settings.to_dict(),
    }

    def make(numbers: range, gallery: Gallery) -> Iterator[Item]:
        named = [(f"ground-{number:06d}", number) for number in numbers]
        for id, number in named:
            if number < len(seen):
                yield from people_part(id, list(seen.values())[number], gallery, settings)
        rest = [(id, told[number - len(seen)]) for id, number in named if number >= len(seen)]
        yield from model_part(rest, gallery, model, segmenter, settings, annotated=seen)

    units = len(seen) + len(told)
    return build_shards(out, make, wanted=wanted, units=units, shard=settings.shard, progress=progress)


def people_part(id: str, seen: Seen, gallery: Gallery, settings: Settings) -> Iterator[Item]:
    """A record for each person whose annotation of a picture stands; the others with what they contradict."""
    opened = open_picture(id, seen.told, gallery, settings)
    if isinstance(opened, Rejected):
        yield opened
        return
    size = opened.image.height, opened.image.width
    sound = []
    for annotation in seen.annotations:
        wrong_size = any((mask.height, mask.width) != size for mask in annotation.masks.values())
        if problem := "masks of another size than the picture" if wrong_size else annotation.problem:
            yield _turned_down(annotation, "an annotation that cannot be used", problem)
        else:
            sound.append(annotation)
    judged = judge([annotation.masks for annotation in sound], most=settings.contradiction)
    regions = [join(list(sound[place].masks.values())) for place in judged.accepted if sound[place].masks]
    facts: dict[str, JSON] = {"agreement": round(agreement([regions]), 4)} if len(regions) > 1 else {}
    for place, annotation in enumerate(sound):
        if place in judged.accepted:
            told = replace(opened, id=f"{id}-{place}", text=annotation.text, makers=annotation.makers)
            said: dict[str, JSON] = {"part": PEOPLE, "person": annotation.person, "annotation": annotation.id}
            yield _record(told, annotation.masks, settings, said | facts)
        else:
            others = [
                f"{sound[i + j - place].person} in {share:.0%}"
                for i, j, share in judged.contradictions
                if place in (i, j)
            ]
            detail = f"{annotation.person} contradicts {', '.join(others)}"
            yield _turned_down(annotation, "the same region with another distortion", detail)


def model_part(
    told: Sequence[tuple[str, Told]],
    gallery: Gallery,
    model: LanguageModel,
    segmenter: Segmenter,
    settings: Settings,
    *,
    annotated: Container[str] = (),
) -> Iterator[Item]:
    """A record for each picture that the language model labels alike in its runs. annotated: hashes of those that
    people have done, which are left out.
    """
    items = []
    for item in describe(told, gallery, model, settings):
        if not isinstance(item, Described):
            yield item
        elif item.image.sha256 not in annotated:
            items.append(item)
    marks: list[tuple[Mark, ...]] = []

    def requests() -> Iterator[Request]:
        for item in items:
            rgb = item.load()
            marked = mark(rgb, segmenter.segments(rgb), least=settings.least, most=settings.most)
            marks.append(marked.marks)
            for run in range(settings.runs):
                yield label_request(item.told.picture, marked, item.text, seed=seed_of(item.seed, run))

    replies = answer_all(model, requests())
    who = Maker(part="ground.segments", model=segmenter.name)
    for place, item in enumerate(items):
        runs = [next(replies) for _ in range(settings.runs)]
        yield from whos(*runs)
        yield _vote(replace(item, makers=(*item.makers, who)), marks[place], runs, settings)


def _vote(item: Described, marks: Sequence[Mark], replies: Sequence[Reply | ReplyError], settings: Settings) -> Item:
    """What most runs say of each part, if enough runs can be used and they agree well enough."""
    runs, errors = [], []
    for reply in replies:
        try:
            runs.append(read_labels(usable(reply).data, len(marks)))
        except ReplyError as error:
            errors.append(error)
    if 2 * len(runs) <= len(replies):
        return rejected(item.id, "labels", errors[0], *replies)
    alike = consistency([_masks(marks, run) for run in runs]) if len(runs) > 1 else None
    if alike is not None and alike < settings.consistency:
        differ = ReplyError("runs that differ", f"{len(runs)} runs have a consistency of {alike:.2f}")
        return rejected(item.id, "labels", differ, *replies)
    voted = [
        frozenset(name for name in QGroundClass if 2 * sum(name in run[place] for run in runs) > len(runs))
        for place in range(len(marks))
    ]
    masks = _masks(marks, voted)
    if (named := found_fault(item.text)) and not named & masks.keys():
        missed = ReplyError("nothing of what the text names", ", ".join(sorted(named)))
        return rejected(item.id, "labels", missed, *replies)
    doubtful = frozenset().union(*(names for run in runs for names in run))
    makers = (*item.makers, *whos(*replies))
    facts: dict[str, JSON] = {"part": MODEL, "marks": len(marks), "runs": len(runs)}
    if alike is not None:
        facts["consistency"] = round(alike, 4)
    return _record(replace(item, makers=makers), masks, settings, facts, doubtful)


def _masks(marks: Sequence[Mark], labels: Sequence[frozenset[QGroundClass]]) -> Masks:
    """The pixels of each class, from the classes of each part."""
    by_class = {
        name: [mark.mask for mark, names in zip(marks, labels, strict=True) if name in names] for name in QGroundClass
    }
    return {name: join(masks) for name, masks in by_class.items() if masks}


def _record(
    item: Described,
    masks: Masks,
    settings: Settings,
    facts: Mapping[str, JSON],
    doubtful: frozenset[QGroundClass] = frozenset(),
) -> Record:
    """Text and masks as a conversation: all of it first, then each class by itself, and one that is not there.

    doubtful: classes that are not to be denied, beside those that the text mentions.
    """
    rng = np.random.default_rng([item.seed, len(item.text)])
    writer = Writer(rng, Wording.HELD_OUT if item.split == "test" else Wording.TRAINING)
    present = [name for name in QGroundClass if name in masks]
    regions = [RegionEntry(image=0, mask=masks[name], box=masks[name].box, label=name.value) for name in present]
    turns = [Turn(question=ask_all(writer), answer=item.text, regions=tuple(range(len(present))))]
    for place, name in enumerate(present):
        turns.append(
            Turn(question=ask_one(writer, name), answer=answer_one(writer, name, masks[name]), regions=(place,))
        )
    if absent := [name for name in QGroundClass if name not in masks.keys() | doubtful | mentioned(item.text)]:
        name = absent[int(rng.integers(len(absent)))]
        turns.append(Turn(question=ask_one(writer, name), answer=answer_one(writer, name, None)))
    return Record(
        id=item.id,
        task="ground",
        images=(item.image,),
        turns=tuple(turns),
        regions=tuple(regions),
        score=item.told.score,
        source=item.told.source,
        split=item.split,
        licence=item.told.licence,
        seed=settings.seed,
        makers=item.makers,
        extra={**facts, "wordings": list(writer.used)},
    )


def _turned_down(annotation: Annotation, reason: str, detail: str) -> Rejected:
    return Rejected(id=annotation.id, reason=reason, detail=detail, makers=annotation.makers)
