"""A model composed of real parts: what a folder's config.json says of how they are joined, and the joining."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import nn

from quibble.errors import ModelError
from quibble.model.abstractor import Abstractor
from quibble.model.language import Language
from quibble.model.lmm import Lmm, Tokens
from quibble.model.segmentation import SegmentationDecoder
from quibble.model.tiles import tile_tokens
from quibble.model.tower import Linear, Mlp, Tower, depths

#: What every channel of CLIP's training pictures was normalised with.
CLIP_MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD: Final = (0.26862954, 0.26130258, 0.27577711)

PROJECTORS: Final = ("mlp", "linear", "abstractor")
FITS: Final = ("pad", "crop", "stretch")


@dataclass(frozen=True, kw_only=True)
class Masks:
    """A segmentation decoder. Without layers there is none. Defaults: PixelLM's sizes."""

    #: hidden states of the vision model that masks are made from, as transformers counts them
    layers: tuple[int, ...] = ()
    tokens_per_scale: int = 2
    width: int = 256
    heads: int = 8
    #: masks four times as fine as the patches, each way
    finer: bool = True

    @property
    def tokens(self) -> int:
        """How many tokens stand for one mask."""
        return self.tokens_per_scale * len(self.layers)


@dataclass(frozen=True, kw_only=True)
class Composition:
    """How vision and language are joined. Defaults: LLaVA-1.5.

    Raises ModelError for values that are none of those named here.
    """

    #: "mlp" (LLaVA), "linear" (DepictQA) or "abstractor" (Q-Ground)
    projector: str = "mlp"
    #: hidden states of the vision model that the projector reads, as transformers counts them
    projected: tuple[int, ...] = (-2,)
    bias: bool = True
    #: of the abstractor: rows and columns of its queries, width and heads of its attention
    grid: tuple[int, int] = (16, 16)
    width: int = 1024
    heads: int = 16
    #: side of the square that a picture is shown as, and how it becomes one: "pad", "crop" or "stretch"
    side: int = 336
    fit: str = "pad"
    #: the numbers of (rows, columns) of tiles to choose from; none: the picture is not cut into tiles
    tiles: tuple[tuple[int, int], ...] = ()
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD
    #: numbers of the token that stands for a visual token, and of the first segmentation token
    image_token: int = 32000
    segmentation_token: int = 0
    masks: Masks = field(default_factory=Masks)

    def __post_init__(self) -> None:
        for name, value, known in (("projector", self.projector, PROJECTORS), ("fit", self.fit, FITS)):
            if value not in known:
                raise ModelError(f"the {name} of a composition is one of {', '.join(known)}, found '{value}'")

    def view_tokens(self, patch: int) -> int:
        """Visual tokens of one square view, for a vision model with patches of that many pixels."""
        return self.grid[0] * self.grid[1] if self.projector == "abstractor" else (self.side // patch) ** 2

    def picture_tokens(self, patch: int, *, rows: int, columns: int, height: int, width: int) -> int:
        """Visual tokens of a picture of (height, width), cut into so many tiles; 0 by 0: not cut."""
        each = self.view_tokens(patch)
        return tile_tokens(each, rows, columns, height=height, width=width) if rows else each


def compose(vision: Any, llama: Any, composition: Composition) -> Lmm:
    """Join a vision model and a causal language model of transformers. What is new between them has random weights.

    Raises ModelError if the composition asks for something that they do not have.
    """
    patch, count = int(vision.config.patch_size), int(vision.config.num_hidden_layers)
    if composition.side % patch:
        raise ModelError(f"pictures of side {composition.side} are not made of whole patches of {patch} pixels")
    try:
        tower = Tower(
            vision, (*composition.projected, *composition.masks.layers), mean=composition.mean, std=composition.std
        )
        numbers = [depths([layer], count)[0] for layer in composition.projected]
        masked = depths(composition.masks.layers, count) if composition.masks.layers else ()
    except ValueError as error:
        raise ModelError(str(error)) from error
    width = int(llama.config.hidden_size)
    inputs = [int(vision.config.hidden_size)] * len(numbers)
    tokens = Tokens(image=composition.image_token, segmentation=composition.segmentation_token if masked else None)
    newline = nn.Parameter(torch.randn(width) / width**0.5) if composition.tiles else None
    return Lmm(
        eyes=tower,
        projector=_projector(composition, inputs, width),
        language=Language(llama, places=tokens.places),
        tokens=tokens,
        segmentation=_decoder(composition.masks, int(vision.config.hidden_size), width) if masked else None,
        projected=tuple(tower.depths.index(number) for number in numbers),
        segmented=tuple(tower.depths.index(number) for number in masked),
        newline=newline,
        idle_side=composition.side,
    )


def _projector(composition: Composition, inputs: list[int], output: int) -> nn.Module:
    if composition.projector == "abstractor":
        return Abstractor(
            inputs, width=composition.width, output=output, grid=composition.grid, heads=composition.heads
        )
    if composition.projector == "linear":
        return Linear(inputs, output)
    return Mlp(inputs, output, bias=composition.bias)


def _decoder(masks: Masks, features: int, language: int) -> SegmentationDecoder:
    return SegmentationDecoder(
        [features] * len(masks.layers),
        token_width=language,
        tokens_per_scale=masks.tokens_per_scale,
        width=masks.width,
        heads=masks.heads,
        finer=masks.finer,
    )
