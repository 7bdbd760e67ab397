"""Build data in the manner of DepictQA: questionnaires become texts, scores become brief comparisons.

A unit is a record to be: pictures with the answers of a questionnaire, or with a winner. A language model turns answers
into a text; the text is held against the answers, set right where it disagrees with them, held against them again, and
rejected if it still does. Brief comparisons need no language model. Without the reference, the pictures lose it and the
text its traces. Source: DepictQA, sections 3 and 4.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from quibble.data import Maker, Record, Role, Turn
from quibble.errors import ArgumentError, ReplyError
from quibble.experts.language_model import LanguageModel, Reply, Request, answer_all, makers_of, usable
from quibble.pipelines.depict import drafts, prompts, wordings
from quibble.pipelines.depict.checks import faults_of_description, faults_of_reasoning, traces_of_reference
from quibble.pipelines.depict.drafts import Draft
from quibble.pipelines.depict.scores import Scored, draw_pairs
from quibble.pipelines.depict.scores import fingerprint as fingerprint_scores
from quibble.pipelines.depict.settings import Reference, Settings, Task
from quibble.pipelines.photos import Photos
from quibble.pipelines.shards import Built, Gallery, Item, Progress, Rejected, build_shards
from quibble.text.grammar import Writer

_QUESTIONS: Final = {
    Task.DESCRIPTION: wordings.DESCRIBE,
    Task.COMPARISON: wordings.COMPARE,
    Task.REASONING: wordings.REASON,
}
#: A draft's number to the draft, or why there is none.
_Drafter = Callable[[int, Gallery], Draft | Rejected]


@dataclass(frozen=True, kw_only=True)
class _Text:
    """A text with everybody who had a hand in it."""

    text: str
    makers: tuple[Maker, ...] = ()


def build_from_photos(
    photos: str | os.PathLike[str],
    out: str | os.PathLike[str],
    model: LanguageModel,
    settings: Settings,
    *,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Built:
    """Build from photographs: they are distorted, and the questionnaires are filled in from what was done.

    Raises ArgumentError if there are no photographs or `out` holds anything but a build of the same, BudgetError or
    EndpointError if the language model cannot go on; what is done is kept.
    """
    source = Photos(photos, long_side=settings.long_side)
    return _build(
        out,
        model,
        settings,
        wanted={"photographs": source.fingerprint()},
        units=settings.records,
        draft=lambda index, gallery: drafts.from_photos(index, source, settings, gallery),
        progress=progress,
    )


def build_from_answers(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    model: LanguageModel,
    settings: Settings,
    *,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Built:
    """Build from people's questionnaires: the records of a data set with `questionnaire` or `comparison` in `extra`.

    At most `settings.records` of them are used. Raises as build_from_photos does.
    """
    told = list(drafts.from_answers(Path(folder)))[: settings.records]
    if not told:
        raise ArgumentError(
            f"{folder} holds no answers: expected records with `questionnaire` or `comparison` in `extra`, as quibble "
            "annotate exports them"
        )
    digest = hashlib.sha256("\n".join(str(record.to_dict()) for record, _ in told).encode()).hexdigest()
    return _build(
        out,
        model,
        settings,
        wanted={"answers": digest},
        units=len(told),
        draft=lambda index, gallery: drafts.answered(*told[index], settings, gallery),
        progress=progress,
    )


def build_from_scores(
    items: Sequence[Scored],
    out: str | os.PathLike[str],
    settings: Settings,
    *,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Built:
    """Build brief comparisons from pictures with scores, as quibble.pipelines.depict.scores.read_scores gives them.

    Raises ArgumentError if no two scores differ enough or `out` holds anything but a build of the same.
    """
    pairs = draw_pairs(items, settings.records, margin=settings.margin, seed=settings.seed)
    return _build(
        out,
        None,
        settings,
        wanted={"scores": fingerprint_scores(items)},
        units=len(pairs),
        draft=lambda index, gallery: drafts.scored(index, pairs[index], settings, gallery),
        progress=progress,
    )


def _build(
    out: str | os.PathLike[str],
    model: LanguageModel | None,
    settings: Settings,
    *,
    wanted: Mapping[str, Any],
    units: int,
    draft: _Drafter,
    progress: Callable[[Progress], None],
) -> Built:
    note = {
        "builder": "depict",
        **wanted,
        "model": model.name if model is not None else None,
        "settings": settings.to_dict(),
    }

    def make(numbers: range, gallery: Gallery) -> Iterator[Item]:
        found: list[Draft] = []
        for number in numbers:
            one = draft(number, gallery)
            if isinstance(one, Draft):
                found.append(one)
            else:
                yield one
        texts: dict[str, _Text] = {}
        if model is not None:
            yield from _write([one for one in found if one.task is not Task.COMPARISON], texts, model, settings)
        yield from _finish(found, texts, model, settings)

    return build_shards(out, make, wanted=note, units=units, shard=settings.shard, progress=progress)


def _write(found: Sequence[Draft], texts: dict[str, _Text], model: LanguageModel, settings: Settings) -> Iterator[Item]:
    """Have the texts written and corrected; those that do are put into `texts`."""
    requests = [_request(one, settings) for one in found]
    faulty: list[tuple[Draft, Request, _Text, list[str]]] = []
    for one, request, reply in zip(found, requests, answer_all(model, requests), strict=True):
        yield from makers_of(reply)
        try:
            made = usable(reply)
        except ReplyError as error:
            yield _rejected(one.id, request.task, error, reply)
            continue
        text = _Text(text=_tidy(made.data["text"]), makers=(made.who,))
        if faults := _faults(one, text.text):
            faulty.append((one, request, text, faults))
        else:
            texts[one.id] = text
    corrections = [
        prompts.correction_request(request, text.text, faults, seed=request.seed) for _, request, text, faults in faulty
    ]
    for (one, _, first, _), reply in zip(faulty, answer_all(model, corrections), strict=True):
        yield from makers_of(reply)
        try:
            made = usable(reply)
            text = _Text(text=_tidy(made.data["text"]), makers=(*first.makers, made.who))
            if faults := _faults(one, text.text):
                raise ReplyError("disagrees with its questionnaire", f"{'; '.join(faults)}: {text.text}")
        except ReplyError as error:
            yield _rejected(one.id, prompts.CORRECTION, error, reply)
            continue
        texts[one.id] = text


def _finish(
    found: Sequence[Draft], texts: Mapping[str, _Text], model: LanguageModel | None, settings: Settings
) -> Iterator[Item]:
    """The records of all drafts that have what they need, with the reference, without it, or both."""
    bare: dict[str, _Text] = {}
    if model is not None and settings.reference is not Reference.FULL:
        yield from _remove_reference(found, texts, bare, model, settings)
    for one in found:
        if one.task is not Task.COMPARISON and one.id not in texts:
            continue
        has_reference = any(image.role is Role.REFERENCE for image in one.images)
        if settings.reference is not Reference.NONE and has_reference:
            yield _record(one, texts.get(one.id), settings, reference=True)
        if settings.reference is Reference.FULL and has_reference:
            continue
        if one.task is Task.COMPARISON or one.id in bare or not has_reference:
            yield _record(one, bare.get(one.id, texts.get(one.id)), settings, reference=False)


def _remove_reference(
    found: Sequence[Draft],
    texts: Mapping[str, _Text],
    bare: dict[str, _Text],
    model: LanguageModel,
    settings: Settings,
) -> Iterator[Item]:
    """Have the reference's traces taken out of the texts; what is free of them is put into `bare`."""
    traced = [one for one in found if one.id in texts and traces_of_reference(texts[one.id].text)]
    bare.update({one.id: texts[one.id] for one in found if one.id in texts and one not in traced})
    requests = [prompts.no_reference_request(texts[one.id].text, seed=_seed(settings, one.id)) for one in traced]
    for one, reply in zip(traced, answer_all(model, requests), strict=True):
        yield from makers_of(reply)
        try:
            made = usable(reply)
            text = _tidy(made.data["text"])
            if left := traces_of_reference(text):
                raise ReplyError("still speaks of the reference", f"{left[0]!r} in {text}")
            if faults := _faults(one, text):
                raise ReplyError("lost what it said with the reference", f"{'; '.join(faults)}: {text}")
        except ReplyError as error:
            yield _rejected(f"{one.id}-noref", prompts.NO_REFERENCE, error, reply)
            continue
        bare[one.id] = _Text(text=text, makers=(*texts[one.id].makers, made.who))


def _record(one: Draft, text: _Text | None, settings: Settings, *, reference: bool) -> Record:
    writer = Writer(np.random.default_rng([_seed(settings, one.id), reference]))
    question = wordings.ask(writer, _QUESTIONS[one.task], reference=reference)
    short = one.task is Task.COMPARISON and writer.rng.random() < settings.short
    if text is not None:
        answer = text.text
    else:
        assert one.winner is not None
        answer = f"Image {one.winner}" if short else wordings.better(writer, one.winner)
    images = one.images if reference else tuple(image for image in one.images if image.role is not Role.REFERENCE)
    return Record(
        id=one.id if reference else f"{one.id}-noref",
        task=one.task.value if reference else f"{one.task.value}_noref",
        images=images,
        turns=(Turn(question=f"{question} {wordings.SHORT}" if short else question, answer=answer),),
        score=one.score,
        source=one.source,
        source_sha256=one.source_sha256,
        split=one.split,
        licence=one.licence,
        seed=settings.seed,
        makers=(*one.makers, *(text.makers if text is not None else ())),
        extra=one.answers(),
    )


def _request(one: Draft, settings: Settings) -> Request:
    seed = _seed(settings, one.id)
    if one.comparison is not None:
        return prompts.reasoning_request(one.comparison, *one.each, seed=seed)
    assert one.single is not None
    return prompts.description_request(one.single, seed=seed)


def _faults(one: Draft, text: str) -> list[str]:
    if one.comparison is not None:
        return faults_of_reasoning(text, one.comparison)
    assert one.single is not None
    return faults_of_description(text, one.single)


def _rejected(id: str, task: str, error: ReplyError, reply: Reply | ReplyError) -> Rejected:
    part = task.rpartition(".")[2].replace("_", "-")
    return Rejected(id=id, reason=f"{part}: {error.reason}", detail=error.detail, makers=makers_of(reply))


def _tidy(text: str) -> str:
    """One paragraph, with single blanks."""
    return " ".join(text.split())


def _seed(settings: Settings, id: str) -> int:
    """A seed of its own for each draft, below 2**53."""
    return int(hashlib.sha256(f"{settings.seed} {id}".encode()).hexdigest()[:13], 16)
