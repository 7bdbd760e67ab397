"""The one door for pictures: anything a person has at hand becomes (H, W, 3) uint8 sRGB, or an ImageError.

What is done to a picture, in this order: the limit on its size is checked against the header; it is decoded
(the first frame of an animation); deep pixels are scaled to 8 bits by the full range of their format; its
ICC profile is applied; alpha is flattened on white; it is turned upright by its EXIF orientation.

Pillow keeps its limits and its tolerance of damage in module globals and speaks through warnings. None of
that is used here, so threads with different settings do not disturb each other: readers are chosen by the
file's first bytes and called directly, sizes are checked here, and a cut-off picture is kept by taking what
its decoder had written when it failed.
"""

from __future__ import annotations

import io
import os
import secrets
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from quibble.errors import ArgumentError, ImageError
from quibble.filetype import CAMERA_RAW_ADVICE, kind_of, without_text

ImageArray = NDArray[np.uint8]
Source = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Image.Image | NDArray[Any]

#: An uncompressed picture of four 16-bit channels needs 8 bytes a pixel; the rest is for metadata and more pages.
_BYTES_PER_PIXEL: Final = 16
_SPARE_BYTES: Final = 64 << 20

_TRUNCATED_ADVICE: Final = "get the file again, or pass allow_truncated=True to go on with the part that is there"


def load(source: Source, *, max_megapixels: float = 100.0, allow_truncated: bool = False) -> ImageArray:
    """Read a picture. -> (H, W, 3) uint8 sRGB, C-contiguous.

    source: a path, the bytes of a file, a binary file object (read from its start, left open), a PIL image (at its
    current frame), or an array: uint8, uint16 or float in 0..1, shaped (H, W), (H, W, 1), (H, W, 2) grey and
    alpha, (H, W, 3) or (H, W, 4). Files: JPEG, PNG, WebP, TIFF, GIF, BMP, AVIF, and HEIF where the package
    pillow-heif is installed. A uint8 array that is already right is returned itself, not copied.

    An ICC profile that is damaged, or made for other channels than the picture has, is ignored, as viewers do; CMYK
    without a profile is converted by Pillow's simple formula. 16-bit samples are divided by 257 (colour PNG and
    TIFF: by 256, Pillow's way, at most one level lower), 32-bit ones by their format's range, floats are
    taken as 0..1; deep data too small to show anything on that scale is an error, not a black picture.

    Raises ImageError, and nothing else, for everything that is no usable picture, for one of more than max_megapixels
    millions of pixels (TIFF and WebP are held to twice PIL.Image.MAX_IMAGE_PIXELS besides, 178 by default), and for
    a damaged one. With allow_truncated the part of a damaged picture that can be decoded is kept (the rest is black
    or grey); WebP, AVIF and HEIF cannot be read in part.
    Raises ArgumentError if max_megapixels is not above 0.
    """
    if not max_megapixels > 0:
        raise ArgumentError(f"max_megapixels is a number above 0, found {max_megapixels!r}")
    if isinstance(source, np.ndarray):
        _check_shape(source, max_megapixels)
        return _from_array(np.asarray(source))
    if isinstance(source, Image.Image):
        name = _name_of(source)
        _check_size(source.size, name, max_megapixels)
        with _readable(name, source.format or "PIL image"):
            return _pixels(source, name, allow_truncated=allow_truncated)
    name = _name_of(source)
    data = _read(source, name, max_megapixels)
    kind = kind_of(data, name)
    if kind == "PNG":
        data = without_text(data)
    if kind == "JPEG" and allow_truncated:
        data += b"\xff\xd9"  # an end-of-image marker makes libjpeg deliver what it has; after a whole file it is unread
    with _readable(name, kind):
        with _quiet():
            image = _open(kind, data)
        _check_size(image.size, name, max_megapixels)
        _refuse_camera_raw(image, data, name)
        return _pixels(image, name, allow_truncated=allow_truncated)


def save(image: ImageArray, path: str | os.PathLike[str], *, quality: int = 95) -> None:
    """Write a picture, (H, W, 3) uint8, as PNG, JPEG or WebP by the path's suffix.

    The file appears under its name only when it is complete. quality: 1..100 for JPEG (without chroma subsampling)
    and WebP; PNG is lossless. Raises ImageError for another suffix or array, or if the file cannot be written.
    """
    target = Path(path)
    formats: dict[str, dict[str, Any]] = {
        ".png": {"format": "PNG"},
        ".jpg": {"format": "JPEG", "quality": quality, "subsampling": 0},
        ".jpeg": {"format": "JPEG", "quality": quality, "subsampling": 0},
        ".webp": {"format": "WEBP", "quality": quality},
    }
    options = formats.get(target.suffix.lower())
    if options is None:
        raise ImageError(f"{target}: pictures are written as .png, .jpg, .jpeg or .webp, found {target.suffix!r}")
    if not 1 <= quality <= 100:
        raise ArgumentError(f"quality lies in 1..100, found {quality!r}")
    require_rgb(image, f"{target}: a picture to write")
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as stream:
            Image.fromarray(np.ascontiguousarray(image)).save(stream, **options)
        part.replace(target)
    except (OSError, ValueError, SystemError) as error:
        raise ImageError(f"{target}: cannot be written ({_reason(error)})") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def require_rgb(image: object, what: str) -> None:
    """Raise ImageError unless an array is (H, W, 3) uint8 with at least one pixel, as load returns it."""
    found = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
    if (
        isinstance(image, np.ndarray)
        and image.dtype == np.uint8
        and image.ndim == 3
        and image.shape[2] == 3
        and image.size
    ):
        return
    raise ImageError(f"{what} is (H, W, 3) uint8, found {found}; quibble.image.load makes it")


# Sources


def _name_of(source: object) -> str:
    if isinstance(source, str | os.PathLike):
        return _short(os.fsdecode(source))
    if isinstance(source, bytes | bytearray | memoryview):
        return f"{len(source)} bytes"
    name = getattr(source, "filename" if isinstance(source, Image.Image) else "name", None)
    if isinstance(name, str) and name:
        return _short(name)
    return "PIL image" if isinstance(source, Image.Image) else "file object"


def _read(source: object, name: str, max_megapixels: float) -> bytes:
    """All bytes of a file. Raises ImageError if there is none or if it is longer than the limit lets a picture be."""
    limit = max_megapixels * 1e6 * _BYTES_PER_PIXEL + _SPARE_BYTES
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if isinstance(source, str | os.PathLike):
        _check_path(os.fsdecode(source), name)
        try:
            with open(source, "rb") as stream:
                return _read_stream(stream, name, limit)
        except (OSError, ValueError) as error:
            if isinstance(error, ImageError):
                raise
            raise ImageError(f"{name}: cannot be read ({_reason(error)}); check its name and permissions") from error
    if not callable(getattr(source, "read", None)):
        expected = "a path, bytes, a binary file object, a PIL image or a numpy array"
        raise ImageError(f"a picture is {expected}, found {type(source).__name__}")
    try:
        if hasattr(source, "seekable") and source.seekable() and hasattr(source, "seek"):
            source.seek(0)
        return _read_stream(source, name, limit)
    except ImageError:
        raise
    except Exception as error:  # whatever a foreign object's read() may raise
        raise ImageError(f"{name}: cannot be read ({_reason(error)})") from error


def _read_stream(stream: Any, name: str, limit: float) -> bytes:
    parts: list[bytes] = []
    length = 0
    while part := stream.read(1 << 24):
        if not isinstance(part, bytes):
            raise ImageError(f"{name}: delivers {type(part).__name__}, not bytes; open it in binary mode ('rb')")
        parts.append(part)
        length += len(part)
        if length > limit:
            raise ImageError(
                f"{name}: has more than {limit / 1e9:.1f} GB, more than a picture within the limit can need; "
                "raise max_megapixels if it is one"
            )
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _check_path(path: str, name: str) -> None:
    """Raise ImageError with advice for what is plainly no readable file."""
    if not path:
        raise ImageError("the path of the picture is empty")
    if "://" in path[:12] or path.startswith("data:"):
        raise ImageError(f"{name}: is an address; quibble does not download, save the picture to a file first")
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise ImageError(f"{name}: there is no such file; check the path (it is taken from {os.getcwd()})") from None
    except (OSError, ValueError) as error:
        raise ImageError(f"{name}: cannot be read ({_reason(error)}); check its name and permissions") from error
    if stat.S_ISDIR(mode):
        raise ImageError(f"{name}: is a directory; give the path of a picture in it")
    if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
        raise ImageError(f"{name}: is a device or a socket, not a file; give the path of a picture")


# Decoding


_READERS: Final = {
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "WebP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "HEIF": ("pillow_heif", "HeifImageFile"),
}


def _open(kind: str, data: bytes) -> Image.Image:
    """Read the header. The readers are called directly: Image.open would try others and apply its own limit."""
    module, reader = _READERS[kind]
    image: Image.Image = getattr(import_module(module), reader)(io.BytesIO(data))
    return image


def _refuse_camera_raw(image: Image.Image, data: bytes, name: str) -> None:
    """Raise ImageError for a raw file in a TIFF's clothes: its first page is a thumbnail."""
    tags = getattr(image, "tag_v2", None)
    if tags is None:
        return
    reduced = tags.get(ExifTags.Base.NewSubfileType, 0)
    is_thumbnail = isinstance(reduced, int) and bool(reduced & 1)
    if is_thumbnail or ExifTags.Base.DNGVersion in tags or data[8:10] == b"CR":
        raise ImageError(f"{name}: is a camera raw file or begins with a thumbnail; {CAMERA_RAW_ADVICE}")


def _check_size(size: tuple[int, int], name: str, max_megapixels: float) -> None:
    width, height = size
    if width * height > max_megapixels * 1e6:
        raise ImageError(
            f"{name}: {width} x {height} is {width * height / 1e6:.1f} megapixels, more than the limit of "
            f"{max_megapixels:g}; make it smaller, or raise max_megapixels"
        )
    if min(width, height) < 1:
        raise ImageError(f"{name}: has no pixels ({width} x {height}); get the file again")


@contextmanager
def _readable(name: str, kind: str) -> Iterator[None]:
    """Turn whatever a decoder raises into an ImageError."""
    try:
        yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        limit = (Image.MAX_IMAGE_PIXELS or 0) * 2 / 1e6
        advice = f"Pillow's own limit for a {kind} is {limit:.0f} megapixels: raise PIL.Image.MAX_IMAGE_PIXELS too"
        raise ImageError(f"{name}: cannot be decoded; {advice}") from error
    except MemoryError as error:
        raise ImageError(f"{name}: not enough memory to decode this {kind}; make the picture smaller") from error
    except Exception as error:  # decoders raise a dozen types, struct.error and RuntimeError among them
        raise ImageError(f"{name}: is a {kind} that cannot be read ({_reason(error)}); get the file again") from error


_warnings_lock = threading.Lock()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Pillow's remarks on damaged metadata. The filters are the process's, hence one thread at a time."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _pixels(image: Image.Image, name: str, *, allow_truncated: bool) -> ImageArray:
    """Decode and normalise an opened picture."""
    decoded = _decode(image, name, allow_truncated=allow_truncated)
    with _quiet():
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    rgb = _to_srgb(decoded, name)
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return _to_array(rgb if turn is None else rgb.transpose(turn))


#: EXIF orientation → what brings the picture upright.
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

#: Formats whose decoders never warn, so that they may run in several threads; TIFF reads more tags while decoding.
_SILENT: Final = frozenset({"JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF", "HEIF"})


def _decode(image: Image.Image, name: str, *, allow_truncated: bool) -> Image.Image:
    """The picture with its pixels in memory, whole or, if allowed, in part."""
    try:
        if image.format in _SILENT:
            image.load()
        else:
            with _quiet():
                image.load()
        return image
    except Image.DecompressionBombError:
        raise
    except Exception as error:  # as in _readable
        if not allow_truncated:
            what = f"{image.format or 'picture'} is damaged or cut off"
            raise ImageError(f"{name}: this {what} ({_reason(error)}); {_TRUNCATED_ADVICE}") from error
        image.tile = []  # type: ignore[attr-defined]  # nothing left to decode: keep what is there
        with _readable(name, f"{image.format} of which nothing"):
            # A copy takes its size from the pixels; a TIFF that failed may still have its width and height swapped.
            part = image.copy()
        extrema = part.getextrema()
        bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
        if all(low == high for low, high in bands):
            raise ImageError(f"{name}: nothing of this {image.format} can be decoded; get the file again") from error
        return part


def _to_array(rgb: Image.Image) -> ImageArray:
    """The pixels of an RGB image. In strips that fit the cache: several times as fast as numpy.array(image)."""
    width, height = rgb.size
    array = np.empty((height, width, 3), np.uint8)
    rows = max(1, (1 << 18) // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        array[top:bottom] = np.asarray(rgb.crop((0, top, width, bottom)))
    return array


# Colours


def _to_srgb(image: Image.Image, name: str) -> Image.Image:
    """RGB in sRGB on white, from any of Pillow's modes."""
    profile = image.info.get("icc_profile")
    if image.mode == "F" or image.mode.startswith("I"):
        image = _to_8_bit(image, name)
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif image.mode in ("1", "L", "RGB") and "transparency" in image.info:
        image = image.convert("RGBA" if image.mode == "RGB" else "LA")
    elif image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.replace("a", "A"))
    elif image.mode in ("1", "RGBX", "YCbCr", "HSV"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    if alpha is not None:
        image = image.convert(image.mode[:-1])
    rgb = _apply_profile(image, profile) if isinstance(profile, bytes) and profile else None
    if rgb is None:
        rgb = image.convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        page = Image.new("RGB", rgb.size, "white")
        page.paste(rgb, mask=alpha)
        rgb = page
    return rgb


_PROFILE_SPACES: Final = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK", "LAB": "Lab"}


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """The picture in sRGB; None if the profile is damaged, does not fit the channels, or is sRGB already."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != _PROFILE_SPACES.get(image.mode):
            return None
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), image.mode, "RGB")
        if image.mode == "RGB":
            probe = np.asarray(transform.apply(Image.fromarray(_PROBE)), np.int16)
            if np.abs(probe - _PROBE).max() <= 1:
                return None
        converted: Image.Image = transform.apply(image)
        return converted
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return None


#: (64, 64, 3): every 17th level of each channel. A profile that moves none of them by more than a level is sRGB.
_PROBE: Final = (np.indices((16, 16, 16), np.uint8).reshape(3, -1).T.reshape(64, 64, 3) * 17).astype(np.uint8)


def _to_8_bit(image: Image.Image, name: str) -> Image.Image:
    """L, or LA if there is a transparent value, from one deep channel."""
    values = np.asarray(image)
    if image.mode == "F":
        grey = _scale_floats(values, name)
    else:
        top = 65535
        tags = getattr(image, "tag_v2", None)
        if tags is not None:
            bits = tags.get(ExifTags.Base.BitsPerSample, (16,))[0]
            is_signed = tags.get(ExifTags.Base.SampleFormat, (1,))[0] == 2
            top = 2 ** (bits - is_signed) - 1
            if bits == 32 and not is_signed:
                values = values.view(np.uint32)
        grey = _scale_integers(values, top, name)
        if tags is not None and tags.get(ExifTags.Base.PhotometricInterpretation) == 0:
            grey = 255 - grey  # white is zero; Pillow turns only shallow pixels round
    key = image.info.get("transparency")
    if isinstance(key, int):
        return Image.fromarray(np.stack([grey, np.where(values == key, 0, 255).astype(np.uint8)], axis=-1))
    return Image.fromarray(grey)


def _scale_integers(values: NDArray[Any], top: int, name: str) -> ImageArray:
    """0..top → 0..255, rounded. Raises ImageError outside the range, or if nothing but black would be left."""
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > top:
        raise ImageError(f"{name}: has values in {low}..{high}, expected 0..{top}; scale it to 0..255 uint8 first")
    if high > 0 and high * 255 < top / 2:
        raise ImageError(
            f"{name}: its values reach only {high} of {top}, which would be a black picture; if fewer bits were meant, "
            "scale it to 0..255 uint8 first"
        )
    if top == 65535:
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.rint(values * (255 / top)).astype(np.uint8)


def _scale_floats(values: NDArray[Any], name: str) -> ImageArray:
    """0..1 → 0..255, rounded. Raises ImageError if a value is not finite or beyond by more than half a level."""
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError(f"{name}: has values that are not finite (NaN or infinite); replace them first")
    slack = 0.5 / 255
    if low < -slack or high > 1 + slack:
        advice = "divide it by 255" if low >= -slack and high <= 255 else "scale it to 0..1"
        raise ImageError(f"{name}: floats are expected in 0..1, found {low:.4g}..{high:.4g}; {advice} first")
    if 0 < high < slack:
        raise ImageError(
            f"{name}: its values reach only {high:.3g} of 1, which would be a black picture; scale it to 0..1 first"
        )
    scaled: ImageArray = np.rint(np.clip(values, 0, 1).astype(np.float32) * 255).astype(np.uint8)
    return scaled


# Arrays


def _check_shape(array: NDArray[Any], max_megapixels: float) -> None:
    shape = array.shape
    if array.ndim == 4:
        raise ImageError(f"array {shape}: is a batch; pass one picture at a time")
    if array.ndim == 3 and shape[2] not in (1, 2, 3, 4) and shape[0] in (1, 3, 4):
        raise ImageError(f"array {shape}: has its channels first; pass array.transpose(1, 2, 0)")
    if array.ndim not in (2, 3) or (array.ndim == 3 and shape[2] not in (1, 2, 3, 4)):
        raise ImageError(f"array {shape}: expected (H, W) or (H, W, 1 to 4), height first")
    _check_size((shape[1], shape[0]), f"array {shape}", max_megapixels)


def _from_array(array: NDArray[Any]) -> ImageArray:
    name = f"array {array.shape}"
    if array.dtype == np.uint8:
        values: ImageArray = np.ascontiguousarray(array)
    elif array.dtype.kind == "u" and array.dtype.itemsize == 2:
        values = _scale_integers(array, 65535, name)
    elif array.dtype.kind == "f":
        values = _scale_floats(array, name)
    else:
        raise ImageError(
            f"{name}: expected uint8, uint16 or floats in 0..1, found {array.dtype}; "
            "array.astype(numpy.uint8) if its values are in 0..255"
        )
    if values.ndim == 3 and values.shape[2] == 3:
        return values
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    return _to_array(_to_srgb(Image.fromarray(np.ascontiguousarray(values)), name))


def _reason(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return _short(text) or type(error).__name__


def _short(text: str) -> str:
    """One line that fits a message and can be printed."""
    line = "".join(c if c.isprintable() else " " for c in text).strip()
    return line if len(line) <= 200 else f"{line[:120]}...{line[-60:]}"
