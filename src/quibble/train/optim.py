"""AdamW and Muon, their schedule, and the moving average of the weights."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from quibble.errors import RecipeError
from quibble.train.recipe import Optim
from quibble.train.tuning_recipe import TuningOptim

_MOMENTUM = 0.95


class Muon(torch.optim.AdamW):
    """Groups with `orthogonal` set move along their momentum with all its singular values made about 1; the rest as
    in AdamW, whose rate suits both: kernels move by 0.2 of it, root mean square. torch's own takes matrices only.

    Source: Jordan et al. 2024 (Muon), Liu et al. 2025 (the length of a step). A kernel's rows are its outputs.
    """

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """See the class. A weight without a gradient stays as it is."""
        for group in self.param_groups:
            if group["orthogonal"]:
                for weight in group["params"]:
                    if weight.grad is not None:
                        self._move(weight, weight.grad, group)
                        weight.grad = None
        return super().step(closure)

    def _move(self, weight: nn.Parameter, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            # AdamW asks for the step of every state that it loads.
            state["step"], state["momentum"] = torch.tensor(0.0), torch.zeros_like(weight)
        state["step"] += 1
        momentum = state["momentum"].lerp_(gradient, 1 - _MOMENTUM)
        ahead = gradient.lerp(momentum, _MOMENTUM).flatten(1)
        moved = 0.2 * max(ahead.shape) ** 0.5 * orthogonal(ahead)
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.add_(moved.view_as(weight), alpha=-group["lr"])


def orthogonal(matrix: Tensor) -> Tensor:
    """The matrix with its singular values brought to 0.7 to 1.2 by five Newton-Schulz steps; those below a thousandth
    of the largest stay smaller. (rows, columns) -> the same.

    The steps are taken on the smaller Gram matrix: the same polynomial of it, with two large products instead of ten.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = wide / (wide.norm() + 1e-7)
    gram = wide @ wide.T
    turn = torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    for _ in range(5):
        step = 3.4445 * torch.eye(len(gram), dtype=gram.dtype, device=gram.device) - 4.7750 * gram
        step = step + 2.0315 * gram @ gram
        turn, gram = step @ turn, step @ gram @ step
    turned: Tensor = turn @ wide
    return turned if matrix.shape[0] <= matrix.shape[1] else turned.T


#: Weights between what sees pixels and what says what is wrong are for Muon; these are not.
_ENDS = ("vision.stem.", "decoder.categories.", "decoder.severities.", "decoder.kinds.", "opinion.")


def make_optimizer(model: nn.Module, optim: Optim) -> torch.optim.AdamW:
    """Weight decay for matrices and kernels only, not for biases and norms. Raises RecipeError for an unknown kind."""
    if optim.kind == "adamw":
        return torch.optim.AdamW(_groups(model, optim.weight_decay), lr=optim.lr, betas=optim.betas)
    if optim.kind != "muon":
        raise RecipeError(f"optim.kind is adamw or muon, not '{optim.kind}'")
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    inner = {n: p for n, p in named if p.ndim > 1 and not n.startswith(_ENDS)}
    groups = [
        {"params": [*inner.values()], "weight_decay": optim.weight_decay, "orthogonal": True},
        {"params": [p for n, p in named if p.ndim > 1 and n not in inner], "weight_decay": optim.weight_decay},
        {"params": [p for _, p in named if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return Muon([{"orthogonal": False} | group for group in groups], lr=optim.lr, betas=optim.betas)


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
