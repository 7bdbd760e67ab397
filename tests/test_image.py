from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, PngImagePlugin

from quibble.errors import ArgumentError, ImageError
from quibble.image import load, save
from tests.encoded import LOSSLESS, Pixels, difference, encode, only_error, picture, png

ORIENTATION = ExifTags.Base.Orientation


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


def test_pillows_own_limit_does_not_apply_where_it_can_be_avoided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300_000)
    large = picture(1000, 1000)
    for kind in ("JPEG", "PNG", "BMP", "GIF", "AVIF"):
        assert load(encode(large, kind)).shape == large.shape
    assert "raise PIL.Image.MAX_IMAGE_PIXELS" in only_error(encode(large, "TIFF"), allow_truncated=True)


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
