"""Distort parts of a picture and leave the rest as it is, bit for bit.

Each region is computed from the original picture, on its bounding box grown by what its distortions look at:

- gaussian, lens, motion, oversharpen, spatially correlated noise: the kernel's reach; inside the mask the result is that
  of the whole picture. Glass and jitter: the same reach, with a field of their own.
- JPEG: boxes begin on the picture's grid of 16x16 pixels, with one more such block around.
- pixelate: the blocks of the whole picture. JPEG 2000: the bounding box is coded, and the ratio is met over it.
- zoom: about the middle of the bounding box.
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
from quibble.distort.pixels import Bytes, Frame, Pixels, cv2
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
    taken = np.zeros(image.shape[:2], bool)
    drawn = []
    for index, (mask, sequence) in enumerate(zip(masks, sequences, strict=True)):
        inside = _inside(mask, image, index)
        window = _bounds(inside, index)
        _claim(taken[window], inside[window], index)
        if isinstance(sequence, Sequence):
            sequence = sequence.draw(np.random.default_rng([seed, index]))
        drawn.append(tuple(sequence))
        _distort_region(image, out, inside, window, drawn[-1], feather_px)
    exact = tuple(mask if isinstance(mask, Mask) else Mask.from_array(mask) for mask in masks)
    return Regional(image=out, masks=exact, degradations=tuple(drawn))


def _distort_region(
    image: Pixels,
    out: Pixels,
    inside: BoolArray,
    window: tuple[slice, slice],
    degradations: tuple[Degradation, ...],
    feather_px: float,
) -> None:
    """Write the distorted pixels of one region into `out`."""
    reach, grid = surroundings(degradations)
    crop = tuple(
        slice(max(part.start - reach, 0) // grid * grid, min(part.stop + reach, size))
        for part, size in zip(window, image.shape[:2], strict=True)
    )
    y, x = crop
    mask: Bytes = np.ascontiguousarray(inside[y, x]).view(np.uint8)
    frame = Frame(x=x.start, y=y.start, width=image.shape[1], height=image.shape[0], mask=mask)
    part = image[y, x]
    for degradation in degradations:
        part = apply_in(part, degradation, frame)
    if feather_px > 0:
        part = _faded(image[y, x], part, mask, feather_px)
    cv2.copyTo(np.ascontiguousarray(part), mask, out[y, x])


def _faded(before: Pixels, after: Pixels, mask: Bytes, feather_px: float) -> Pixels:
    """Mix `after` into `before` by the distance to the mask's border, in whole pixels counted from its outermost."""
    # The transform measures to the nearest pixel outside, so a mask without one needs no fade.
    if mask.all():
        return after
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    share = np.minimum(distance / np.float32(feather_px + 1), 1)[..., None]
    mixed = before * (1 - share) + after * share
    return np.rint(mixed).astype(np.uint8) if before.dtype == np.uint8 else mixed.astype(np.float32, copy=False)


def _inside(mask: Mask | BoolArray, image: Pixels, index: int) -> BoolArray:
    array = mask.to_array() if isinstance(mask, Mask) else np.asarray(mask)
    if array.dtype != np.bool_ or array.shape != image.shape[:2]:
        raise ArgumentError(
            f"mask {index} must be a Mask or booleans of the picture's size {image.shape[:2]}, "
            f"found {array.dtype} of {array.shape}"
        )
    return array


def _bounds(inside: BoolArray, index: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not rows.size:
        raise ArgumentError(f"mask {index} is empty, so there is nothing to distort; leave it out")
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _claim(taken: BoolArray, inside: BoolArray, index: int) -> None:
    """Note a region's pixels. Raises ArgumentError if one of them belongs to an earlier region."""
    common = int(np.count_nonzero(taken & inside))
    if common:
        raise ArgumentError(f"mask {index} shares {common} pixels with an earlier one; regions must not overlap")
    taken |= inside
