"""Write a data set in shards, so that a build may be stopped at any moment, goes on where it was, and says its costs.

build.json                  what is built from what; a folder with another one is not touched
records-00000.jsonl ...     the records, a file a shard
rejects/00000.jsonl ...     what was rejected in a shard, each with its id, the reason, and who made it
images/ab/abcd....webp      the pictures, named after the SHA-256 of their bytes
shards/00000.json           written last: the shard is done, with rejects by reason and costs by model
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from quibble._version import __version__
from quibble.data import Maker, Record, Stats, stats, write_jsonl
from quibble.data.fields import dumps
from quibble.data.files import atomic_writer
from quibble.errors import ArgumentError, QuibbleError

NOTE: Final = "build.json"
DONE: Final = "shards"
REJECTS: Final = "rejects"


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A record that did not do. reason: short, to be counted. detail: what exactly, for whoever looks into it."""

    id: str
    reason: str
    detail: str = ""
    makers: tuple[Maker, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "reason": self.reason,
            **({"detail": self.detail} if self.detail else {}),
            **({"makers": [maker.to_dict() for maker in self.makers]} if self.makers else {}),
        }


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a model did: replies, whether kept or rejected, and the tokens of its prompts and replies."""

    replies: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            replies=self.replies + other.replies,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a build is. done, units: of what it is built from. rejects: by reason. costs: by model."""

    done: int
    units: int
    records: int
    rejects: Mapping[str, int]
    costs: Mapping[str, Cost]


@dataclass(frozen=True, kw_only=True)
class Built:
    """A finished build: what it holds, what was rejected by reason, and what it cost by model."""

    stats: Stats
    rejects: Mapping[str, int]
    costs: Mapping[str, Cost]


@dataclass(kw_only=True)
class _Tally:
    """Running counts of a shard or of a build."""

    units: int = 0
    records: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    costs: dict[str, Cost] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        if isinstance(item, Maker):
            cost = Cost(replies=1, input_tokens=item.input_tokens, output_tokens=item.output_tokens)
            self.costs[item.model] = self.costs.get(item.model, Cost()) + cost
        elif isinstance(item, Rejected):
            self.rejects[item.reason] += 1
        else:
            self.records += 1

    def merge(self, other: _Tally) -> _Tally:
        names = sorted({*self.costs, *other.costs})
        return _Tally(
            units=self.units + other.units,
            records=self.records + other.records,
            rejects=self.rejects + other.rejects,
            costs={name: self.costs.get(name, Cost()) + other.costs.get(name, Cost()) for name in names},
        )

    def to_dict(self) -> dict[str, Any]:
        costs = {name: vars(cost) for name, cost in sorted(self.costs.items())}
        return {
            "units": self.units,
            "records": self.records,
            "rejects": dict(sorted(self.rejects.items())),
            "costs": costs,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> _Tally:
        costs = {name: Cost(**cost) for name, cost in data["costs"].items()}
        return cls(units=data["units"], records=data["records"], rejects=Counter(data["rejects"]), costs=costs)

    def progress(self, units: int) -> Progress:
        return Progress(
            done=self.units,
            units=units,
            records=self.records,
            rejects=dict(self.rejects.most_common()),
            costs=dict(self.costs),
        )


class Gallery:
    """Where a build's pictures go. The same bytes are stored once, under the same name in every run."""

    def __init__(self, out: Path) -> None:
        self._out = out

    def store(self, data: bytes, suffix: str) -> tuple[str, str]:
        """Store a picture's file unless it is there. -> (path below the data set's folder, SHA-256)"""
        sha256 = hashlib.sha256(data).hexdigest()
        file = f"images/{sha256[:2]}/{sha256[:32]}{suffix}"
        if not (self._out / file).is_file():
            with atomic_writer(self._out / file) as stream:
                stream.write(data)
        return file, sha256


#: What comes out of a build: a record, what was rejected, and the maker of every reply when it arrives, for the costs.
Item = Record | Rejected | Maker
#: Makes the items of some units, given by their numbers; pictures are stored on the way.
Make = Callable[[range, Gallery], Iterator[Item]]


def build_shards(
    out: str | os.PathLike[str],
    make: Make,
    *,
    wanted: Mapping[str, Any],
    units: int,
    shard: int,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Built:
    """Build a data set from so many units in shards of so many, or go on with one. Returns what it holds.

    make: must give the same for the same units whatever was made before, so that going on makes the same data set.
    wanted: everything that the data depends on, as JSON. progress: called at the start, and after each record. Raises
    ArgumentError if `out` holds anything but a build of the same, QuibbleError if a file cannot be written; whatever
    `make` raises leaves no part of its shard behind but pictures, which the next run finds there.
    """
    folder = Path(out)
    with writing(folder):
        claim(folder, wanted)
    numbers = range(-(-units // shard))
    reports = {number: _Tally.from_dict(found) for number in numbers if (found := read_report(folder, number))}
    total = _Tally()
    for report in reports.values():
        total = total.merge(report)
    progress(total.progress(units))
    for number in numbers:
        if number not in reports:
            before = total
            indices = range(number * shard, min((number + 1) * shard, units))
            done = _do(folder, number, indices, make, lambda now: progress(before.merge(now).progress(units)))  # noqa: B023
            total = before.merge(done)
            progress(total.progress(units))
    return Built(stats=stats(folder), rejects=dict(total.rejects.most_common()), costs=total.costs)


def _do(folder: Path, number: int, indices: range, make: Make, tell: Callable[[_Tally], None]) -> _Tally:
    """Write a shard's files, the completion file last."""
    tally = _Tally()
    rejected: list[Rejected] = []

    def kept(items: Iterable[Item]) -> Iterator[Record]:
        for item in items:
            tally.add(item)
            if isinstance(item, Rejected):
                rejected.append(item)
            elif isinstance(item, Record):
                yield item
            tell(tally)

    with writing(folder):
        write_jsonl(kept(make(indices, Gallery(folder))), folder / f"records-{number:05d}.jsonl")
        with atomic_writer(folder / REJECTS / f"{number:05d}.jsonl") as file:
            file.writelines(f"{dumps(item.to_dict())}\n".encode() for item in rejected)
        tally.units = len(indices)
        write_report(folder, number, tally.to_dict())
    return tally


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Turn what the file system says into an error for people."""
    try:
        yield
    except OSError as error:
        raise QuibbleError(
            f"{error.filename or out}: cannot be written ({error.strerror or error}); finished shards are kept, so "
            "make room, or see to the rights there, and run the same again"
        ) from error


def claim(out: Path, wanted: Mapping[str, Any]) -> None:
    """Note in `out` what is built there, and with which quibble. Raises ArgumentError if it holds something else."""
    wanted = json.loads(json.dumps({**wanted, "quibble": __version__}))
    note = out / NOTE
    if not note.is_file():
        if out.is_dir() and any(out.iterdir()):
            raise ArgumentError(f"{out} is not empty and holds no build; choose another folder")
        with atomic_writer(note) as file:
            file.write(f"{json.dumps(wanted, indent=1)}\n".encode())
        return
    found = json.loads(note.read_bytes())
    other = [name for name in wanted if found.get(name) != wanted[name]]
    if other:
        raise ArgumentError(
            f"{out} holds a build with other {' and '.join(other)}; run it with the same ones (they are in {note}), "
            "or choose another folder"
        )
    for folder in (out, out / DONE, out / REJECTS):
        for leftover in folder.glob(".*.tmp"):
            leftover.unlink(missing_ok=True)


def read_report(out: Path, number: int) -> dict[str, Any] | None:
    """What the completion file of a shard says; None if the shard is not done."""
    file = out / DONE / f"{number:05d}.json"
    if not file.is_file():
        return None
    report: dict[str, Any] = json.loads(file.read_bytes())
    return report


def write_report(out: Path, number: int, report: Mapping[str, Any]) -> None:
    """Write a shard's completion file: the shard is done."""
    with atomic_writer(out / DONE / f"{number:05d}.json") as file:
        file.write(f"{json.dumps(report, indent=1)}\n".encode())
