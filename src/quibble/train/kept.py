"""Perception whose looks are kept on disk, so that a run that sees the same pictures often looks at each once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quibble.backends.base import FEATURES, OUTPUTS, Calibration, Evidence, FeatureBackend, evidence
from quibble.data.files import atomic_writer
from quibble.errors import ModelError
from quibble.streaks import streaks_of
from quibble.text.conversation import Features
from quibble.tones import tones_of


class KeptPerception:
    """A PerceptionBackend around another: a file for each view, in half precision, in a folder for each set of weights.

    Every look has features. Raises ModelError for an export that gives none.
    """

    def __init__(self, inner: FeatureBackend, folder: Path) -> None:
        if not inner.widths:
            raise ModelError(f"the perception {inner.name} gives no features: export it again with this version")
        self._inner, self._folder = inner, folder / f"looks-{inner.eyes[:16]}"
        self._folder.mkdir(parents=True, exist_ok=True)
        self.calibration: Calibration = inner.calibration

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def eyes(self) -> str:
        """Of the inner one; see Features."""
        return self._inner.eyes

    def perceive(self, views: Sequence[NDArray[np.uint8]], *, features: bool = False) -> list[Evidence]:
        """See PerceptionBackend."""
        return [self._see(view) for view in views]

    def _see(self, view: NDArray[np.uint8]) -> Evidence:
        height, width = view.shape[:2]
        digest = hashlib.sha256(view.tobytes()).hexdigest()[:32]
        path = self._folder / f"{digest}-{width}x{height}.npz"
        if not path.exists():
            self._keep(self._inner.perceive([view], features=True)[0], path)
        with np.load(path) as kept:
            outputs, maps = ([kept[name].astype(np.float32) for name in names] for names in (OUTPUTS, FEATURES))
        features = Features(maps=tuple(maps), eyes=self.eyes)
        # These are as quickly made as read.
        tones, streaks = tones_of(view), streaks_of(view)
        reader, gauge, ranker = self._inner.reader, self._inner.gauge, self._inner.ranker
        return evidence(outputs, width, height, features, tones, streaks, reader=reader, gauge=gauge, ranker=ranker)

    @staticmethod
    def _keep(seen: Evidence, path: Path) -> None:
        assert seen.features is not None
        outputs = (seen.categories, seen.severities, seen.kinds, seen.levels, np.array([seen.spread]))
        named = [*zip(OUTPUTS, outputs, strict=True), *zip(FEATURES, seen.features.maps, strict=True)]
        halved: dict[str, Any] = {name: values.astype(np.float16) for name, values in named}
        with atomic_writer(path) as file:
            np.savez(file, **halved)
