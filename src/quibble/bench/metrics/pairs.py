"""From comparisons of pairs to scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from quibble.errors import ArgumentError


@dataclass(frozen=True, kw_only=True)
class Vote:
    """Two things that were compared, and which one was called better; None if the answer could not be read.

    confidence: 0..1, how much of the vote the winner gets; the other one gets the rest.
    """

    first: str
    second: str
    winner: str | None
    confidence: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.confidence <= 1:
            raise ArgumentError(f"a vote's confidence lies in 0..1, found {self.confidence!r}")
        if self.first == self.second or self.winner not in (self.first, self.second, None):
            raise ArgumentError(f"a vote is between two different things, found {self}")


@dataclass(frozen=True, kw_only=True)
class Votes:
    """scores: the share of its comparisons that each thing won, 0..1. unreadable: votes that decide nothing."""

    scores: Mapping[str, float]
    n: int
    unreadable: int


def count_votes(votes: Iterable[Vote]) -> Votes:
    """Scores by voting, to be correlated with opinions. Source: DepictQA, section 5.1; the confidence: its public code.

    An unreadable vote is counted and otherwise left out; something that has no readable vote gets no score.
    """
    won: dict[str, float] = {}
    seen: dict[str, int] = {}
    n = unreadable = 0
    for vote in votes:
        n += 1
        if vote.winner is None:
            unreadable += 1
            continue
        for name in (vote.first, vote.second):
            seen[name] = seen.get(name, 0) + 1
            share = vote.confidence if name == vote.winner else 1 - vote.confidence
            won[name] = won.get(name, 0.0) + share
    return Votes(scores={name: won[name] / seen[name] for name in seen}, n=n, unreadable=unreadable)
