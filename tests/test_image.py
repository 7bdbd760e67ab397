from __future__ import annotations

import io
import os
import threading
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from quibble.errors import ArgumentError, ImageError
from quibble.image import load, save
from tests import icc_profiles as icc

Pixels = NDArray[np.uint8]

ORIENTATION = ExifTags.Base.Orientation


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


# Sources


def test_every_source_gives_the_same_array(tmp_path: Path) -> None:
    original = picture()
    data = encode(original, "PNG")
    path = tmp_path / "a picture.png"
    path.write_bytes(data)
    stream = io.BytesIO(data)
    stream.seek(50)
    with path.open("rb") as file, Image.open(io.BytesIO(data)) as opened:
        for source in (path, str(path), data, bytearray(data), memoryview(data), stream, file, opened, original):
            loaded = load(source)
            assert loaded.dtype == np.uint8
            assert loaded.flags.c_contiguous
            assert loaded.flags.writeable
            assert (loaded == original).all(), type(source)
        assert not file.closed


def test_a_stream_that_cannot_seek_and_delivers_a_little_at_a_time() -> None:
    original = picture()
    data = io.BytesIO(encode(original, "PNG"))

    class Slow:
        def read(self, count: int) -> bytes:
            return data.read(min(count, 17))

    assert (load(Slow()) == original).all()  # type: ignore[arg-type]


def test_a_pipe(tmp_path: Path) -> None:
    original = picture()
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(encode(original, "PNG"),))
    writer.start()
    assert (load(path) == original).all()
    writer.join()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "empty"),
        ("https://example.org/a.jpg", "does not download"),
        ("data:image/png;base64,AAAA", "does not download"),
        ("no such file.png", "no such file"),
        ("a\0b", "cannot be read"),
        ("x" * 5000, "cannot be read"),
        (b"", "empty (0 bytes)"),
        (b"just some words\n", "is text"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<svg/>", "SVG"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x0cjP  \r\n", "JPEG 2000"),
        (b"\xff\x0a\0\0", "JPEG XL"),
        (b"PK\x03\x04aaaa", "zip"),
        (b"\x93NUMPY\x01", "numpy.load"),
        (b"\0\0\0\x18ftypcrx \0\0\0\0", "raw"),
        (b"\0\0\0\x18ftypisom\0\0\0\0mp42", "video"),
        (bytes(range(64)), "it begins with 00 01 02"),
        (io.StringIO("text"), "binary mode"),
        (None, "NoneType"),
        (7, "int"),
        ([[0, 1], [1, 0]], "list"),
    ],
)
def test_what_is_no_picture_is_named(source: Any, words: str) -> None:
    assert words in only_error(source)


def test_a_heif_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    assert "pip install pillow-heif" in only_error(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")


def test_heif() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    original = picture()
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    stream = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(np.rot90(original).copy())).save(stream, quality=100, exif=exif.tobytes())
    assert difference(load(stream), original) < 12


def test_directories_devices_and_closed_things(tmp_path: Path) -> None:
    assert "directory" in only_error(tmp_path)
    assert "device" in only_error("/dev/zero")
    closed = io.BytesIO(b"abc")
    closed.close()
    assert "cannot be read" in only_error(closed)
    image = Image.open(io.BytesIO(encode(picture(), "PNG")))
    image.close()
    only_error(image)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_permission(tmp_path: Path) -> None:
    path = tmp_path / "mine.png"
    path.write_bytes(encode(picture(), "PNG"))
    path.chmod(0)
    assert "permission" in only_error(path).lower()


def test_a_camera_raw_file_is_not_scored_by_its_thumbnail() -> None:
    from PIL import TiffImagePlugin

    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[254] = 1
    assert "raw" in only_error(encode(picture(), "TIFF", tiffinfo=tags))
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags.tagtype[50706] = 1
    tags[50706] = b"\1\4\0\0"
    assert "raw" in only_error(encode(picture(), "TIFF", tiffinfo=tags))


# Formats and modes

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


@pytest.mark.parametrize(("kind", "options"), LOSSLESS)
def test_lossless_formats(kind: str, options: dict[str, Any]) -> None:
    assert (load(encode(picture(), kind, **options)) == picture()).all()


@pytest.mark.parametrize(
    ("kind", "options", "bound"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}, 8),
        ("JPEG", {"quality": 95, "subsampling": 0, "progressive": True}, 8),
        ("TIFF", {"compression": "jpeg", "quality": 95}, 16),
        ("WEBP", {"quality": 95}, 16),
        ("AVIF", {"quality": 95, "subsampling": "4:4:4"}, 8),
    ],
)
def test_lossy_formats(kind: str, options: dict[str, Any], bound: float) -> None:
    assert difference(load(encode(picture(), kind, **options)), picture()) <= bound


def test_gif_and_other_palettes() -> None:
    quantized = Image.fromarray(picture()).quantize(64)
    expected = np.asarray(quantized.convert("RGB"))
    for kind in ("GIF", "PNG", "BMP", "TIFF"):
        assert (load(encode(quantized, kind)) == expected).all(), kind


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_first_frame_of_an_animation(kind: str) -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("#b00000", "#00b000", "#0000b0")]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:])
    assert difference(load(data), np.asarray(frames[0])) <= 4
    with Image.open(io.BytesIO(data)) as opened:
        opened.seek(2)
        assert difference(load(opened), np.asarray(frames[2])) <= 4, "a PIL image is taken at its frame"


def grey() -> Pixels:
    return np.tile(np.arange(256, dtype=np.uint8), (4, 1))


MODES: list[tuple[str, Callable[[Image.Image], Image.Image], float]] = [
    ("RGB", lambda im: im, 0),
    ("RGBX", lambda im: im.convert("RGBX"), 0),
    ("RGBA", lambda im: im.convert("RGBA"), 0),
    ("RGBa", lambda im: im.convert("RGBA").convert("RGBa"), 0),
    ("P", lambda im: im.quantize(256), 40),
    ("PA", lambda im: im.quantize(256).convert("PA"), 40),
    ("CMYK", lambda im: im.convert("CMYK"), 1),
    ("YCbCr", lambda im: im.convert("YCbCr"), 3),
    ("HSV", lambda im: im.convert("HSV"), 12),
]


@pytest.mark.parametrize(("mode", "convert", "bound"), MODES, ids=[mode for mode, *_ in MODES])
def test_colour_modes(mode: str, convert: Callable[[Image.Image], Image.Image], bound: float) -> None:
    image = convert(Image.fromarray(picture()))
    assert image.mode == mode
    assert difference(load(image), picture()) <= bound


GREYS: list[tuple[str, Callable[[Pixels], Image.Image]]] = [
    ("L", Image.fromarray),
    ("LA", lambda a: Image.fromarray(a).convert("LA")),
    ("La", lambda a: Image.fromarray(a).convert("LA").convert("La")),
    ("I;16", lambda a: Image.fromarray(a.astype(np.uint16) * 257)),
    ("I;16B", lambda a: Image.frombytes("I;16B", a.shape[::-1], (a.astype(">u2") * 257).astype(">u2").tobytes())),
    ("I", lambda a: Image.fromarray(a.astype(np.int32) * 257)),
    ("F", lambda a: Image.fromarray(a.astype(np.float32) / 255)),
]


@pytest.mark.parametrize(("mode", "make"), GREYS, ids=[mode for mode, _ in GREYS])
def test_grey_modes(mode: str, make: Callable[[Pixels], Image.Image]) -> None:
    image = make(grey())
    assert image.mode == mode
    assert (load(image) == grey()[..., None]).all()


def test_one_bit() -> None:
    bits = picture()[..., 0] > 127
    for source in (Image.fromarray(bits), encode(Image.fromarray(bits), "PNG"), encode(Image.fromarray(bits), "BMP")):
        assert (load(source) == np.where(bits, 255, 0)[..., None]).all()
    assert (
        load(encode(Image.fromarray(bits), "TIFF", compression="group4")) == np.where(bits, 255, 0)[..., None]
    ).all()


def test_cmyk_files() -> None:
    cmyk = Image.fromarray(picture()).convert("CMYK")
    assert difference(load(encode(cmyk, "TIFF")), picture()) <= 1
    assert difference(load(encode(cmyk, "JPEG", quality=95)), picture()) <= 12, "Adobe's JPEGs hold inverted inks"


def test_lab() -> None:
    mild = 80 + picture() // 3  # a step of 8-bit Lab is many levels of a saturated colour
    lab = Image.fromarray(mild).convert("LAB")
    assert difference(load(lab), mild) <= 4
    assert difference(load(encode(lab, "TIFF")), mild) <= 4


# Deep pictures


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


def test_16_bit_grey_png_and_tiff_are_scaled_by_their_range() -> None:
    values = np.tile(np.array([0, 128, 129, 300, 32768, 65535], np.uint16), (3, 1))
    expected = np.array([0, 0, 1, 1, 128, 255])
    assert (load(deep_png(values, 0))[0, :, 0] == expected).all()
    assert (load(encode(Image.fromarray(values), "TIFF"))[0, :, 0] == expected).all()
    assert (load(encode(Image.fromarray(values), "TIFF", compression="tiff_lzw"))[0, :, 0] == expected).all()
    assert (load(values)[0, :, 0] == expected).all()


@pytest.mark.parametrize(("colour_type", "channels"), [(2, 3), (6, 4), (4, 2)])
def test_16_bit_colour_png_is_not_black_and_at_most_a_level_low(colour_type: int, channels: int) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (5, 7, channels)).astype(np.uint16)
    if channels in (2, 4):
        values[..., -1] = 65535
    colours = values[..., :1].repeat(3, axis=-1) if channels == 2 else values[..., :3]
    assert difference(load(deep_png(values, colour_type)), np.rint(colours / 257)) <= 1


def test_the_transparent_value_of_deep_and_shallow_pngs() -> None:
    values = np.array([[0, 1000, 40000]], np.uint16)
    keyed = load(deep_png(values, 0, (b"tRNS", (1000).to_bytes(2, "big"))))
    assert keyed[0, :, 0].tolist() == [0, 255, 156]
    header = (3).to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes((8, 2, 0, 0, 0))
    rgb = png(header, b"\0" + bytes((1, 2, 3, 4, 5, 6, 7, 8, 9)), (b"tRNS", bytes((0, 4, 0, 5, 0, 6))))
    assert load(rgb)[0].tolist() == [[1, 2, 3], [255, 255, 255], [7, 8, 9]]


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


def test_deep_tiffs_are_scaled_by_the_range_of_their_samples() -> None:
    unsigned = np.array([[0, 2**31, 2**32 - 1]], np.uint32)
    assert load(tiff(unsigned))[0, :, 0].tolist() == [0, 128, 255]
    signed = np.array([[0, 2**30, 2**31 - 1]], np.int32)
    assert load(tiff(signed, sample_format=2))[0, :, 0].tolist() == [0, 128, 255]
    short = np.array([[0, 2**14, 2**15 - 1]], np.int16)
    assert load(tiff(short, sample_format=2))[0, :, 0].tolist() == [0, 128, 255]
    real = np.array([[0.0, 0.5, 1.0]], np.float32)
    assert load(tiff(real, sample_format=3))[0, :, 0].tolist() == [0, 128, 255]
    white_is_zero = np.array([[0, 32768, 65535]], np.uint16)
    assert load(tiff(white_is_zero, photometric=0))[0, :, 0].tolist() == [255, 127, 0]


def test_deep_pictures_that_would_be_black_are_errors() -> None:
    eight_in_sixteen = np.full((4, 4), 100, np.uint16)
    assert "reach only 100 of 65535" in only_error(eight_in_sixteen)
    assert "reach only 100 of 65535" in only_error(encode(Image.fromarray(eight_in_sixteen), "PNG"))
    assert "of 4294967295" in only_error(tiff(np.full((4, 4), 4095, np.uint32)))
    assert "reach only 0.001 of 1" in only_error(np.full((4, 4), 0.001))
    assert not load(np.zeros((4, 4), np.uint16)).any(), "black is black"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (tiff(np.full((2, 2), -5, np.int32), sample_format=2), "-5..-5"),
        (tiff(np.full((2, 2), 7.0, np.float32), sample_format=3), "divide it by 255"),
        (tiff(np.full((2, 2), np.nan, np.float32), sample_format=3), "not finite"),
        (Image.fromarray(np.full((2, 2), 70000, np.int32)), "expected 0..65535"),
        (Image.fromarray(picture()).convert("F"), "divide it by 255"),
    ],
)
def test_deep_pictures_outside_their_range(values: Any, words: str) -> None:
    assert words in only_error(values)


# Arrays


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64, ">u2", ">f4"])
@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
def test_arrays(dtype: Any, channels: int | None) -> None:
    levels = np.random.default_rng(1).integers(0, 256, (6, 5) if channels is None else (6, 5, channels))
    if channels in (2, 4):
        levels[..., -1] = 255
    kind = np.dtype(dtype)
    scale = {"u1": 1, "u2": 257}.get(kind.str[1:], 1 / 255)
    before = (levels * scale).astype(kind)
    array = before.copy()
    colours = levels[..., None] if channels is None else levels[..., : 1 if channels < 3 else 3]
    loaded = load(array)
    assert (loaded == np.broadcast_to(colours, (6, 5, 3))).all()
    assert loaded.flags.c_contiguous
    assert (array == before).all()


def test_arrays_that_are_right_are_not_copied() -> None:
    array = picture()
    assert load(array) is array or np.shares_memory(load(array), array)
    assert load(array[:, ::-1]).flags.c_contiguous


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((3, 9, 9), np.uint8), "transpose(1, 2, 0)"),
        (np.zeros((1, 9, 9, 3), np.uint8), "one picture at a time"),
        (np.zeros((9, 9, 5), np.uint8), "(H, W)"),
        (np.zeros(9, np.uint8), "(H, W)"),
        (np.zeros((), np.uint8), "(H, W)"),
        (np.zeros((0, 9, 3), np.uint8), "no pixels"),
        (np.zeros((9, 9, 3), np.int64), "found int64"),
        (np.zeros((9, 9, 3), bool), "found bool"),
        (np.zeros((9, 9, 3), object), "found object"),
        (np.full((9, 9, 3), 200.0), "divide it by 255"),
        (np.full((9, 9, 3), -0.5), "scale it to 0..1"),
        (np.full((9, 9, 3), 1e6), "scale it to 0..1"),
        (np.full((9, 9, 3), np.nan), "not finite"),
        (np.full((9, 9, 3), np.inf), "not finite"),
    ],
)
def test_arrays_that_are_wrong(array: NDArray[Any], words: str) -> None:
    assert words in only_error(array)


def test_floats_a_rounding_error_outside_are_fine() -> None:
    assert load(np.array([[1.0 + 1e-6, -1e-6]]))[0, :, 0].tolist() == [255, 0]


# Transparency


def test_alpha_is_flattened_on_white() -> None:
    alpha = np.array([[0, 51, 128, 255]], np.uint8)
    colour = np.array([200, 100, 0], np.uint8)
    rgba = np.concatenate([np.broadcast_to(colour, (1, 4, 3)), alpha[..., None]], axis=-1)
    expected = 255 - (255 - colour.astype(float)) * alpha[..., None] / 255
    straight = Image.fromarray(rgba)
    for source in (rgba, straight, encode(straight, "PNG"), encode(straight, "TIFF")):
        assert difference(load(source), expected) <= 1
    assert difference(load(encode(straight, "WEBP", lossless=True, exact=True)), expected) <= 1
    assert difference(load(straight.convert("RGBa")), expected) <= 3
    la = np.stack([np.full((1, 4), 100, np.uint8), alpha], axis=-1)
    grey_expected = 255 - 155.0 * alpha[..., None].repeat(3, axis=-1) / 255
    for source in (la, Image.fromarray(la), Image.fromarray(la).convert("La"), encode(Image.fromarray(la), "PNG")):
        assert difference(load(source), grey_expected) <= 3


def test_transparent_palettes() -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    image.putdata([0, 1, 2])
    one = load(encode(image, "PNG", transparency=1))
    assert one[0].tolist() == [[10, 20, 30], [255, 255, 255], [70, 80, 90]]
    assert (load(encode(image, "GIF", transparency=1)) == one).all()
    several = load(encode(image, "PNG", transparency=bytes((255, 0, 128))))
    assert several[0, :2].tolist() == one[0, :2].tolist()
    assert difference(several[0, 2], np.array([162, 167, 172])) <= 1
    with_alpha = Image.new("P", (2, 1))
    with_alpha.putpalette([10, 20, 30, 255, 40, 50, 60, 0], "RGBA")
    with_alpha.putdata([0, 1])
    assert load(with_alpha)[0].tolist() == [[10, 20, 30], [255, 255, 255]]


# Colour profiles


def srgb(linear: NDArray[Any]) -> NDArray[Any]:
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)


#: XYZ (D50) → linear sRGB, the inverse of IEC 61966-2-1 with Bradford adaptation.
XYZ_TO_SRGB = np.array(
    [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540], [0.0719453, -0.2289914, 1.4052427]]
)


def test_a_wide_gamut_profile_is_converted() -> None:
    colours = np.array([[[100, 150, 50], [200, 190, 180], [128, 128, 128], [60, 50, 70]]], np.uint8)
    linear = (colours / 255) ** (563 / 256)
    expected = srgb(linear @ (XYZ_TO_SRGB @ np.array(icc.ADOBE_RGB)).T)
    profile = icc.matrix_profile(icc.ADOBE_RGB, 563 / 256)
    assert difference(expected, colours) > 20, "the test needs colours that move"
    for kind, options in LOSSLESS[:2] + LOSSLESS[3:5]:
        assert difference(load(encode(colours, kind, icc_profile=profile, **options)), expected) <= 1.5, kind
    flat = np.broadcast_to(colours[0, 0], (16, 16, 3))
    assert difference(load(encode(flat, "JPEG", icc_profile=profile, quality=100))[8, 8], expected[0, 0]) <= 4
    translucent = np.concatenate([colours, np.full((1, 4, 1), 128, np.uint8)], axis=-1)
    flattened = 255 - (255 - expected) * 128 / 255
    assert difference(load(encode(translucent, "PNG", icc_profile=profile)), flattened) <= 1.5


def test_grey_and_cmyk_profiles() -> None:
    linear_grey = Image.new("L", (2, 2), 128)
    assert load(encode(linear_grey, "PNG", icc_profile=icc.grey_profile(1.0)))[0, 0].tolist() == [188, 188, 188]
    profile = icc.cmyk_profile((255, 128, 128), (0, 128, 128))
    for kind in ("JPEG", "TIFF"):
        half_black = Image.new("CMYK", (8, 8), (200, 0, 0, 128))
        level = load(encode(half_black, kind, icc_profile=profile))[0, 0]
        assert difference(level, np.array([119, 119, 119])) <= 3, "the profile ignores cyan, and half black is L* 50"


def test_an_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert (load(encode(picture(), "PNG", icc_profile=profile)) == picture()).all()


def test_a_profile_that_is_nearly_srgb_is_converted() -> None:
    greys = np.tile(np.arange(0, 256, 15, dtype=np.uint8)[:, None, None], (1, 2, 3))
    profile = icc.matrix_profile(icc.SRGB, 2.0)
    expected = srgb((greys / 255) ** 2.0)
    assert 3 < difference(expected, greys) < 30
    assert difference(load(encode(greys, "PNG", icc_profile=profile)), expected) <= 1.5


@pytest.mark.parametrize(
    "profile", [b"rubbish" * 60, icc.grey_profile(1.0), icc.matrix_profile(icc.ADOBE_RGB, 2.2)[:300], b"\0" * 200]
)
def test_profiles_that_are_damaged_or_do_not_fit_are_ignored(profile: bytes) -> None:
    assert (load(encode(picture(), "PNG", icc_profile=profile)) == picture()).all()


# Orientation


def stored(upright: Pixels, orientation: int) -> Pixels:
    """The pixels that a camera writes with this orientation, by the EXIF standard's table of row 0 and column 0."""
    turned = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: upright.transpose(1, 0, 2)[::-1],
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: upright.transpose(1, 0, 2)[:, ::-1],
    }[orientation]
    return np.ascontiguousarray(turned)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "bound"), [("PNG", 0), ("WEBP", 0), ("TIFF", 0), ("JPEG", 8), ("AVIF", 8)])
def test_orientation(kind: str, bound: float, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options: dict[str, dict[str, Any]] = {
        "WEBP": {"lossless": True},
        "JPEG": {"quality": 95, "subsampling": 0},
        "AVIF": {"quality": 95},
    }
    data = encode(stored(picture(), orientation), kind, exif=exif, **options.get(kind, {}))
    assert difference(load(data), picture()) <= bound
    with Image.open(io.BytesIO(data)) as opened:
        assert difference(load(opened), picture()) <= bound


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_means_nothing_is_ignored(value: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = value
    assert (load(encode(picture(), "PNG", exif=exif)) == picture()).all()


def test_damaged_exif_is_ignored_without_a_warning() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "a long name that is stored behind the directory"
    exif[ORIENTATION] = 1
    for cut in range(20, len(exif.tobytes()), 7):
        data = encode(picture(), "WEBP", lossless=True, exif=exif.tobytes()[:cut])
        assert (load(data) == picture()).all()


# Limits and damage


def test_the_limit_is_checked_before_decoding() -> None:
    header = (50_000).to_bytes(4, "big") * 2 + bytes((8, 2, 0, 0, 0))
    bomb = png(header, b"")
    message = only_error(bomb)
    assert "50000 x 50000 is 2500.0 megapixels" in message
    assert "max_megapixels" in message
    small = encode(picture(), "JPEG")
    assert "more than the limit of 0.001" in only_error(small, max_megapixels=0.001)
    assert "more than the limit of 0.001" in only_error(picture(), max_megapixels=0.001)
    assert "more than the limit of 0.001" in only_error(Image.fromarray(picture()), max_megapixels=0.001)
    load(small, max_megapixels=float("inf"))
    with pytest.raises(ArgumentError, match="above 0"):
        load(small, max_megapixels=0)
    with pytest.raises(ArgumentError, match="above 0"):
        load(small, max_megapixels=float("nan"))


def test_pillows_own_limit_does_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert (load(encode(picture(), "PNG")) == picture()).all()


def test_an_endless_stream_is_cut_short() -> None:
    class Endless:
        delivered = 0

        def read(self, count: int) -> bytes:
            self.delivered += count
            return b"\xff\xd8\xff" + bytes(count - 3)

    source = Endless()
    assert "GB" in only_error(source, max_megapixels=1)
    assert source.delivered < 200e6


def test_texts_in_a_png_cannot_hurt() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("bomb", "x" * 4_000_000, zip=True)
    info.add_text("workflow", "y" * 2_000_000)
    info.add_itxt("bomb", "z" * 4_000_000, zip=True)
    assert (load(encode(picture(), "PNG", pnginfo=info)) == picture()).all()


TRUNCATABLE: list[tuple[str, dict[str, Any]]] = [
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("PNG", {}),
    ("GIF", {}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw", "strip_size": 6000}),
]


@pytest.mark.parametrize(("kind", "options"), TRUNCATABLE)
def test_a_cut_off_file_is_an_error_unless_allowed(kind: str, options: dict[str, Any]) -> None:
    noisy = np.random.default_rng(2).integers(0, 256, (200, 100, 3)).astype(np.uint8)
    noisy[:20] = picture(20, 100)
    data = encode(noisy, kind, **options)
    whole = load(data)
    half = data[: len(data) * 6 // 10]
    if options.get("compression"):
        # The directory of a compressed TIFF stands at the end, so the middle is damaged instead.
        half = data[: len(data) // 2] + bytes(len(data) // 4) + data[len(data) // 2 + len(data) // 4 :]
    assert "allow_truncated=True" in only_error(half)
    part = load(half, allow_truncated=True)
    assert part.shape == whole.shape
    kept = slice(-20, None) if kind == "BMP" else slice(20)  # BMP stores its lowest row first
    if "progressive" not in options:
        assert (part[kept] == whole[kept]).all()
    assert difference(part, whole) > 0
    assert (load(data, allow_truncated=True) == whole).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF"])
def test_a_file_of_which_nothing_is_left_is_an_error_not_a_black_picture(kind: str) -> None:
    data = encode(picture(), kind)
    for share in (0.01, 0.05, 0.2):
        for allow in (False, True):
            try:
                loaded = load(data[: int(len(data) * share)], allow_truncated=allow)
            except ImageError:
                continue
            assert allow
            assert loaded.any()


def test_a_cut_off_pil_image() -> None:
    data = encode(np.random.default_rng(3).integers(0, 256, (64, 64, 3)).astype(np.uint8), "PNG")
    with Image.open(io.BytesIO(data[:8000])) as opened:
        assert "cut off" in only_error(opened)
    with Image.open(io.BytesIO(data[:8000])) as opened:
        assert load(opened, allow_truncated=True).any()


def test_threads_with_different_settings_do_not_disturb_each_other() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    good = encode(stored(picture(), 6), "TIFF", exif=exif)
    bad = encode(np.random.default_rng(4).integers(0, 256, (64, 64, 3)).astype(np.uint8), "PNG")[:6000]
    problems: list[str] = []

    def work(allow: bool) -> None:
        for _ in range(30):
            try:
                if not (load(good) == picture()).all():
                    problems.append("wrong pixels")
                load(bad, allow_truncated=allow)
                if not allow:
                    problems.append("no error")
            except ImageError:
                if allow:
                    problems.append("error")

    before = list(warnings.filters)
    threads = [threading.Thread(target=work, args=(i % 2 == 0,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert list(warnings.filters) == before


# Writing


@pytest.mark.parametrize(("suffix", "bound"), [(".png", 0), (".PNG", 0), (".jpg", 8), (".jpeg", 8), (".webp", 16)])
def test_save(tmp_path: Path, suffix: str, bound: float) -> None:
    path = tmp_path / f"picture{suffix}"
    save(picture(), path)
    assert difference(load(path), picture()) <= bound
    assert os.listdir(tmp_path) == [path.name]
    assert path.stat().st_mode & 0o444 == 0o444 & ~os.umask(os.umask(0)), "the usual permissions"


def test_save_quality(tmp_path: Path) -> None:
    for suffix in (".jpg", ".webp"):
        save(picture(), tmp_path / f"low{suffix}", quality=10)
        save(picture(), tmp_path / f"high{suffix}", quality=95)
        assert (tmp_path / f"low{suffix}").stat().st_size < (tmp_path / f"high{suffix}").stat().st_size


def test_save_refuses(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"\.png"):
        save(picture(), tmp_path / "a.tiff")
    with pytest.raises(ImageError, match="float64"):
        save(picture() / 255, tmp_path / "a.png")  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="list"):
        save([[1]], tmp_path / "a.png")  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="cannot be written"):
        save(picture(), tmp_path / "no such folder" / "a.png")
    with pytest.raises(ImageError, match="cannot be written"):
        save(np.zeros((1, 70_000, 3), np.uint8), tmp_path / "wide.jpg")
    with pytest.raises(ArgumentError, match=r"1\.\.100"):
        save(picture(), tmp_path / "a.jpg", quality=0)
    assert os.listdir(tmp_path) == []
