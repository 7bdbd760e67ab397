"""Fitting a small network on rows that are all in memory: what the reader, the ranker and the gauge have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from quibble.train.batches import random_batches
from quibble.train.journal import say


class Fit(Protocol):
    """How it is done: AdamW and a cycle of the learning rate up to `lr` and down again; rows a step."""

    @property
    def epochs(self) -> int: ...
    @property
    def batch(self) -> int: ...
    @property
    def lr(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...


def fit_network(
    network: nn.Module, count: int, how: Fit, loss_of: Callable[[Tensor], Tensor], *, seed: int, rising: float = 0.3
) -> None:
    """Fit a network in place. count: rows; loss_of: numbers of some of them -> the loss there. seed: of their order.

    rising: share of the steps in which the learning rate goes up. Source: Smith and Topin 2018 (one cycle).
    """
    optimizer = torch.optim.AdamW(network.parameters(), lr=how.lr, weight_decay=how.weight_decay)
    steps = how.epochs * max(1, count // how.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, how.lr, steps, pct_start=rising)
    network.train()
    order = torch.Generator().manual_seed(seed)
    for step, chosen in enumerate(random_batches(count, how.batch, steps, order)):
        loss = loss_of(chosen)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if (step + 1) % 1000 == 0 or step + 1 == steps:
            say(f"step {step + 1}/{steps}  loss {float(loss.detach()):.3f}")
