"""Work on several pictures at once: what is done beside a model's run lets go of Python's lock for most of its time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")


def each(work: Callable[[Item], Done], items: Sequence[Item], *, threads: int) -> list[Done]:
    """What work gives for each item, in order. threads: how many may work; 0 for as many as there are cores.

    Raises what work raises, for the first item that it raises at.
    """
    count = min(size(threads), len(items))
    if count <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, items))


def size(threads: int) -> int:
    """How many may work: threads, or 0 for as many as there are cores that this process may use."""
    return threads or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
