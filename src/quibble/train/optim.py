"""AdamW, its schedule, and the moving average of the weights."""

from __future__ import annotations

import math

import torch
from torch import nn

from quibble.train.recipe import Optim


def make_optimizer(model: nn.Module, optim: Optim) -> torch.optim.AdamW:
    """Weight decay for matrices and kernels only, not for biases and norms."""
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": optim.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=optim.lr, betas=optim.betas)


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
