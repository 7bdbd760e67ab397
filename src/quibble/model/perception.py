"""The vision half of nano: one look at a picture gives the maps of what is wrong and the opinion of the whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor, nn

from quibble.model.mask_decoder import CATEGORY_CHANNELS, Dense, DenseDecoder
from quibble.model.opinion import Opinion, OpinionHead
from quibble.model.vision import Vision, VisionConfig
from quibble.taxonomy import Category


@dataclass(frozen=True, kw_only=True)
class PerceptionConfig:
    """Sizes of the vision half."""

    vision: VisionConfig = field(default_factory=VisionConfig)
    decoder_width: int = 48
    #: small networks whose opinions are averaged, and units of each of their two layers
    opinion_members: int = 1
    opinion_width: int = 256

    @property
    def told_widths(self) -> tuple[int, ...]:
        """Channels of the features that `told` gives."""
        return (self.decoder_width, *self.vision.widths[1:])


class Perceived(NamedTuple):
    """features: as `told` gives them, for whoever asks more questions of the same picture."""

    dense: Dense
    opinion: Opinion
    features: list[Tensor]


class Perception(nn.Module):
    """(B, 3, H, W) sRGB in 0..1, at least 64 pixels each way -> Perceived."""

    def __init__(self, config: PerceptionConfig) -> None:
        super().__init__()
        widths = config.vision.widths
        self.vision = Vision(config.vision)
        self.decoder = DenseDecoder(widths, config.decoder_width)
        pooled = sum(widths) + config.decoder_width
        findings = CATEGORY_CHANNELS + len(Category)
        self.opinion = OpinionHead(pooled, findings, config.opinion_width, members=config.opinion_members)

    def look(self, rgb: Tensor) -> tuple[Dense, list[Tensor]]:
        """The maps, and the encoder's four scales followed by the decoder's features."""
        features = self.vision(rgb)
        dense, mixed = self.decoder(features)
        return dense, [*features, mixed]

    def forward(self, rgb: Tensor) -> Perceived:
        """See the class."""
        dense, features = self.look(rgb)
        return Perceived(dense, self.opinion(rgb, features, dense), told(features))


def told(features: list[Tensor]) -> list[Tensor]:
    """What look() gave -> four scales, finest first: the decoder's, which know what was found, then the encoder's."""
    return [features[-1], *features[1:-1]]


class Exported(nn.Module):
    """Pictures as bytes in, probabilities out, so that no caller has to know how the model is fed.

    Only the kinds stay logits: few places ask for them.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """(B, H, W, 3) uint8 sRGB -> backends.base.OUTPUTS, then the features as they are, backends.base.FEATURES.

        All features are computed on the way: whoever does not ask for them pays nothing.
        """
        rgb = image.permute(0, 3, 1, 2).float() / 255
        seen = self.model(rgb)
        dense, opinion = seen.dense, seen.opinion
        return (
            dense.categories.sigmoid(),
            dense.severities,
            dense.kinds,
            opinion.levels.exp(),
            opinion.spread,
            *seen.features,
        )
