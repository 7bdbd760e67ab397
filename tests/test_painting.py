"""Maps of what every pixel shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quibble.backends.base import Evidence, Readings
from quibble.findings import CATEGORIES, DISTORTIONS, Judged
from quibble.painting import CLASSES, CLEAN, NO_CLASS, category_map, painted, qground_map
from quibble.taxonomy import Category, Distortion, QGroundClass
from tests.test_findings import evidence

BLUR = CATEGORIES.index(Category.BLUR)


def categories(judged: Judged) -> NDArray[np.uint8]:
    return category_map(painted(judged), judged)


def classes_of(judged: Judged) -> NDArray[np.uint8]:
    return qground_map(painted(judged), judged, categories(judged))


@pytest.mark.parametrize(("width", "height"), [(160, 120), (1600, 1200)])
def test_every_pixel_is_what_it_most_probably_shows(width: int, height: int) -> None:
    seen = evidence()
    seen.categories[CATEGORIES.index(Category.NOISE), :, :15] = 0.8
    seen.categories[BLUR, 10:20, 20:] = 0.7
    judged = Judged.of(seen, width=width, height=height)
    shown = categories(judged)
    classes = classes_of(judged)
    for number in (shown, classes):
        assert (number.shape, number.dtype.name) == ((height, width), "uint8")
    shown, classes = (number[:: height // 30, :: width // 40] for number in (shown, classes))
    assert (shown[:, :13] == CATEGORIES.index(Category.NOISE)).all()
    assert (shown[12:18, 22:] == BLUR).all()
    assert (shown[:8, 22:] == CLEAN).all()
    assert (classes[:, :13] == CLASSES.index(QGroundClass.NOISE)).all()
    assert (classes[12:18, 22:] == CLASSES.index(QGroundClass.BLUR)).all()
    assert (classes[:8, 22:] == NO_CLASS).all()


def test_a_category_without_a_class_is_none_of_them() -> None:
    seen = evidence()
    seen.categories[CATEGORIES.index(Category.COMPRESSION)] = 0.9
    judged = Judged.of(seen, width=160, height=120)
    assert (categories(judged) == CATEGORIES.index(Category.COMPRESSION)).all()
    assert (classes_of(judged) == NO_CLASS).all()


def kinds(seen: Evidence, named: dict[int, tuple[Distortion, float]]) -> Evidence:
    """Evidence whose regions are read as blurred throughout: by how many places each has, a kind and its presence."""

    def read(of: Any, regions: NDArray[np.bool_]) -> Readings:
        count = len(regions)
        presence, logits = np.zeros((count, 12), np.float32), np.zeros((count, 35), np.float32)
        for number, region in enumerate(regions):
            distortion, presence[number, BLUR] = named[int(region.sum())]
            logits[number, DISTORTIONS.index(distortion)] = 3
        return Readings(presence, presence, np.full((count, 12), 3, np.float32), logits)

    return replace(seen, reader=read)


def test_a_blurred_piece_is_of_the_kind_of_the_regions_most_like_it() -> None:
    """Two regions: the heart of the piece, which shows most of the blur, and the piece itself."""
    seen = evidence()
    seen.categories[BLUR, 4:24, 4:34] = 0.6
    seen.categories[BLUR, 10:16, 15:25] = 0.95
    whole, heart = (seen.categories[BLUR] > 0.5).sum(), (seen.categories[BLUR] > 0.9).sum()
    judged = Judged.of(seen, width=160, height=120)
    sizes = sorted({int(region.sum()) for region in judged.regions})
    middle = (heart + whole) / 2
    named = {
        size: (Distortion.BLUR_GAUSSIAN, 0.95) if size < middle else (Distortion.BLUR_MOTION, 0.9) for size in sizes
    }
    assert min(sizes) < middle < max(sizes)
    shown = classes_of(Judged.of(kinds(seen, named), width=160, height=120))
    inside = shown[4 * 6 : 4 * 22, 4 * 6 : 4 * 32]
    assert (inside == CLASSES.index(QGroundClass.JITTER)).all()


def test_pieces_apart_are_of_their_own_kinds() -> None:
    seen = evidence()
    seen.categories[BLUR, 4:12, 4:14] = 0.9
    seen.categories[BLUR, 16:28, 20:38] = 0.9
    sizes = sorted({int(region.sum()) for region in Judged.of(seen, width=160, height=120).regions})
    middle = (8 * 10 + 12 * 18) / 2
    named = {size: (Distortion.BLUR_JITTER if size < middle else Distortion.BLUR_LENS, 0.9) for size in sizes}
    shown = classes_of(Judged.of(kinds(seen, named), width=160, height=120))
    assert (shown[4 * 5 : 4 * 11, 4 * 5 : 4 * 13] == CLASSES.index(QGroundClass.JITTER)).all()
    assert (shown[4 * 17 : 4 * 27, 4 * 21 : 4 * 37] == CLASSES.index(QGroundClass.BLUR)).all()
