"""Distort parts of a picture and leave the rest as it is, bit for bit.

Each region is computed from the original picture, on its bounding box grown by what its distortions look at:

- gaussian, lens, motion, zoom (about the picture's middle), oversharpen, spatially correlated noise: the kernel's
  reach; apart from noise the result inside the mask is that of the whole picture. Glass and jitter: the same reach,
  and pixels come in from around.
- JPEG: boxes lie on the picture's grid of 16x16 pixels, with one more such block around; the result inside the mask is
  that of the whole picture. Pixelate: the blocks of the whole picture.
- JPEG 2000: the bounding box is coded, and the ratio is met over it.
- contrast and quantize: the means and histograms of the mask's own pixels.
- all others look at one pixel at a time.
"""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quibble.degradation import Degradation
from quibble.distort.engine import apply_in, check_image, surroundings
from quibble.distort.pixels import Bytes, Frame, Pixels, cv2, settle, widen
from quibble.distort.sequence import Sequence
from quibble.errors import ArgumentError
from quibble.geometry import Mask

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Regional:
    """A picture distorted in parts, with the exact mask of each part and what was done to it."""

    image: Pixels
    masks: tuple[Mask, ...]
    degradations: tuple[tuple[Degradation, ...], ...]


def regional(
    image: Pixels,
    masks: Items[Mask | BoolArray],
    sequences: Items[Sequence | tuple[Degradation, ...]],
    *,
    seed: int = 0,
    feather_px: float = 0.0,
) -> Regional:
    """Apply one sequence to each region. (H, W, 3) uint8 or float32; masks of the same height and width.

    Region i draws its parameters from numpy's default_rng([seed, i]); given drawn degradations instead of a plan,
    it repeats them. `feather_px` fades the distortion in over so many pixels inside the mask's border, so that
    nothing outside the masks ever changes. Raises ArgumentError for masks that overlap, that are empty or of another
    size, and unless there are as many sequences as masks.
    """
    check_image(image)
    if len(masks) != len(sequences):
        raise ArgumentError(f"each mask needs a sequence, found {len(masks)} masks and {len(sequences)} sequences")
    if feather_px < 0:
        raise ArgumentError(f"feather_px is at least 0, found {feather_px}")
    out = image.copy()
    height, width = image.shape[:2]
    taken = np.zeros((width, height), bool)
    exact, drawn = [], []
    for index, (mask, sequence) in enumerate(zip(masks, sequences, strict=True)):
        columns = _columns(mask, height, width, index)
        window = _bounds(columns, index)
        _claim(taken[window], columns[window], index)
        if isinstance(sequence, Sequence):
            sequence = sequence.draw(np.random.default_rng([seed, index]))
        drawn.append(tuple(sequence))
        _distort_region(image, out, columns, window, drawn[-1], feather_px)
        exact.append(mask if isinstance(mask, Mask) else Mask.from_columns(columns))
    return Regional(image=out, masks=tuple(exact), degradations=tuple(drawn))


def _distort_region(
    image: Pixels,
    out: Pixels,
    columns: BoolArray,
    window: tuple[slice, slice],
    degradations: tuple[Degradation, ...],
    feather_px: float,
) -> None:
    """Write the distorted pixels of one region into `out`."""
    height, width = image.shape[:2]
    x, y = looked_at(window, degradations, (width, height))
    mask: Bytes = cv2.transpose(columns[x, y].view(np.uint8))
    frame = Frame(x=x.start, y=y.start, width=width, height=height, mask=mask)
    part = before = np.ascontiguousarray(image[y, x])
    for degradation in degradations:
        part = apply_in(part, degradation, frame)
    if feather_px > 0:
        part = _faded(before, part, mask, feather_px)
    cv2.copyTo(part, mask, out[y, x])


def looked_at(
    window: tuple[slice, slice], degradations: tuple[Degradation, ...], size: tuple[int, int]
) -> tuple[slice, slice]:
    """The part of a picture that distortions of a region look at: its bounding box grown, both axes in one order."""
    reach, grid = surroundings(degradations, max(size))
    # A fade measures to the nearest pixel outside, so that one must be in sight.
    first, second = (_grown(part, max(reach, 1), grid, side) for part, side in zip(window, size, strict=True))
    return first, second


def _grown(part: slice, reach: int, grid: int, size: int) -> slice:
    return slice(max(part.start - reach, 0) // grid * grid, min(part.stop + reach, size))


def _faded(before: Pixels, after: Pixels, mask: Bytes, feather_px: float) -> Pixels:
    """Mix `after` into `before`, by d / (feather_px + 1) at a distance of d pixels from the nearest one outside."""
    # Without a pixel outside, OpenCV's distances are far beyond any border.
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    share = np.minimum(distance / np.float32(feather_px + 1), 1)[..., None]
    return settle(before + (widen(after) - widen(before)) * share, before)


def _columns(mask: Mask | BoolArray, height: int, width: int, index: int) -> BoolArray:
    """The mask as (W, H), a row for each column of the picture. Raises ArgumentError if it does not fit."""
    fits = mask.height == height and mask.width == width if isinstance(mask, Mask) else _is_mask(mask, height, width)
    if not fits:
        found = (
            f"{mask.height} x {mask.width}" if isinstance(mask, Mask) else f"{np.asarray(mask).dtype} {np.shape(mask)}"
        )
        raise ArgumentError(
            f"mask {index} must be a Mask or booleans of the picture's size, {height} x {width} (height first), "
            f"found {found}"
        )
    if isinstance(mask, Mask):
        return mask.to_columns()
    out: BoolArray = cv2.transpose(mask.view(np.uint8)).view(np.bool_)
    return out


def _is_mask(mask: object, height: int, width: int) -> bool:
    return isinstance(mask, np.ndarray) and mask.dtype == np.bool_ and mask.shape == (height, width)


def _bounds(columns: BoolArray, index: int) -> tuple[slice, slice]:
    """Where in x and in y there are pixels. Raises ArgumentError if there are none."""
    y, x, height, width = cv2.boundingRect(columns.view(np.uint8))
    if not width:
        raise ArgumentError(f"mask {index} is empty, so there is nothing to distort; leave it out")
    return slice(x, x + width), slice(y, y + height)


def _claim(taken: BoolArray, inside: BoolArray, index: int) -> None:
    """Note a region's pixels. Raises ArgumentError if one of them belongs to an earlier region."""
    common = int(np.count_nonzero(taken & inside))
    if common:
        raise ArgumentError(f"mask {index} shares {common} pixels with an earlier one; regions must not overlap")
    taken |= inside
