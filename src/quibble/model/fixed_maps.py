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
#: Channels that a processor computes at a time.
_STRIPS = 16


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
        kernel = (kernel / kernel.sum()).repeat(_STRIPS, 1)
        self.register_buffer("row", kernel.view(_STRIPS, 1, 1, 7), persistent=False)
        self.register_buffer("column", kernel.view(_STRIPS, 1, 7, 1), persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        mean = self._smooth(x)
        centered = x - mean
        deviation = (self._smooth(centered * centered) + 1e-8).sqrt()
        return centered / (deviation + 1 / 255), deviation

    def _smooth(self, x: Tensor) -> Tensor:
        """A convolution of one channel costs as much as one of sixteen. So strips of the picture stand beside each
        other as channels: strips of its columns for the pass down, of its rows for the pass across."""
        batch, _, height, width = x.shape
        thick, narrow = (height + _STRIPS - 1) // _STRIPS, (width + 6 + _STRIPS - 1) // _STRIPS
        tall, wide = thick * _STRIPS, narrow * _STRIPS
        padded = functional.pad(x, (3, wide - width - 3, 3, tall - height + 3), mode="replicate")
        columns = padded.reshape(batch, tall + 6, _STRIPS, narrow).transpose(1, 2)
        down = functional.conv2d(columns, self.get_buffer("column"), groups=_STRIPS)
        rows = down.transpose(1, 2).reshape(batch, _STRIPS, thick, wide)
        across = functional.conv2d(rows, self.get_buffer("row"), groups=_STRIPS)
        return across.reshape(batch, 1, tall, wide - 6)[..., :height, :width]


class FixedMaps(nn.Module):
    """(B, 3, H, W) in 0..1 -> (B, 8, H, W): colours about 0, and the maps of the module's docstring."""

    def __init__(self) -> None:
        super().__init__()
        self.normalize = LocalNormalization()

    def forward(self, rgb: Tensor) -> Tensor:
        """See the class."""
        y = luma(rgb)
        normalized, deviation = self.normalize(y)
        wider = functional.pad(y, (1, 1, 1, 1), mode="replicate")
        above, below = wider[..., :-2, 1:-1], wider[..., 2:, 1:-1]
        edges = 4 * y - above - below - wider[..., 1:-1, :-2] - wider[..., 1:-1, 2:]
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
