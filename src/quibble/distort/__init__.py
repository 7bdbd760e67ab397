"""The distortion engine: 35 distortions at levels 1..5, whole pictures or regions, reproducible by seed.

Needs the extra `data` (OpenCV).
"""

from quibble.distort.engine import apply, apply_all, distort, draw
from quibble.distort.opinion import combine_opinions, opinion
from quibble.distort.regional import Regional, regional
from quibble.distort.sequence import Sequence, Step
from quibble.distort.sheet import sheet

__all__ = [
    "Regional",
    "Sequence",
    "Step",
    "apply",
    "apply_all",
    "combine_opinions",
    "distort",
    "draw",
    "opinion",
    "regional",
    "sheet",
]
