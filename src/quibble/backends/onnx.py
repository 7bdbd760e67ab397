"""The default backend: ONNX Runtime on the CPU, weights from the package, nothing downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from quibble import crew
from quibble.backends.base import EVEN_PAINT, FEATURES, OUTPUTS, Calibration, Evidence, Maps, Readings, evidence
from quibble.backends.weights import NANO, open_session, read_manifest
from quibble.streaks import streaks_of
from quibble.text.conversation import Features
from quibble.tones import tones_of

#: Views of one size are run together, this many at a time: more only costs memory on a CPU.
_BATCH: Final = 4
#: With at least so many views, each thread takes views of its own: no thread waits for another, which is worth opening
#: the graph once more.
_MANY: Final = 8


class OnnxPerception:
    """The vision half of nano, or another export of the same form, from a folder with model and manifest.

    threads: 0 lets ONNX Runtime take all cores. Raises ModelError if files are missing or damaged.
    """

    def __init__(self, folder: Path = NANO, *, threads: int = 0) -> None:
        self.manifest = read_manifest(folder, {"calibration"})
        self._folder, self._threads = folder, threads
        self._session = open_session(folder, self.manifest, threads=threads)
        given = {output.name: output.shape for output in self._session.get_outputs()}
        self._features = FEATURES if FEATURES[0] in given else ()
        self._widths = tuple(int(given[name][1]) for name in self._features)
        reader, gauge, ranker = (self.manifest.get(part) for part in ("reader", "gauge", "ranker"))
        self._reader = None if reader is None else OnnxReader(folder, reader)
        self._gauge = None if gauge is None else OnnxGauge(folder, gauge)
        self._ranker = None if ranker is None else OnnxRanker(folder, ranker)
        calibration = self.manifest["calibration"]
        self.calibration = Calibration(
            threshold=tuple(calibration["threshold"]),
            slope=calibration["slope"],
            offset=calibration["offset"],
            interval=calibration["interval"],
            paint=tuple(calibration.get("paint", EVEN_PAINT)),
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

    @property
    def gauge(self) -> OnnxGauge | None:
        """See FeatureBackend."""
        return self._gauge

    @property
    def ranker(self) -> OnnxRanker | None:
        """See FeatureBackend."""
        return self._ranker

    def perceive(self, views: Sequence[NDArray[np.uint8]], *, features: bool = False) -> list[Evidence]:
        """See PerceptionBackend. Exports without features give none, those with a reader or a gauge always do."""
        needed = features or self._reader is not None or self._gauge is not None
        wanted = (*OUTPUTS, *(self._features if needed else ()))
        workers = crew.size(self._threads)
        # Those that would leave a thread idle at the end are shared by all threads.
        apart = len(views) - len(views) % workers if workers > 1 and len(views) >= _MANY else 0
        shared = self._together(views[apart:], wanted)
        if not apart:
            return shared
        session = self._single

        def alone(view: NDArray[np.uint8]) -> Evidence:
            outputs = session.run(list(wanted), {"image": view[None]})
            return self._evidence(([output[0] for output in outputs], view))

        return crew.each(alone, views[:apart], threads=workers) + shared

    @cached_property
    def _single(self) -> onnxruntime.InferenceSession:
        """The graph for threads that each run it by themselves."""
        return open_session(self._folder, self.manifest, threads=1)

    def _together(self, views: Sequence[NDArray[np.uint8]], wanted: Sequence[str]) -> list[Evidence]:
        """Views of one size in batches, each run by all threads."""
        found: list[Evidence | None] = [None] * len(views)
        by_size: dict[tuple[int, ...], list[int]] = {}
        for i, v in enumerate(views):
            by_size.setdefault(v.shape, []).append(i)
        for numbers in by_size.values():
            for start in range(0, len(numbers), _BATCH):
                group = numbers[start : start + _BATCH]
                outputs = self._session.run(list(wanted), {"image": np.stack([views[i] for i in group])})
                rows = [([output[row] for output in outputs], views[i]) for row, i in enumerate(group)]
                for i, seen in zip(group, crew.each(self._evidence, rows, threads=self._threads), strict=True):
                    found[i] = seen
        return [seen for seen in found if seen is not None]

    def _evidence(self, row: tuple[Sequence[Maps], NDArray[np.uint8]]) -> Evidence:
        """Of a view, by what the graph gives for it."""
        outputs, view = row
        maps = tuple(outputs[len(OUTPUTS) :])
        features = Features(maps=maps, eyes=self.eyes) if maps else None
        # Where there are features, a reader may follow.
        tones = tones_of(view) if maps else None
        streaks = streaks_of(view) if self._reader is not None and self._reader.streaks else None
        width, height = view.shape[1], view.shape[0]
        told = outputs[: len(OUTPUTS)]
        reader, gauge, ranker = self._reader, self._gauge, self._ranker
        return evidence(told, width, height, features, tones, streaks, reader=reader, gauge=gauge, ranker=ranker)


#: What the reader's graph is given beside the regions, in this order.
READER_INPUTS: Final = ("categories", "severities", "kinds", *FEATURES)
#: And what it gives back: the fields of Readings.
READER_OUTPUTS: Final = tuple(f"region_{name}" for name in Readings._fields)


class OnnxReader:
    """The region reader of an export; a Reader. The graph is opened when it is first needed.

    streaks: whether it asks for those of regions.
    """

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        self._folder, self._facts = folder, facts
        self.streaks = bool(facts.get("streaks", False))

    def __call__(self, seen: Evidence, regions: NDArray[np.bool_]) -> Readings:
        """See Evidence.read; the features must be those of the same export."""
        assert seen.features is not None
        maps = (seen.categories, seen.severities, seen.kinds, *seen.features.maps)
        given = {name: np.asarray(values, np.float32) for name, values in zip(READER_INPUTS, maps, strict=True)}
        given |= {"regions": regions.astype(np.float32), "tones": seen.toned(regions)}
        if self.streaks:
            given["streaks"] = seen.streaked(regions)
        return Readings(*self._session.run(list(READER_OUTPUTS), given))

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        # One thread: it takes milliseconds, and the threads of two sessions that wait for work are in each other's way.
        return open_session(self._folder, self._facts, threads=1)


#: What the gauge's graph gives: points lost by the picture alone, and against the original.
GAUGE_OUTPUTS: Final = ("alone", "against")


class OnnxGauge:
    """The damage gauge of an export; a Gauge. The graph is opened when it is first needed."""

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        self._folder, self._facts = folder, facts
        self.slopes: tuple[float, float] = tuple(facts["slopes"])

    def __call__(self, features: Features, original: Features | None = None, structure: Maps | None = None) -> float:
        """See Gauge."""
        given = dict(zip(FEATURES, features.maps, strict=True))
        given |= {f"original_{name}": m for name, m in zip(FEATURES, (original or features).maps, strict=True)}
        given["structure"] = np.zeros(3, np.float32) if structure is None else structure
        outputs = self._session.run(
            [GAUGE_OUTPUTS[original is not None]], {name: np.asarray(v, np.float32) for name, v in given.items()}
        )
        return float(outputs[0][0])

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return open_session(self._folder, self._facts, threads=1)


#: What the ranker's graph is given, and what it gives.
RANKER_INPUT: Final = "told"
RANKER_OUTPUT: Final = "ends"


class OnnxRanker:
    """The region ranker of an export; a Ranker. The graph is opened when it is first needed."""

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        self._folder, self._facts = folder, facts

    def __call__(self, told: Maps) -> Maps:
        """See Ranker."""
        (ends,) = self._session.run([RANKER_OUTPUT], {RANKER_INPUT: told})
        return np.asarray(ends, np.float32)

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return open_session(self._folder, self._facts, threads=1)
