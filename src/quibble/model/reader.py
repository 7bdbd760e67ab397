"""A second look at a region: what its features, taken together and held against the clean rest, say it shows.

A place by itself hardly knows whether it is too bright or how coarse its noise is; a region does, and more so beside
what is left of the picture. The maps propose regions, this reads them.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from quibble import streaks, tones
from quibble.model.mask_decoder import CATEGORY_CHANNELS
from quibble.model.member import member
from quibble.taxonomy import BLURS, Category, Distortion

_CATEGORIES, _KINDS = len(Category), len(Distortion)
#: Features further from their mean than so many deviations are taken to be so far.
_FARTHEST = 6.0
#: Clean places outside a region must add up to so many before they say anything.
_FEWEST = 20.0


class Read(NamedTuple):
    """Of N regions. presence: logits of each category, (N, 12); its probability is the expected share of the region.

    extent: logits of how well each would do as the mask of a category, as intersection over union, (N, 12).
    severities: (N, 12), 0..5. kinds: logits over the distortions, (N, 35).
    """

    presence: Tensor
    extent: Tensor
    severities: Tensor
    kinds: Tensor


class RegionReader(nn.Module):
    """Regions of one picture -> Read.

    widths: channels of the picture's features, finest first, see perception.told. members: small networks that are
    fitted apart and whose outputs are averaged. Source: deep ensembles (Lakshminarayanan et al. 2017). blurs: as many
    that tell one kind of blur from another, and nothing else.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, widths: tuple[int, ...], *, hidden: int = 256, dropout: float = 0.2, members: int = 1, blurs: int = 0
    ) -> None:
        super().__init__()
        inputs = self.inputs(widths)
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("deviation", torch.ones(inputs))
        outputs = 3 * _CATEGORIES + _KINDS
        self.members = nn.ModuleList(member(inputs, hidden, outputs, dropout=dropout) for _ in range(members))
        self.blurs = nn.ModuleList(member(inputs, hidden, BLURS.stop, dropout=dropout) for _ in range(blurs))

    @staticmethod
    def inputs(widths: tuple[int, ...]) -> int:
        """How many numbers describe a region."""
        return 2 * (CATEGORY_CHANNELS + _CATEGORIES) + _KINDS + 3 + 3 * sum(widths) + tones.COUNT + streaks.COUNT

    def forward(self, maps: Tensor, features: list[Tensor], regions: Tensor, toned: Tensor, streaked: Tensor) -> Read:
        """maps, features: as in `pooled`. regions: (N, h, w), 0..1. toned, streaked: (N, tones.COUNT) and (N,
        streaks.COUNT)."""
        return self.read(torch.cat([self.pooled(maps, features, regions), toned, streaked], dim=1))

    def read(self, told: Tensor) -> Read:
        """What `pooled`, quibble.tones and quibble.streaks give, (N, inputs) -> Read."""
        x = self.standardized(told)
        read = told_apart(torch.stack([one(x) for one in self.members]).mean(0))
        if not self.blurs:
            return read
        blurs = torch.stack([blur(x).log_softmax(1) for blur in self.blurs]).mean(0)
        return read._replace(kinds=torch.cat([blurs, read.kinds[:, BLURS.stop :]], dim=1))

    def standardized(self, told: Tensor) -> Tensor:
        """Inputs as the networks read them. (N, inputs) -> the same shape"""
        return ((told - self.mean) / self.deviation).clamp(-_FARTHEST, _FARTHEST)

    @staticmethod
    def pooled(maps: Tensor, features: list[Tensor], regions: Tensor) -> Tensor:
        """Means and deviations inside regions, and means over the clean places outside of them. (N, numbers)

        maps: (60, h, w), probabilities of categories and "clean", severities, logits of kinds. features: (C, h, w) and
        so on, each half as large as the one before. regions: (N, h, w), 0..1.
        """
        clean = maps[CATEGORY_CHANNELS - 1]
        outside = (1 - regions) * clean
        enough = (outside.sum((1, 2)) > _FEWEST).to(maps.dtype).unsqueeze(1)
        told = CATEGORY_CHANNELS + _CATEGORIES
        probability = maps[:CATEGORY_CHANNELS].clamp(1e-4, 1 - 1e-4)
        logits = torch.cat([(probability / (1 - probability)).log(), maps[CATEGORY_CHANNELS:]])
        size = regions.mean((1, 2)).unsqueeze(1)
        parts = [
            _mean(logits, regions),
            enough * _mean(logits[:told], outside),
            (size + 1e-3).log(),
            enough,
            outside.mean((1, 2)).unsqueeze(1),
        ]
        for scale in features:
            if scale is not features[0]:
                regions, outside = (
                    functional.interpolate(weights.unsqueeze(0), size=scale.shape[-2:], mode="bilinear").squeeze(0)
                    for weights in (regions, outside)
                )
            mean = _mean(scale, regions)
            variance = _mean(scale * scale, regions) - mean * mean
            parts += [mean, (variance.clamp(min=0) + 1e-8).sqrt(), enough * _mean(scale, outside)]
        return torch.cat(parts, dim=1)


def told_apart(outputs: Tensor) -> Read:
    """What a member gives, (N, 71), by name."""
    sizes = [_CATEGORIES, _CATEGORIES, _CATEGORIES, _KINDS]
    presence, extent, severities, kinds = torch.split(outputs, sizes, dim=1)
    return Read(presence, extent, 5 * severities.sigmoid(), kinds)


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    """(C, h, w) and (N, h, w) -> weighted means (N, C)"""
    flat = weights.flatten(1)
    share = flat / (flat.sum(1, keepdim=True) + 1e-3)
    out: Tensor = share @ values.flatten(1).T
    return out
