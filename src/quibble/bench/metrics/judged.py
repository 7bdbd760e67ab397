"""Figures made of a judge's marks. A mark is None where the judge's reply could not be read; those are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from quibble.bench.metrics.estimate import RESAMPLES, SEED, Estimate, bootstrap_mean
from quibble.errors import ArgumentError

#: A judge's marks of one answer, one a round.
Rounds = Sequence[float | None]

#: The three aspects of Q-Bench's task A2, each 0, 1 or 2.
ASPECTS: Final = ("completeness", "precision", "relevance")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A figure from marks. n: answers; unreadable: those of which no round could be read, which have no mark."""

    value: Estimate
    n: int
    unreadable: int


def mean_mark(
    marks: Sequence[Rounds],
    *,
    top: float,
    scale: float = 1.0,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Judged:
    """The mean over answers of the mean over rounds, times `scale`; marks lie in 0..top.

    Grounding-IQA's LLM-Score is top 4 and scale 25, its Acc (W) top 4 and scale 1/4, IQA-Octopus's marks are top 10
    for descriptions and 5 for grounding over 5 rounds. Raises ArgumentError for a mark out of range or none at all.
    """
    values = [mean for rounds in marks if (mean := _mean(rounds, top)) is not None]
    if not values:
        raise ArgumentError(f"none of {len(marks)} answers has a readable mark")
    estimate = bootstrap_mean([value * scale for value in values], resamples=resamples, seed=seed)
    return Judged(value=estimate, n=len(marks), unreadable=len(marks) - len(values))


def relative_score(
    answers: Sequence[Rounds],
    truths: Sequence[Rounds],
    *,
    top: float = 10,
    capped: bool = False,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Judged:
    """DepictQA's GPT-4 score in percent: the mark of an answer over that of the true answer, the mean over answers.

    It may exceed 100, as in the paper's table 7, unless capped: then no answer counts more than its truth, as in the
    public code. An answer whose truth has no mark above 0 is unreadable. Source: DepictQA, section 5.1.
    """
    if len(answers) != len(truths):
        raise ArgumentError(f"expected a mark of the truth for each answer, found {len(answers)} and {len(truths)}")
    means = [(_mean(a, top), _mean(t, top)) for a, t in zip(answers, truths, strict=True)]
    ratios = [100 * mine / true for mine, true in means if mine is not None and true]
    if not ratios:
        raise ArgumentError("no true answer has a mark above 0 beside a marked answer, so nothing can be relative")
    if capped:
        ratios = [min(ratio, 100.0) for ratio in ratios]
    estimate = bootstrap_mean(ratios, resamples=resamples, seed=seed)
    return Judged(value=estimate, n=len(answers), unreadable=len(answers) - len(ratios))


def describe_marks(
    marks: Sequence[tuple[Rounds, Rounds, Rounds]], *, resamples: int = RESAMPLES, seed: int = SEED
) -> dict[str, Judged]:
    """Q-Bench A2: completeness, precision and relevance, 0..2 each, and their sum, 0..6, over the rounds.

    An answer counts in the sum only if all three aspects have a readable mark.
    """
    means = [tuple(_mean(rounds, 2) for rounds in answer) for answer in marks]
    columns = {name: [answer[i] for answer in means] for i, name in enumerate(ASPECTS)}
    columns["sum"] = [None if None in answer else sum(m for m in answer if m is not None) for answer in means]
    options = {"resamples": resamples, "seed": seed}
    return {name: mean_mark([[v] for v in column], top=6, **options) for name, column in columns.items()}


def _mean(rounds: Rounds, top: float) -> float | None:
    read = [mark for mark in rounds if mark is not None]
    for mark in read:
        if not 0 <= mark <= top:
            raise ArgumentError(f"marks lie in 0..{top:g}, found {mark!r}")
    return sum(read) / len(read) if read else None
