"""Accuracy of answers to questions that have one right answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from quibble.bench.metrics.estimate import RESAMPLES, SEED, Estimate, bootstrap_mean
from quibble.errors import ArgumentError

T = TypeVar("T")
Label = TypeVar("Label", bound=Hashable)


class Outcome(StrEnum):
    """What became of a question. Only RIGHT is right."""

    RIGHT = "right"
    WRONG = "wrong"
    UNREADABLE = "unreadable"
    REFUSED = "refused"

    @property
    def was_read(self) -> bool:
        """Whether there was an answer to judge."""
        return self in (Outcome.RIGHT, Outcome.WRONG)


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Share of right answers, 0..1.

    of_all: among all n questions, so that what could not be read or was refused counts as not right. of_read: among
    those that were read, None if there are none. DepictQA's table 3 gives both.
    """

    of_all: Estimate
    of_read: Estimate | None
    n: int
    unreadable: int
    refused: int


def accuracy(outcomes: Iterable[Outcome], *, resamples: int = RESAMPLES, seed: int = SEED) -> Accuracy:
    """The accuracy of at least one outcome. Raises ArgumentError for none."""
    found = list(outcomes)
    if not found:
        raise ArgumentError("an accuracy needs at least one question, found none")
    counts = Counter(found)
    read = [outcome is Outcome.RIGHT for outcome in found if outcome.was_read]
    return Accuracy(
        of_all=bootstrap_mean([outcome is Outcome.RIGHT for outcome in found], resamples=resamples, seed=seed),
        of_read=bootstrap_mean(read, resamples=resamples, seed=seed) if read else None,
        n=len(found),
        unreadable=counts[Outcome.UNREADABLE],
        refused=counts[Outcome.REFUSED],
    )


def accuracy_by(
    items: Sequence[T],
    outcome: Callable[[T], Outcome],
    label: Callable[[T], Label],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Mapping[Label, Accuracy]:
    """The accuracy of the items of each label, such as a question's type or concern, in the order of appearance."""
    groups: dict[Label, list[Outcome]] = {}
    for item in items:
        groups.setdefault(label(item), []).append(outcome(item))
    return {name: accuracy(group, resamples=resamples, seed=seed) for name, group in groups.items()}


def partial_credit(predicted: Iterable[Hashable], truth: Iterable[Hashable]) -> float:
    """Hits over the larger of the two numbers of names, 0..1; names count once each.

    1 if neither holds any. Naming more than there is costs as much as missing some. Source: DepictQA-Wild's rule for
    pictures with several distortions.
    """
    named, true = set(predicted), set(truth)
    most = max(len(named), len(true))
    return len(named & true) / most if most else 1.0
