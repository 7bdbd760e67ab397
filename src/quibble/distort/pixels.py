"""What every distortion shares: the kinds of picture, the view of the whole, and the ways between bytes and floats.

A picture is (H, W, 3), RGB, either uint8 (0..255) or float32 (0..1). A distortion returns the kind that it got.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quibble.errors import MissingExtraError

try:
    import cv2 as _cv2
except ImportError as error:
    raise MissingExtraError("opencv-python-headless", "data") from error

#: OpenCV without its type stubs, which differ from version to version.
cv2: Final[Any] = _cv2

Pixels = NDArray[Any]
Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Curve = Callable[[NDArray[Any]], NDArray[Any]]

#: Weights of red, green and blue in luma (ITU-R BT.601), as in YCrCb and in Pillow's grey.
LUMA: Final = (0.299, 0.587, 0.114)

_STRIP_PIXELS: Final = 1 << 15
_STEPS: Final = np.arange(256) / 255.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """Where in a picture the pixels at hand lie, for distortions that look beyond a pixel's surroundings.

    (x, y) is the first pixel's place in a picture of width x height; `mask` (H, W) uint8 is non-zero where
    statistics are taken, None for everywhere.
    """

    x: int
    y: int
    width: int
    height: int
    mask: Bytes | None = None

    @classmethod
    def whole(cls, image: Pixels) -> Frame:
        """The frame of a picture that is not a part of another."""
        return cls(x=0, y=0, width=image.shape[1], height=image.shape[0])


def strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """Cut the rows of (H, W, 3) into pieces whose temporary arrays stay in the processor's cache.

    Fresh memory for a whole picture costs more than most of what is computed into it here.
    """
    height, width = shape[:2]
    rows = max(_STRIP_PIXELS // width, 1)
    for start in range(0, height, rows):
        yield slice(start, min(start + rows, height))


def top(image: Pixels) -> float:
    """The value of white: 255 or 1."""
    return 255.0 if image.dtype == np.uint8 else 1.0


def widen(image: Pixels) -> Floats:
    """A float32 picture in the units of the given one; the same array if it is float32 already."""
    return image.astype(np.float32, copy=False)


def settle(values: NDArray[Any], image: Pixels) -> Pixels:
    """Clip values in the units of `image` to its range, and round them if it holds bytes."""
    if image.dtype == np.uint8:
        return _rounded(values, 1)
    out: Pixels = np.clip(values, np.float32(0), np.float32(1))
    return out


def to_bytes(image: Pixels) -> Bytes:
    """The picture as uint8; the same array if it is uint8 already."""
    if image.dtype == np.uint8:
        return image
    return _rounded(image, 255)


def from_bytes(values: Bytes, image: Pixels) -> Pixels:
    """A uint8 picture in the kind of `image`."""
    if image.dtype == np.uint8:
        return values
    return values.astype(np.float32) * np.float32(1 / 255)


def _rounded(values: NDArray[Any], gain: float) -> Bytes:
    # A weighted sum with nothing: the one call of OpenCV that scales, rounds and clips at both ends in a pass without
    # a bare number, which some of its versions add to the first channel only.
    out: Bytes = cv2.addWeighted(values, gain, values, 0, 0, dtype=cv2.CV_8U)
    return out


def curve(image: Pixels, function: Curve) -> Pixels:
    """Map every value by a function of 0..1. One that broadcasts over the last axis may treat channels apart."""
    if image.dtype == np.uint8:
        table = np.rint(np.clip(function(_STEPS[:, None]), 0, 1) * 255).astype(np.uint8)
        out: Pixels = cv2.LUT(image, table[:, None])
        return out
    return np.clip(function(image), 0, 1).astype(np.float32, copy=False)


def channel_means(image: Pixels, frame: Frame) -> NDArray[np.float64]:
    """Mean red, green and blue in 0..1 over the frame's mask. (3,)"""
    return np.asarray(cv2.mean(image, frame.mask)[:3]) / top(image)
