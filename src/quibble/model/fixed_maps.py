"""Maps computed from the picture by fixed rules, given to the network beside its colours.

A small network trained on few pictures gains more from these than from as many parameters: they are the quantities
in which natural scenes are regular and degraded ones are not (Ruderman 1994; BRISQUE, Mittal et al. 2012).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

#: red, green, blue, locally normalised luma, local deviation, second derivative, chroma, saturation
CHANNELS = 8


def luma(rgb: Tensor) -> Tensor:
    """ITU-R BT.601 luma. (B, 3, H, W) in 0..1 -> (B, 1, H, W) in 0..1."""
    return 0.299 * rgb[:, :1] + 0.587 * rgb[:, 1:2] + 0.114 * rgb[:, 2:3]


class LocalNormalization(nn.Module):
    """Local mean and deviation under a 7x7 Gaussian, and the map normalised by them.

    (B, 1, H, W) in 0..1 -> normalised (about -3..3), deviation, both (B, 1, H, W). Edges are replicated. Source:
    BRISQUE eq. 1 to 3, with C = 1/255.
    """

    def __init__(self) -> None:
        super().__init__()
        offsets = torch.arange(-3, 4, dtype=torch.float32)
        kernel = torch.exp(-0.5 * (offsets / (7 / 6)) ** 2)
        kernel = kernel / kernel.sum()
        self.register_buffer("row", kernel.view(1, 1, 1, 7), persistent=False)
        self.register_buffer("column", kernel.view(1, 1, 7, 1), persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        mean = self._smooth(x)
        centered = x - mean
        deviation = (self._smooth(centered * centered) + 1e-8).sqrt()
        return centered / (deviation + 1 / 255), deviation

    def _smooth(self, x: Tensor) -> Tensor:
        padded = functional.pad(x, (3, 3, 3, 3), mode="replicate")
        row, column = self.get_buffer("row"), self.get_buffer("column")
        return functional.conv2d(functional.conv2d(padded, row), column)


class FixedMaps(nn.Module):
    """(B, 3, H, W) in 0..1 -> (B, 8, H, W): colours about 0, and the maps of the module's docstring."""

    def __init__(self) -> None:
        super().__init__()
        self.normalize = LocalNormalization()
        second = torch.tensor([[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]])
        self.register_buffer("second", second.view(1, 1, 3, 3), persistent=False)

    def forward(self, rgb: Tensor) -> Tensor:
        """See the class."""
        y = luma(rgb)
        normalized, deviation = self.normalize(y)
        edges = functional.conv2d(functional.pad(y, (1, 1, 1, 1), mode="replicate"), self.get_buffer("second"))
        # The square root spreads the small values, where faint noise and blocking live.
        fine = edges.sign() * (edges.abs() + 1e-6).sqrt()
        most = rgb.amax(1, keepdim=True)
        chroma = most - rgb.amin(1, keepdim=True)
        return torch.cat([2 * rgb - 1, normalized, 4 * deviation, fine, 2 * chroma, chroma / (most + 0.05)], dim=1)


class Halve(nn.Module):
    """Half the size by a binomial filter. (B, C, H, W) -> (B, C, ceil(H/2), ceil(W/2)). Edges are replicated."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        line = torch.tensor([0.25, 0.5, 0.25])
        self.register_buffer("kernel", (line[:, None] * line).repeat(channels, 1, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        kernel = self.get_buffer("kernel")
        return functional.conv2d(functional.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, stride=2, groups=x.shape[1])
