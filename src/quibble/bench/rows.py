"""What the makers of tables share: how figures are made, and the rows of measured ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from quibble.bench.answers import Answered, Run
from quibble.bench.judge.prompts import Judge
from quibble.bench.metrics.boxes import LexicalLikeness, NameLikeness
from quibble.bench.metrics.choices import Accuracy
from quibble.bench.metrics.estimate import Estimate
from quibble.bench.published import beside
from quibble.bench.reply import Status
from quibble.bench.table import Figure, Row, Table
from quibble.bench.tasks.pairs import NO_REFERENCE

#: Judges are asked so many times, as in the papers.
ROUNDS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Making:
    """How figures are made. judge: marks answers in words. likeness: compares the names of boxes.

    fit, rmse: also figures after the logistic, and the plain RMSE, of scores. resamples: of intervals.
    """

    judge: Judge
    rounds: int = ROUNDS
    likeness: NameLikeness = field(default_factory=LexicalLikeness)
    fit: bool = False
    rmse: bool = False
    resamples: int = 1000


def row(run: Run, figures: Mapping[str, Figure], answers: Sequence[Answered]) -> Row:
    """A measured row, with what could not be read and was refused counted."""
    statuses = [a.reply.status for a in answers]
    return Row(
        name=run.model,
        figures=figures,
        n=len(answers),
        unreadable=statuses.count(Status.UNREADABLE),
        refused=statuses.count(Status.REFUSED),
    )


def counted(run: Run, figures: Mapping[str, Figure], found: Accuracy) -> Row:
    """A measured row of accuracies."""
    return Row(name=run.model, figures=figures, n=found.n, unreadable=found.unreadable, refused=found.refused)


def nothing(title: str, why: str) -> Table:
    """A table that says why it is empty."""
    return Table(title=title, columns=[], rows=[], notes=[why])


def percent(estimate: Estimate | None) -> Estimate | None:
    """A share, 0..1, in percent."""
    if estimate is None:
        return None
    low, high = (None if bound is None else 100 * bound for bound in (estimate.low, estimate.high))
    return Estimate(value=100 * estimate.value, low=low, high=high)


def papers(run: Run, answers: Sequence[Answered], columns: Iterable[str]) -> list[Row]:
    """The papers' rows on a benchmark that give one of the columns; none for answers without the papers' reference."""
    if any(a.item.labels.get("setting") == NO_REFERENCE for a in answers):
        return []
    # Its five sets stand in one table.
    task = "octopus" if run.benchmark.startswith("octopus-") else run.benchmark
    return beside(task, list(columns))
