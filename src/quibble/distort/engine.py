"""Draw the parameters of a distortion and apply it: the one table from names to functions.

`apply` is a pure function of the picture and the parameters, bit for bit reproducible; it uses no global state, so
threads may share everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from quibble.degradation import Degradation
from quibble.distort import (
    blur,
    brightness,
    compression,
    contrast,
    noise,
    oversharpen,
    pixelate,
    quantize,
    saturate,
)
from quibble.distort.pixels import Frame, Pixels
from quibble.errors import ArgumentError, ImageError
from quibble.taxonomy import LEVEL_PARAMETERS, Category, Distortion, level_parameters

_D = Distortion
Function = Callable[[Pixels, Mapping[str, float], Frame], Pixels]

#: A seed is below this, so that a number of JSON holds it exactly.
SEEDS: Final = 2**53


@dataclass(frozen=True, slots=True)
class _Entry:
    function: Function
    #: pixels beyond a region that it needs to see, by its parameters and the picture's longer side
    reach: Callable[[Mapping[str, float], int], int] = lambda p, side_px: 0
    #: a region begins at a multiple of this
    grid: int = 1
    #: parameters that are drawn beside those of the level
    random: tuple[str, ...] = ()


_SEED: Final = ("seed",)
_KINDS: Final = {c: tuple(d for d in Distortion if d.category is c) for c in Category}
#: JPEG codes 16x16 pixels at a time with chroma halved, and smooths chroma over the border of the next such block.
_JPEG_BLOCK: Final = 16

_ENTRIES: Final[Mapping[Distortion, _Entry]] = {
    _D.BLUR_GAUSSIAN: _Entry(blur.gaussian, blur.reach),
    _D.BLUR_MOTION: _Entry(blur.motion, blur.reach, random=("angle_deg",)),
    _D.BLUR_GLASS: _Entry(blur.glass, blur.reach, random=_SEED),
    _D.BLUR_LENS: _Entry(blur.lens, blur.reach),
    _D.BLUR_ZOOM: _Entry(blur.zoom, blur.reach),
    _D.BLUR_JITTER: _Entry(blur.jitter, blur.reach, random=_SEED),
    _D.NOISE_GAUSSIAN_RGB: _Entry(noise.gaussian_rgb, random=_SEED),
    _D.NOISE_GAUSSIAN_YCRCB: _Entry(noise.gaussian_ycrcb, random=_SEED),
    _D.NOISE_SPECKLE: _Entry(noise.speckle, random=_SEED),
    _D.NOISE_SPATIALLY_CORRELATED: _Entry(noise.spatially_correlated, lambda p, side_px: 1, random=_SEED),
    _D.NOISE_POISSON: _Entry(noise.poisson, random=_SEED),
    _D.NOISE_IMPULSE: _Entry(noise.impulse, random=_SEED),
    _D.COMPRESSION_JPEG: _Entry(compression.jpeg, lambda p, side_px: _JPEG_BLOCK, grid=_JPEG_BLOCK),
    _D.COMPRESSION_JPEG_2000: _Entry(compression.jpeg_2000),
    _D.BRIGHTEN_SHIFT_HSV: _Entry(brightness.brighten_shift_hsv),
    _D.BRIGHTEN_SHIFT_RGB: _Entry(brightness.brighten_shift_rgb),
    _D.BRIGHTEN_GAMMA_HSV: _Entry(brightness.gamma_hsv),
    _D.BRIGHTEN_GAMMA_RGB: _Entry(brightness.gamma_rgb),
    _D.DARKEN_SHIFT_HSV: _Entry(brightness.darken_shift_hsv),
    _D.DARKEN_SHIFT_RGB: _Entry(brightness.darken_shift_rgb),
    _D.DARKEN_GAMMA_HSV: _Entry(brightness.gamma_hsv),
    _D.DARKEN_GAMMA_RGB: _Entry(brightness.gamma_rgb),
    _D.CONTRAST_STRENGTHEN_SCALE: _Entry(contrast.scale),
    _D.CONTRAST_STRENGTHEN_STRETCH: _Entry(contrast.stretch),
    _D.CONTRAST_WEAKEN_SCALE: _Entry(contrast.scale),
    _D.CONTRAST_WEAKEN_STRETCH: _Entry(contrast.stretch),
    _D.SATURATE_STRENGTHEN_HSV: _Entry(saturate.hsv),
    _D.SATURATE_STRENGTHEN_YCRCB: _Entry(saturate.ycrcb),
    _D.SATURATE_WEAKEN_HSV: _Entry(saturate.hsv),
    _D.SATURATE_WEAKEN_YCRCB: _Entry(saturate.ycrcb),
    _D.OVERSHARPEN_UNSHARP: _Entry(oversharpen.unsharp, lambda p, side_px: oversharpen.SIZE_PX // 2),
    _D.PIXELATE_BOX: _Entry(pixelate.box, pixelate.reach),
    _D.QUANTIZE_OTSU: _Entry(quantize.otsu),
    _D.QUANTIZE_MEDIAN_CUT: _Entry(quantize.median_cut),
    _D.QUANTIZE_HISTOGRAM: _Entry(quantize.histogram),
}


def draw(distortion: Distortion | str, level: float, rng: np.random.Generator) -> Degradation:
    """Draw what `apply` needs: the level's parameters (1..5, between two levels interpolated) and the random ones.

    Raises ArgumentError for an unknown name or a level outside 1..5.
    """
    kind = Distortion.parse(distortion)
    # A level that numpy drew must not end up in a record: JSON does not know its numbers.
    level = level.item() if isinstance(level, np.generic) else level
    parameters = level_parameters(kind, level)
    for name in _ENTRIES[kind].random:
        parameters[name] = float(rng.uniform(-90, 90)) if name == "angle_deg" else int(rng.integers(SEEDS))
    return Degradation(distortion=kind, level=level, parameters=parameters)


def apply(image: Pixels, degradation: Degradation) -> Pixels:
    """The picture with a drawn distortion. (H, W, 3) uint8 or float32 in 0..1 -> a new array of the same kind.

    Raises ImageError for another kind of array, ArgumentError if a parameter is missing.
    """
    check_image(image)
    return apply_in(image, degradation, Frame.whole(image))


def apply_all(image: Pixels, degradations: Iterable[Degradation]) -> Pixels:
    """The picture with several drawn distortions, one after the other; a copy if there are none."""
    check_image(image)
    out = image
    for degradation in degradations:
        out = apply_in(out, degradation, Frame.whole(image))
    return image.copy() if out is image else out


def distort(image: Pixels, distortion: Distortion | str, *, level: float = 3, seed: int = 0) -> Pixels:
    """The picture with one distortion at a level in 1..5; the same seed gives the same bytes."""
    return apply(image, draw(distortion, level, np.random.default_rng(seed)))


def apply_in(image: Pixels, degradation: Degradation, frame: Frame) -> Pixels:
    """Like `apply`, for pixels that may be a part of a picture, without a look at their kind."""
    entry = _ENTRIES[degradation.distortion]
    needed = (*LEVEL_PARAMETERS[degradation.distortion], *entry.random)
    missing = [name for name in needed if name not in degradation.parameters]
    if missing:
        raise ArgumentError(f"{degradation.distortion} needs the parameters {needed}, missing {missing}")
    return entry.function(np.ascontiguousarray(image), degradation.parameters, frame)


def surroundings(degradations: Iterable[Degradation], side_px: int) -> tuple[int, int]:
    """(reach, grid) of a sequence: the pixels around a region that it looks at, and what its start is a multiple of."""
    reach, grid = 0, 1
    for degradation in degradations:
        entry = _ENTRIES[degradation.distortion]
        reach += entry.reach(degradation.parameters, side_px)
        grid = max(grid, entry.grid)
    return reach, grid


def check_image(image: Pixels) -> None:
    """Raise ImageError unless this is (H, W, 3), uint8 or float32, with at least one pixel."""
    if not isinstance(image, np.ndarray) or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        found = f"shape {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise ImageError(f"a picture to distort is an array (H, W, 3) with at least one pixel, found {found}")
    if image.dtype not in (np.uint8, np.float32):
        raise ImageError(
            f"a picture to distort is uint8 (0..255) or float32 (0..1), found {image.dtype}; "
            "quibble.image.load makes one of either kind"
        )


def distortions_of(category: Category) -> tuple[Distortion, ...]:
    """The distortions of a category, in their order."""
    return _KINDS[category]
