"""The default backend: ONNX Runtime on the CPU, weights from the package, nothing downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from quibble.backends.base import FEATURES, OUTPUTS, Calibration, Evidence, Maps, Readings, evidence
from quibble.backends.weights import NANO, open_session, read_manifest
from quibble.text.conversation import Features

#: Views of one size are run together, this many at a time: more only costs memory on a CPU.
_BATCH: Final = 4


class OnnxPerception:
    """The vision half of nano, or another export of the same form, from a folder with model and manifest.

    threads: 0 lets ONNX Runtime take all cores. Raises ModelError if files are missing or damaged.
    """

    def __init__(self, folder: Path = NANO, *, threads: int = 0) -> None:
        self.manifest = read_manifest(folder, {"calibration"})
        self._session = open_session(folder, self.manifest, threads=threads)
        given = {output.name: output.shape for output in self._session.get_outputs()}
        self._features = FEATURES if FEATURES[0] in given else ()
        self._widths = tuple(int(given[name][1]) for name in self._features)
        facts = self.manifest.get("reader")
        self._reader = None if facts is None else OnnxReader(folder, facts)
        calibration = self.manifest["calibration"]
        self.calibration = Calibration(
            threshold=tuple(calibration["threshold"]),
            slope=calibration["slope"],
            offset=calibration["offset"],
            interval=calibration["interval"],
        )

    @property
    def name(self) -> str:
        return str(self.manifest["name"])

    @property
    def eyes(self) -> str:
        """See FeatureBackend."""
        return str(self.manifest["sha256"])

    @property
    def widths(self) -> tuple[int, ...]:
        """See FeatureBackend."""
        return self._widths

    @property
    def reader(self) -> OnnxReader | None:
        """See FeatureBackend."""
        return self._reader

    def perceive(self, views: Sequence[NDArray[np.uint8]], *, features: bool = False) -> list[Evidence]:
        """See PerceptionBackend. Exports without features give none, those with a reader always do."""
        wanted = (*OUTPUTS, *(self._features if features or self._reader is not None else ()))
        found: list[Evidence | None] = [None] * len(views)
        by_size: dict[tuple[int, ...], list[int]] = {}
        for i, v in enumerate(views):
            by_size.setdefault(v.shape, []).append(i)
        for (height, width, _), numbers in by_size.items():
            for start in range(0, len(numbers), _BATCH):
                group = numbers[start : start + _BATCH]
                outputs = self._session.run(list(wanted), {"image": np.stack([views[i] for i in group])})
                for row, i in enumerate(group):
                    found[i] = self._evidence([output[row] for output in outputs], width, height)
        return [seen for seen in found if seen is not None]

    def _evidence(self, outputs: Sequence[Maps], width: int, height: int) -> Evidence:
        maps = tuple(outputs[len(OUTPUTS) :])
        features = Features(maps=maps, eyes=self.eyes) if maps else None
        return evidence(outputs[: len(OUTPUTS)], width, height, features, self._reader)


#: What the reader's graph is given beside the regions, in this order.
READER_INPUTS: Final = ("categories", "severities", "kinds", *FEATURES)
#: And what it gives back: the fields of Readings.
READER_OUTPUTS: Final = tuple(f"region_{name}" for name in Readings._fields)


class OnnxReader:
    """The region reader of an export; a Reader. The graph is opened when it is first needed."""

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        self._folder, self._facts = folder, facts

    def __call__(self, seen: Evidence, regions: NDArray[np.bool_]) -> Readings:
        """See Evidence.read; the features must be those of the same export."""
        assert seen.features is not None
        maps = (seen.categories, seen.severities, seen.kinds, *seen.features.maps)
        given = {name: np.asarray(values, np.float32) for name, values in zip(READER_INPUTS, maps, strict=True)}
        return Readings(*self._session.run(list(READER_OUTPUTS), given | {"regions": regions.astype(np.float32)}))

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        # One thread: it takes milliseconds, and the threads of two sessions that wait for work are in each other's way.
        return open_session(self._folder, self._facts, threads=1)
