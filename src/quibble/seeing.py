"""What is read off a large model that sees for itself: a score, a preference and a point, from its probabilities."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.backends.base import SeeingBackend
from quibble.backends.text_to_point import ACROSS, DOWN, point_by_thirds
from quibble.geometry import Point
from quibble.results import Score
from quibble.taxonomy import LEVEL_SCORES, Level
from quibble.text import plain
from quibble.text.conversation import Conversation, Shown

Picture = NDArray[np.uint8]

#: Standard deviations from the mean within which 80% of a normal distribution lie.
_Z80: Final = 1.2815515655446004
#: Points of 100 from a level to the next: an opinion of a level lies anywhere within half of it.
_STEP: Final = 25.0


def rate(viewer: SeeingBackend, picture: Picture) -> Score:
    """The score by the probabilities of the five levels' words. (H, W, 3) uint8. Source: Q-Align.

    The interval is what these say of opinions, each level spread over its 25 points; nobody has fitted it to people's.
    """
    asked = Conversation.showing(Shown(pixels=picture)).saying(plain.RATE)
    shares = viewer.weigh(asked, [level.value for level in Level])
    points = np.array([LEVEL_SCORES[level] for level in Level])
    value = float(np.dot(shares, points))
    reach = _Z80 * math.sqrt(float(np.dot(shares, (points - value) ** 2)) + _STEP**2 / 12)
    return Score(
        value=value,
        low=max(0.0, value - reach),
        high=min(100.0, value + reach),
        levels=dict(zip(Level, shares, strict=True)),
    )


def preferred(a: Score, b: Score) -> float:
    """The probability that an opinion of picture a lies at a higher level than one of b; the same level counts half."""
    first, second = (np.array([score.levels[level] for level in Level]) for score in (a, b))
    joint = np.outer(first, second)
    # Levels go from the best down, so a is better above the diagonal.
    return float(np.triu(joint, 1).sum() + joint.trace() / 2)


def better(viewer: SeeingBackend, a: Picture, b: Picture, reference: Picture | None = None) -> float:
    """The probability that the model calls picture a the better one.

    It is asked twice, with either as Image A, since models favour a place in the order.
    """
    first = viewer.weigh(pair(a, b, reference).saying(plain.BETTER), "AB")[0]
    return (first + viewer.weigh(pair(b, a, reference).saying(plain.BETTER), "AB")[1]) / 2


def pair(a: Picture, b: Picture, reference: Picture | None) -> Conversation:
    """A conversation on two pictures, with their undamaged original if there is one."""
    named = {"Reference": reference, "Image A": a, "Image B": b}
    return Conversation.showing(*(Shown(name=name, pixels=p) for name, p in named.items() if p is not None))


def point(viewer: SeeingBackend, answered: Conversation, *, width: int, height: int) -> Point | None:
    """Where in a picture of (width, height) that is what was answered; None if it is rather nowhere."""
    across = viewer.weigh(answered.saying(plain.ACROSS), [*ACROSS, plain.NOWHERE])
    if across[-1] >= 0.5:
        return None
    down = viewer.weigh(answered.saying(plain.DOWN), DOWN)
    return point_by_thirds(across[:-1], down, width=width, height=height)
