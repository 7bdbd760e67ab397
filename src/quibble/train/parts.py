"""Work in numbered parts, each kept in a file of its own: a run that is stopped loses no more than one of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from quibble.errors import RecipeError
from quibble.train.journal import say


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Pictures 0..pictures-1 in parts of `size`, in files of a folder that is made if need be. what: for messages."""

    folder: Path
    pictures: int
    size: int
    what: str = "pictures"

    def __len__(self) -> int:
        return -(-self.pictures // self.size)

    def span(self, number: int) -> tuple[int, int]:
        """First picture of a part, and the one after its last."""
        return number * self.size, min((number + 1) * self.size, self.pictures)

    def file(self, number: int) -> Path:
        """Where a part is kept."""
        # The last part of a short run is not taken for the whole one of a longer run.
        first, end = self.span(number)
        return self.folder / f"{first:06d}-{end:06d}.pt"

    def collect(self, make: Callable[[int, int], tuple[Tensor, ...]], numbers: Iterable[int] | None = None) -> None:
        """Make the parts that are not there yet, of `numbers` or all. make: first picture and the one after the last ->
        what is kept of them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        started, made = time.monotonic(), 0
        for number in range(len(self)) if numbers is None else numbers:
            if self.file(number).exists():
                continue
            first, end = self.span(number)
            temporary = self.file(number).with_suffix(".tmp")
            torch.save(tuple(make(first, end)), temporary)
            temporary.replace(self.file(number))
            made += end - first
            rate = made / (time.monotonic() - started)
            left = (self.pictures - end) / rate / 60
            say(f"{end}/{self.pictures} {self.what}  {rate:.1f} a second  {left:.0f} minutes to go")

    def load(self) -> list[tuple[Tensor, ...]]:
        """What is kept, part by part."""
        return [torch.load(self.file(number), weights_only=True) for number in range(len(self))]


def same_origin(folder: Path, now: dict[str, Any], what: str) -> None:
    """Note in a folder how what is kept there is made, the first time; later see to it that nothing differs.

    Raises RecipeError if it does. what: is kept, for the message.
    """
    note = folder / "origin.json"
    # As it is read back: lists for tuples.
    now = json.loads(json.dumps(now))
    then = json.loads(note.read_text(encoding="utf-8")) if note.exists() else now
    differing = [key for key in now if then.get(key) != now[key]]
    if differing:
        raise RecipeError(f"{folder} holds {what} made with another {', '.join(differing)}: train into a new folder")
    note.write_text(json.dumps(now), encoding="utf-8")
