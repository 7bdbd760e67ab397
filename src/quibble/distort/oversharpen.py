"""Oversharpening by an unsharp mask of 5x5 pixels. Source: DepictQA-Wild."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from quibble.distort.pixels import Frame, Pixels, cv2, settle

SIZE_PX: Final = 5
#: OpenCV's sigma for a kernel of 5 pixels.
SIGMA_PX: Final = 1.1


def unsharp(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """x + amount * (x - blurred x)."""
    line = cv2.getGaussianKernel(SIZE_PX, SIGMA_PX, cv2.CV_32F)
    soft = cv2.sepFilter2D(image, cv2.CV_32F, line, line)
    sharp = cv2.addWeighted(image, 1 + p["amount"], soft, -p["amount"], 0, dtype=cv2.CV_32F)
    return settle(sharp, image)
