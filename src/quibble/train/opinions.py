"""The opinion head, fitted when the encoder is done: every photograph is described once, then the head learns.

Opinions do not teach the encoder. A few pictures a batch gave gradients that were mostly noise and several times as
large as those of the maps; described once, thousands of pictures fit a batch of any size, and a fit takes a minute.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader

from quibble import preprocess
from quibble.model.opinion import OpinionHead
from quibble.model.perception import Perception
from quibble.train.batches import random_batches
from quibble.train.losses import opinion_loss
from quibble.train.recipe import OpinionData, Recipe
from quibble.train.sources import OpinionSource, opinion_validation
from quibble.train.validation import opinion_figures

#: Called with what is done and what is to do.
Progress = Callable[[int, int], None]


def learn_opinions(
    model: Perception, recipe: Recipe, cache: Path, *, progress: Progress = lambda done, total: None
) -> dict[str, float]:
    """Fit the opinion head of a model, in place, on the recipe's rated photographs. Returns validation figures.

    Repeatable: the same weights and recipe give the same head.
    """
    source = OpinionSource(recipe, cache)
    bank, names, truth = opinion_validation(recipe.opinion, cache)
    total = len(source) + len(bank)
    loader = DataLoader(
        source, batch_size=None, num_workers=recipe.workers, prefetch_factor=8 if recipe.workers else None
    )
    pictures = ((item.rgb, float(item.opinion)) for item in loader)
    described, opinions = _describe(model, pictures, lambda done: progress(done, total))
    held_out = ((torch.from_numpy(_channels_first(preprocess.view(bank[i]))), truth[i]) for i in range(len(bank)))
    unseen, _ = _describe(model, held_out, lambda done: progress(len(source) + done, total))
    # The head is small and so is what it learns from: from here on no accelerator is needed.
    model.cpu()
    fit_head(model.opinion, described, opinions, recipe.opinion, seed=recipe.seed)
    with torch.inference_mode():
        opinion = model.opinion.eval().judge(unseen)
    return opinion_figures(opinion.mean().tolist(), opinion.spread.squeeze(1).tolist(), names, truth)


def fit_head(head: OpinionHead, described: Tensor, opinions: Tensor, data: OpinionData, *, seed: int) -> None:
    """Train a fresh head on (N, D) descriptions and (N,) opinions 0..100; of each member the average over its steps is
    kept."""
    head.gaussianize.fit(described)
    with torch.no_grad():
        ranked = torch.cat([head.gaussianize(part) for part in torch.split(described, 512)])
    for number, member in enumerate(head.members):
        with torch.random.fork_rng():
            torch.manual_seed(seed + number)
            order = torch.Generator().manual_seed(seed + number)
            _fit_member(head, member, ranked, opinions, data, order)


def _fit_member(
    head: OpinionHead, member: nn.Module, ranked: Tensor, opinions: Tensor, data: OpinionData, order: torch.Generator
) -> None:
    for layer in member.children():
        if isinstance(layer, nn.Linear):
            layer.reset_parameters()
    layers = copy.deepcopy(member).requires_grad_(True).train()
    average = copy.deepcopy(layers)
    optimizer = torch.optim.AdamW(layers.parameters(), lr=data.lr, weight_decay=data.weight_decay)
    steps = data.epochs * max(1, len(ranked) // data.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, data.lr, steps, pct_start=0.1)
    for step, chosen in enumerate(random_batches(len(ranked), data.batch, steps, order)):
        terms = opinion_loss(head.read(layers(ranked[chosen])), opinions[chosen])
        optimizer.zero_grad()
        torch.autograd.backward(torch.stack(list(terms.values())).sum())
        optimizer.step()
        schedule.step()
        decay = min(0.99, (1 + step) / (10 + step))
        for kept, current in zip(average.parameters(), layers.parameters(), strict=True):
            kept.data.lerp_(current.data, 1 - decay)
    member.load_state_dict(average.state_dict())


@torch.no_grad()
def _describe(
    model: Perception, pictures: Iterator[tuple[Tensor, float]], progress: Callable[[int], None]
) -> tuple[Tensor, Tensor]:
    model.eval()
    device = next(model.parameters()).device
    described, opinions = [], []
    for rgb, opinion in pictures:
        x = rgb[None].to(device).float().div(255).contiguous(memory_format=torch.channels_last)
        dense, features = model.look(x)
        described.append(model.opinion.describe(x, features, dense)[0].cpu())
        opinions.append(opinion)
        progress(len(described))
    return torch.stack(described), torch.tensor(opinions)


def _channels_first(picture: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(picture.transpose(2, 0, 1))
