"""What a file's bytes are: the picture formats that quibble reads, and advice for what people pass by mistake."""

from __future__ import annotations

from typing import Final

from quibble.errors import ImageError

_MAGIC: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
)

CAMERA_RAW_ADVICE: Final = "develop it to JPEG, PNG or TIFF with a raw converter first"
_CONVERT: Final = "convert it to PNG or JPEG first"
_FOREIGN: Final = (
    (b"%PDF", "a PDF document", "export the page as PNG first"),
    (b"%!PS", "a PostScript document", "export the page as PNG first"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", "convert it to PNG or TIFF first"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture", "convert it to PNG or TIFF first"),
    (b"\xff\x0a", "a JPEG XL picture", _CONVERT),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture", _CONVERT),
    (b"8BPS", "a Photoshop document", "export it as PNG or TIFF first"),
    (b"\0\0\1\0", "an icon", _CONVERT),
    (b"FUJIFILMCCD-RAW", "a camera raw file", CAMERA_RAW_ADVICE),
    (b"IIRO", "a camera raw file", CAMERA_RAW_ADVICE),
    (b"IIU\0", "a camera raw file", CAMERA_RAW_ADVICE),
    (b"\x93NUMPY", "a numpy file", "load it with numpy.load and pass the array"),
    (b"PK\x03\x04", "a zip archive", "unpack it first"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"\x1aE\xdf\xa3", "a video", "save one frame of it as PNG first"),
)
_HEIF_BRANDS: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def kind_of(data: bytes, name: str) -> str:
    """The format of a file that quibble reads: JPEG, PNG, WebP, TIFF, GIF, BMP, AVIF or HEIF.

    name is for messages. Raises ImageError that says what the bytes are instead.
    """
    if not data:
        raise ImageError(f"{name}: is empty (0 bytes); get the file again")
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        return _box_kind(data, name)
    for magic, what, advice in _FOREIGN:
        if data.startswith(magic):
            raise ImageError(f"{name}: is {what}, not a picture that can be read here; {advice}")
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml")) and (b"<svg" in data[:4096].lower()):
        raise ImageError(f"{name}: is an SVG drawing, not a photograph; render it to PNG first")
    if start.startswith((b"<!doctype html", b"<html", b"<head")):
        raise ImageError(f"{name}: is a web page, not a picture: a download went wrong; save the picture itself")
    if not any(byte < 9 or 13 < byte < 32 for byte in data[:512]):
        raise ImageError(f"{name}: is text, not a picture (it begins with {data[:24]!r}); check which file it is")
    raise ImageError(
        f"{name}: is no picture in JPEG, PNG, WebP, TIFF, GIF, BMP, AVIF or HEIF "
        f"(it begins with {data[:12].hex(' ')}); {_CONVERT}"
    )


def _box_kind(data: bytes, name: str) -> str:
    """As kind_of, for files made of ISO boxes: AVIF, HEIF, raw files and videos share one container."""
    end = min(int.from_bytes(data[:4], "big"), len(data), 256)
    brands = {data[8:12]} | {data[i : i + 4] for i in range(16, end, 4)}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    if data[8:12] == b"crx ":
        raise ImageError(f"{name}: is a camera raw file; {CAMERA_RAW_ADVICE}")
    if brands & _HEIF_BRANDS:
        try:
            import pillow_heif  # type: ignore[import-not-found, unused-ignore]  # noqa: F401
        except ImportError:
            raise ImageError(f"{name}: is a HEIF picture; pip install pillow-heif, or {_CONVERT}") from None
        return "HEIF"
    raise ImageError(f"{name}: is a video, not a picture; save one frame of it as PNG first")


def without_text(png: bytes) -> bytes:
    """A PNG less the chunks that say nothing about its first picture: texts, which may be bombs, and more frames."""
    kept = [png[:8]]
    place = 8
    while place + 8 <= len(png):
        end = place + 12 + int.from_bytes(png[place : place + 4], "big")
        if png[place + 4 : place + 8] not in (b"tEXt", b"zTXt", b"iTXt", b"acTL", b"fcTL", b"fdAT"):
            kept.append(png[place:end])
        place = end
    return b"".join(kept)
