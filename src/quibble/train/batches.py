"""Numbered items, in order, from worker processes: a run's step is also its place in the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from quibble.errors import RecipeError


def batches(
    source: Any,
    batch: int,
    first: int,
    last: int,
    workers: int,
    collate: Callable[[list[Any]], Any] | None = None,
    *,
    apart: bool = False,
) -> Iterator[Any]:
    """Batches number first..last-1 of anything with items; batch k holds the items k*batch .. (k+1)*batch-1.

    apart: workers start from a process of their own and not as copies of this one, which starts them more slowly. A
    copy of a process with a tokenizer's, OpenCV's or an accelerator's threads may wait for one of these for ever.
    """
    order = range(first * batch, last * batch)
    loader = DataLoader(
        source,
        batch,
        sampler=order,
        num_workers=workers,
        collate_fn=collate,
        pin_memory=torch.cuda.is_available(),
        prefetch_factor=4 if workers else None,
        worker_init_fn=_one_thread,
        multiprocessing_context="forkserver" if workers and apart else None,
        # Its own generator: a loader draws from the default one when it starts, which would shift what is resumed.
        generator=torch.Generator(),
    )
    return iter(loader)


def share_of(batch: int, processes: int) -> int:
    """How many items of a step each process takes. Raises RecipeError if they cannot be shared out evenly."""
    if batch % processes:
        raise RecipeError(f"a batch of {batch} cannot be shared out among {processes} processes evenly")
    return batch // processes


class Share:
    """What one of several processes takes of a source: of every `batch` items its own `each`, the others' left out."""

    def __init__(self, source: Any, *, batch: int, process: int, processes: int) -> None:
        self.source, self.batch, self.process, self.each = source, batch, process, share_of(batch, processes)

    def __getitem__(self, number: int) -> Any:
        step, place = divmod(number, self.each)
        return self.source[step * self.batch + self.process * self.each + place]


def random_batches(count: int, batch: int, steps: int, generator: torch.Generator) -> Iterator[Tensor]:
    """`steps` batches of numbers below count; every number comes once before any comes again."""
    made = 0
    while True:
        order = torch.randperm(count, generator=generator)
        for chosen in torch.split(order, batch):
            if made == steps:
                return
            if len(chosen) == batch or count < batch:
                yield chosen
                made += 1


def _one_thread(_: int) -> None:
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
