"""From answers to tables, with the papers' rows beside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Final

from quibble.bench.answers import Answered, Run
from quibble.bench.item import Kind
from quibble.bench.judge.prompts import PROMPTS, Case, Judge
from quibble.bench.metrics.boxes import LexicalLikeness, NameLikeness, box_miou, tag_recall
from quibble.bench.metrics.choices import Accuracy, Outcome, accuracy, accuracy_by, partial_credit
from quibble.bench.metrics.estimate import Estimate, bootstrap_mean
from quibble.bench.metrics.judged import Rounds, describe_marks, mean_mark, relative_score
from quibble.bench.metrics.masks import ClassMap, grounding, merge_smaller_first
from quibble.bench.metrics.texts import bleu4
from quibble.bench.published import beside, beside_scores
from quibble.bench.reply import Reply, Status, read_tags, read_yes_no
from quibble.bench.scores import Scored, measure
from quibble.bench.table import Figure, Row, Table
from quibble.bench.tasks import TASKS
from quibble.bench.tasks.records import TARGET
from quibble.errors import ArgumentError
from quibble.taxonomy import Category, QGroundClass

#: Judges are asked so many times, as in the papers.
ROUNDS: Final = 5

#: What IQA-Octopus's table 1 calls the figures of its sets.
OCTOPUS_COLUMNS: Final[Mapping[str, str]] = {
    "octopus-global": "global description",
    "octopus-local": "local description",
    "octopus-refer-short": "referring short",
    "octopus-refer-long": "referring long",
}


class Evaluation:
    """Makes the tables of a run. judge marks answers in words; likeness compares the names of boxes."""

    def __init__(
        self, judge: Judge, *, rounds: int = ROUNDS, likeness: NameLikeness | None = None, resamples: int = 1000
    ) -> None:
        self._judge, self._rounds, self._resamples = judge, rounds, resamples
        self._likeness: NameLikeness = likeness or LexicalLikeness()

    def tables(self, run: Run, answers: Sequence[Answered]) -> list[Table]:
        """A table for each kind of item and task, in the order of Kind. Raises ArgumentError for no answers."""
        if not answers:
            raise ArgumentError("there are no answers to make figures of")
        makers: Mapping[Kind, Callable[[Run, Sequence[Answered]], list[Table]]] = {
            Kind.SCORE: self._scores,
            Kind.CHOICE: self._choices,
            Kind.COMPARE: self._comparisons,
            Kind.DESCRIBE: self._descriptions,
            Kind.QUESTION: self._questions,
            Kind.GROUND: self._grounding,
            Kind.REFER: self._referring,
        }
        found = []
        for kind, maker in makers.items():
            part = [a for a in answers if a.item.kind is kind]
            if part:
                found += maker(run, part)
        return found

    def _scores(self, run: Run, answers: Sequence[Answered]) -> list[Table]:
        items = [
            Scored(
                name=a.item.id, predicted=a.reply.score, truth=a.item.score, refused=a.reply.status is Status.REFUSED
            )
            for a in answers
            if a.item.score is not None
        ]
        found = measure(items, resamples=self._resamples)
        database = TASKS[run.benchmark].database if run.benchmark in TASKS else None
        row = Row(
            name=run.model, figures=found.figures(), n=found.n, unreadable=found.unreadable, refused=found.refused
        )
        try:
            papers = beside_scores(database) if database else []
        except ArgumentError:
            papers = []
        notes = ["plcc is the plain one"] + ([found.undefined] if found.undefined else [])
        title = f"{run.benchmark}: scores"
        return [Table(title=title, columns=list(found.figures()), rows=[row, *papers], notes=notes)]

    def _choices(self, run: Run, answers: Sequence[Answered]) -> list[Table]:
        known = [a for a in answers if a.item.right is not None]
        if not known:
            return [_nothing(f"{run.benchmark}: choices", "the right answers of these items are not published")]
        overall = accuracy(map(_chosen, known), resamples=self._resamples)
        figures: dict[str, Figure] = {}
        for label in ("type", "concern"):
            labelled = [a for a in known if label in a.item.labels]
            parts = accuracy_by(labelled, _chosen, partial(_label, label), resamples=self._resamples)
            figures |= {name: _percent(part.of_all) for name, part in sorted(parts.items())}
        figures |= {"overall": _percent(overall.of_all), "of read": _percent(overall.of_read)}
        papers = beside(run.benchmark, list(figures))
        notes = ['accuracy in percent; what is unreadable or refused is not right; "of read" leaves it out']
        return [
            Table(
                title=f"{run.benchmark}: choices",
                columns=list(figures),
                rows=[_counted(run, figures, overall), *papers],
                notes=notes,
                digits=dict.fromkeys(figures, 2),
            )
        ]

    def _comparisons(self, run: Run, answers: Sequence[Answered]) -> list[Table]:
        known = [a for a in answers if a.item.share_b is not None]
        if not known:
            return [_nothing(f"{run.benchmark}: comparisons", "nobody's choice is known for these items")]
        overall = accuracy(map(_compared, known), resamples=self._resamples)
        groups = [a for a in known if "group" in a.item.labels]
        figures: dict[str, Figure] = {}
        for name, part in groupby(sorted(groups, key=_group), key=_group):
            figures[name] = _percent(bootstrap_mean([_agree(a) for a in part], resamples=self._resamples))
        agreement = bootstrap_mean([_agree(a) for a in known], resamples=self._resamples)
        figures |= {"agreement": _percent(agreement), "majority": _percent(overall.of_all)}
        if run.benchmark == "m-bapps":
            figures["comparison, all"] = _percent(overall.of_all)
            figures["comparison, with an answer"] = _percent(overall.of_read)
        notes = [
            "percent; agreement and groups: the share of people who chose the same (BAPPS's 2AFC score, for which "
            "people themselves have a row); majority: how often most people did",
        ]
        papers = beside(run.benchmark, list(figures))
        row = _counted(run, figures, overall)
        title = f"{run.benchmark}: comparisons"
        return [
            Table(
                title=title, columns=list(figures), rows=[row, *papers], notes=notes, digits=dict.fromkeys(figures, 1)
            )
        ]

    def _descriptions(self, run: Run, answers: Sequence[Answered]) -> list[Table]:
        texts = [a.reply.text or "" for a in answers]
        truths = [a.item.answer or "" for a in answers]
        marks = [
            tuple(self._marks(aspect, a) for aspect in ("completeness", "precision", "relevance")) for a in answers
        ]
        described = describe_marks([(m[0], m[1], m[2]) for m in marks], resamples=self._resamples)
        score = mean_mark([self._marks("llm-score", a) for a in answers], top=4, scale=25, resamples=self._resamples)
        figures: dict[str, Figure] = {"bleu@4": bleu4(texts, truths, resamples=self._resamples)}
        figures |= {name: judged.value for name, judged in described.items()}
        figures["llm-score"] = score.value
        if run.benchmark in ("m-bapps", "dq-495k"):
            figures["relative"] = self._relative(answers)
        if run.benchmark in OCTOPUS_COLUMNS:
            tens = [self._marks("description", a) for a in answers]
            figures[OCTOPUS_COLUMNS[run.benchmark]] = mean_mark(tens, top=10, resamples=self._resamples).value
        tags = [a.item.tags for a in answers]
        if run.benchmark.startswith("giqa") and any(tags):
            said = [read_tags(text) for text in texts]
            boxes = [[tag.box for tag in side] for side in said], [[tag.box for tag in side] for side in tags]
            figures["miou"] = box_miou(*boxes, resamples=self._resamples).value
            figures["tag-recall"] = tag_recall(said, tags, self._likeness, resamples=self._resamples).value
        notes = [f"marks by {self._judge.label}, {self._rounds} rounds", f"names of boxes by {self._likeness.label}"]
        papers = beside(_published_task(run), list(figures))
        row = _row(run, figures, answers)
        return [Table(title=f"{run.benchmark}: descriptions", columns=list(figures), rows=[row, *papers], notes=notes)]

    def _questions(self, run: Run, answers: Sequence[Answered]) -> list[Table]:
        """Yes-or-no by the word, all others by the judge, 0..1; the total weighs them by their number."""
        credit: dict[str, list[float]] = {"yes-no": [], "what-why-how": []}
        unread = 0
        for a in answers:
            truth = read_yes_no(a.item.answer or "")
            if truth is not None:
                said = read_yes_no(a.reply.text or "")
                unread += said is None
                credit["yes-no"].append(float(said is truth))
                continue
            marks = [mark for mark in self._marks("question", a) if mark is not None]
            unread += not marks
            credit["what-why-how"].append(sum(marks) / len(marks) / 4 if marks else 0.0)
        figures: dict[str, Figure] = {
            f"vqa acc {name}": bootstrap_mean(values, resamples=self._resamples) if values else None
            for name, values in credit.items()
        }
        figures["vqa acc total"] = bootstrap_mean([c for v in credit.values() for c in v], resamples=self._resamples)
        papers = beside("giqa-bench", list(figures)) if run.benchmark == "giqa-vqa" else []
        row = replace(_row(run, figures, answers), unreadable=unread)
        notes = [f"marks by {self._judge.label}, {self._rounds} rounds", "an answer without a mark counts 0"]
        return [Table(title=f"{run.benchmark}: questions", columns=list(figures), rows=[row, *papers], notes=notes)]

    def _grounding(self, run: Run, answers: Sequence[Answered]) -> list[Table]:
        tables = []
        answers = [a for a in answers if any(a.item.masks)]
        for names, title in _classes(answers):
            part = [a for a in answers if _classes_of(a) == names]
            maps = [self._maps(a, names) for a in part]
            found = grounding([m[0] for m in maps], [m[1] for m in maps], len(names), resamples=self._resamples)
            figures: dict[str, Figure] = {"miou": found.miou, "macc": found.macc, "per picture": found.per_picture}
            if run.benchmark == "octopus-grounding":
                figures |= self._subtasks(part, names)
            if len(names) > 1:
                figures |= {f"{name} miou": iou for name, iou in zip(names, found.iou, strict=True)}
            papers = beside(_published_task(run), [*figures, "average miou"])
            row = _row(run, figures, part)
            columns = [*figures, "average miou"] if run.benchmark == "qground-test" else list(figures)
            notes = ["classes are pooled over pictures; per picture: the mean over pictures of their classes' mean"]
            title = f"{run.benchmark}: {title}"
            tables.append(Table(title=title, columns=columns, rows=[row, *papers], notes=notes))
        return tables

    def _maps(self, answered: Answered, names: Sequence[str]) -> tuple[ClassMap, list[ClassMap]]:
        truths = answered.item.masks
        first = next(mask for truth in truths for mask in truth.values())
        index = {name: i for i, name in enumerate(names)}
        said = {index[k]: m for k, m in (answered.reply.masks or {}).items() if k in index}
        true = [
            merge_smaller_first({index[k]: m for k, m in truth.items()}, height=first.height, width=first.width)
            for truth in truths
        ]
        return merge_smaller_first(said, height=first.height, width=first.width), true

    def _referring(self, run: Run, answers: Sequence[Answered]) -> list[Table]:
        credit = [partial_credit(a.reply.names or (), a.item.names) for a in answers]
        exact = [set(a.reply.names or ()) == set(a.item.names) and a.reply.status is Status.READ for a in answers]
        read = [a.reply.status is Status.READ for a in answers]
        figures: dict[str, Figure] = {
            "partial credit": bootstrap_mean(
                [c * r for c, r in zip(credit, read, strict=True)], resamples=self._resamples
            ),
            "all right": bootstrap_mean(exact, resamples=self._resamples),
        }
        if run.benchmark in OCTOPUS_COLUMNS:
            figures[OCTOPUS_COLUMNS[run.benchmark]] = figures["all right"]
        papers = beside(_published_task(run), list(figures))
        row = _row(run, figures, answers)
        notes = ["partial credit: hits over the larger number of names; an answer that was not read has none"]
        return [Table(title=f"{run.benchmark}: referring", columns=list(figures), rows=[row, *papers], notes=notes)]

    def _relative(self, answers: Sequence[Answered]) -> Estimate:
        """DepictQA's score: the marks of the answers over those of the true answers, in percent."""
        true = [replace(a, reply=Reply(text=a.item.answer or "")) for a in answers]
        mine, theirs = ([self._marks("description", a) for a in side] for side in (answers, true))
        return relative_score(mine, theirs, resamples=self._resamples).value

    def _subtasks(self, answers: Sequence[Answered], names: Sequence[str]) -> dict[str, Figure]:
        """IQA-Octopus's columns: the mean IoU of the pictures of each sub-task, and of all."""
        figures: dict[str, Figure] = {}
        for column, task in (("dao-g", "grounding_dao"), ("hyd-g", "grounding_hyd"), ("sid-g", "grounding_sid")):
            maps = [self._maps(a, names) for a in answers if a.item.labels.get("task") == task]
            if maps:
                said, true = zip(*maps, strict=True)
                figures[column] = grounding(said, true, len(names), resamples=self._resamples).per_picture
        said, true = zip(*(self._maps(a, names) for a in answers), strict=True)
        return figures | {"average": grounding(said, true, len(names), resamples=self._resamples).per_picture}

    def _marks(self, prompt: str, answered: Answered) -> Rounds:
        """The judge's marks of an answer; a refused one is marked like any other text."""
        case = Case(answer=answered.reply.text or "", truth=answered.item.answer or "", question=answered.item.question)
        return self._judge.marks(PROMPTS[prompt], case, rounds=self._rounds)


def _published_task(run: Run) -> str:
    """The task of the papers' tables that a benchmark belongs to."""
    return "octopus" if run.benchmark.startswith("octopus-") else run.benchmark


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


def _group(answered: Answered) -> str:
    return answered.item.labels["group"]


def _classes_of(answered: Answered) -> tuple[str, ...]:
    if any(TARGET in truth for truth in answered.item.masks):
        return (TARGET,)
    if "q-ground" in answered.item.labels.values():
        return tuple(QGroundClass)
    return tuple(Category)


def _classes(answers: Iterable[Answered]) -> list[tuple[tuple[str, ...], str]]:
    titles = {
        (TARGET,): "grounding of one region",
        tuple(QGroundClass): "grounding",
        tuple(Category): "grounding by category",
    }
    return [(names, titles[names]) for names in dict.fromkeys(_classes_of(a) for a in answers)]


def _row(run: Run, figures: Mapping[str, Figure], answers: Sequence[Answered]) -> Row:
    statuses = [a.reply.status for a in answers]
    return Row(
        name=run.model,
        figures=figures,
        n=len(answers),
        unreadable=statuses.count(Status.UNREADABLE),
        refused=statuses.count(Status.REFUSED),
    )


def _counted(run: Run, figures: Mapping[str, Figure], found: Accuracy) -> Row:
    return Row(name=run.model, figures=figures, n=found.n, unreadable=found.unreadable, refused=found.refused)


def _nothing(title: str, why: str) -> Table:
    return Table(title=title, columns=[], rows=[], notes=[why])


def _percent(estimate: Estimate | None) -> Estimate | None:
    if estimate is None:
        return None
    low, high = (None if bound is None else 100 * bound for bound in (estimate.low, estimate.high))
    return Estimate(value=100 * estimate.value, low=low, high=high)
