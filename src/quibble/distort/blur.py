"""Blur: gaussian, motion, glass, lens, zoom, jitter.

Everything is computed in float32 and rounded once. Borders repeat the outermost pixel, for the lens they reflect.
Source of kinds and kernels: DepictQA-Wild; glass and jitter are true exchanges of pixels here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.distort.fields import random16
from quibble.distort.pixels import Floats, Frame, Pixels, cv2, settle, widen

ZOOM_STEP: Final = 0.02
_DIRECT_REACH_PX: Final = 5


def gaussian_radius(sigma_px: float) -> int:
    """Pixels from the middle to the end of a Gaussian kernel: four standard deviations."""
    return int(4 * sigma_px + 0.5)


def gaussian(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Gaussian blur of sigma_px, cut off at four standard deviations."""
    return settle(_blurred(widen(image), p["sigma_px"]), image)


def _blurred(values: Floats, sigma_px: float) -> Floats:
    size = 2 * gaussian_radius(sigma_px) + 1
    out: Floats = cv2.GaussianBlur(values, (size, size), sigma_px, borderType=cv2.BORDER_REPLICATE)
    return out


def motion(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """A trail to one side: 2 radius + 1 steps along angle_deg, weighted by half a Gaussian of sigma_px.

    Angle 0 looks to the right, 90 down; a step is taken to the nearest pixel.
    """
    steps = np.arange(2 * round(p["radius_px"]) + 1)
    angle = math.radians(p["angle_deg"])
    weights = np.exp(-(steps**2) / (2 * p["sigma_px"] ** 2))
    dx = np.ceil(steps * math.cos(angle) - 0.5).astype(int)
    dy = np.ceil(steps * math.sin(angle) - 0.5).astype(int)
    left, right, above, below = -min(dx.min(), 0), max(dx.max(), 0), -min(dy.min(), 0), max(dy.max(), 0)
    padded = cv2.copyMakeBorder(image, above, below, left, right, cv2.BORDER_REPLICATE)
    height, width = image.shape[:2]
    # Each accumulation mixes the next view in by its share of the weights so far, which ends in their mean.
    shares = weights / np.cumsum(weights)
    out = np.empty(image.shape, np.float32)
    rows = max(1, 32_768 // (3 * width))
    for y in range(0, height, rows):
        strip = out[y : y + rows]
        strip[...] = 0
        for share, x0, y0 in zip(shares.tolist(), (dx + left).tolist(), (dy + above + y).tolist(), strict=True):
            cv2.accumulateWeighted(padded[y0 : y0 + len(strip), x0 : x0 + width], strip, share)
    return settle(out, image)


def lens(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Mean over a disk of radius_px, the circle of confusion of a lens out of focus."""
    reach = int(p["radius_px"])
    line = np.arange(-reach, reach + 1)
    disk = (line[:, None] ** 2 + line**2 <= p["radius_px"] ** 2).astype(np.float32)
    disk /= disk.sum()
    if reach <= _DIRECT_REACH_PX:
        return settle(cv2.filter2D(widen(image), -1, disk, borderType=cv2.BORDER_REFLECT_101), image)
    # In quarters, for OpenCV turns to a Fourier transform, two to three times as slow here, above 11x11 pixels.
    padded = cv2.copyMakeBorder(widen(image), reach, reach, reach, reach, cv2.BORDER_REFLECT_101)
    height, width = image.shape[:2]
    total = np.zeros(image.shape, np.float32)
    for y in (slice(0, reach + 1), slice(reach + 1, None)):
        for x in (slice(0, reach + 1), slice(reach + 1, None)):
            quarter = np.ascontiguousarray(disk[y, x])
            total += cv2.filter2D(padded[y.start :, x.start :], -1, quarter, anchor=(0, 0))[:height, :width]
    return settle(total, image)


def zoom(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Mean of the picture, twice, and of it enlarged about its middle by 1.02, 1.04 ... up to `factor`."""
    values = widen(image)
    height, width = image.shape[:2]
    # The guard is for a factor such as 1.1 that floats put a hair's breadth away from its step.
    layers = int((p["factor"] - 1) / ZOOM_STEP + 1e-9)
    middle = np.array([(frame.width - 1) / 2 - frame.x, (frame.height - 1) / 2 - frame.y])
    total = values * 2.0
    for layer in range(1, layers + 1):
        scale = 1 / (1 + layer * ZOOM_STEP)
        matrix = np.column_stack((scale * np.eye(2), (1 - scale) * middle))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        total += cv2.warpAffine(values, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return settle(total / np.float32(layers + 2), image)


def glass(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Frosted glass: Gaussian blur of sigma_px, pixels exchanged within shift_px, and the same blur again."""
    soft = settle(_blurred(widen(image), p["sigma_px"]), image)
    mixed = _exchange(soft, shift=round(p["shift_px"]), iterations=round(p["iterations"]), seed=p["seed"])
    return settle(_blurred(widen(mixed), p["sigma_px"]), image)


def jitter(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Every pixel exchanged with one at most shift_px away in x and in y; one that is met again travels further.

    On average a pixel takes part in two exchanges.
    """
    return _exchange(image, shift=round(p["shift_px"]), iterations=1, seed=p["seed"])


def _exchange(image: Pixels, *, shift: int, iterations: int, seed: float) -> Pixels:
    """A permutation of the pixels by exchanges of neighbours."""
    if image.dtype == np.uint8:
        cells = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA).view(np.uint32)[..., 0]
        _exchange_cells(cells, shift=shift, iterations=iterations, seed=seed)
        packed = cells.view(np.uint8).reshape(*cells.shape, 4)
        out: Pixels = cv2.cvtColor(packed, cv2.COLOR_RGBA2RGB)
        return out
    places = np.arange(image.shape[0] * image.shape[1], dtype=np.uint32).reshape(image.shape[:2])
    _exchange_cells(places, shift=shift, iterations=iterations, seed=seed)
    return np.take(image.reshape(-1, 3), places.reshape(-1), axis=0).reshape(image.shape)


def _exchange_cells(cells: NDArray[np.uint32], *, shift: int, iterations: int, seed: float) -> None:
    """Exchange each cell of (H, W) with a random one at most `shift` away, in place.

    Cells 2 shift + 1 apart have neighbourhoods without a common cell, so all cells of one such lattice are
    exchanged at a time; the lattices follow one another in a random order, so that nothing drifts to one side.
    """
    height, width = cells.shape
    span = 2 * shift + 1
    flat = cells.reshape(-1)
    for draws in random16((iterations, height, width), seed):
        target = _targets(draws, shift)
        order = np.argsort(draws.reshape(-1)[: span * span], kind="stable")
        for y, x in zip(*(part.tolist() for part in np.divmod(order, span)), strict=True):
            here = cells[y::span, x::span].copy()
            there = target[y::span, x::span]
            cells[y::span, x::span] = flat[there]
            flat[there] = here


def _targets(draws: NDArray[np.uint16], shift: int) -> NDArray[np.intp]:
    """For each cell of (H, W) the flat index of one at most `shift` away, by its random number."""
    height, width = draws.shape
    span = 2 * shift + 1
    choice = (draws.astype(np.uint32) * np.uint32(span * span)) >> np.uint32(16)
    dy = choice // np.uint32(span)
    dx = choice - dy * np.uint32(span)
    # 32 bits, and int64 only at the end: half the memory to pass through.
    y = dy.view(np.int32) + np.arange(-shift, height - shift, dtype=np.int32)[:, None]
    x = dx.view(np.int32) + np.arange(-shift, width - shift, dtype=np.int32)
    np.clip(y, 0, height - 1, out=y)
    np.clip(x, 0, width - 1, out=x)
    return y * np.intp(width) + x


def reach(p: Mapping[str, float], side_px: int) -> int:
    """Pixels that a blur looks away, by whichever of its parameters there are and the picture's longer side."""
    if "factor" in p:
        return math.ceil((1 - 1 / p["factor"]) * side_px / 2) + 1
    blurs = 2 if "shift_px" in p else 1
    if "angle_deg" in p:
        return 2 * round(p["radius_px"])
    spread = gaussian_radius(p["sigma_px"]) * blurs if "sigma_px" in p else int(p.get("radius_px", 0))
    return spread + round(p.get("shift_px", 0)) * round(p.get("iterations", 1))
