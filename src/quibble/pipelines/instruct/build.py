"""Build data in the manner of Q-Instruct: people's feedback on pictures becomes questions, answers and conversations.

A unit is one feedback. Of each, the description itself is a record; a language model turns it into questions on what
and how, into questions for yes and no, and for some of them into a conversation. Every reply is checked; what does not
do is rejected with the reason. In each shard, as many questions are answered with yes as with no. A question is one
record in each answer setting. Source: Q-Instruct, sections 3 and 4.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from quibble.data import ImageEntry, Maker, Record, Role, Turn
from quibble.errors import ImageError, ReplyError
from quibble.experts.language_model import LanguageModel, Reply, Request, answer_all, makers_of, usable
from quibble.image import load
from quibble.pipelines.contamination import Evaluation
from quibble.pipelines.instruct import prompts
from quibble.pipelines.instruct.checks import (
    Feedback,
    Question,
    check_feedback,
    check_turns,
    check_what_how,
    check_yes_no,
)
from quibble.pipelines.instruct.settings import Setting, Settings, Subset
from quibble.pipelines.instruct.told import TASKS, Told, fingerprint, gather
from quibble.pipelines.photos import split_of
from quibble.pipelines.shards import Built, Gallery, Item, Progress, Rejected, build_shards
from quibble.pipelines.talk.exchange import BRIEF
from quibble.text.grammar import Writer
from quibble.text.pools import GLOBAL
from quibble.text.questions import letters, offer

#: So many more questions are asked for than are owed: some do not pass, and yes and no have to come out even.
_SPARE: Final = 2


@dataclass(kw_only=True)
class _Unit:
    """A feedback on its way: its picture, once stored, and what was made of it."""

    number: int
    told: Told
    seed: int
    image: ImageEntry
    text: str = ""
    makers: tuple[Maker, ...] = ()
    questions: dict[Subset, list[tuple[Question, Maker]]] = field(default_factory=dict)
    turns: tuple[list[tuple[str, str, str]], Maker] | None = None

    @property
    def id(self) -> str:
        return f"instruct-{self.number:06d}"


def build(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    model: LanguageModel,
    settings: Settings | None = None,
    *,
    tasks: Sequence[str] = TASKS,
    evaluation: Evaluation | None = None,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Built:
    """Build a data set from feedback, or go on with one that was stopped.

    source: a data set's folder, whose records of `tasks` hold one feedback each, or a folder of photographs, on which
    the language model first gives `settings.rounds` feedbacks each. evaluation: pictures that nothing is made of.
    Raises ArgumentError if there is nothing to build from or `out` holds anything but a build of the same, BudgetError
    or EndpointError if the language model cannot go on; what is done is kept.
    """
    settings = settings or Settings()
    told = gather(Path(source), tasks=tasks, rounds=settings.rounds)[: settings.limit]
    wanted = {
        "builder": "instruct",
        "source": fingerprint(told),
        "model": model.name,
        "settings": settings.to_dict(),
        "evaluation": evaluation.fingerprint() if evaluation is not None else None,
    }

    def make(numbers: range, gallery: Gallery) -> Iterator[Item]:
        yield from _make([(n, told[n]) for n in numbers], gallery, model, settings, evaluation)

    return build_shards(out, make, wanted=wanted, units=len(told), shard=settings.shard, progress=progress)


def _make(
    told: Sequence[tuple[int, Told]],
    gallery: Gallery,
    model: LanguageModel,
    settings: Settings,
    evaluation: Evaluation | None,
) -> Iterator[Item]:
    units: list[_Unit] = []
    for number, item in told:
        unit = _open(number, item, gallery, settings, evaluation)
        if isinstance(unit, _Unit):
            units.append(unit)
        else:
            yield unit
    yield from _hear(units, model)
    units = [unit for unit in units if unit.text]
    yield from _ask(units, model, settings)
    _balance(units, settings)
    for unit in units:
        yield from _records(unit, settings)


def _open(
    number: int, told: Told, gallery: Gallery, settings: Settings, evaluation: Evaluation | None
) -> _Unit | Rejected:
    """A unit with its picture stored, unless that cannot be used."""
    id = f"instruct-{number:06d}"
    try:
        data = told.picture.read_bytes()
        height, width = load(data).shape[:2]
        known = evaluation.find(data) if evaluation is not None else None
    except (ImageError, OSError) as error:
        return Rejected(id=id, reason="unreadable picture", detail=f"{told.source}: {error}")
    if known is not None:
        return Rejected(id=id, reason="picture of an evaluation set", detail=f"{told.source} is {known}")
    file, sha256 = gallery.store(data, told.picture.suffix.lower())
    return _Unit(
        number=number,
        told=told,
        seed=_seed(settings.seed, told.key),
        image=ImageEntry(role=Role.SINGLE, file=file, width=width, height=height, sha256=sha256),
        text=told.feedback or "",
        makers=told.makers,
    )


def _hear(units: Sequence[_Unit], model: LanguageModel) -> Iterator[Item]:
    """Have feedback written on the pictures that have none."""
    silent = [unit for unit in units if not unit.text]
    requests = [prompts.feedback_request(unit.told.picture, seed=unit.seed) for unit in silent]
    for unit, reply in zip(silent, answer_all(model, requests), strict=True):
        yield from makers_of(reply)
        try:
            made = usable(reply)
            unit.text, unit.makers = check_feedback(made.data), (*unit.makers, made.who)
        except ReplyError as error:
            yield _rejected(unit.id, prompts.FEEDBACK, error, reply)


def _ask(units: Sequence[_Unit], model: LanguageModel, settings: Settings) -> Iterator[Item]:
    """Have questions and conversations made of every feedback, and keep those that do."""
    asked: list[tuple[_Unit, Request]] = []
    for unit in units:
        for subset, ask in (
            (Subset.WHAT_HOW, prompts.what_how_request),
            (Subset.YES_NO, prompts.yes_no_request),
        ):
            if quota := settings.quota(subset, unit.number):
                asked.append((unit, ask(unit.text, count=quota + _SPARE, seed=unit.seed)))
        if settings.quota(Subset.CONVERSATION, unit.number):
            asked.append((unit, prompts.conversation_request(unit.text, seed=unit.seed)))
    for (unit, request), reply in zip(asked, answer_all(model, (request for _, request in asked)), strict=True):
        yield from makers_of(reply)
        feedback = Feedback(unit.text)
        try:
            made = usable(reply)
            if request.task == prompts.CONVERSATION:
                unit.turns = check_turns(made.data["turns"]), made.who
                continue
        except ReplyError as error:
            yield _rejected(unit.id, request.task, error, reply)
            continue
        subset, check = (
            (Subset.WHAT_HOW, check_what_how) if request.task == prompts.WHAT_HOW else (Subset.YES_NO, check_yes_no)
        )
        kept = unit.questions.setdefault(subset, [])
        for item in made.data["questions"]:
            try:
                kept.append((check(item, feedback), made.who))
            except ReplyError as error:
                yield _rejected(unit.id, request.task, error, reply)


def _balance(units: Sequence[_Unit], settings: Settings) -> None:
    """Keep of each unit's questions what it owes, and of those for yes or no as many of either in all.

    Where a unit has fewer than it owes, others stand in for it. Which are kept is drawn by the units' seeds.
    """
    owed = sum(settings.quota(Subset.WHAT_HOW, unit.number) for unit in units)
    _keep(units, Subset.WHAT_HOW, owed)
    half = sum(settings.quota(Subset.YES_NO, unit.number) for unit in units) // 2
    at_hand = [
        sum(question.answer == answer for unit in units for question, _ in unit.questions.get(Subset.YES_NO, ()))
        for answer in ("yes", "no")
    ]
    for answer in ("yes", "no"):
        _keep(units, Subset.YES_NO, min(half, *at_hand), answer)


def _keep(units: Sequence[_Unit], subset: Subset, most: int, answer: str | None = None) -> None:
    """Drop all but `most` of a subset's questions, or of those with this answer; every unit gives in its turn."""

    def of(question: Question) -> bool:
        return answer is None or question.answer == answer

    # Those who are asked last for one answer are asked first for the other, so that each gives one rather than both.
    order = np.random.default_rng([units[0].seed, 2]).permutation(len(units)).tolist() if units else []
    piles: dict[int, list[int]] = {}
    for unit in (units[place] for place in (order[::-1] if answer == "no" else order)):
        places = [n for n, (question, _) in enumerate(unit.questions.get(subset, ())) if of(question)]
        piles[unit.number] = np.random.default_rng([unit.seed, len(places)]).permutation(places).tolist()
    kept: dict[int, set[int]] = {number: set() for number in piles}
    while most > 0 and any(piles.values()):
        for number, pile in piles.items():
            if pile and most > 0:
                kept[number].add(pile.pop())
                most -= 1
    for unit in units:
        if subset in unit.questions:
            unit.questions[subset] = [
                entry for n, entry in enumerate(unit.questions[subset]) if not of(entry[0]) or n in kept[unit.number]
            ]


def _records(unit: _Unit, settings: Settings) -> Iterator[Record]:
    writer = Writer(np.random.default_rng([unit.seed, 1]))
    if settings.quota(Subset.DESCRIPTION, unit.number):
        asked = writer.vary(writer.choose(GLOBAL).text)
        yield _record(unit, "description", [Turn(question=asked, answer=unit.text)], unit.makers, settings, {})
    for subset in (Subset.WHAT_HOW, Subset.YES_NO):
        for number, (question, who) in enumerate(unit.questions.get(subset, ())):
            facts = {
                "concern": question.concern,
                "context": question.context,
                "question": f"{unit.id}-{subset}-{number}",
            }
            for setting in settings.settings:
                turn = _turn(writer, question, setting)
                name = f"{subset}-{number}-{setting}"
                extra = facts | {"kind": question.kind, "setting": setting.value}
                yield _record(unit, name, [turn], (*unit.makers, who), settings, extra, task=question.kind)
    if unit.turns is not None:
        turns, who = unit.turns
        extra = {"topics": [topic for topic, _, _ in turns]}
        told = [Turn(question=ask, answer=answer) for _, ask, answer in turns]
        yield _record(unit, "conversation", told, (*unit.makers, who), settings, extra)


def _turn(writer: Writer, question: Question, setting: Setting) -> Turn:
    """A question as it is asked in a setting."""
    answer = question.answer[:1].upper() + question.answer[1:]
    if setting is Setting.DIRECT:
        return Turn(question=f"{question.text} {writer.write(BRIEF)}", answer=answer)
    options = [answer, *(option[:1].upper() + option[1:] for option in question.wrong)]
    order = writer.rng.permutation(len(options)).tolist()
    shuffled = [options[place] for place in order]
    return Turn(question=offer(question.text, shuffled), answer=letters(shuffled)[order.index(0)])


def _record(
    unit: _Unit,
    name: str,
    turns: Sequence[Turn],
    makers: tuple[Maker, ...],
    settings: Settings,
    extra: Mapping[str, Any],
    *,
    task: str | None = None,
) -> Record:
    told, sha256 = unit.told, unit.image.sha256
    assert sha256 is not None
    return Record(
        id=f"{unit.id}-{name}".replace("_", "-"),
        task=f"instruct_{task or name}",
        images=(unit.image,),
        turns=tuple(turns),
        score=told.score,
        source=told.source,
        split=told.split or split_of(sha256, val=settings.val, test=settings.test),
        licence=told.licence,
        seed=settings.seed,
        makers=makers,
        extra={"feedback": told.key, **extra},
    )


def _rejected(id: str, task: str, error: ReplyError, reply: Reply | ReplyError) -> Rejected:
    part = task.rpartition(".")[2].replace("_", "-")
    return Rejected(id=f"{id}-{part}", reason=f"{part}: {error.reason}", detail=error.detail, makers=makers_of(reply))


def _seed(seed: int, key: str) -> int:
    """A seed of its own for each feedback, below 2**53."""
    return int(hashlib.sha256(f"{seed} {key}".encode()).hexdigest()[:13], 16)
