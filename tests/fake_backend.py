"""A backend whose evidence is known: what is bright to the left is blurred, and the score follows the mean luma."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.backends.base import Calibration, Evidence
from quibble.text.conversation import Features


class LeftGauge:
    """What is bright to the left has lost 90 points, unless the original is; and what has no structure of it, 50."""

    slopes = (0.1, 0.1)

    def __call__(
        self, features: Features, original: Features | None = None, structure: NDArray[np.float32] | None = None
    ) -> float:
        finest = features.maps[0]
        lost = 90.0 if finest[:, :, : finest.shape[2] // 2].mean() > 0.5 else 0.0
        if original is None or structure is None:
            return lost
        return max(0.0, lost - self(original)) + 50 * float(structure.mean())


class FakeBackend:
    name = "fake"
    eyes = "fake-eyes"
    reader = None
    gauge = LeftGauge()
    ranker = None
    widths = (2, 3, 4, 5)
    calibration = Calibration(threshold=(0.5,) * 12, slope=1.0, offset=0.0, interval=2.0)

    def __init__(self) -> None:
        self.runs: list[int] = []
        self.asked: list[bool] = []

    def perceive(self, views: Sequence[NDArray[np.uint8]], *, features: bool = False) -> list[Evidence]:
        self.runs.append(len(views))
        self.asked.append(features)
        return [self._see(view, self._features(view)) for view in views]

    def _features(self, view: NDArray[np.uint8]) -> Features:
        """How bright each place is, as often as there are channels."""
        grey = Image.fromarray(view).convert("L")
        maps: list[NDArray[np.float32]] = []
        for side, channels in zip((4, 8, 16, 32), self.widths, strict=True):
            small = grey.resize((-(-grey.width // side), -(-grey.height // side)), Image.Resampling.BOX)
            maps.append(np.stack([np.asarray(small, np.float32) / np.float32(255)] * channels))
        return Features(maps=tuple(maps), eyes=self.eyes)

    def _see(self, view: NDArray[np.uint8], features: Features) -> Evidence:
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
            features=features,
            gauge=self.gauge,
        )
