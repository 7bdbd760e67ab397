"""Whole records for property tests: unicode, several pictures and turns, regions of every kind, free extras."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from quibble.data import ImageEntry, Maker, Record, RegionEntry, Role, Turn
from quibble.degradation import Degradation
from quibble.geometry import Box, Mask
from quibble.taxonomy import Distortion

#: Everything that UTF-8 can hold: quotes, line separators, NUL, emoji and right-to-left included.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["<image>", "a\u2028b", "\x00", "\ufeff", "</script><b>", '"\\"\n\r\n', "<bbox>", "é̩👩🏽‍🚀", "-", "null"]
)
NAMES = TEXTS.filter(lambda text: bool(text.strip()))
FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ROLES = st.sampled_from(
    [
        (),
        (Role.SINGLE,),
        (Role.SINGLE,) * 3,
        (Role.A, Role.B),
        (Role.B,),
        (Role.SINGLE, Role.REFERENCE),
        (Role.REFERENCE, Role.A),
        (Role.A, Role.REFERENCE, Role.B),
    ]
)
SHA256 = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
SEGMENTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\\\0:"), min_size=1, max_size=8)
FILES = st.lists(SEGMENTS.filter(lambda part: part.strip().strip(".") != ""), min_size=1, max_size=3).map("/".join)


@st.composite
def makers(draw: DrawFn) -> Maker:
    counts = st.integers(0, 2**53 - 1)
    return Maker(
        part=draw(NAMES),
        model=draw(NAMES),
        prompt_sha=draw(st.none() | SHA256),
        seed=draw(st.none() | counts),
        input_tokens=draw(counts),
        output_tokens=draw(counts),
    )


@st.composite
def degradations(draw: DrawFn) -> Degradation:
    return Degradation(
        distortion=draw(st.sampled_from(Distortion)),
        level=draw(st.integers(1, 5) | st.floats(1, 5)),
        parameters=draw(st.dictionaries(TEXTS, st.integers(0, 2**53 - 1) | FINITE, max_size=3)),
    )


@st.composite
def boxes(draw: DrawFn, width: int, height: int) -> Box:
    x0, x1 = sorted(draw(st.tuples(*[st.integers(0, width) | st.floats(0, width)] * 2)))
    y0, y1 = sorted(draw(st.tuples(*[st.integers(0, height) | st.floats(0, height)] * 2)))
    return Box(x0=x0, y0=y0, x1=x1, y1=y1)


@st.composite
def masks(draw: DrawFn, width: int, height: int) -> Mask:
    bits = draw(st.integers(1, 2 ** (width * height) - 1))
    pixels = [bits >> index & 1 for index in range(width * height)]
    return Mask.from_array(np.asarray(pixels, bool).reshape(height, width))


@st.composite
def regions(draw: DrawFn, images: tuple[ImageEntry, ...]) -> RegionEntry:
    image = draw(st.integers(0, len(images) - 1))
    width, height = images[image].width, images[image].height
    has_mask, has_box = draw(st.sampled_from([(True, True), (True, False), (False, True)]))
    return RegionEntry(
        image=image,
        mask=draw(masks(width, height)) if has_mask else None,
        box=draw(boxes(width, height)) if has_box else None,
        label=draw(st.none() | NAMES),
        degradations=tuple(draw(st.lists(degradations(), max_size=2))),
    )


@st.composite
def turns(draw: DrawFn, regions: int, texts: SearchStrategy[str]) -> tuple[Turn, ...]:
    visible = texts.filter(lambda text: bool(text.strip()))
    pairs = draw(st.lists(st.tuples(visible, texts.filter(bool)), max_size=3))
    if pairs and draw(st.sampled_from([True, False])):
        pairs[0] = ("", pairs[0][1])
    elif pairs and draw(st.sampled_from([True, False])):
        pairs[-1] = (pairs[-1][0], "")
    indices = st.lists(st.integers(0, regions - 1), unique=True, max_size=3) if regions else st.just([])
    return tuple(Turn(question=ask, answer=say, regions=tuple(draw(indices))) for ask, say in pairs)


@st.composite
def records(draw: DrawFn, *, texts: SearchStrategy[str] = TEXTS, roles: SearchStrategy[Any] = ROLES) -> Record:
    chosen = draw(roles)
    files = draw(st.lists(FILES, min_size=len(chosen), max_size=len(chosen), unique=True))
    images = tuple(
        ImageEntry(
            role=role,
            file=file,
            width=draw(st.integers(1, 6)),
            height=draw(st.integers(1, 6)),
            sha256=draw(st.none() | SHA256),
        )
        for role, file in zip(chosen, files, strict=True)
    )
    parts = tuple(draw(st.lists(regions(images), max_size=3))) if images else ()
    return Record(
        id=draw(NAMES),
        task=draw(NAMES),
        images=images,
        turns=draw(turns(len(parts), texts)),
        regions=parts,
        score=draw(st.none() | st.integers(0, 100) | st.floats(0, 100)),
        source=draw(st.none() | NAMES),
        source_sha256=draw(st.none() | SHA256),
        split=draw(st.none() | NAMES),
        licence=draw(st.none() | NAMES),
        seed=draw(st.none() | st.integers(0, 2**53 - 1)),
        makers=tuple(draw(st.lists(makers(), max_size=2))),
        extra=draw(st.dictionaries(TEXTS, JSON_VALUES, max_size=3) | st.builds(lambda text: {"system": text}, TEXTS)),
    )
