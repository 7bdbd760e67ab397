"""What stands in for a detector: segments that fit a phrase's words for place, color and a few common things.

It does not know what a thing looks like. "The white cup on the left" is the segment that is most white and most left;
of words that say nothing to it, the phrase means what lies in the middle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.errors import MissingExtraError
from quibble.experts.detector import Detection, check_phrase
from quibble.experts.felzenszwalb import Felzenszwalb
from quibble.geometry import Mask
from quibble.image import ImageArray, require_rgb

try:
    import cv2
except ImportError as error:
    raise MissingExtraError("opencv-python-headless", "data") from error

#: A segment that fits less well than this is not what the phrase means.
_LEAST: Final = 0.3
#: Other segments mean the same if they fit nearly as well as the best one.
_NEARLY: Final = 0.9
_MOST: Final = 3


@dataclass(frozen=True, kw_only=True)
class _Segment:
    """What the cues look at. x, y: its middle, 0..1. color: mean L in 0..100, a and b. edge: share of the picture's
    rim that is its own, 0..1.
    """

    mask: Mask
    x: float
    y: float
    color: tuple[float, float, float]
    edge: float


#: A cue says how well a segment fits a word, 0..1.
_Cue = Callable[[_Segment], float]


def _near(*color: float) -> _Cue:
    return lambda segment: float(np.exp(-np.square(np.subtract(segment.color, color) / (30, 22, 22)).sum() / 2))


def _both(*cues: _Cue) -> _Cue:
    return lambda segment: float(np.prod([cue(segment) for cue in cues]) ** (1 / len(cues)))


def _left(segment: _Segment) -> float:
    return 1 - segment.x


def _right(segment: _Segment) -> float:
    return segment.x


def _top(segment: _Segment) -> float:
    return 1 - segment.y


def _bottom(segment: _Segment) -> float:
    return segment.y


def _middle(segment: _Segment) -> float:
    # A background around a thing has its middle there too.
    distance = ((segment.x - 0.5) / 0.3) ** 2 + ((segment.y - 0.5) / 0.3) ** 2
    return float(np.exp(-distance / 2)) * max(0.0, 1 - 2 * segment.edge)


def _behind(segment: _Segment) -> float:
    return min(1.0, 0.2 + 2.5 * segment.edge)


_DARK: Final = _near(12, 0, 0)
_BRIGHT: Final = _near(95, 0, 0)
_GREEN: Final = _near(50, -30, 30)
_BLUE: Final = _near(50, 0, -35)
_SKIN: Final = _near(65, 18, 20)

_CUES: Final[Mapping[str, _Cue]] = {
    **dict.fromkeys(("left",), _left),
    **dict.fromkeys(("right",), _right),
    **dict.fromkeys(("top", "upper", "above", "ceiling"), _top),
    **dict.fromkeys(("bottom", "lower", "foreground", "below"), _bottom),
    **dict.fromkeys(("center", "centre", "central", "middle", "subject"), _middle),
    **dict.fromkeys(("background", "backdrop", "surroundings", "edges", "corner", "corners", "wall"), _behind),
    **dict.fromkeys(("black", "dark", "shadow", "shadows", "shaded"), _DARK),
    **dict.fromkeys(("white", "bright", "light", "lights", "highlight", "highlights", "window", "windows"), _BRIGHT),
    **dict.fromkeys(("gray", "grey", "silver"), _near(55, 0, 0)),
    "red": _near(45, 55, 35),
    "orange": _near(65, 35, 60),
    **dict.fromkeys(("yellow", "golden"), _near(85, 0, 65)),
    "green": _GREEN,
    "blue": _BLUE,
    **dict.fromkeys(("purple", "violet"), _near(40, 35, -35)),
    "pink": _near(75, 35, 5),
    **dict.fromkeys(("brown", "wooden"), _near(40, 15, 25)),
    **dict.fromkeys(("sky", "cloud", "clouds"), _both(_top, _behind, _near(80, -2, -12))),
    **dict.fromkeys(("grass", "lawn", "field", "meadow"), _both(_bottom, _GREEN)),
    **dict.fromkeys(("tree", "trees", "leaf", "leaves", "foliage", "plant", "plants", "bush", "bushes"), _GREEN),
    **dict.fromkeys(("water", "sea", "lake", "river", "ocean"), _both(_bottom, _BLUE)),
    **dict.fromkeys(("ground", "floor", "road", "street", "pavement", "sand", "table"), _both(_bottom, _behind)),
    "snow": _both(_bottom, _BRIGHT),
    **dict.fromkeys(("face", "faces", "skin", "hand", "hands", "person", "people"), _both(_middle, _SKIN)),
}


class WordedRegions:
    """A Detector that needs no weights: Felzenszwalb's segments, chosen by what the phrase says of them."""

    name = "stand-in/regions-1"

    def __init__(self) -> None:
        self._segmenter = Felzenszwalb(least=0.02, most=14)
        self._last: tuple[ImageArray, list[_Segment]] | None = None

    def find(self, rgb: ImageArray, phrase: str) -> list[Detection]:
        """Boxes around the segments that fit best, at most three, the best first. score: how well, 0..1."""
        require_rgb(rgb, "a picture to search")
        words = re.findall("[a-z]+", check_phrase(phrase).lower())
        cues = [_CUES[word] for word in dict.fromkeys(words) if word in _CUES] or [_middle]
        scored = [(_both(*cues)(segment), segment) for segment in self._segments(rgb)]
        best = max((score for score, _ in scored), default=0.0)
        kept = [(score, segment) for score, segment in scored if score >= max(_LEAST, _NEARLY * best)]
        kept.sort(key=lambda item: -item[0])
        boxes = [(segment.mask.box, score) for score, segment in kept[:_MOST]]
        return [Detection(box=box, score=score) for box, score in boxes if box is not None]

    def _segments(self, rgb: ImageArray) -> list[_Segment]:
        """The picture's segments, those of the last picture kept: it is searched for many phrases."""
        if self._last is None or not np.array_equal(self._last[0], rgb):
            lab = np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)
            self._last = rgb.copy(), [_measure(mask, lab) for mask in self._segmenter.segments(rgb)]
        return self._last[1]


def _measure(mask: Mask, lab: NDArray[np.float32]) -> _Segment:
    inside = mask.to_array()
    rows, columns = np.nonzero(inside)
    rim = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
    light, a, b = lab[inside].mean(axis=0).tolist()
    return _Segment(
        mask=mask,
        x=float((columns.mean() + 0.5) / mask.width),
        y=float((rows.mean() + 0.5) / mask.height),
        color=(light, a, b),
        edge=float(rim.mean()),
    )
