"""Maps of a picture, from regions painted over each other: what every pixel most probably shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.backends.base import EVEN_PAINT
from quibble.candidates import label
from quibble.findings import CATEGORIES, DISTORTIONS, Judged
from quibble.taxonomy import BLURS, Category, Distortion, QGroundClass, qground_class

CLEAN: Final = len(CATEGORIES)
CLASSES: Final = tuple(QGroundClass)
NO_CLASS: Final = len(CLASSES)
#: A map speaks against a place where this many times its probability is below 1, and by no more than down to this.
_DOUBT: Final = 4.0
_LEAST_BELIEF: Final = 0.3
#: A region has a say in what another is by this power of how much the two are the same. Source: docs/lab.md.
_LIKENESS: Final = 4
_BLUR: Final = CATEGORIES.index(Category.BLUR)


class Painted(NamedTuple):
    """Regions drawn over each other, each (12, h, w). share: how much of each category is at each place, 0 and more,
    from one half on more probably there than not. region: the number of the region that says so, -1 where there is
    none."""

    share: NDArray[np.float32]
    region: NDArray[np.int64]


def painted(judged: Judged, paint: Sequence[float] = EVEN_PAINT) -> Painted:
    """At each place what the region there says which shows most of a category, as far as the map does not speak
    against the place. paint: see Calibration."""
    maps = judged.evidence.categories[(slice(None), *judged.content)]
    share = np.zeros_like(maps[: len(CATEGORIES)])
    region = np.full(share.shape, -1)
    for number, (inside, presence) in enumerate(zip(judged.regions, judged.readings.presence, strict=True)):
        more = inside & (share < presence[:, None, None])
        share = np.where(more, presence[:, None, None], share)
        region[more] = number
    belief = np.clip(_DOUBT * maps[: len(CATEGORIES)], _LEAST_BELIEF, 1)
    even = 0.5 / np.asarray(paint)[:, None, None]
    return Painted(np.asarray(share * belief * even, np.float32), region)


def category_map(paint: Painted, judged: Judged) -> NDArray[np.uint8]:
    """What every pixel most probably shows, (height, width): a number in tuple(Category), or 12 for clean."""
    width, height = judged.width, judged.height
    best = np.full((height, width), np.nextafter(0.5, 0, dtype=np.float32))
    number = np.full(best.shape, CLEAN, np.uint8)
    # One category at a time: large pictures have many pixels.
    for category, there in enumerate(paint.share):
        full = np.asarray(Image.fromarray(there).resize((width, height), Image.Resampling.BILINEAR))
        more = full > best
        best[more], number[more] = full[more], category
    return number


def qground_map(paint: Painted, judged: Judged, categories: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same in Q-Ground's five classes: a number in tuple(QGroundClass), or 5 for none of them. categories: what
    category_map gives."""
    out = class_numbers(CATEGORIES)[categories]
    blurred = categories == _BLUR
    if blurred.any():
        kinds = Image.fromarray(class_numbers(DISTORTIONS)[kinds_of_blur(paint, judged)])
        full = kinds.resize((judged.width, judged.height), Image.Resampling.NEAREST)
        out[blurred] = np.asarray(full)[blurred]
    return out


def class_numbers(targets: Sequence[Category] | Sequence[Distortion]) -> NDArray[np.uint8]:
    """Number of Q-Ground's class of each, NO_CLASS for none, and that once more for what is clean."""
    found = [qground_class(target) for target in targets]
    return np.array([*(NO_CLASS if c is None else CLASSES.index(c) for c in found), NO_CLASS], np.uint8)


def kinds_of_blur(paint: Painted, judged: Judged) -> NDArray[np.int64]:
    """The kind of blur of every place, (h, w), a number in tuple(Distortion).

    What is blurred in one piece is blurred in one way: all regions vote, those most like the piece most. Around the
    pieces the region that shows most of it decides.
    """
    logits = judged.readings.kinds[:, BLURS]
    which = np.append(logits.argmax(axis=1), 0)[paint.region[_BLUR]]
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    pieces, count = label((paint.share[_BLUR] > 0.5) & (paint.share.argmax(axis=0) == _BLUR))
    for number in range(1, count + 1):
        piece = pieces == number
        common = (judged.regions & piece).sum(axis=(1, 2))
        alike = common / (judged.regions | piece).sum(axis=(1, 2))
        which[piece] = (alike**_LIKENESS @ chances).argmax()
    return np.asarray(which)
