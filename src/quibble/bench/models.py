"""Whoever answers: quibble's Assessor, or a large model that is shown the pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final, Literal, Protocol

from quibble.assessor import Assessor
from quibble.backends.language import GREEDY
from quibble.bench.item import Item, Kind
from quibble.bench.reply import Reply, Status, is_refusal, read_choice, read_names, read_score, read_tags, read_winner
from quibble.bench.scoring import Scoring
from quibble.bench.tasks.records import TARGET, union
from quibble.errors import ArgumentError, ModelError, ReplyError
from quibble.geometry import Mask
from quibble.image import load
from quibble.look import Look
from quibble.noting import probability_better
from quibble.results import Answer, Finding
from quibble.taxonomy import qground_class
from quibble.text.conversation import Conversation, Shown

#: A finding belongs to a region if it covers this share of it.
COVERS: Final = 0.5
#: A choice that nano can be asked has at most so many options.
MOST_OPTIONS: Final = 4
_CODED: Final = re.compile(r"\[([^\[\]]+)\]\(\d+,\d+\)")


class Model(Protocol):
    """Somebody who answers items. label: for tables."""

    @property
    def label(self) -> str: ...

    def can(self, item: Item) -> bool:
        """Whether it can be asked this at all; what it cannot is left out and said so."""

    def answer(self, item: Item) -> Reply:
        """The answer to an item that it can be asked."""


class AssessorModel:
    """nano, or another model of its form. Scores, preferences and masks by category are read off its maps.

    What is asked in words is answered in words where it has language weights: questions with and without options,
    descriptions, reasons, regions. Without these only the names of what is wrong with a region are given, by its
    findings.
    """

    def __init__(self, assessor: Assessor) -> None:
        self._assessor = assessor

    @property
    def label(self) -> str:
        return f"{self._assessor.name} with {self._assessor.language.name}" if self._speaks else self._assessor.name

    @cached_property
    def _speaks(self) -> bool:
        try:
            return bool(self._assessor.language.name)
        except ModelError:
            return False

    def can(self, item: Item) -> bool:
        if item.kind is Kind.GROUND:
            return self._speaks or not any(TARGET in truth for truth in item.masks)
        if item.kind in (Kind.SCORE, Kind.COMPARE):
            return True
        if item.kind is Kind.REFER:
            return self._speaks or item.focus is not None
        judged = len(item.images) - item.reference
        if item.kind is Kind.DESCRIBE:
            return self._speaks and judged <= 2
        offered = item.kind is not Kind.CHOICE or 2 <= len(set(item.options)) == len(item.options) <= MOST_OPTIONS
        return self._speaks and offered and judged == 1 and bool(item.question.strip())

    def answer(self, item: Item) -> Reply:
        look = self._assessor.look(item.images[-1])
        if item.kind is Kind.SCORE:
            return Reply(score=self._assessor.score(look).value)
        if item.kind is Kind.COMPARE:
            return self._compare(item, look)
        if item.kind is Kind.GROUND:
            return self._ground(item, look)
        if item.kind is Kind.CHOICE:
            shares = self._assessor.ask(look, item.question, options=item.options).options or {}
            best = max(item.options, key=lambda option: shares[option])
            return Reply(choice=item.options.index(best), confidence=shares[best])
        if item.kind is Kind.REFER and not self._speaks:
            return Reply(names=_inside(self._assessor.assess(look).findings, item))
        return read(item, self._say(item, look))

    def _compare(self, item: Item, look: Look) -> Reply:
        """As Assessor.compare does, without its text."""
        first, second = self._assessor.look(item.images[-2]), look
        reference = self._assessor.look(item.images[0]) if item.reference else None
        scores = [self._assessor.score(side).value for side in (first, second)]
        ahead = probability_better(first, second, reference, score_a=scores[0], score_b=scores[1])
        return Reply(winner="A" if ahead >= 0.5 else "B", confidence=max(ahead, 1 - ahead))

    def _ground(self, item: Item, look: Look) -> Reply:
        if any(TARGET in truth for truth in item.masks):
            return _pointed(self._assessor, item, look)
        findings = self._assessor.assess(look).findings
        return Reply(masks=_by_class(findings, by_qground="q-ground" in item.labels.values()))

    def _say(self, item: Item, look: Look) -> str:
        """The text for an item, in answer to its own question where one picture is asked about."""
        reference = item.images[0] if item.reference else None
        if item.kind is Kind.DESCRIBE and len(item.images) - item.reference == 2:
            return self._assessor.compare(item.images[-2], look, reference).text
        if item.kind is Kind.REFER and item.focus is not None:
            detail: Literal["short", "long"] = "long" if item.labels.get("task") == "referring_long" else "short"
            return self._assessor.refer(look, item.focus, detail).text
        if item.kind is Kind.DESCRIBE and item.tags:
            return _with_corners(self._assessor.describe(look, boxes=True), look)
        if item.kind is Kind.DESCRIBE and (reference is not None or not item.question.strip()):
            return self._assessor.describe(look, reference=reference).text
        return self._assessor.ask(look, item.question, item.focus).text


def _with_corners(answer: Answer, look: Look) -> str:
    """A description with the corners of its boxes as shares of the picture, instead of codes."""
    boxes = iter(answer.phrases)

    def corners(marked: re.Match[str]) -> str:
        if not read_tags(marked.group()):
            return marked.group(1)  # a code that is no box
        shares = next(boxes).box.normalized(width=look.width, height=look.height)
        return f"[{marked.group(1)}]({', '.join(f'{min(1.0, max(0.0, share)):.4f}' for share in shares)})"

    return _CODED.sub(corners, answer.text)


def _pointed(assessor: Assessor, item: Item, look: Look) -> Reply:
    """The regions that an answer in words means, as one."""
    found = assessor.ground(look, item.question)
    return Reply(masks={TARGET: union(list(found.masks))} if found.masks else {}, text=found.text)


def _inside(findings: Sequence[Finding], item: Item) -> tuple[str, ...]:
    """Categories whose findings together cover the focus, the most important first."""
    assert item.focus is not None
    names = []
    for category in dict.fromkeys(finding.category for finding in findings):
        found = union([finding.mask for finding in findings if finding.category is category])
        focus = item.focus.to_mask(width=found.width, height=found.height)
        if (found.to_array() & focus.to_array()).sum() >= COVERS * focus.area:
            names.append(category.value)
    return tuple(names)


def _by_class(findings: Sequence[Finding], *, by_qground: bool) -> dict[str, Mask]:
    masks: dict[str, list[Mask]] = {}
    for finding in findings:
        name: str | None = finding.category.value
        if by_qground:
            name = qground_class(finding.distortion or finding.category)
        if name is not None:
            masks.setdefault(str(name), []).append(finding.mask)
    return {name: union(parts) for name, parts in masks.items()}


class SeeingModel:
    """A large model that is shown the pictures, served or on this machine: its text is read.

    scoring: how scores are asked for; None: as a number, which any model can be asked. The region that a question asks
    for is where the model's words point to.
    """

    def __init__(self, assessor: Assessor, scoring: Scoring | None = None) -> None:
        if assessor.viewer is None:
            raise ArgumentError(f"{assessor.name} does not see for itself; it is an AssessorModel")
        self._assessor, self._viewer, self._scoring = assessor, assessor.viewer, scoring

    @property
    def label(self) -> str:
        scoring = f", scores by {self._scoring.name}" if self._scoring is not None else ""
        return f"{self._viewer.name} at temperature 0{scoring}"

    def can(self, item: Item) -> bool:
        return item.kind is not Kind.GROUND or any(TARGET in truth for truth in item.masks)

    def answer(self, item: Item) -> Reply:
        try:
            if item.kind is Kind.GROUND:
                return _pointed(self._assessor, item, self._assessor.look(item.images[-1]))
            if item.kind is Kind.SCORE and self._scoring is not None:
                shown = Conversation.showing(Shown(pixels=load(item.images[-1])))
                return self._scoring.score(self._viewer, shown)
        except ReplyError as error:
            return Reply(status=Status.UNREADABLE, text=str(error))
        return read(item, "".join(self._viewer.write(_asked(item), sampling=GREEDY)))


def read(item: Item, text: str) -> Reply:
    """The answer that a text gives to an item, read strictly: what is no answer stays unreadable."""
    if item.kind in (Kind.DESCRIBE, Kind.QUESTION):
        return Reply(text=text, status=Status.REFUSED if is_refusal(text) else Status.READ)
    found: dict[str, Any] = {}
    if item.kind is Kind.SCORE:
        found["score"] = read_score(text)
    elif item.kind is Kind.COMPARE:
        found["winner"] = read_winner(text)
    elif item.kind is Kind.CHOICE:
        found["choice"] = read_choice(text, item.options)
    elif item.kind is Kind.REFER:
        found["names"] = read_names(text)
    if all(value is None for value in found.values()):
        return Reply(text=text, status=Status.REFUSED if is_refusal(text) else Status.UNREADABLE)
    return Reply(text=text, **found)


def _asked(item: Item) -> Conversation:
    """Pictures with their names, and the question with the form of the answer. Scores are given without a reference."""
    pictures = item.images[-1:] if item.kind is Kind.SCORE else item.images
    names = ["Image A", "Image B"] if item.kind is Kind.COMPARE else ["Picture"]
    if item.reference and item.kind is not Kind.SCORE:
        names = ["Reference", *names]
    if len(names) != len(pictures):
        names = [f"Picture {i + 1}" for i in range(len(pictures))]
    shown = [Shown(name=name, pixels=load(picture)) for name, picture in zip(names, pictures, strict=True)]
    options = "".join(f"\n{letter}. {option}" for letter, option in zip("ABCDEFGH", item.options, strict=False))
    forms = {
        Kind.SCORE: "Answer with a single number from 0 (bad) to 100 (excellent).",
        Kind.CHOICE: "Answer with the letter of one option.",
        Kind.COMPARE: 'Answer with "Image A" or "Image B" only.',
        Kind.REFER: "Answer with the names of the distortions only.",
    }
    question = item.question or "How good is the quality of the picture?"
    text = f"{question}{options}\n{forms.get(item.kind, '')}".strip()
    return Conversation.showing(*shown, focus=item.focus).saying(text)
