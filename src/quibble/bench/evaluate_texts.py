"""The tables of answers in words: marks of a judge, likeness to the truth, and boxes that the words name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from quibble.bench.answers import Answered, Run
from quibble.bench.judge.prompts import PROMPTS, Case
from quibble.bench.metrics.boxes import box_miou, tag_recall
from quibble.bench.metrics.estimate import Estimate, bootstrap_mean
from quibble.bench.metrics.judged import ASPECTS, Rounds, describe_marks, mean_mark, relative_score
from quibble.bench.metrics.texts import bleu4
from quibble.bench.published import beside
from quibble.bench.reply import Reply, read_tags, read_yes_no
from quibble.bench.rows import Making, papers, row
from quibble.bench.table import Figure, Row, Table
from quibble.errors import ArgumentError

#: What IQA-Octopus's table 1 calls the marks of its sets.
_OCTOPUS: Final = {"octopus-global": "global description", "octopus-local": "local description"}


class Marking:
    """The marks of a judge. What could not be marked is counted, not guessed."""

    def __init__(self, making: Making, answers: Sequence[Answered]) -> None:
        self._making, self._answers = making, answers
        self._asked: dict[str, None] = {}
        self._unmarked: set[str] = set()

    @property
    def unmarked(self) -> int:
        """Answers that lack a readable mark for some figure, which leaves them out."""
        return len(self._unmarked)

    def marks(self, prompt: str, answered: Answered) -> Rounds:
        """A mark a round; a refused answer is marked like any other text."""
        self._asked[prompt] = None
        item, text = answered.item, answered.reply.text or ""
        case = Case(answer=text, truth=item.answer or "", question=item.question, context=item.context)
        found = self._making.judge.marks(PROMPTS[prompt], case, rounds=self._making.rounds)
        if all(mark is None for mark in found):
            self._unmarked.add(item.id)
        return found

    def mean(self, prompt: str, answers: Sequence[Answered], *, scale: float = 1.0) -> Estimate | None:
        """The mean mark, times `scale`; None if there is none."""
        marks = [self.marks(prompt, a) for a in answers]
        try:
            top = PROMPTS[prompt].top
            return mean_mark(marks, top=top, scale=scale, resamples=self._making.resamples).value
        except ArgumentError:
            return None  # no answer has a readable mark: all are counted as unmarked

    def relative(self, answers: Sequence[Answered], *, capped: bool = False) -> Estimate | None:
        """DepictQA's score: the marks of answers over those of the true answers, in percent."""
        true = [replace(a, reply=Reply(text=a.item.answer or "")) for a in answers]
        mine, theirs = ([self.marks("description", a) for a in side] for side in (answers, true))
        try:
            return relative_score(mine, theirs, capped=capped, resamples=self._making.resamples).value
        except ArgumentError:
            return None  # no true answer has a mark above 0

    def notes(self) -> list[str]:
        """Who marked, how often, and by which prompts."""
        judge, rounds = self._making.judge.label, self._making.rounds
        prompts = ", ".join(f"{name} {PROMPTS[name].sha256[:8]}" for name in self._asked)
        return [
            f"marks by {judge}, {rounds} rounds; prompts: {prompts}",
            "unmarked: answers without a readable mark, which are left out of the figure that lacks it",
        ]


def description_tables(run: Run, answers: Sequence[Answered], making: Making) -> list[Table]:
    """Q-Bench's three aspects and their sum, Grounding-IQA's figures, and the paper's own where a benchmark has one."""
    marking = Marking(making, answers)
    texts = [a.reply.text or "" for a in answers]
    truths = [a.item.answer or "" for a in answers]
    figures: dict[str, Figure] = {"bleu@4": bleu4(texts, truths, resamples=making.resamples)}
    figures |= _aspects(answers, marking, making)
    figures["llm-score"] = marking.mean("llm-score", answers, scale=25)
    if run.benchmark == "m-bapps":
        figures |= _m_bapps(answers, marking)
    if run.benchmark == "dq-495k":
        figures["0 to 10"] = marking.mean("description", answers)
    if run.benchmark in _OCTOPUS:
        figures[_OCTOPUS[run.benchmark]] = marking.mean("description", answers)
    figures["unmarked"] = float(marking.unmarked)
    notes = marking.notes()
    if any(a.item.tags for a in answers):
        figures |= _tags(answers, making)
        notes.append(f"names of boxes by {making.likeness.label}")
    theirs = _giqa_rows("des ", figures) if run.benchmark == "giqa-des" else []
    rows = [row(run, figures, answers), *papers(run, answers, figures), *theirs]
    title = f"{run.benchmark}: descriptions"
    return [Table(title=title, columns=list(figures), rows=rows, notes=notes, digits={"unmarked": 0})]


def question_tables(run: Run, answers: Sequence[Answered], making: Making) -> list[Table]:
    """Yes-or-no by the word, all others by the judge, 0..1; the total weighs them by their number."""
    marking = Marking(making, answers)
    credit: dict[str, list[float]] = {"acc yes-no": [], "acc what-why-how": []}
    unread = 0
    for a in answers:
        truth = read_yes_no(a.item.answer or "")
        if truth is not None:
            said = read_yes_no(a.reply.text or "")
            unread += said is None
            credit["acc yes-no"].append(float(said is truth))
            continue
        marks = [mark for mark in marking.marks("question", a) if mark is not None]
        credit["acc what-why-how"].append(sum(marks) / len(marks) / 4 if marks else 0.0)
    figures: dict[str, Figure] = {
        name: bootstrap_mean(values, resamples=making.resamples) if values else None for name, values in credit.items()
    }
    every = [value for values in credit.values() for value in values]
    figures["acc total"] = bootstrap_mean(every, resamples=making.resamples)
    notes = ["an answer without a mark, and a yes-or-no one without either word, counts 0"]
    if any(a.item.tags for a in answers):
        figures |= _tags(answers, making)
        notes.append(f"names of boxes by {making.likeness.label}")
    figures["unmarked"] = float(marking.unmarked)
    if credit["acc what-why-how"]:
        notes = [marking.notes()[0], *notes]
    theirs = _giqa_rows("vqa ", figures) if run.benchmark == "giqa-vqa" else []
    mine = replace(row(run, figures, answers), unreadable=unread)
    title = f"{run.benchmark}: questions"
    return [Table(title=title, columns=list(figures), rows=[mine, *theirs], notes=notes, digits={"unmarked": 0})]


def _aspects(answers: Sequence[Answered], marking: Marking, making: Making) -> dict[str, Estimate | None]:
    marks = [
        (marking.marks("completeness", a), marking.marks("precision", a), marking.marks("relevance", a))
        for a in answers
    ]
    try:
        return {name: found.value for name, found in describe_marks(marks, resamples=making.resamples).items()}
    except ArgumentError:
        return dict.fromkeys((*ASPECTS, "sum"))  # an aspect has no readable mark at all


def _m_bapps(answers: Sequence[Answered], marking: Marking) -> dict[str, Figure]:
    """DepictQA's columns: descriptions of one picture, and reasons for a comparison of two."""
    parts = {"description": [a for a in answers if not _is_pair(a)], "reasoning": [a for a in answers if _is_pair(a)]}
    figures: dict[str, Figure] = {}
    for name, part in parts.items():
        if part:
            figures[f"{name} gpt-4"] = marking.relative(part)
            figures[f"{name}, capped"] = marking.relative(part, capped=True)
    return figures


def _is_pair(answered: Answered) -> bool:
    return len(answered.item.images) - answered.item.reference > 1


def _tags(answers: Sequence[Answered], making: Making) -> dict[str, Figure]:
    """Box mIoU and Tag-Recall of the boxes that answers name."""
    said, true = [read_tags(a.reply.text or "") for a in answers], [a.item.tags for a in answers]
    boxes = [[tag.box for tag in side] for side in said], [[tag.box for tag in side] for side in true]
    return {
        "miou": box_miou(*boxes, resamples=making.resamples).value,
        "tag-recall": tag_recall(said, true, making.likeness, resamples=making.resamples).value,
    }


def _giqa_rows(prefix: str, figures: dict[str, Figure]) -> list[Row]:
    """The rows of the tables that give both halves of GIQA-Bench, under this half's names."""
    rows = beside("giqa-bench", [f"{prefix}{name}" for name in figures])
    return [
        replace(paper, figures={name.removeprefix(prefix): value for name, value in paper.figures.items()})
        for paper in rows
    ]
