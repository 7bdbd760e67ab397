"""What a data set holds, in numbers, from one pass over its records."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, Final

from quibble.data.dataset import samples
from quibble.data.record import Record, RegionEntry, Turn
from quibble.taxonomy import Category

#: Lower edges of the classes of a region's share of its picture, in 0..1; each class reaches up to the next edge.
SHARE_EDGES: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 0.9)

_LEVELS: Final = 5

#: Width of the column of names in a report.
_NAME: Final = 30


@dataclass(frozen=True, kw_only=True)
class Words:
    """How many words texts have, split at white space."""

    mean: float
    median: float
    largest: int


@dataclass(frozen=True, kw_only=True)
class Stats:
    """Counts of a data set.

    pictures, sources: different ones, by file and by source. splits, labels: "" counts what has none. levels:
    regions' distortions by category at the levels 1..5, a level between two rounded half up. turns_a_record: number of
    turns → records. duplicate_answers: share of answers, 0..1, that repeat an earlier one exactly; by task in
    duplicate_answers_by_task. shares: regions by share of their picture, one count for each of SHARE_EDGES; a region
    without a mask counts as its box.
    """

    records: int
    pictures: int
    sources: int
    turns: int
    regions: int
    tasks: Mapping[str, int]
    splits: Mapping[str, int]
    labels: Mapping[str, int]
    levels: Mapping[Category, tuple[int, ...]]
    turns_a_record: Mapping[int, int]
    question_words: Words
    answer_words: Words
    duplicate_answers: float
    duplicate_answers_by_task: Mapping[str, float]
    shares: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON; shares as a mapping from a class's lower edge."""
        words = {name: vars(getattr(self, name)) for name in ("question_words", "answer_words")}
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        counted = {name: dict(value) for name, value in plain.items() if isinstance(value, Mapping)}
        return (
            plain
            | counted
            | words
            | {
                "levels": {category.value: list(counts) for category, counts in self.levels.items()},
                "turns_a_record": {str(turns): count for turns, count in self.turns_a_record.items()},
                "shares": {f"{edge:g}": count for edge, count in zip(SHARE_EDGES, self.shares, strict=True)},
            }
        )

    def to_text(self) -> str:
        """A report to read on a terminal, of plain characters."""
        lines = [
            f"{_number(self.records, 'record')}, {_number(self.pictures, 'picture')} of "
            f"{_number(self.sources, 'source')}, {_number(self.regions, 'region')}, {_number(self.turns, 'turn')}"
        ]
        lines += _table("task", self.tasks) + _table("split", self.splits) + _table("label", self.labels, most=20)
        if self.levels:
            lines += ["", "category".ljust(_NAME + 2) + "".join(f"  level {n}" for n in range(1, _LEVELS + 1))]
            lines += [
                f"{category.value:<{_NAME + 2}}{''.join(f'{count:>9}' for count in counts)}"
                for category, counts in self.levels.items()
            ]
        if self.regions:
            edges = [*(f"{edge:.0%}" for edge in SHARE_EDGES), "100%"]
            bands = {f"{low} to {high}": count for low, high, count in zip(edges, edges[1:], self.shares, strict=False)}
            lines += _table("share of picture", bands)
        lines += ["", f"{'words':<{_NAME + 2}}{'mean':>9}{'median':>9}{'most':>9}"]
        lines += [
            f"{name:<{_NAME + 2}}{words.mean:>9.1f}{words.median:>9g}{words.largest:>9}"
            for name, words in (("a question", self.question_words), ("an answer", self.answer_words))
        ]
        lines += ["", f"answers that repeat an earlier one exactly: {self.duplicate_answers:.2%}"]
        lines += [f"  {task:<{_NAME}}{share:>9.2%}" for task, share in self.duplicate_answers_by_task.items()]
        return "\n".join(lines)


def stats(folder: str | os.PathLike[str]) -> Stats:
    """Counts of the data set in a folder. Raises RecordError at a malformed record, ArgumentError if there is none."""
    return count(sample.record for sample in samples(folder))


def count(records: Iterable[Record]) -> Stats:
    """Counts of records from anywhere, in one pass."""
    tally = _Tally()
    for record in records:
        tally.add(record)
    return tally.stats()


class _Tally:
    """Running counts. Texts are remembered only as digests of 8 bytes, so millions of answers fit in memory."""

    def __init__(self) -> None:
        self.records = self.regions = 0
        self.pictures: set[bytes] = set()
        self.sources: set[bytes] = set()
        self.tasks: Counter[str] = Counter()
        self.splits: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()
        self.levels: dict[Category, list[int]] = {}
        self.turns: Counter[int] = Counter()
        self.question_words: Counter[int] = Counter()
        self.answer_words: Counter[int] = Counter()
        self.answers: set[bytes] = set()
        self.answers_by_task: dict[str, set[bytes]] = {}
        self.given_by_task: Counter[str] = Counter()
        self.shares = [0] * len(SHARE_EDGES)

    def add(self, record: Record) -> None:
        self.records += 1
        self.pictures.update(_digest(image.file) for image in record.images)
        if source := record.source_sha256 or record.source:
            self.sources.add(_digest(source))
        self.tasks[record.task] += 1
        self.splits[record.split or ""] += 1
        self.turns[len(record.turns)] += 1
        for turn in record.turns:
            self._add_turn(turn, record.task)
        for region in record.regions:
            self._add_region(region, record)

    def _add_turn(self, turn: Turn, task: str) -> None:
        if turn.question:
            self.question_words[len(turn.question.split())] += 1
        if turn.answer:
            self.answer_words[len(turn.answer.split())] += 1
            self.given_by_task[task] += 1
            digest = _digest(turn.answer)
            self.answers.add(digest)
            self.answers_by_task.setdefault(task, set()).add(digest)

    def _add_region(self, region: RegionEntry, record: Record) -> None:
        self.regions += 1
        self.labels[region.label or ""] += 1
        for degradation in region.degradations:
            counts = self.levels.setdefault(degradation.category, [0] * _LEVELS)
            counts[int(degradation.level + 0.5) - 1] += 1
        if region.mask is not None:
            share = region.mask.share
        else:
            image = record.images[region.image]
            share = region.region.bounds.area / (image.width * image.height)
        self.shares[bisect_right(SHARE_EDGES, share) - 1] += 1

    def stats(self) -> Stats:
        return Stats(
            records=self.records,
            pictures=len(self.pictures),
            sources=len(self.sources),
            turns=sum(number * records for number, records in self.turns.items()),
            regions=self.regions,
            tasks=_by_count(self.tasks),
            splits=_by_count(self.splits),
            labels=_by_count(self.labels),
            levels=MappingProxyType({c: tuple(self.levels[c]) for c in Category if c in self.levels}),
            turns_a_record=MappingProxyType(dict(sorted(self.turns.items()))),
            question_words=_words(self.question_words),
            answer_words=_words(self.answer_words),
            duplicate_answers=_repeated(len(self.answers), self.answer_words.total()),
            duplicate_answers_by_task=MappingProxyType(
                {
                    task: _repeated(len(self.answers_by_task[task]), given)
                    for task, given in self.given_by_task.most_common()
                }
            ),
            shares=tuple(self.shares),
        )


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()


def _by_count(counter: Counter[str]) -> Mapping[str, int]:
    return MappingProxyType(dict(sorted(counter.items(), key=lambda item: (-item[1], item[0]))))


def _repeated(different: int, given: int) -> float:
    return 1 - different / given if given else 0.0


def _words(lengths: Counter[int]) -> Words:
    total = lengths.total()
    if not total:
        return Words(mean=0.0, median=0.0, largest=0)
    ranked = sorted(lengths.items())
    middle = [_ranked(ranked, (total - 1) // 2), _ranked(ranked, total // 2)]
    mean = sum(length * number for length, number in ranked) / total
    return Words(mean=mean, median=sum(middle) / 2, largest=ranked[-1][0])


def _ranked(ranked: list[tuple[int, int]], place: int) -> int:
    """The value at a place, from 0, of a sorted list that is given as (value, how often)."""
    for value, number in ranked:
        if place < number:
            return value
        place -= number
    raise AssertionError("a place beyond the end")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _table(title: str, counts: Mapping[str, int], *, most: int | None = None) -> list[str]:
    if not counts:
        return []
    shown = list(counts.items())[:most]
    lines = ["", title, *(f"  {name or '(none)':<{_NAME}}{number:>9}" for name, number in shown)]
    return lines + ([f"  and {len(counts) - len(shown)} more"] if len(shown) < len(counts) else [])
