"""The whole model: eyes, abstractor, language, and the ways from words back to pixels.

One composition for every size. What differs is what it is composed of: any encoder that gives feature maps of
several scales, and any LLaMA.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from quibble.model.abstractor import Abstractor, RegionPool
from quibble.model.language import Language, LanguageConfig
from quibble.model.perception import Perception, PerceptionConfig
from quibble.model.segmentation import SegmentationDecoder


class Eyes(Protocol):
    """What looks at pictures."""

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the scales."""

    def __call__(self, rgb: Tensor) -> list[Tensor]:
        """(B, 3, H, W) sRGB in 0..1 -> features of several scales, finest first."""


class Perceiving(nn.Module):
    """Perception as Eyes: the decoder's features, which know what was found, and the encoder's coarser scales."""

    def __init__(self, perception: Perception, config: PerceptionConfig) -> None:
        super().__init__()
        self.perception, self.config = perception, config

    @property
    def widths(self) -> tuple[int, ...]:
        """See Eyes."""
        return (self.config.decoder_width, *self.config.vision.widths[1:])

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """See Eyes."""
        _, features = self.perception.look(rgb)
        return [features[-1], *features[1:-1]]


@dataclass(frozen=True, kw_only=True)
class LmmConfig:
    """Sizes of what joins eyes and language."""

    abstractor_width: int = 128
    #: rows and columns of visual tokens; their product is the language model's visual_tokens
    grid: tuple[int, int] = (2, 4)
    segmentation_width: int = 64
    #: scales that masks are made from, counted from the finest
    segmentation_scales: int = 3
    tokens_per_scale: int = 2
    #: number of the first segmentation token; the others follow it
    first_segmentation_token: int = 10


class Shown(NamedTuple):
    """What goes with one row of ids.

    pictures: (3, H, W) each, in the order of their tags, of any sizes. regions: in the order of their tokens, the
    number of the picture and (H, W) with 1 inside. targets: numbers of the pictures that masks are written for, in
    the order of the groups of segmentation tokens.
    """

    pictures: Sequence[Tensor] = ()
    regions: Sequence[tuple[int, Tensor]] = ()
    targets: Sequence[int] = ()


class Said(NamedTuple):
    """hidden: (B, T, D). masks: logits (H_0, W_0) at the finest scale of their picture, row by row, in order."""

    hidden: Tensor
    masks: list[Tensor]


class Lmm(nn.Module):
    """Conversations about any number of pictures of any sizes, with regions in and masks out.

    Several pictures are told apart by the words around their places ("Image A"), as DepictQA does, not by the model.
    """

    def __init__(self, eyes: Eyes, language: Language, sizes: LanguageConfig, config: LmmConfig) -> None:
        super().__init__()
        rows, columns = config.grid
        if rows * columns != sizes.visual_tokens:
            raise ValueError(f"a {rows} x {columns} grid makes not {sizes.visual_tokens} visual tokens")
        scales = eyes.widths[: config.segmentation_scales]
        self.eyes, self.language, self.sizes, self.config = eyes, language, sizes, config
        self.abstractor = Abstractor(eyes.widths, width=config.abstractor_width, output=sizes.width, grid=config.grid)
        self.region = RegionPool(eyes.widths, width=config.abstractor_width, output=sizes.width)
        self.segmentation = SegmentationDecoder(
            scales,
            token_width=sizes.width,
            tokens_per_scale=config.tokens_per_scale,
            width=config.segmentation_width,
        )

    def forward(self, ids: Tensor, shown: Sequence[Shown]) -> Said:
        """(B, T) ids and what was shown with each row -> Said.

        Tokens of pictures and regions that were not shown at all (an empty Shown) keep their own embeddings. Raises
        ValueError if ids have other numbers of pictures, regions or masks than were shown.
        """
        seen = [[self.eyes(picture.unsqueeze(0)) for picture in row.pictures] for row in shown]
        visual = [self._visual(row, features, what) for row, features, what in zip(ids, seen, shown, strict=True)]
        hidden = self.language(ids, torch.cat(visual))
        masks = []
        for row, states, features, what in zip(ids, hidden, seen, shown, strict=True):
            groups = self._segmentation_states(row, states)
            if len(groups) != len(what.targets):
                raise ValueError(f"{len(groups)} groups of segmentation tokens but {len(what.targets)} targets")
            for group, target in zip(groups, what.targets, strict=True):
                scales = features[target][: self.config.segmentation_scales]
                masks.append(self.segmentation(scales, group.unsqueeze(0)).squeeze(0))
        return Said(hidden, masks)

    def _visual(self, ids: Tensor, features: list[list[Tensor]], shown: Shown) -> Tensor:
        """What goes in the places of one row, in their order. (N, D)"""
        places = [token for token in ids.tolist() if token in self.language.places]
        if not shown.pictures:
            return self.language.embed(torch.tensor([places], dtype=torch.long, device=ids.device))[0]
        pictures = iter(token for f in features for token in self.abstractor(f)[0])
        regions = iter(self.region(features[n], region.unsqueeze(0))[0] for n, region in shown.regions)
        wanted = places.count(self.sizes.image_token), places.count(self.sizes.region_token)
        given = len(shown.pictures) * self.sizes.visual_tokens, len(shown.regions)
        if wanted != given:
            raise ValueError(f"places for {wanted} visual tokens of pictures and regions, but {given} were shown")
        return torch.stack([next(pictures if token == self.sizes.image_token else regions) for token in places])

    def _segmentation_states(self, ids: Tensor, hidden: Tensor) -> Sequence[Tensor]:
        """Hidden states of each complete group of segmentation tokens, (tokens, D) each."""
        first, count = self.config.first_segmentation_token, self.segmentation.tokens
        chosen = hidden[(ids >= first) & (ids < first + count)]
        if len(chosen) % count:
            raise ValueError(f"{len(chosen)} segmentation tokens are not in groups of {count}")
        return torch.split(chosen, count) if len(chosen) else ()
