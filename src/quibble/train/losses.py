"""What perception is trained to do, as terms with weights from the recipe."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from quibble.model.mask_decoder import Dense
from quibble.model.opinion import Opinion
from quibble.model.perception import Perception
from quibble.taxonomy import LEVEL_SCORES
from quibble.train.recipe import LossWeights
from quibble.train.sources import DenseItem

#: Deviation of single opinions about a picture, in points of 100: what the level targets are spread by.
_OPINION_SPREAD = 15.0


def dense_loss(dense: Dense, truth: DenseItem, weights: LossWeights) -> dict[str, Tensor]:
    """Terms over the maps; shapes as in DenseItem with a batch in front."""
    _, presence, severity, weight, kind = truth
    clean = 1 - presence.amax(1, keepdim=True)
    target = torch.cat([presence, clean], dim=1)
    mask = weight.unsqueeze(1)
    category = functional.binary_cross_entropy_with_logits(dense.categories, target, reduction="none")
    terms = {"category": weights.category * 13 * (category * mask).mean()}

    probability = dense.categories.sigmoid() * mask
    goal = target * mask
    overlap = (probability * goal).sum((0, 2, 3))
    total = (probability**2).sum((0, 2, 3)) + (goal**2).sum((0, 2, 3))
    terms["dice"] = weights.dice * (1 - (2 * overlap + 1) / (total + 1)).mean()

    where = (severity > 0) * mask
    error = functional.smooth_l1_loss(dense.severities, severity, reduction="none", beta=0.5)
    terms["severity"] = weights.severity * (error * where).sum() / (where.sum() + 1)

    labelled = torch.where(weight > 0, kind, -1)
    if bool((labelled >= 0).any()):
        terms["kind"] = weights.kind * functional.cross_entropy(dense.kinds, labelled, ignore_index=-1)
    return terms


def mask_loss(logits: Tensor, target: Tensor, *, bce: float = 2.0, dice: float = 0.5) -> Tensor:
    """BCE and DICE of one mask, weighted. logits (H, W); target (H, W) in 0..1. Source: Q-Ground eq. 6, PixelLM.

    An empty target is learned too: DICE then asks for nothing at all.
    """
    probability = logits.sigmoid()
    overlap = 2 * (probability * target).sum() + 1
    apart = 1 - overlap / (probability.square().sum() + target.square().sum() + 1)
    return bce * functional.binary_cross_entropy_with_logits(logits, target) + dice * apart


def level_targets(opinion: Tensor, spread: float = _OPINION_SPREAD) -> Tensor:
    """Mean opinions (B,) 0..100 -> shares of the five levels (B, 5): a normal distribution cut at the mid-points."""
    scores = torch.tensor(list(LEVEL_SCORES.values()), dtype=opinion.dtype, device=opinion.device)
    edges = (scores[:-1] + scores[1:]) / 2
    below = torch.special.ndtr((edges - opinion.unsqueeze(1)) / spread)
    ones, zeros = torch.ones_like(below[:, :1]), torch.zeros_like(below[:, :1])
    upper = torch.cat([ones, below], dim=1)
    lower = torch.cat([below, zeros], dim=1)
    return upper - lower


def opinion_loss(opinion: Opinion, truth: Tensor) -> dict[str, Tensor]:
    """Cross-entropy with the level shares, distance of the mean, its order in the batch, and its honest spread."""
    mean = opinion.mean()
    levels = -(level_targets(truth) * opinion.levels).sum(1).mean()
    distance = functional.smooth_l1_loss(mean, truth, beta=10) / 10
    higher = truth.unsqueeze(1) - truth.unsqueeze(0)
    ordered = functional.relu(0.5 * higher.clamp(max=20) - (mean.unsqueeze(1) - mean.unsqueeze(0)))
    rank = (ordered * (higher > 5)).sum() / ((higher > 5).sum() + 1) / 10
    spread = opinion.spread.squeeze(1)
    honest = ((mean.detach() - truth).abs() / spread + spread.log()).mean()
    return {"opinion": levels + distance + rank, "spread": 0.1 * honest}


class Objective(nn.Module):
    """The terms of one step as one forward pass, so that wrappers for several devices see a single call."""

    def __init__(self, model: Perception, weights: LossWeights) -> None:
        super().__init__()
        self.model, self.weights = model, weights

    def forward(self, made: DenseItem) -> dict[str, Tensor]:
        """A batch of the source -> weighted terms, each a scalar."""
        rgb = made.rgb.float().div(255).contiguous(memory_format=torch.channels_last)
        return dense_loss(self.model.look(rgb)[0], made, self.weights)
