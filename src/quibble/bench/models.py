"""Whoever answers: quibble's Assessor, or a large model that is shown the pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, Protocol

from quibble.assessor import Assessor
from quibble.backends.base import SeeingBackend
from quibble.backends.language import GREEDY
from quibble.bench.item import Item, Kind
from quibble.bench.reply import Reply, Status, is_refusal, read_choice, read_names, read_score, read_winner
from quibble.bench.tasks.records import TARGET, union
from quibble.geometry import Mask
from quibble.image import load
from quibble.results import Finding, Score
from quibble.taxonomy import qground_class
from quibble.text.conversation import Conversation, Shown

#: A finding belongs to a region if it covers this share of it.
COVERS: Final = 0.5
#: Standard deviations from the mean within which 80% of a normal distribution lie.
_Z80: Final = 1.2815515655446004


class Model(Protocol):
    """Somebody who answers items. label: for tables."""

    @property
    def label(self) -> str: ...

    def can(self, item: Item) -> bool:
        """Whether it can be asked this at all; what it cannot is left out and said so."""

    def answer(self, item: Item) -> Reply:
        """The answer to an item that it can be asked."""


class AssessorModel:
    """The Assessor: scores, comparisons by the scores of each picture alone, and findings by category.

    It reads no questions, so choices, descriptions and regions that are asked for in words are beyond it.
    """

    def __init__(self, assessor: Assessor) -> None:
        self._assessor = assessor

    @property
    def label(self) -> str:
        return self._assessor.name

    def can(self, item: Item) -> bool:
        if item.kind is Kind.GROUND:
            return not any(TARGET in truth for truth in item.masks)
        return item.kind in (Kind.SCORE, Kind.COMPARE, Kind.REFER)

    def answer(self, item: Item) -> Reply:
        if item.kind is Kind.SCORE:
            return Reply(score=self._assessor.score(item.images[-1]).value)
        if item.kind is Kind.COMPARE:
            first, second = (self._assessor.score(picture) for picture in item.images[-2:])
            return _better(first, second)
        findings = self._assessor.assess(item.images[-1]).findings
        if item.kind is Kind.REFER:
            return Reply(names=_inside(findings, item))
        return Reply(masks=_by_class(findings, by_qground="q-ground" in item.labels.values()))


def _better(first: Score, second: Score) -> Reply:
    """The higher score, and how sure that is if both intervals are those of independent normal opinions."""
    spread = math.hypot(first.high - first.low, second.high - second.low) / (2 * _Z80)
    ahead = second.value - first.value
    confidence = 0.5 * (1 + math.erf(abs(ahead) / (max(spread, 1e-9) * math.sqrt(2))))
    return Reply(winner="B" if ahead > 0 else "A", confidence=confidence)


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
    """A multi-modal language model, served or on this machine: it is shown the pictures, and its text is read."""

    def __init__(self, viewer: SeeingBackend) -> None:
        self._viewer = viewer

    @property
    def label(self) -> str:
        return f"{self._viewer.name} at temperature 0"

    def can(self, item: Item) -> bool:
        return item.kind is not Kind.GROUND

    def answer(self, item: Item) -> Reply:
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
    """Pictures with their names, and the question with the form of the answer."""
    names = ["Reference"] * item.reference + (["Image A", "Image B"] if item.kind is Kind.COMPARE else ["Picture"])
    if len(names) != len(item.images):
        names = [f"Picture {i + 1}" for i in range(len(item.images))]
    shown = [Shown(name=name, pixels=load(picture)) for name, picture in zip(names, item.images, strict=True)]
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
