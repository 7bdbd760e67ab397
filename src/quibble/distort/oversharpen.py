"""Oversharpening by an unsharp mask of 5x5 pixels. Source: DepictQA-Wild."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from quibble.distort.pixels import Frame, Pixels, cv2, settle, widen

SIZE_PX: Final = 5
#: OpenCV's sigma for a kernel of 5 pixels.
SIGMA_PX: Final = 1.1


def unsharp(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """x + amount * (x - blurred x)."""
    values = widen(image)
    soft = cv2.GaussianBlur(values, (SIZE_PX, SIZE_PX), SIGMA_PX)
    return settle(cv2.addWeighted(values, 1 + p["amount"], soft, -p["amount"], 0), image)
