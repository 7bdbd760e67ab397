"""Compression through the real codecs, in memory: JPEG and JPEG 2000. A float picture passes through 8 bits."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from PIL import Image

from quibble.distort.pixels import Frame, Pixels, cv2, from_bytes, to_bytes


def jpeg(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """JPEG at `quality` (1..100, libjpeg's scale) with chroma at half the resolution, as is usual."""
    swapped = cv2.cvtColor(to_bytes(image), cv2.COLOR_RGB2BGR)
    options = [cv2.IMWRITE_JPEG_QUALITY, round(p["quality"])]
    _, code = cv2.imencode(".jpg", swapped, options)
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
