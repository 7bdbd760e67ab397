"""Damaged files of every format: an array or an ImageError, no warning, and never much time or memory."""

from __future__ import annotations

import io
import resource
import sys
import time
import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms

from quibble.errors import ImageError
from quibble.image import load

#: Of the processor, so that a busy machine does not fail the test.
TIME_LIMIT_S = 2.0
#: Growth of the process over a whole fuzz run. The pictures have at most one megapixel, 4 MB decoded.
MEMORY_LIMIT_KB = 300_000


@cache
def valid_files() -> dict[str, bytes]:
    """Small files that between them use every format, compression and kind of metadata that load reads."""
    y, x = np.mgrid[0:42, 0:57]
    noise = np.random.default_rng(0).integers(0, 40, (42, 57, 3))
    rgb = Image.fromarray((np.stack([x * 3, y * 4, x + y], axis=-1) + noise).astype(np.uint8))
    rgba, grey = rgb.convert("RGBA"), rgb.convert("L")
    rgba.putalpha(grey)
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "maker of cameras"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    meta: dict[str, Any] = {"exif": exif.tobytes(), "icc_profile": profile}
    frames: dict[str, Any] = {"save_all": True, "append_images": [rgb.rotate(90)]}
    tiffs = ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "lzma")
    recipes: dict[str, tuple[Image.Image, str, dict[str, Any]]] = {
        "jpeg": (rgb, "JPEG", meta),
        "jpeg progressive": (rgb, "JPEG", {"progressive": True}),
        "jpeg grey": (grey, "JPEG", {}),
        "jpeg cmyk": (rgb.convert("CMYK"), "JPEG", {}),
        "png": (rgb, "PNG", meta),
        "png alpha": (rgba, "PNG", {}),
        "png palette": (rgb.quantize(16), "PNG", {"transparency": 3}),
        "png bits": (rgb.convert("1"), "PNG", {}),
        "png deep": (deep, "PNG", {}),
        "png animated": (rgb, "PNG", frames),
        "webp": (rgb, "WEBP", meta),
        "webp lossless": (rgba, "WEBP", {"lossless": True}),
        "webp animated": (rgb, "WEBP", frames),
        "tiff": (rgb, "TIFF", meta),
        "tiff big": (rgb, "TIFF", {"big_tiff": True}),
        "tiff bits": (rgb.convert("1"), "TIFF", {"compression": "group4"}),
        "tiff palette": (rgb.quantize(16), "TIFF", {}),
        "tiff deep": (deep, "TIFF", {}),
        "tiff float": (Image.fromarray(np.asarray(grey).astype(np.float32) / 255), "TIFF", {}),
        "tiff cmyk": (rgb.convert("CMYK"), "TIFF", {}),
        "tiff lab": (rgb.convert("LAB"), "TIFF", {}),
        "tiff alpha": (rgba, "TIFF", {"compression": "tiff_lzw"}),
        **{f"tiff {name}": (rgb, "TIFF", {"compression": name}) for name in tiffs},
        "gif": (rgb, "GIF", {}),
        "gif animated": (rgb, "GIF", {**frames, "transparency": 1}),
        "bmp": (rgb, "BMP", {}),
        "bmp palette": (rgb.quantize(16), "BMP", {}),
        "bmp alpha": (rgba, "BMP", {}),
        "avif": (rgb, "AVIF", meta),
        "avif alpha": (rgba, "AVIF", {}),
    }
    files = {}
    for name, (image, kind, options) in recipes.items():
        stream = io.BytesIO()
        image.save(stream, kind, **options)
        files[name] = stream.getvalue()
    return files


INTERESTING = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\x01",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xd9",
)


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    """A valid file after one to eight bytes flipped, stretches lost, doubled, overwritten or taken from other files."""
    files = valid_files()
    data = bytearray(files[draw(st.sampled_from(sorted(files)))])
    for _ in range(draw(st.integers(1, 8))):
        if not data:
            break
        # Most of what can go wrong stands in the first and (TIFF) the last few hundred bytes.
        place = draw(st.one_of(st.integers(0, 200), st.integers(-300, -1), st.integers(0, 20_000))) % len(data)
        length = draw(st.sampled_from((1, 2, 4, 12, 60, 1000)))
        match draw(st.sampled_from(("flip", "set", "lose", "double", "insert", "cut", "splice"))):
            case "flip":
                data[place] ^= 1 << draw(st.integers(0, 7))
            case "set":
                value = draw(st.sampled_from(INTERESTING))
                data[place : place + len(value)] = value
            case "lose":
                del data[place : place + length]
            case "double":
                data[place:place] = data[place : place + length]
            case "insert":
                data[place:place] = draw(st.binary(min_size=1, max_size=40))
            case "cut":
                del data[place:]
            case "splice":
                other = files[draw(st.sampled_from(sorted(files)))]
                start = draw(st.integers(0, len(other) - 1))
                data[place : place + length] = other[start : start + length]
    return bytes(data)


def check(data: bytes, *, allow_truncated: bool) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        message = ""
        start = time.process_time()
        try:
            array = load(data, max_megapixels=1, allow_truncated=allow_truncated)
        except ImageError as error:
            message = str(error)
        else:
            assert array.dtype == np.uint8
            assert array.ndim == 3
            assert array.shape[2] == 3
            assert 0 < array.shape[0] * array.shape[1] <= 1_000_000
            assert array.flags.c_contiguous
    assert time.process_time() - start < TIME_LIMIT_S
    assert message.isprintable()
    assert not caught


def peak_memory_kb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


@pytest.mark.parametrize("name", sorted(valid_files()))
def test_the_files_are_valid_before_they_are_damaged(name: str) -> None:
    shape = load(valid_files()[name]).shape
    assert shape in ((42, 57, 3), (57, 42, 3))


def fuzz(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(damaged_files(), st.booleans())
    def run(data: bytes, allow_truncated: bool) -> None:
        check(data, allow_truncated=allow_truncated)

    before = peak_memory_kb()
    run()
    assert peak_memory_kb() - before < MEMORY_LIMIT_KB


def test_fuzz() -> None:
    fuzz(200)


@pytest.mark.slow
def test_fuzz_long() -> None:
    fuzz(4000)


@given(
    st.binary(max_size=300), st.sampled_from((b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"GIF89a", b"BM"))
)
@settings(max_examples=100, deadline=None, database=None)
def test_rubbish(data: bytes, start: bytes) -> None:
    check(start + data, allow_truncated=True)
