"""What the values of a picture mean: deep ones, arrays, transparency, profiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from quibble.image import load
from tests import icc_profiles as icc
from tests.encoded import LOSSLESS, deep_png, difference, encode, only_error, picture, png, tiff

# Deep pictures


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
