"""Weights on disk: a folder with a manifest and the file it names, checked before it is run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import onnxruntime

from quibble.errors import ModelError

NANO: Final = Path(__file__).parent.parent / "weights" / "nano"


def read_manifest(folder: Path, needed: Iterable[str]) -> dict[str, Any]:
    """manifest.json of a folder. Raises ModelError if it lacks file, name, sha256 or one of `needed`, or is missing."""
    path = folder / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"no model in {folder}: manifest.json cannot be read ({error})") from error
    missing = {"file", "sha256", "name", *needed} - set(manifest)
    if missing:
        raise ModelError(f"{path} lacks {', '.join(sorted(missing))}")
    return manifest


def open_session(folder: Path, manifest: dict[str, Any], *, threads: int) -> onnxruntime.InferenceSession:
    """The manifest's ONNX file, ready to run on the CPU. threads: 0 takes all cores.

    Raises ModelError if the file is missing or not the one the manifest was written for.
    """
    weights = folder / manifest["file"]
    try:
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"cannot read the weights {weights}: {error.strerror}; reinstall quibble") from error
    if digest != manifest["sha256"]:
        raise ModelError(f"the weights {weights} are damaged (their hash is not the manifest's); reinstall quibble")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(weights), sess_options=options, providers=["CPUExecutionProvider"])
