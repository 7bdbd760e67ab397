"""Pictures as files that tests read, and what reading them says."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from quibble.errors import ImageError
from quibble.image import load

Pixels = NDArray[np.uint8]

#: (kind, options of saving)
LOSSLESS: list[tuple[str, dict[str, Any]]] = [
    ("PNG", {}),
    ("WEBP", {"lossless": True}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ("TIFF", {"compression": "packbits"}),
    ("TIFF", {"big_tiff": True}),
]


def picture(height: int = 40, width: int = 60) -> Pixels:
    """Smooth, coloured, and different under every flip and turn."""
    y, x = np.mgrid[0:height, 0:width]
    channels = (x * 255 / (width - 1), y * 255 / (height - 1), (x + y) * 255 / (height + width - 2))
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def encode(image: Image.Image | Pixels, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(stream, kind, **options)
    return stream.getvalue()


def difference(a: NDArray[Any], b: NDArray[Any]) -> float:
    assert a.shape == b.shape
    return float(np.abs(a.astype(float) - b.astype(float)).max())


def only_error(source: Any, **options: Any) -> str:
    with pytest.raises(ImageError) as caught:
        load(source, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def png(header: bytes, rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    parts = ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    body = b"".join(
        len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big") for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body


def deep_png(values: NDArray[Any], colour_type: int, *chunks: tuple[bytes, bytes]) -> bytes:
    height, width = values.shape[:2]
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((16, colour_type, 0, 0, 0))
    return png(header, b"".join(b"\0" + row.astype(">u2").tobytes() for row in values), *chunks)


def tiff(values: NDArray[Any], *, photometric: int = 1, sample_format: int = 1) -> bytes:
    """One uncompressed grey strip, written by hand: Pillow writes too few kinds."""
    height, width = values.shape
    data = values.astype(values.dtype.newbyteorder("<")).tobytes()
    bits = values.dtype.itemsize * 8
    entries = [(256, width), (257, height), (258, bits), (259, 1), (262, photometric)]
    entries += [(273, 8), (277, 1), (278, height), (279, len(data)), (339, sample_format)]
    directory = len(entries).to_bytes(2, "little")
    for tag, value in entries:
        directory += tag.to_bytes(2, "little") + b"\4\0\1\0\0\0" + value.to_bytes(4, "little")
    return b"II*\0" + (8 + len(data)).to_bytes(4, "little") + data + directory + bytes(4)
