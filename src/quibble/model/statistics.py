"""Natural scene statistics inside the graph: what a gradient-boosting baseline is given, as tensors.

Moments stand in for the parameters of generalised Gaussians (they determine each other), shares under fixed
thresholds for percentiles, so that everything is a mean over the picture: exportable, any size, fast.
Sources: BRISQUE (Mittal et al. 2012) for normalised luma and its products with neighbours; Wang, Bovik and Evans
(2000) for blockiness; Hasler and Suesstrunk (2003) for colourfulness.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from quibble.model.fixed_maps import LocalNormalization, luma

_SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))
_LUMA_STEPS = (4 / 255, 16 / 255, 0.15, 0.3, 0.5, 0.7, 0.85, 240 / 255, 251 / 255)
_DEVIATION_STEPS = (0.004, 0.008, 0.016, 0.032, 0.064, 0.128)
_SATURATION_STEPS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.6)
_CELL = 64


def _mean(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C)"""
    return x.mean(dim=(2, 3))


def _share_below(x: Tensor, steps: tuple[float, ...]) -> Tensor:
    """Soft shares of the picture below thresholds. (B, 1, H, W) -> (B, len(steps)) in 0..1."""
    return torch.cat([_mean(torch.sigmoid((step - x) / (0.15 * step + 0.004))) for step in steps], dim=1)


def _moments(x: Tensor) -> Tensor:
    """(B, 1, H, W) -> (B, 4): mean magnitude, log energy, skewness, log kurtosis."""
    # Products, not powers: ONNX's general power costs more than the convolutions. The constants keep grey pictures,
    # whose colours have no energy at all, finite in every runtime.
    square = x * x
    energy = _mean(square) + 1e-6
    relative = square / energy[..., None, None]
    third = _mean(square * x) / (energy * energy.sqrt())
    return torch.cat([_mean(x.abs()), energy.log(), third, (_mean(relative * relative) + 1e-3).log()], dim=1)


def _products(x: Tensor) -> Tensor:
    """Products with four neighbours. (B, 1, H, W) -> (B, 16): mean, mean magnitude, energy of either sign each."""
    out = []
    height, width = x.shape[-2], x.shape[-1]
    for down, right in _SHIFTS:
        here = x[..., : height - down, max(-right, 0) : width - max(right, 0)]
        there = x[..., down:, max(right, 0) : width - max(-right, 0)]
        product = here * there
        positive, negative = product.clamp(min=0), (-product).clamp(min=0)
        out += [_mean(product), _mean(product.abs())]
        out += [(_mean(part * part) + 1e-6).sqrt() for part in (positive, negative)]
    return torch.cat(out, dim=1)


def _blockiness(y: Tensor) -> Tensor:
    """How much stronger steps are on one phase of an 8-pixel grid than on the others. (B, 1, H, W) -> (B, 4)."""
    out = []
    for axis in (2, 3):
        step = (y.narrow(axis, 1, y.shape[axis] - 1) - y.narrow(axis, 0, y.shape[axis] - 1)).abs().clamp(max=0.1)
        profile = step.mean(dim=5 - axis).squeeze(1)
        profile = profile[:, : profile.shape[1] // 8 * 8].reshape(y.shape[0], -1, 8).mean(dim=1) + 1e-4
        out += [(profile.amax(1) / profile.mean(1)).log(), (profile.amin(1) / profile.mean(1)).log()]
    return torch.stack(out, dim=1)


def _opponents(rgb: Tensor) -> tuple[Tensor, Tensor]:
    """Red less green, and yellow less blue. (B, 3, H, W) -> two of (B, 1, H, W)"""
    red, green, blue = rgb[:, :1], rgb[:, 1:2], rgb[:, 2:]
    return red - green, 0.5 * (red + green) - blue


def _colors(rgb: Tensor) -> Tensor:
    """(B, 3, H, W) -> (B, 16): means and deviations, colourfulness, shares under saturation thresholds."""
    saturation = (rgb.amax(1, keepdim=True) - rgb.amin(1, keepdim=True)) / (rgb.amax(1, keepdim=True) + 0.02)
    opponents = torch.cat(_opponents(rgb), dim=1)
    spread = rgb.flatten(2).var(dim=2, correction=0).add(1e-6).sqrt()
    opponent_spread = opponents.flatten(2).var(dim=2, correction=0).add(1e-6).sqrt()
    return torch.cat(
        [_mean(rgb), spread, _mean(opponents), opponent_spread, _share_below(saturation, _SATURATION_STEPS)], dim=1
    )


class SceneStatistics(nn.Module):
    """(B, 3, H, W) in 0..1, at least 64 pixels each way -> (B, SceneStatistics.SIZE)."""

    SIZE = 3 * (4 + 16 + 2 + len(_DEVIATION_STEPS) + 3) + 2 * 4 + len(_LUMA_STEPS) + 4 + 10 + len(_SATURATION_STEPS)

    def __init__(self) -> None:
        super().__init__()
        self.normalize = LocalNormalization()

    def forward(self, rgb: Tensor) -> Tensor:
        """See the class."""
        y = luma(rgb)
        out = [_share_below(y, _LUMA_STEPS), _blockiness(y), _colors(rgb)]
        out += [_moments(self.normalize(opponent)[0]) for opponent in _opponents(rgb)]
        for scale in range(3):
            normalized, deviation = self.normalize(y)
            out += [_moments(normalized), _products(normalized)]
            out += [_mean((deviation + 1e-3).log()), _mean(deviation), _share_below(deviation, _DEVIATION_STEPS)]
            cells = functional.avg_pool2d((deviation + 1e-3).log(), _CELL >> scale).flatten(1)
            out += [cells.amax(1, keepdim=True), cells.amin(1, keepdim=True)]
            out.append((cells.var(1, keepdim=True, correction=0) + 1e-6).sqrt())
            if scale < 2:
                y = functional.avg_pool2d(y, 2)
        return torch.cat(out, dim=1)
