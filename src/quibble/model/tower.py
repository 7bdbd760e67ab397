"""Any vision transformer of transformers' (CLIP, SigLIP, ...) as eyes, and the plain ways from it to words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Tower(nn.Module):
    """A vision transformer as Eyes: hidden states of some layers as maps, the shallowest first, all of one size.

    vision: a CLIPVisionModel, SiglipVisionModel or another with `hidden_states` and a square patch grid. layers:
    numbers of hidden states as transformers counts them, 0 the embeddings, -1 the last; they are sorted by depth.
    Pictures of another size than the model was made for get interpolated positions.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, vision: Any, layers: Sequence[int], *, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.vision = vision
        self.depths = depths(layers, int(vision.config.num_hidden_layers))
        self.patch = int(vision.config.patch_size)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    @property
    def widths(self) -> tuple[int, ...]:
        """See Eyes."""
        return (int(self.vision.config.hidden_size),) * len(self.depths)

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """See Eyes. Raises ValueError for a picture that is not made of whole patches."""
        height, width = rgb.shape[-2:]
        if height % self.patch or width % self.patch:
            raise ValueError(f"a picture of {width} x {height} is not made of patches of {self.patch}")
        size = int(self.vision.config.image_size)
        resized = (height, width) != (size, size)
        pixels = ((rgb - self.mean) / self.std).to(next(self.vision.parameters()).dtype)
        options = {"interpolate_pos_encoding": True} if resized else {}
        states = self.vision(pixel_values=pixels, output_hidden_states=True, **options).hidden_states
        rows, columns = height // self.patch, width // self.patch
        # A class token, where there is one, comes first.
        return [states[d][:, -rows * columns :].transpose(1, 2).unflatten(2, (rows, columns)) for d in self.depths]

    def idle_parameters(self) -> Iterator[nn.Parameter]:
        """Those behind the deepest layer that is looked at: they never learn anything."""
        for name, parameter in self.vision.named_parameters():
            _, found, rest = name.partition("encoder.layers.")
            beyond = int(rest.partition(".")[0]) >= self.depths[-1] if found else not _enters(name)
            if beyond:
                yield parameter


def depths(layers: Sequence[int], count: int) -> tuple[int, ...]:
    """Numbers of hidden states, counted from 0, sorted, each once. Raises ValueError for one that is not there."""
    found = {layer if layer >= 0 else count + 1 + layer for layer in layers}
    if not found or min(found) < 0 or max(found) > count:
        raise ValueError(f"a vision model of {count} layers has hidden states 0 to {count}, asked for {list(layers)}")
    return tuple(sorted(found))


def _enters(name: str) -> bool:
    """Whether a parameter outside the layers is used before them. CLIP's own spelling is pre_layrnorm."""
    return "embeddings" in name or "pre_lay" in name


class Linear(nn.Module):
    """One linear layer for every place. Source: DepictQA sec. 4.1."""

    def __init__(self, inputs: Sequence[int], output: int) -> None:
        super().__init__()
        self.layer = nn.Linear(sum(inputs), output)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """(B, C_i, H, W) each, of one size -> (B, H * W, output)"""
        out: Tensor = self.layer(_places(features))
        return out


class Mlp(nn.Module):
    """Two linear layers for every place. Source: LLaVA-1.5. Several layers' features are put side by side."""

    def __init__(self, inputs: Sequence[int], output: int, *, bias: bool = True) -> None:
        super().__init__()
        self.first = nn.Linear(sum(inputs), output, bias=bias)
        self.second = nn.Linear(output, output, bias=bias)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """(B, C_i, H, W) each, of one size -> (B, H * W, output)"""
        out: Tensor = self.second(functional.gelu(self.first(_places(features))))
        return out


def _places(features: Sequence[Tensor]) -> Tensor:
    return torch.cat(list(features), dim=1).flatten(2).transpose(1, 2)
