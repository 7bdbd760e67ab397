"""Training with pictures: the words of an answer and the masks that its segmentation tokens stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from quibble.model.language import learned_tokens
from quibble.model.lmm import Lmm, Shown
from quibble.train.losses import mask_loss


class Terms(NamedTuple):
    """Sums, and of how many. text: cross-entropy of the learned tokens, by their weights. masks: mask_loss.

    0 of 0 masks if there are none.
    """

    text: Tensor
    tokens: Tensor
    masks: Tensor
    groups: Tensor


class Conversing(nn.Module):
    """The two terms of Q-Ground eq. 6, as one forward pass; their weights are the caller's, but bce and dice."""

    def __init__(self, model: Lmm, *, bce: float = 2.0, dice: float = 0.5, balance: float = 0.0) -> None:
        super().__init__()
        self.model, self.bce, self.dice, self.balance = model, bce, dice, balance

    def forward(self, ids: Tensor, labels: Tensor, shown: Sequence[Shown], masks: Sequence[Tensor]) -> Terms:
        """(B, T) ids and labels, what was shown with each row, and the masks, (H, W) in 0..1 of any sizes, in order.

        Masks are compared at the size that the model writes them, where a place is the share of it that is inside.
        """
        said = self.model(ids, shown)
        learned = learned_tokens(self.model.language, said.hidden, labels, balance=self.balance)
        # Sums in single precision: half of it holds too few digits for a whole picture.
        each = [
            mask_loss(logits.float(), _at(mask, logits.shape), bce=self.bce, dice=self.dice)
            for logits, mask in zip(said.masks, masks, strict=True)
        ]
        total = torch.stack(each).sum() if each else torch.zeros_like(learned.loss)
        return Terms(learned.loss, learned.tokens, total, torch.tensor(len(each), device=ids.device))


def _at(mask: Tensor, size: torch.Size) -> Tensor:
    finer = size[0] > mask.shape[0] or size[1] > mask.shape[1]
    mode = "bilinear" if finer else "area"
    return functional.interpolate(mask[None, None], size=tuple(size), mode=mode)[0, 0]
