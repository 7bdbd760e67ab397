"""Compression through the real codecs, in memory: JPEG and JPEG 2000. A float picture passes through 8 bits."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Final

import numpy as np
from PIL import Image

from quibble.distort.pixels import Frame, Pixels, cv2, from_bytes, to_bytes
from quibble.errors import ImageError

#: libjpeg's limit.
_JPEG_SIDE_PX: Final = 65_500


def jpeg(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """JPEG at `quality` (1..100, libjpeg's scale) with chroma at half the resolution, as is usual.

    Raises ImageError for a picture that the codec cannot hold.
    """
    if max(image.shape[:2]) > _JPEG_SIDE_PX:
        height, width = image.shape[:2]
        raise ImageError(
            f"JPEG holds pictures of at most {_JPEG_SIDE_PX} pixels a side, found {width} x {height}; cut it into parts"
        )
    swapped = cv2.cvtColor(to_bytes(image), cv2.COLOR_RGB2BGR)
    _, code = cv2.imencode(".jpg", swapped, [cv2.IMWRITE_JPEG_QUALITY, round(p["quality"])])
    return from_bytes(cv2.imdecode(code, cv2.IMREAD_COLOR_RGB), image)


def jpeg_2000(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """JPEG 2000 (9/7 wavelet, YCbCr) cut off at a peak signal-to-noise ratio of psnr_db."""
    code = io.BytesIO()
    Image.fromarray(to_bytes(image)).save(
        code, "JPEG2000", quality_mode="dB", quality_layers=[p["psnr_db"]], irreversible=True, mct=1
    )
    code.seek(0)
    with Image.open(code) as decoded:
        return from_bytes(np.array(decoded), image)
