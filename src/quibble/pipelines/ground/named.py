"""Which of the five classes a text on quality speaks of."""

from __future__ import annotations

import re

from quibble.experts.reading import Remark, read
from quibble.taxonomy import QGroundClass, qground_class
from quibble.text.vocabulary import categories_named


def class_of(remark: Remark) -> QGroundClass | None:
    """The class of what a remark finds fault with."""
    if remark.category is None:
        return None
    moved = re.search("motion|jitter|shak", remark.noun)
    return QGroundClass.JITTER if moved else qground_class(remark.category)


def found_fault(text: str) -> frozenset[QGroundClass]:
    """The classes that a text says are there, as far as that can be read by rules."""
    return frozenset(name for remark in read(text).defects if (name := class_of(remark)) is not None)


def mentioned(text: str) -> frozenset[QGroundClass]:
    """The classes that a text may mean in any way, so that nothing is denied that it says. Of jitter and blur both."""
    named = {name for category in categories_named(text) if (name := qground_class(category)) is not None}
    named |= found_fault(text)
    blurs = {QGroundClass.BLUR, QGroundClass.JITTER}
    return frozenset(named | blurs if named & blurs else named)
