"""AdamW, its schedule, and the moving average of the weights."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from quibble.train.recipe import Optim
from quibble.train.tuning_recipe import TuningOptim


def make_optimizer(model: nn.Module, optim: Optim) -> torch.optim.AdamW:
    """Weight decay for matrices and kernels only, not for biases and norms."""
    return torch.optim.AdamW(_groups(model, optim.weight_decay), lr=optim.lr, betas=optim.betas)


def make_tuning_optimizer(model: nn.Module, optim: TuningOptim) -> torch.optim.Optimizer:
    """The same for a large model. "adam" has its decay in the gradient, "adamw" beside it."""
    kind = torch.optim.AdamW if optim.kind == "adamw" else torch.optim.Adam
    return kind(_groups(model, optim.weight_decay), lr=optim.lr, betas=optim.betas)


def _groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]


def tuned_rate(optim: TuningOptim, step: int, steps: int) -> float:
    """A linear warm-up to the peak, then what the schedule says, to zero after the last step."""
    warmup = optim.warmup_steps or math.ceil(optim.warmup * steps)
    if step < warmup:
        return optim.lr * (step + 1) / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    if optim.schedule == "cosine":
        return optim.lr * 0.5 * (1 + math.cos(math.pi * progress))
    return optim.lr * (1 - progress) if optim.schedule == "linear" else optim.lr


def learning_rate(optim: Optim, step: int, steps: int) -> float:
    """Linear warm-up, then half a cosine down to `final` of the peak."""
    if step < optim.warmup_steps:
        return optim.lr * (step + 1) / optim.warmup_steps
    progress = (step - optim.warmup_steps) / max(1, steps - optim.warmup_steps)
    share = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return optim.lr * (optim.final + (1 - optim.final) * share)


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, decay: float, step: int) -> None:
    """Move the average towards the model. Early steps count more, so that the start is soon forgotten."""
    decay = min(decay, (1 + step) / (10 + step))
    for weight, source in zip(average.parameters(), model.parameters(), strict=True):
        weight.lerp_(source, 1 - decay)
    for buffer, current in zip(average.buffers(), model.buffers(), strict=True):
        buffer.copy_(current)
