"""From which share on a map has a category."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quibble.backends.base import EVEN_PAINT, Evidence
from quibble.findings import CATEGORIES
from quibble.taxonomy import Category, Distortion
from quibble.train.palette import fit_paint
from quibble.train.sources import DISTORTIONS
from quibble.train.validation import CLEAN, Truth, measure_dense
from tests.test_findings import evidence

BLUR, NOISE, DARKEN = (CATEGORIES.index(c) for c in (Category.BLUR, Category.NOISE, Category.DARKEN))
#: Numbers of pictures: what is told by their first pixel.
SURE_NOISE, DOUBTFUL_NOISE, MILD_BLUR = 1, 2, 3


def look(picture: NDArray[np.uint8]) -> Evidence:
    """Takes noise for likely where there is none, and blur for unlikely where there is some."""
    seen, case = evidence(), int(picture[0, 0, 0])
    if case == MILD_BLUR:
        seen.categories[BLUR, :, :20] = 0.42
    else:
        seen.categories[NOISE, :, :20] = 0.9 if case == SURE_NOISE else 0.62
    return seen


def truth(case: int, distortion: Distortion | None) -> Truth:
    rgb = np.full((120, 160, 3), case, np.uint8)
    category, kind = np.full((120, 160), CLEAN), np.full((120, 160), -1)
    if distortion is not None:
        category[:, :80] = CATEGORIES.index(distortion.category)
        kind[:, :80] = DISTORTIONS.index(distortion)
    return Truth(rgb, category, kind, [])


def test_cuts_are_where_maps_agree_best_with_what_is_there() -> None:
    truths = [
        truth(SURE_NOISE, Distortion.NOISE_IMPULSE),
        truth(DOUBTFUL_NOISE, None),
        truth(MILD_BLUR, Distortion.BLUR_GAUSSIAN),
    ]
    paint = fit_paint(look, truths)
    assert 0.62 <= paint[NOISE] < 0.9
    assert paint[BLUR] <= 0.4
    # What makes no difference stays as it is.
    assert paint[DARKEN] == EVEN_PAINT[DARKEN]

    even, fitted = measure_dense(look, truths), measure_dense(look, truths, paint)
    assert even["iou/blur"] == 0
    assert fitted["iou/blur"] > 0.9
    assert even["iou/noise"] < 0.6
    assert fitted["iou/noise"] > 0.9
    assert fitted["miou_qground"] > even["miou_qground"]
