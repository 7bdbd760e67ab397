from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quibble.annotate.brush import decode, encode, encode_outlined
from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask

#: One stroke that was painted on Label Studio 1.23's own page over a picture of 481 x 321, as its server exported it.
PAINTED = (
    "AAlshDkb////AP//4B///AP//4B///APBX4BGix0se9P/x5kcrGyRmOhwCM+jlo86f/j0o5iNijKuDV4BG+4j/4/WPCjjY1eMizWARp0eNiP/j7o"
    "7eN/jRow/g0uARrmO/+PvjuI4GNNjE8ngEa9Hq4//49WOejZYy3g0OAR4OT/+OxjaYyfG4BGExtkfBlf/j4I2jgz2ARi2X/+Pmjno16MYw+ARiEb"
    "9H3Zn/48aMM4M5gEZPm//j2I5KNRjEJwCMZjjY/XOf/HhcGcwCMsz//x5UdXoP/jO+DN4BGEx9PAQf/joeDOYBG4cBB/+PB4M7gEchwED/45vgz2"
    "ARsEe/vv/jQuDQYBGlxwUdzH46f/49+PHj9sd/8elwaXAIySNWjjI8WP20H/x6caxbAIzKNrjo49vE//H2RlvBqsAjMI2aOWjzs1/8eFGmYjAIxK"
    "NMjg476Pzv/8efGV8GvwCMIjOY1OOYj5sn/8djGcY/AIy6dAjOeDbYBGVRuMdzH74z/4/uOijKuDn4BGERo8cfHrYf/4/aOTjHuDq4BGNRtUdfH5"
    "z/8fTHAxiv//8A///gH//8A7S3gA"
)


def test_what_a_browser_painted() -> None:
    """The official decoder's figures for the same stroke, with alpha 48 as the threshold."""
    mask = decode(list(base64.b64decode(PAINTED)), width=481, height=321)
    ys, xs = np.nonzero(mask.to_array())
    assert mask.area == 818
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (339, 406, 187, 204)
    assert xs.mean() == pytest.approx(372.38264058679704)
    assert ys.mean() == pytest.approx(194.79706601466992)


def slow_decode(rle: list[int]) -> list[int]:
    """A second decoder, value by value, as the format is described."""
    bits = "".join(f"{byte:08b}" for byte in rle)
    at = 0

    def read(size: int) -> int:
        nonlocal at
        at += size
        return int(bits[at - size : at], 2)

    count, word = read(32), read(5) + 1
    sizes = [read(4) + 1 for _ in range(4)]
    out: list[int] = []
    while len(out) < count:
        same = read(1)
        length = read(sizes[read(2)]) + 1
        out += [read(word)] * length if same else [read(word) for _ in range(length)]
    return out


@given(hnp.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
@settings(max_examples=60, deadline=None)
def test_there_and_back(array: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> None:
    mask = Mask.from_array(array)
    height, width = array.shape
    code = encode(mask)
    assert decode(code, width=width, height=height) == mask
    assert decode(encode_outlined(mask), width=width, height=height) == mask
    assert slow_decode(code) == [255 * int(inside) for inside in array.reshape(-1) for _ in range(4)]


def test_runs_longer_than_a_length_can_say() -> None:
    mask = Mask.from_box(Box.from_xywh(0, 0, 300, 200), width=300, height=300)
    assert decode(encode(mask), width=300, height=300) == mask


def test_an_outline_lets_the_picture_through() -> None:
    mask = Mask.from_box(Box.from_xywh(0, 0, 40, 60), width=100, height=60)
    alphas = np.array(slow_decode(encode_outlined(mask))).reshape(60, 100, 4)[..., 3]
    assert set(np.unique(alphas)) == {0, 64, 255}
    assert alphas[30, 20] == 64
    # A click is traced along a diagonal to the outline, so that goes along the picture's edge too.
    for edge in (alphas[:, 0], alphas[0, :40], alphas[:, 39]):
        assert (edge == 255).all()


@pytest.mark.parametrize(
    ("rle", "message"),
    [
        ([], "ends early"),
        ([1, 2, 300], r"0\.\.255"),
        (["x"], r"0\.\.255"),
        (encode(Mask.from_array(np.ones((2, 3), bool)))[:-1], "ends early"),
        (encode(Mask.from_array(np.ones((2, 2), bool))), "expected 24 values"),
    ],
)
def test_damaged_codes(rle: list[int], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        decode(rle, width=3, height=2)


def test_more_values_than_the_picture() -> None:
    code = encode(Mask.from_array(np.ones((1, 8), bool)))
    # The count of values is in the first four bytes; the run says 32.
    code[3] = 4
    with pytest.raises(ArgumentError, match="more values"):
        decode(code, width=1, height=1)
