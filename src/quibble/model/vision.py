"""The convolutional encoder of nano: fully convolutional, any size, four scales out.

Deviations from a textbook ResNet: fixed low-level maps join the colours at the input; the stem halves twice with
few channels so that the first scale, a quarter of the picture, still sees single pixels; plain 3x3 convolutions with
BatchNorm throughout, because depthwise ones train several times slower on a CPU; local means of the fixed maps reach
every scale directly, because tone and colour are lost on the way through convolutions that look for texture; attention
among the places of the coarsest scale, because "darker" or "paler" means nothing without the rest of the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from quibble.model.fixed_maps import CHANNELS, FixedMaps, Halve


@dataclass(frozen=True, kw_only=True)
class VisionConfig:
    """Channels of the stem (at half the picture's size) and of the scales at 1/4, 1/8, 1/16 and 1/32."""

    stem: int = 24
    widths: tuple[int, int, int, int] = (40, 72, 112, 144)
    blocks: tuple[int, int, int, int] = (1, 2, 2, 1)
    #: attention blocks after the coarsest scale, and their heads
    context: int = 2
    heads: int = 4


def conv(inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, BatchNorm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Block(nn.Module):
    """Two 3x3 convolutions around an identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = conv(width, width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        # A block starts as the identity, which lets deep stacks train from the first step.
        nn.init.zeros_(self.norm.weight)
        self.activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape."""
        out: Tensor = self.activation(x + self.norm(self.second(self.first(x))))
        return out


class Tone(nn.Module):
    """Local means of the fixed maps, thought over and added to a scale's features."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(CHANNELS, 32, 1), nn.ReLU(inplace=True), nn.Conv2d(32, width, 1))
        last = self.layers[-1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(self, x: Tensor, means: Tensor) -> Tensor:
        """(B, C, H, W) and the maps at that size, (B, 8, H, W) -> (B, C, H, W)"""
        out: Tensor = x + self.layers(means)
        return out


class Context(nn.Module):
    """Every place of a scale looks at every other, then thinks: a pre-norm transformer block without positions.

    Positions are left out so that any size will do; the convolutions below have told borders from middles.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        # As with Block: the identity to begin with.
        for last in (self.out, self.mlp[-1]):
            assert isinstance(last, nn.Linear)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape."""
        batch, width, rows, columns = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        query, key, value = self.qkv(self.before_attention(tokens)).chunk(3, dim=-1)
        split = (batch, rows * columns, self.heads, width // self.heads)
        query, key, value = (part.reshape(split).transpose(1, 2) for part in (query, key, value))
        # Written out: on a CPU the fused kernel takes six times as long as these products in bfloat16.
        near = (query @ key.transpose(-1, -2) / math.sqrt(split[-1])).softmax(dim=-1)
        seen = near.to(value.dtype) @ value
        tokens = tokens + self.out(seen.transpose(1, 2).reshape(batch, rows * columns, width))
        tokens = tokens + self.mlp(self.before_mlp(tokens))
        out: Tensor = tokens.transpose(1, 2).reshape(batch, width, rows, columns)
        return out


class Vision(nn.Module):
    """(B, 3, H, W) in 0..1 -> features at 1/4, 1/8, 1/16 and 1/32 of the size, each rounded up."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.maps = FixedMaps()
        self.stem = conv(CHANNELS, config.stem, kernel=5, stride=2)
        inputs = (config.stem, *config.widths[:-1])
        self.scales = nn.ModuleList(
            nn.Sequential(conv(i, o, stride=2), *(Block(o) for _ in range(n)))
            for i, o, n in zip(inputs, config.widths, config.blocks, strict=True)
        )
        self.halve = Halve(CHANNELS)
        self.tones = nn.ModuleList(Tone(width) for width in config.widths)
        self.context = nn.Sequential(*(Context(config.widths[-1], config.heads) for _ in range(config.context)))

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """See the class."""
        # In half precision what is smooth would be mostly rounding, in training and then never again.
        with torch.autocast(rgb.device.type, enabled=False):
            maps = self.maps(rgb)
        x, means = self.stem(maps), self.halve(maps)
        features = []
        for scale, tone in zip(self.scales, self.tones, strict=True):
            means = self.halve(means)
            x = tone(scale(x), means)
            features.append(x)
        features[-1] = self.context(features[-1])
        return features
