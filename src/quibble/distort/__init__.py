"""The distortion engine: 35 distortions at levels 1..5, whole pictures or regions, reproducible by seed.

Needs the extra `data` (OpenCV).
"""

from quibble.distort.engine import apply, apply_all, distort, draw
from quibble.distort.regional import Regional, regional
from quibble.distort.sequence import Sequence, Step

__all__ = ["Regional", "Sequence", "Step", "apply", "apply_all", "distort", "draw", "regional"]
