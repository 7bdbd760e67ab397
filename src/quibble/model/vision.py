"""The convolutional encoder of nano: fully convolutional, any size, four scales out.

Deviations from a textbook ResNet: fixed low-level maps join the colours at the input; the stem halves twice with
few channels so that the first scale, a quarter of the picture, still sees single pixels; plain 3x3 convolutions with
BatchNorm throughout, because depthwise ones train several times slower on a CPU.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from quibble.model.fixed_maps import CHANNELS, FixedMaps


@dataclass(frozen=True, kw_only=True)
class VisionConfig:
    """Channels of the stem (at half the picture's size) and of the scales at 1/4, 1/8, 1/16 and 1/32."""

    stem: int = 24
    widths: tuple[int, int, int, int] = (40, 72, 112, 144)
    blocks: tuple[int, int, int, int] = (1, 2, 2, 1)


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

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """See the class."""
        x = self.stem(self.maps(rgb))
        features = []
        for scale in self.scales:
            x = scale(x)
            features.append(x)
        return features
