"""One data set of several, with the records of some tasks repeated, in random order: what a training run reads."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from quibble.data.convert import with_pictures
from quibble.data.dataset import Sample, samples
from quibble.data.fields import Node, dumps, loads
from quibble.data.jsonl import write_jsonl
from quibble.data.record import Record, read_record
from quibble.errors import ArgumentError, RecipeError


def mix(
    sources: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    repeat: Mapping[str, int] | None = None,
    split: str | None = None,
    seed: int = 0,
) -> int:
    """Write the records of several data sets as one, and return how many there are.

    repeat: how often records of a task come, by the task's name or its beginning, of which the longest counts; others
    come once, and 0 leaves a task out. A repeated record is told by "#2" and on behind its id. split: only records of
    this one. Pictures are copied, once each, below a folder for each source. Raises ArgumentError for a negative
    factor, one that no task has, an `out` that is not empty, or nothing left; RecordError for a malformed record.
    """
    factors, folder = dict(repeat or {}), Path(out)
    if any(factor < 0 for factor in factors.values()) or not sources:
        raise ArgumentError(f"expected at least one source and factors of at least 0, found {factors}")
    if folder.is_dir() and any(folder.iterdir()):
        raise ArgumentError(f"{folder} is not empty; choose another folder")
    lines: list[bytes] = []
    tasks: set[str] = set()

    def read() -> Iterator[Sample]:
        for number, source in enumerate(sources):
            for sample in samples(source):
                tasks.add(sample.record.task)
                if (split is None or sample.record.split == split) and _factor(sample.record.task, factors):
                    yield replace(sample, record=_moved(sample.record, f"{number}"))

    for record in with_pictures(read(), folder):
        text = dumps(record.to_dict()).encode()
        lines += [text] * _factor(record.task, factors)
    if idle := [name for name in factors if not any(task.startswith(name) for task in tasks)]:
        raise ArgumentError(f"no task is called {idle[0]!r}; there are {', '.join(sorted(tasks))}")
    if not lines:
        raise ArgumentError(f"nothing is left to mix: {len(tasks)} tasks, split {split!r}, factors {factors}")
    order = np.random.default_rng(seed).permutation(len(lines)).tolist()
    return write_jsonl(_numbered(lines[place] for place in order), folder / "records.jsonl")


def read_factors(path: Path) -> dict[str, int]:
    """The factors of a recipe: its table `repeat`, whole numbers by task. Raises RecipeError."""
    try:
        factors = tomllib.loads(path.read_text(encoding="utf-8"))["repeat"]
        if not all(isinstance(factor, int) and not isinstance(factor, bool) for factor in factors.values()):
            raise ValueError(f"{factors} are not all whole numbers")
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise RecipeError(f"{path}: expected a table `repeat` of tasks and whole numbers: {error}") from error
    return dict(factors)


def _factor(task: str, factors: Mapping[str, int]) -> int:
    names = [name for name in factors if task.startswith(name)]
    return factors[max(names, key=len)] if names else 1


def _moved(record: Record, folder: str) -> Record:
    """With its pictures below a folder, so that equal names of two sources do not meet."""
    return replace(record, images=tuple(replace(image, file=f"{folder}/{image.file}") for image in record.images))


def _numbered(lines: Iterator[bytes]) -> Iterator[Record]:
    """The records, of which repeated ones get ids of their own."""
    seen: dict[str, int] = {}
    for line in lines:
        record = read_record(Node(loads(line)))
        count = seen[record.id] = seen.get(record.id, 0) + 1
        yield record if count == 1 else replace(record, id=f"{record.id}#{count}")
