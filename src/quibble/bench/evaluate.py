"""From answers to tables, with the papers' rows beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Final

from quibble.bench.answers import Answered, Run
from quibble.bench.evaluate_masks import grounding_tables
from quibble.bench.evaluate_texts import description_tables, question_tables
from quibble.bench.item import Kind
from quibble.bench.metrics.choices import Outcome, accuracy, accuracy_by, partial_credit
from quibble.bench.metrics.estimate import bootstrap_mean
from quibble.bench.metrics.pairs import Vote, count_votes
from quibble.bench.published import beside_scores
from quibble.bench.reply import Status
from quibble.bench.rows import Making, counted, nothing, papers, percent, row
from quibble.bench.scores import Scored, measure
from quibble.bench.table import Figure, Row, Table
from quibble.bench.tasks import TASKS
from quibble.errors import ArgumentError

#: What IQA-Octopus's table 1 calls the accuracy of its sets.
_REFERRING: Final[Mapping[str, str]] = {
    "octopus-refer-short": "referring short",
    "octopus-refer-long": "referring long",
}
#: The kinds of which quibble-bench has several tasks, which are not to be pooled.
_APART: Final = (Kind.DESCRIBE, Kind.REFER)


def tables(run: Run, answers: Sequence[Answered], making: Making) -> list[Table]:
    """A table for each kind of item and setting, in the order of Kind. Raises ArgumentError for no answers."""
    if not answers:
        raise ArgumentError("there are no answers to make figures of")
    makers: Mapping[Kind, Callable[[Run, Sequence[Answered], Making], list[Table]]] = {
        Kind.SCORE: _scores,
        Kind.CHOICE: _choices,
        Kind.COMPARE: _comparisons,
        Kind.DESCRIBE: description_tables,
        Kind.QUESTION: question_tables,
        Kind.GROUND: grounding_tables,
        Kind.REFER: _referring,
    }
    found = []
    for kind, maker in makers.items():
        of_kind = [a for a in answers if a.item.kind is kind]
        for setting in dict.fromkeys(_setting(run, a) for a in of_kind):
            part = [a for a in of_kind if _setting(run, a) == setting]
            found += [
                replace(table, title=f"{table.title}, {setting}" if setting else table.title)
                for table in maker(run, part, making)
            ]
    return found


def _setting(run: Run, answered: Answered) -> str:
    """What answers must share to stand in one table."""
    item = answered.item
    if run.benchmark == "quibble-bench" and item.kind in _APART:
        return item.labels.get("task", "").replace("_", " ")
    return item.labels.get("setting", "")


def _scores(run: Run, answers: Sequence[Answered], making: Making) -> list[Table]:
    items = [
        Scored(
            name=a.item.id,
            predicted=a.reply.score,
            truth=a.item.score,
            refused=a.reply.status is Status.REFUSED,
            part=a.item.labels.get("part", ""),
        )
        for a in answers
        if a.item.score is not None
    ]
    found = measure(items, fit=making.fit, same_scale=making.rmse, resamples=making.resamples)
    mine = Row(name=run.model, figures=found.figures(), n=found.n, unreadable=found.unreadable, refused=found.refused)
    notes = ["plcc is the plain one"] + ([found.undefined] if found.undefined else [])
    if len(parts := {item.part for item in items}) > 1:
        notes.append(f"figures are the means of those of {', '.join(sorted(parts))}")
    rows = [mine, *_papers_on(run)]
    return [Table(title=f"{run.benchmark}: scores", columns=list(found.figures()), rows=rows, notes=notes)]


def _papers_on(run: Run) -> list[Row]:
    database = TASKS[run.benchmark].database if run.benchmark in TASKS else None
    try:
        return beside_scores(database) if database else []
    except ArgumentError:
        return []  # no paper has this database


def _choices(run: Run, answers: Sequence[Answered], making: Making) -> list[Table]:
    title = f"{run.benchmark}: choices"
    known = [a for a in answers if a.item.right is not None]
    if not known:
        return [nothing(title, "the right answers of these items are not published")]
    overall = accuracy(map(_chosen, known), resamples=making.resamples)
    figures: dict[str, Figure] = {}
    for label in ("type", "concern"):
        labelled = [a for a in known if label in a.item.labels]
        parts = accuracy_by(labelled, _chosen, partial(_label, label), resamples=making.resamples)
        figures |= {name: percent(part.of_all) for name, part in sorted(parts.items())}
    figures |= {"overall": percent(overall.of_all), "of read": percent(overall.of_read)}
    notes = ['accuracy in percent; what is unreadable or refused is not right; "of read" leaves it out']
    rows = [counted(run, figures, overall), *papers(run, answers, figures)]
    return [Table(title=title, columns=list(figures), rows=rows, notes=notes, digits=dict.fromkeys(figures, 2))]


def _comparisons(run: Run, answers: Sequence[Answered], making: Making) -> list[Table]:
    title = f"{run.benchmark}: comparisons"
    if any(a.item.scores for a in answers):
        return [_votes(run, [a for a in answers if a.item.scores], making)]
    known = [a for a in answers if a.item.share_b is not None]
    if not known:
        return [nothing(title, "nobody's choice is known for these items")]
    overall = accuracy(map(_compared, known), resamples=making.resamples)
    groups = [a for a in known if "group" in a.item.labels]
    figures: dict[str, Figure] = {}
    for name, part in groupby(sorted(groups, key=partial(_label, "group")), key=partial(_label, "group")):
        figures[name] = percent(bootstrap_mean([_agree(a) for a in part], resamples=making.resamples))
    agreement = bootstrap_mean([_agree(a) for a in known], resamples=making.resamples)
    figures |= {"agreement": percent(agreement), "majority": percent(overall.of_all)}
    if run.benchmark == "m-bapps":
        figures["comparison, all"] = percent(overall.of_all)
        figures["comparison, with an answer"] = percent(overall.of_read)
    notes = [
        "percent; agreement and groups: the share of people who chose the same (BAPPS's 2AFC score, for which people "
        "themselves have a row); majority: how often most people did",
    ]
    rows = [counted(run, figures, overall), *papers(run, answers, figures)]
    return [Table(title=title, columns=list(figures), rows=rows, notes=notes, digits=dict.fromkeys(figures, 1))]


def _votes(run: Run, answers: Sequence[Answered], making: Making) -> Table:
    """Comparisons as votes: a score for each picture, and the mean over originals of how these follow people's."""
    sure = all(a.reply.confidence is not None for a in answers if a.reply.winner is not None)
    votes, truth, originals = [], dict[str, float](), dict[str, str]()
    for a in answers:
        first, second = (str(picture) for picture in a.item.images[-2:])
        winner = None if a.reply.winner is None else second if a.reply.winner == "B" else first
        confidence = a.reply.confidence if sure and a.reply.confidence is not None else 1.0
        votes.append(Vote(first=first, second=second, winner=winner, confidence=confidence))
        truth |= dict(zip((first, second), a.item.scores, strict=True))
        originals |= dict.fromkeys((first, second), a.item.labels["original"])
    found = count_votes(votes)
    scored = [
        Scored(name=name, predicted=found.scores.get(name), truth=score, part=originals[name])
        for name, score in truth.items()
    ]
    measured = measure(scored, fit=True, of_parts=True, resamples=making.resamples)
    kept = ("srcc", "plcc", "plcc_fitted")
    figures: dict[str, Figure] = {name: measured.figures().get(name) for name in kept}
    theirs = [
        replace(paper, figures={"srcc": paper.figures["srcc"], "plcc_fitted": paper.figures["plcc"]})
        for paper in _papers_on(run)
        if paper.source is not None and paper.source.startswith("DepictQA")
    ]
    notes = [
        f"the score of a picture: the share of its comparisons that it won, {'by confidence' if sure else 'as voted'}",
        "figures are the means of the originals', and intervals over originals; plcc_fitted is DepictQA's",
        f"pictures: {measured.n}, of which {measured.unreadable} have no readable vote",
        *([measured.undefined] if measured.undefined else []),
    ]
    rows = [row(run, figures, answers), *theirs]
    return Table(title=f"{run.benchmark}: votes", columns=list(figures), rows=rows, notes=notes)


def _referring(run: Run, answers: Sequence[Answered], making: Making) -> list[Table]:
    credit = [_credit(a) for a in answers]
    exact = [_exact(a) for a in answers]
    figures: dict[str, Figure] = {
        "partial credit": bootstrap_mean(credit, resamples=making.resamples),
        "all right": bootstrap_mean(exact, resamples=making.resamples),
    }
    groups = [a for a in answers if "group" in a.item.labels]
    for name, part in groupby(sorted(groups, key=partial(_label, "group")), key=partial(_label, "group")):
        figures[name] = bootstrap_mean([_credit(a) for a in part], resamples=making.resamples)
    if run.benchmark in _REFERRING:
        figures[_REFERRING[run.benchmark]] = figures["all right"]
    notes = ["partial credit and groups: hits over the larger number of names; an answer that was not read has none"]
    rows = [row(run, figures, answers), *papers(run, answers, figures)]
    return [Table(title=f"{run.benchmark}: referring", columns=list(figures), rows=rows, notes=notes)]


def _credit(answered: Answered) -> float:
    read = answered.reply.status is Status.READ
    return partial_credit(answered.reply.names or (), answered.item.names) if read else 0.0


def _exact(answered: Answered) -> bool:
    return answered.reply.status is Status.READ and set(answered.reply.names or ()) == set(answered.item.names)


def _chosen(answered: Answered) -> Outcome:
    if answered.reply.status is not Status.READ:
        return Outcome(answered.reply.status.value)
    return Outcome.RIGHT if answered.reply.choice == answered.item.right else Outcome.WRONG


def _compared(answered: Answered) -> Outcome:
    """Whether most people chose the same; right by half where they were divided evenly counts as wrong."""
    if answered.reply.status is not Status.READ:
        return Outcome(answered.reply.status.value)
    return Outcome.RIGHT if _agree(answered) > 0.5 else Outcome.WRONG


def _agree(answered: Answered) -> float:
    """The share of people who chose the same; 0 for an answer that was not read."""
    share = answered.item.share_b
    assert share is not None
    if answered.reply.winner is None:
        return 0.0
    return share if answered.reply.winner == "B" else 1 - share


def _label(name: str, answered: Answered) -> str:
    return answered.item.labels[name]
