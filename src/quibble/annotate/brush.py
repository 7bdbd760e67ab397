"""Label Studio's code for brush masks: the picture's RGBA bytes, run-length packed bit by bit.

A stream of bits, highest first: 32 for the number of values, 5 for the bits of a value less one, four times 4 for the
four sizes of lengths, less one. Then chunks: 1 bit that says whether one value is repeated, 2 for which size the
length has, the length less one, and the value or the values. Source: thi.ng/rle-pack, which Label Studio uses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from quibble.errors import ArgumentError
from quibble.geometry import Mask

#: Sizes in bits of the lengths that are written, as Label Studio's own pages write them.
_SIZES: Final = (3, 4, 8, 16)
_CHANNELS: Final = 4
#: A pixel belongs to a mask from this alpha on. A brush's rim is softened over one pixel.
_INSIDE: Final = 48
#: Alpha inside an outline. Label Studio shows masks at 0.6 of it: a tint of 0.15.
_TINT: Final = 64
#: An outline's width as a share of the square root of the picture's area.
_LINE: Final = 0.006


def encode(mask: Mask) -> list[int]:
    """A mask as the bytes that Label Studio reads; pixels inside are opaque white, the others transparent black."""
    return _pack(np.where(mask.to_array(), np.uint8(255), np.uint8(0)))


def encode_outlined(mask: Mask) -> list[int]:
    """The same, so that it shows as an outline around a light tint: the picture behind it can still be judged.

    Label Studio takes a click inside a mask to mean the nearest opaque pixel along the diagonals, unless it comes to
    nothing before: so the outline is opaque, and goes along the picture's edge too.
    """
    inside = mask.to_array()
    line_px = max(2, round(_LINE * math.sqrt(inside.size)))
    framed = np.pad(inside, line_px).astype(np.uint8) * 255
    eroded = np.asarray(Image.fromarray(framed).filter(ImageFilter.MinFilter(2 * line_px + 1)))
    deep = eroded[line_px:-line_px, line_px:-line_px] > 0
    return _pack(np.where(deep, np.uint8(_TINT), np.where(inside, np.uint8(255), np.uint8(0))))


def decode(rle: Sequence[int], *, width: int, height: int) -> Mask:
    """The inverse of encode, also for what Label Studio's pages write. Raises ArgumentError for a damaged code."""
    expected = width * height * _CHANNELS
    try:
        data = np.frombuffer(bytes(rle), np.uint8)
    except (TypeError, ValueError) as error:
        raise ArgumentError("a brush's code is a list of numbers in 0..255") from error
    values = _unpack(data, expected, f"a picture of {width} x {height}")
    return Mask.from_array(values.reshape(height, width, _CHANNELS)[..., -1] >= _INSIDE)


def _unpack(data: NDArray[np.uint8], expected: int, what: str) -> NDArray[np.uint8]:
    """All values of a code, (expected,)."""
    bits = np.unpackbits(data)
    stream = (bits + ord("0")).tobytes()
    at = 0

    def read(size: int) -> int:
        nonlocal at
        if at + size > len(stream):
            raise ArgumentError(f"a brush's code for {what} ends early, after {len(data)} bytes")
        at += size
        return int(stream[at - size : at], 2)

    count, word = read(32), read(5) + 1
    sizes = [read(4) + 1 for _ in range(4)]
    if count != expected or word != 8:
        raise ArgumentError(f"expected {expected} values of 8 bits for {what}, found {count} of {word}")
    out = np.empty(count, np.uint8)
    done = 0
    while done < count:
        repeated = read(1)
        length = read(sizes[read(2)]) + 1
        if done + length > count:
            raise ArgumentError(f"a brush's code for {what} holds more values than the picture")
        if repeated:
            out[done : done + length] = read(word)
        else:
            if at + length * word > len(stream):
                raise ArgumentError(f"a brush's code for {what} ends early, after {len(data)} bytes")
            out[done : done + length] = np.packbits(bits[at : at + length * word])
            at += length * word
        done += length
    return out


def _pack(values: NDArray[np.uint8]) -> list[int]:
    """The code of a picture whose four channels are all (H, W) `values`."""
    flat = values.reshape(-1)
    edges = np.concatenate(([0], np.flatnonzero(flat[1:] != flat[:-1]) + 1, [flat.size]))
    bits = [f"{flat.size * _CHANNELS:032b}", f"{8 - 1:05b}", *(f"{size - 1:04b}" for size in _SIZES)]
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        left = (end - start) * _CHANNELS
        while left:
            length = min(left, 1 << _SIZES[-1])
            which = next(n for n, size in enumerate(_SIZES) if length <= 1 << size)
            bits.append(f"1{which:02b}{length - 1:0{_SIZES[which]}b}{flat[start]:08b}")
            left -= length
    stream = "".join(bits)
    stream += "0" * (-len(stream) % 8)
    return [int(byte) for byte in np.packbits(np.frombuffer(stream.encode("ascii"), np.uint8) - ord("0"))]
