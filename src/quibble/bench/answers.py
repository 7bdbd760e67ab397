"""Answers kept one a line, with the item that they answer: figures can be made again without model or pictures."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quibble._version import __version__
from quibble.bench.item import Item
from quibble.bench.models import Model
from quibble.bench.reply import Reply
from quibble.errors import ArgumentError, RecordError


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a file of answers is of. identity: of the benchmark's items, such as their number or what made them."""

    benchmark: str
    model: str
    identity: str
    seed: int
    limit: int | None

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An item and what was said to it. seconds: how long the answer took."""

    item: Item
    reply: Reply
    seconds: float


def answer_all(
    run: Run,
    items: Sequence[Item],
    model: Model,
    path: Path,
    *,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Answer the items that `path` has no answer to yet, in order, each on the disk before the next begins.

    The file begins with a line about the run; a last line that was cut off is dropped. `progress` is called with the
    number of answers. Raises ArgumentError if the file is of another run.
    """
    done = _resume(run, path)
    progress(len(done))
    with path.open("a", encoding="utf-8") as file:
        for item in items:
            if item.id in done:
                continue
            start = time.perf_counter()
            reply = model.answer(item)
            seconds = round(time.perf_counter() - start, 4)
            line = {"item": item.to_dict(), "reply": reply.to_dict(), "seconds": seconds}
            file.write(f"{json.dumps(line, ensure_ascii=False)}\n")
            file.flush()
            done.add(item.id)
            progress(len(done))


def read_answers(path: str | os.PathLike[str]) -> tuple[Run, list[Answered]]:
    """The run and its answers. Raises RecordError naming the line of anything malformed."""
    lines = list(_lines(Path(path)))
    if not lines:
        raise RecordError("expected answers of `quibble bench`, found an empty file", file=str(path))
    run = _run(lines[0][1], str(path))
    answers = []
    for number, value in lines[1:]:
        try:
            item, reply = Item.from_dict(value["item"]), Reply.from_dict(value["reply"])
            answers.append(Answered(item=item, reply=reply, seconds=float(value["seconds"])))
        except (KeyError, TypeError, ArgumentError) as error:
            raise RecordError(f"expected an answer, found {error}", file=str(path), line=number) from error
    return run, answers


def _resume(run: Run, path: Path) -> set[str]:
    """The names of the items that are answered; starts the file where there is none."""
    if not path.is_file() or not path.stat().st_size:
        path.parent.mkdir(parents=True, exist_ok=True)
        header = {"run": run.to_dict(), "quibble": __version__}
        path.write_text(f"{json.dumps(header, ensure_ascii=False)}\n", encoding="utf-8")
        return set()
    data = path.read_bytes()
    if not data.endswith(b"\n"):
        os.truncate(path, data.rfind(b"\n") + 1)
    lines = list(_lines(path))
    found = _run(lines[0][1], str(path)) if lines else None
    if found != run:
        raise ArgumentError(f"{path} holds answers of another run ({found}); choose another file with --answers")
    return {str(value["item"]["id"]) for _, value in lines[1:]}


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            yield number, json.loads(line)
        except ValueError as error:
            raise RecordError(f"expected JSON ({error})", file=str(path), line=number) from error


def _run(header: Any, path: str) -> Run:
    try:
        return Run(**header["run"])
    except (KeyError, TypeError) as error:
        raise RecordError(
            "expected answers of `quibble bench`, which begin with their run", file=path, line=1
        ) from error
