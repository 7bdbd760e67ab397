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
    """text: mean cross-entropy of the learned tokens. masks: mean mask_loss, 0 if there are none."""

    text: Tensor
    masks: Tensor


class Conversing(nn.Module):
    """The two terms of Q-Ground eq. 6; their weights are the caller's."""

    def __init__(self, model: Lmm) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, labels: Tensor, shown: Sequence[Shown], masks: Sequence[Tensor]) -> Terms:
        """(B, T) ids and labels, what was shown with each row, and the masks, (H, W) in 0..1 of any sizes, in order.

        Masks are compared at the size of the model's finest features, where a place is the share of it that is inside.
        """
        said = self.model(ids, shown)
        learned = learned_tokens(self.model.language, said.hidden, labels)
        if not masks:
            return Terms(learned.loss / learned.tokens, torch.zeros_like(learned.loss))
        each = [mask_loss(logits, _at(mask, logits.shape)) for logits, mask in zip(said.masks, masks, strict=True)]
        return Terms(learned.loss / learned.tokens, torch.stack(each).mean())


def _at(mask: Tensor, size: torch.Size) -> Tensor:
    return functional.interpolate(mask[None, None], size=tuple(size), mode="area")[0, 0]
