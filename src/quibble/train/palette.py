"""From which share on a map of the whole picture has a category: fitted so that maps agree best with what is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quibble.backends.base import EVEN_PAINT
from quibble.findings import CATEGORIES, DISTORTIONS, Judged
from quibble.painting import CLEAN, NO_CLASS, class_numbers, kinds_of_blur, painted
from quibble.taxonomy import Category
from quibble.train.validation import Looker, Truth, crossed, iou, mean_of_known

#: Cuts that are tried, low to high, and how often each category's is chosen anew.
CANDIDATES: Final = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
_ROUNDS: Final = 3
#: Places that are counted: every second of a map, each way.
_STEP: Final = 2
_BLUR: Final = CATEGORIES.index(Category.BLUR)


class Places(NamedTuple):
    """What is known of places of pictures. share: (12, N); category, group: what is there, (N,), of the categories and
    of Q-Ground's classes; blur: the class of the kind of blur that it would be, (N,)."""

    share: NDArray[np.float32]
    category: NDArray[np.uint8]
    group: NDArray[np.uint8]
    blur: NDArray[np.uint8]


def fit_paint(look: Looker, truths: Iterable[Truth]) -> tuple[float, ...]:
    """Calibration.paint: the cuts, category by category, with the greatest sum of the mIoU of the categories and clean
    and of that of Q-Ground's classes. truths: pictures that are not measured on."""
    seen = [_places(look, truth) for truth in truths]
    places = Places(*(np.concatenate(column, axis=-1) for column in zip(*seen, strict=True)))
    cuts = np.array(EVEN_PAINT)
    for _ in range(_ROUNDS):
        before = cuts.copy()
        for category in range(len(cuts)):
            cuts[category] = _best(places, cuts, category)
        if (cuts == before).all():
            break
    return tuple(float(cut) for cut in cuts)


def _places(look: Looker, truth: Truth) -> Places:
    height, width = truth.rgb.shape[:2]
    judged = Judged.of(look(truth.rgb), width=width, height=height)
    paint = painted(judged)
    h, w = paint.share.shape[1:]
    # The middle of every place, in the picture.
    rows, columns = (((np.arange(0, n, _STEP) + 0.5) * full / n).astype(int) for n, full in ((h, height), (w, width)))
    at = np.ix_(rows, columns)
    return Places(
        paint.share[:, ::_STEP, ::_STEP].reshape(len(CATEGORIES), -1),
        truth.category[at].ravel().astype(np.uint8),
        class_numbers(DISTORTIONS)[truth.kind[at]].ravel(),
        class_numbers(DISTORTIONS)[kinds_of_blur(paint, judged)[::_STEP, ::_STEP]].ravel(),
    )


def _best(places: Places, cuts: NDArray[np.float64], category: int) -> float:
    """The candidate for a category's cut that does best beside the other categories' cuts; of equal ones the one
    nearest to one half."""
    scaled = places.share / np.asarray(2 * cuts[:, None], np.float32)
    scaled[category] = 0
    most = scaled.max(axis=0)
    others = np.where(most > 0.5, scaled.argmax(axis=0), CLEAN)
    tried = sorted(CANDIDATES, key=lambda cut: abs(cut - 0.5))
    agreements = []
    for cut in tried:
        mine = places.share[category] / (2 * cut) > np.maximum(most, 0.5)
        agreements.append(_agreement(places, np.where(mine, category, others)))
    return tried[int(np.argmax(agreements))]


def _agreement(places: Places, guess: NDArray[np.int64]) -> float:
    """Both mIoU, added."""
    groups = np.where(guess == _BLUR, places.blur, class_numbers(CATEGORIES)[guess])
    by_category = iou(crossed(places.category, guess, CLEAN + 1))
    by_group = iou(crossed(places.group, groups, NO_CLASS + 1))[:NO_CLASS]
    return mean_of_known(by_category) + mean_of_known(by_group)
