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
from quibble.distort.pixels import Frame, Pixels, cv2, settle, strips, widen

ZOOM_STEP: Final = 0.02
_DIRECT_REACH_PX: Final = 5


def gaussian_radius(sigma_px: float) -> int:
    """Pixels from the middle to the end of a Gaussian kernel: four standard deviations."""
    return int(4 * sigma_px + 0.5)


def gaussian(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Gaussian blur of sigma_px, cut off at four standard deviations."""
    return _blurred(image, p["sigma_px"])


def _blurred(image: Pixels, sigma_px: float) -> Pixels:
    # Not cv2.GaussianBlur: on bytes it is off by up to 1.3, and on floats it first needs a copy.
    line = cv2.getGaussianKernel(2 * gaussian_radius(sigma_px) + 1, sigma_px, cv2.CV_32F)
    return settle(cv2.sepFilter2D(image, cv2.CV_32F, line, line, borderType=cv2.BORDER_REPLICATE), image)


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
    width = image.shape[1]
    # Each accumulation mixes the next view in by its share of the weights so far, which ends in their mean.
    shares = weights / np.cumsum(weights)
    out = np.empty_like(image)
    for rows in strips(image.shape):
        mean = np.zeros(image[rows].shape, np.float32)
        starts = (dy + above + rows.start).tolist()
        for share, x0, y0 in zip(shares.tolist(), (dx + left).tolist(), starts, strict=True):
            cv2.accumulateWeighted(padded[y0 : y0 + len(mean), x0 : x0 + width], mean, share)
        out[rows] = settle(mean, image)
    return out


def lens(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Mean over a disk of radius_px, the circle of confusion of a lens out of focus."""
    reach = int(p["radius_px"])
    line = np.arange(-reach, reach + 1)
    disk = (line[:, None] ** 2 + line**2 <= p["radius_px"] ** 2).astype(np.float32)
    disk /= disk.sum()
    if reach <= _DIRECT_REACH_PX:
        return settle(cv2.filter2D(image, -1, disk, borderType=cv2.BORDER_REFLECT_101), image)
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
    width = image.shape[1]
    # The guard is for a factor such as 1.1 that floats put a hair's breadth away from its step.
    layers = int((p["factor"] - 1) / ZOOM_STEP + 1e-9)
    middle = np.array([(frame.width - 1) / 2 - frame.x, (frame.height - 1) / 2 - frame.y])
    out = np.empty_like(image)
    for rows in strips(image.shape):
        total = values[rows] * np.float32(2)
        for layer in range(1, layers + 1):
            scale = 1 / (1 + layer * ZOOM_STEP)
            start = (1 - scale) * middle + (0, scale * rows.start)
            matrix = np.column_stack((scale * np.eye(2), start))
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            total += cv2.warpAffine(values, matrix, (width, len(total)), None, flags, cv2.BORDER_REPLICATE)
        out[rows] = settle(total / np.float32(layers + 2), image)
    return out


def glass(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Frosted glass: Gaussian blur of sigma_px, pixels exchanged within shift_px, and the same blur again."""
    soft = _blurred(image, p["sigma_px"])
    mixed = _exchange(soft, shift=round(p["shift_px"]), iterations=round(p["iterations"]), seed=p["seed"])
    return _blurred(mixed, p["sigma_px"])


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
    height = len(cells)
    span = 2 * shift + 1
    flat = cells.reshape(-1)
    for field in random16((iterations, cells.size + span * span), seed):
        draws = field[: cells.size].reshape(cells.shape)
        target = np.empty(cells.shape, np.intp)
        for rows in strips(cells.shape):
            target[rows] = _targets(draws[rows], rows.start, height, shift)
        order = np.argsort(field[cells.size :], kind="stable")
        for y, x in zip(*(part.tolist() for part in np.divmod(order, span)), strict=True):
            here = cells[y::span, x::span].copy()
            there = target[y::span, x::span]
            cells[y::span, x::span] = flat[there]
            flat[there] = here


def _targets(draws: NDArray[np.uint16], start: int, height: int, shift: int) -> NDArray[np.int32]:
    """For each cell of the rows from `start` on the flat index of one at most `shift` away, by its random number."""
    rows, width = draws.shape
    span = 2 * shift + 1
    x = draws.astype(np.int32)
    x *= span * span
    x >>= 16
    y = x // np.int32(span)
    x -= y * np.int32(span)
    y += np.arange(start - shift, start - shift + rows, dtype=np.int32)[:, None]
    x += np.arange(-shift, width - shift, dtype=np.int32)
    np.clip(y, 0, height - 1, out=y)
    np.clip(x, 0, width - 1, out=x)
    y *= width
    y += x
    return y


def reach(p: Mapping[str, float], side_px: int) -> int:
    """Pixels that a blur looks away, by whichever of its parameters there are and the picture's longer side."""
    if "factor" in p:
        return math.ceil((1 - 1 / p["factor"]) * side_px / 2) + 1
    blurs = 2 if "shift_px" in p else 1
    if "angle_deg" in p:
        return 2 * round(p["radius_px"])
    spread = gaussian_radius(p["sigma_px"]) * blurs if "sigma_px" in p else int(p.get("radius_px", 0))
    return spread + round(p.get("shift_px", 0)) * round(p.get("iterations", 1))
