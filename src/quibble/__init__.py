"""Explainable image quality assessment: what is wrong with a picture, where, how badly, which of two is better."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from quibble._version import __version__

if TYPE_CHECKING:
    from quibble.assessor import Assessor
    from quibble.backends.language import Sampling
    from quibble.chat import Chat
    from quibble.degradation import Degradation
    from quibble.errors import QuibbleError
    from quibble.geometry import Box, Mask, Point, Region
    from quibble.look import Look
    from quibble.results import Answer, Comparison, Finding, Grounding, Phrase, Ranked, Report, Score
    from quibble.taxonomy import Category, Distortion, Level

__all__ = [
    "Answer",
    "Assessor",
    "Box",
    "Category",
    "Chat",
    "Comparison",
    "Degradation",
    "Distortion",
    "Finding",
    "Grounding",
    "Level",
    "Look",
    "Mask",
    "Phrase",
    "Point",
    "QuibbleError",
    "Ranked",
    "Region",
    "Report",
    "Sampling",
    "Score",
    "__version__",
]

_HOMES = {
    "quibble.assessor": ("Assessor",),
    "quibble.backends.language": ("Sampling",),
    "quibble.chat": ("Chat",),
    "quibble.degradation": ("Degradation",),
    "quibble.errors": ("QuibbleError",),
    "quibble.geometry": ("Box", "Mask", "Point", "Region"),
    "quibble.look": ("Look",),
    "quibble.results": ("Answer", "Comparison", "Finding", "Grounding", "Phrase", "Ranked", "Report", "Score"),
    "quibble.taxonomy": ("Category", "Distortion", "Level"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    # Loaded on first use, so that the command line starts fast.
    try:
        return getattr(import_module(_HOME_OF[name]), name)
    except KeyError:
        raise AttributeError(f"module 'quibble' has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return __all__
