"""A backend whose evidence is known: what is bright to the left is blurred, and the score follows the mean luma."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quibble.backends.base import Calibration, Evidence


class FakeBackend:
    name = "fake"
    calibration = Calibration(threshold=(0.5,) * 12, slope=1.0, offset=0.0, interval=2.0)

    def __init__(self) -> None:
        self.runs: list[int] = []

    def perceive(self, views: Sequence[NDArray[np.uint8]]) -> list[Evidence]:
        self.runs.append(len(views))
        return [self._see(view) for view in views]

    def _see(self, view: NDArray[np.uint8]) -> Evidence:
        height, width = view.shape[:2]
        rows, columns = -(-height // 4), -(-width // 4)
        categories = np.full((13, rows, columns), 0.01, np.float32)
        categories[12] = 0.5
        if view[:, : width // 2].mean() > 128:
            categories[0, :, : columns // 2] = 0.9
        good = float(view.mean()) / 255
        levels = np.array([good, 0, 0, 0, 1 - good], np.float32)
        return Evidence(
            categories=categories,
            severities=np.full((12, rows, columns), 3.2, np.float32),
            kinds=np.zeros((35, rows, columns), np.float32),
            levels=levels,
            spread=5.0,
            width=width,
            height=height,
        )
