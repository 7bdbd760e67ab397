"""The whole model: eyes, projector, language, and the ways from words back to pixels.

One composition for every size. What differs is what it is composed of: any encoder that gives feature maps of
several scales, any way from those to visual tokens, and any LLaMA. nano is made here; those of the papers in
composition.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from quibble.model.abstractor import Abstractor, RegionPool
from quibble.model.language import Language, LanguageConfig
from quibble.model.perception import Perception, PerceptionConfig, told
from quibble.model.segmentation import SegmentationDecoder
from quibble.model.tiles import Tiled, pack_tiles


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
        return self.config.told_widths

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """See Eyes."""
        _, features = self.perception.look(rgb)
        return told(features)


@dataclass(frozen=True, kw_only=True)
class LmmConfig:
    """Sizes of what joins eyes and language in nano."""

    abstractor_width: int = 128
    #: rows and columns of visual tokens; their product is the language model's visual_tokens
    grid: tuple[int, int] = (2, 4)
    segmentation_width: int = 64
    #: scales that masks are made from, counted from the finest
    segmentation_scales: int = 3
    tokens_per_scale: int = 2
    #: number of the first segmentation token; the others follow it
    first_segmentation_token: int = 10


class Recalled(nn.Module):
    """Eyes of a model that is shown only features of pictures that were looked at before."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self._widths = widths

    @property
    def widths(self) -> tuple[int, ...]:
        """See Eyes."""
        return self._widths

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """Raises ValueError: there is nothing to look with."""
        raise ValueError("this model has no eyes: show it the features of a picture, not its pixels")


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Numbers of the tokens in whose places visual tokens go, and of the first segmentation token; None: has none."""

    image: int
    region: int | None = None
    segmentation: int | None = None

    @property
    def places(self) -> tuple[int, ...]:
        """Those that are replaced."""
        return (self.image,) if self.region is None else (self.image, self.region)


class Looked(NamedTuple):
    """A picture that was looked at before. features: (C_i, H_i, W_i) each, as eyes give them."""

    features: tuple[Tensor, ...]


#: (3, H, W), or one of the other forms.
Picture = Tensor | Tiled | Looked


class Shown(NamedTuple):
    """What goes with one row of ids.

    pictures: (3, H, W) each, in the order of their tags, of any sizes; or cut into tiles, or looked at before. regions:
    in the order of their tokens, the number of the picture and (H, W) with 1 inside, at any scale. targets: numbers of
    the pictures that masks are written for, in the order of the groups of segmentation tokens.
    """

    pictures: Sequence[Picture] = ()
    regions: Sequence[tuple[int, Tensor]] = ()
    targets: Sequence[int] = ()

    def to(self, device: torch.device) -> Shown:
        """The same on a device."""
        regions = [(number, region.to(device)) for number, region in self.regions]
        return Shown([_to(picture, device) for picture in self.pictures], regions, self.targets)


class Said(NamedTuple):
    """hidden: (B, T, D). masks: logits (H_0, W_0) at the finest scale of their picture, row by row, in order."""

    hidden: Tensor
    masks: list[Tensor]


class Seen(NamedTuple):
    """A picture after the eyes. features: of the whole, (1, C_i, H_i, W_i) each. tokens: (N, D), its visual tokens."""

    features: list[Tensor]
    tokens: Tensor


class Lmm(nn.Module):
    """Conversations about any number of pictures of any sizes, with regions in and masks out.

    Several pictures are told apart by the words around their places ("Image A"), as DepictQA does, not by the model.
    projector: features, those numbered by `projected` (None: all) -> (B, N, D). segmentation reads the features
    numbered by `segmented`. newline: ends the rows of pictures that come as tiles. idle_side: a batch to learn from
    that has no use for a part passes a blank picture of this side through it, without effect, since processes that
    share parts wait for each other in each of them; None: it does not.
    """

    def __init__(
        self,
        *,
        eyes: Eyes,
        projector: nn.Module,
        language: Language,
        tokens: Tokens,
        region: RegionPool | None = None,
        segmentation: SegmentationDecoder | None = None,
        projected: tuple[int, ...] | None = None,
        segmented: tuple[int, ...] = (),
        newline: nn.Parameter | None = None,
        idle_side: int | None = None,
    ) -> None:
        super().__init__()
        self.eyes, self.projector, self.language, self.tokens = eyes, projector, language, tokens
        self.region, self.segmentation, self.newline = region, segmentation, newline
        self.projected, self.segmented, self.idle_side = projected, segmented, idle_side

    @classmethod
    def nano(cls, eyes: Eyes, language: Language, sizes: LanguageConfig, config: LmmConfig) -> Lmm:
        """A small one around eyes and language, with regions and masks."""
        rows, columns = config.grid
        if rows * columns != sizes.visual_tokens:
            raise ValueError(f"a {rows} x {columns} grid makes not {sizes.visual_tokens} visual tokens")
        scales = eyes.widths[: config.segmentation_scales]
        width = config.abstractor_width
        return cls(
            eyes=eyes,
            language=language,
            tokens=Tokens(
                image=sizes.image_token, region=sizes.region_token, segmentation=config.first_segmentation_token
            ),
            projector=Abstractor(eyes.widths, width=width, output=sizes.width, grid=config.grid),
            region=RegionPool(eyes.widths, width=width, output=sizes.width),
            segmentation=SegmentationDecoder(
                scales,
                token_width=sizes.width,
                tokens_per_scale=config.tokens_per_scale,
                width=config.segmentation_width,
            ),
            segmented=tuple(range(len(scales))),
        )

    def forward(self, ids: Tensor, shown: Sequence[Shown]) -> Said:
        """(B, T) ids and what was shown with each row -> Said.

        Where nothing was shown at all (an empty Shown), tokens of pictures and regions keep their own embeddings and
        no masks are made. Raises ValueError if ids have other numbers of pictures, regions or masks than were shown.
        """
        seen = self.look([row.pictures for row in shown])
        hidden = self.language.continued(self.embed(ids, shown, seen))
        groups: list[Tensor] = []
        targets: list[Seen] = []
        for row, states, pictures, what in zip(ids, hidden, seen, shown, strict=True):
            written = self._segmentation_states(row, states) if what.pictures else ()
            if len(written) != len(what.targets):
                raise ValueError(f"{len(written)} groups of segmentation tokens but {len(what.targets)} targets")
            groups += written
            targets += [pictures[number] for number in what.targets]
        masks = self.segment(targets, groups)
        if self.training and self.idle_side is not None:
            hidden = hidden + self._idle(self.idle_side, hidden, shown)
        return Said(hidden, masks)

    def look(self, pictures: Sequence[Sequence[Picture]]) -> list[list[Seen]]:
        """Pictures, row by row, as the eyes and the projector see them. Those of one size are seen together."""
        flat = [picture for row in pictures for picture in row]
        by_size: dict[tuple[int, ...], list[int]] = {}
        for number, picture in enumerate(flat):
            by_size.setdefault(_size(picture), []).append(number)
        seen: dict[int, Seen] = {}
        for numbers in by_size.values():
            group = [flat[number] for number in numbers]
            counts = [len(picture.views) if isinstance(picture, Tiled) else 1 for picture in group]
            features = self._features(group)
            chosen = features if self.projected is None else [features[number] for number in self.projected]
            projected = torch.split(self.projector(chosen), counts)
            first = 0
            for number, count, tokens in zip(numbers, counts, projected, strict=True):
                whole = [scale[first : first + 1] for scale in features]
                seen[number] = Seen(whole, self._pack(flat[number], tokens))
                first += count
        numbered = iter(range(len(flat)))
        return [[seen[next(numbered)] for _ in row] for row in pictures]

    def _features(self, pictures: Sequence[Picture]) -> list[Tensor]:
        """Of pictures of one size: (B, C_i, H_i, W_i) each, all views of all pictures in order."""
        looked = [picture.features for picture in pictures if isinstance(picture, Looked)]
        if looked:
            return [torch.stack(scale) for scale in zip(*looked, strict=True)]
        return self.eyes(torch.cat([_views(picture) for picture in pictures]))

    def embed(self, ids: Tensor, shown: Sequence[Shown], seen: Sequence[Sequence[Seen]]) -> Tensor:
        """Ids with visual tokens in their places. (B, T) -> (B, T, D). Raises ValueError as forward does."""
        visual = [self._visual(*row) for row in zip(ids, seen, shown, strict=True)]
        return self.language.embed(ids, torch.cat(visual))

    def segment(self, pictures: Sequence[Seen], groups: Sequence[Tensor]) -> list[Tensor]:
        """Masks of pictures, each from the hidden states (tokens, D) of one group of segmentation tokens."""
        if not groups or self.segmentation is None:
            return []
        chosen = [[picture.features[number] for number in self.segmented] for picture in pictures]
        sizes = [scales[0].shape for scales in chosen]
        if any(size != sizes[0] for size in sizes):
            return [
                self.segmentation(s, group.unsqueeze(0)).squeeze(0) for s, group in zip(chosen, groups, strict=True)
            ]
        together = [torch.cat(scale) for scale in zip(*chosen, strict=True)]
        return list(self.segmentation(together, torch.stack(list(groups))))

    def _pack(self, picture: Picture, tokens: Tensor) -> Tensor:
        """Visual tokens (V, N, D) of a picture's views, in the order in which they are read. (M, D)"""
        if not isinstance(picture, Tiled):
            return tokens[0]
        return pack_tiles(tokens, picture, self.newline)

    def _visual(self, ids: Tensor, seen: Sequence[Seen], shown: Shown) -> Tensor:
        """What goes in the places of one row, in their order. (N, D)"""
        places = [token for token in ids.tolist() if token in self.tokens.places]
        if not shown.pictures:
            return self.language.embed(torch.tensor([places], dtype=torch.long, device=ids.device))[0]
        pictures = torch.cat([picture.tokens for picture in seen])
        wanted = places.count(self.tokens.image), len(places) - places.count(self.tokens.image)
        given = len(pictures), len(shown.regions)
        if wanted != given:
            raise ValueError(f"places for {wanted} visual tokens of pictures and regions, but {given} were shown")
        if not shown.regions:
            return pictures
        if self.region is None:
            raise ValueError("regions were shown to a model that takes none")
        regions = iter(self.region(seen[n].features, region.unsqueeze(0))[0] for n, region in shown.regions)
        tokens = iter(pictures)
        return torch.stack([next(tokens if token == self.tokens.image else regions) for token in places])

    def _segmentation_states(self, ids: Tensor, hidden: Tensor) -> Sequence[Tensor]:
        """Hidden states of each complete group of segmentation tokens, (tokens, D) each."""
        if self.segmentation is None or self.tokens.segmentation is None:
            return ()
        first, count = self.tokens.segmentation, self.segmentation.tokens
        chosen = hidden[(ids >= first) & (ids < first + count)]
        if len(chosen) % count:
            raise ValueError(f"{len(chosen)} segmentation tokens are not in groups of {count}")
        return torch.split(chosen, count) if len(chosen) else ()

    def _idle(self, side: int, hidden: Tensor, shown: Sequence[Shown]) -> Tensor:
        """Zero, by way of every part that the batch has no use for."""
        zero = hidden.new_zeros(())
        without_pictures = not any(row.pictures for row in shown)
        without_masks = self.segmentation is not None and not any(row.targets for row in shown)
        if not without_pictures and not without_masks:
            return zero
        blank = self.look([[torch.zeros(3, side, side, device=hidden.device)]])[0][0]
        zero = zero + 0 * blank.tokens.sum()
        if self.newline is not None:
            zero = zero + 0 * self.newline.sum()
        if self.segmentation is not None and without_masks:
            states = hidden.new_zeros(self.segmentation.tokens, hidden.shape[-1])
            zero = zero + 0 * self.segment([blank], [states])[0].sum()
        return zero


def _views(picture: Picture) -> Tensor:
    """(V, 3, H, W)"""
    if isinstance(picture, Tiled):
        return picture.views
    assert isinstance(picture, Tensor)
    return picture.unsqueeze(0)


def _to(picture: Picture, device: torch.device) -> Picture:
    if isinstance(picture, Looked):
        return Looked(tuple(scale.to(device) for scale in picture.features))
    return picture._replace(views=picture.views.to(device)) if isinstance(picture, Tiled) else picture.to(device)


def _size(picture: Picture) -> tuple[int, ...]:
    """What pictures must have in common to be seen together: shapes of a view, or of all features."""
    if isinstance(picture, Looked):
        return tuple(side for scale in picture.features for side in scale.shape)
    return tuple(_views(picture).shape[1:])
