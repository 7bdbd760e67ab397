"""The default backend: ONNX Runtime on the CPU, weights from the package, nothing downloaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from quibble.backends.base import OUTPUTS, Calibration, Evidence, evidence
from quibble.errors import ModelError

NANO: Final = Path(__file__).parent.parent / "weights" / "nano"
#: Views of one size are run together, this many at a time: more only costs memory on a CPU.
_BATCH: Final = 4


class OnnxPerception:
    """The vision half of nano, or another export of the same form, from a folder with model and manifest.

    threads: 0 lets ONNX Runtime take all cores. Raises ModelError if files are missing or damaged.
    """

    def __init__(self, folder: Path = NANO, *, threads: int = 0) -> None:
        self.manifest = _read_manifest(folder)
        weights = folder / self.manifest["file"]
        self._check(weights)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(weights), sess_options=options, providers=["CPUExecutionProvider"]
        )
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

    def perceive(self, views: Sequence[NDArray[np.uint8]]) -> list[Evidence]:
        """See PerceptionBackend."""
        found: list[Evidence | None] = [None] * len(views)
        by_size: dict[tuple[int, ...], list[int]] = {}
        for i, v in enumerate(views):
            by_size.setdefault(v.shape, []).append(i)
        for (height, width, _), numbers in by_size.items():
            for start in range(0, len(numbers), _BATCH):
                group = numbers[start : start + _BATCH]
                outputs = self._session.run(list(OUTPUTS), {"image": np.stack([views[i] for i in group])})
                for row, i in enumerate(group):
                    found[i] = evidence([output[row] for output in outputs], width, height)
        return [seen for seen in found if seen is not None]

    def _check(self, weights: Path) -> None:
        try:
            digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        except OSError as error:
            raise ModelError(f"cannot read the weights {weights}: {error.strerror}; reinstall quibble") from error
        if digest != self.manifest["sha256"]:
            raise ModelError(f"the weights {weights} are damaged (their hash is not the manifest's); reinstall quibble")


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"no model in {folder}: manifest.json cannot be read ({error})") from error
    missing = {"file", "sha256", "name", "calibration"} - set(manifest)
    if missing:
        raise ModelError(f"{path} lacks {', '.join(sorted(missing))}")
    return manifest
