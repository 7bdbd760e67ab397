"""Photographs decoded once into one file that every worker maps into memory."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.uint8]


class Bank:
    """Decoded pictures by number. Safe to send to worker processes: each maps the file for itself."""

    def __init__(self, data: Path, shapes: list[tuple[int, int, int]], offsets: list[int]) -> None:
        self._data, self._shapes, self._offsets = data, shapes, offsets
        self._map: np.memmap[Any, np.dtype[np.uint8]] | None = None

    @classmethod
    def build(cls, files: Sequence[Path], cache: Path, *, mode: str = "RGB") -> Bank:
        """Decode the files, or take what an earlier run decoded from the same files.

        mode: "RGB" gives (H, W, 3), "P" the indices of a label map as (H, W, 1).
        """
        stamp = [f"{f}:{f.stat().st_size}:{f.stat().st_mtime_ns}" for f in files]
        key = hashlib.sha256(json.dumps([mode, *stamp]).encode()).hexdigest()[:16]
        data, index = cache / f"{key}.bin", cache / f"{key}.json"
        if not index.exists():
            cache.mkdir(parents=True, exist_ok=True)
            cls._write(files, data, index, mode)
        found = json.loads(index.read_text())
        return cls(data, [tuple(shape) for shape in found["shapes"]], found["offsets"])

    @staticmethod
    def _write(files: Sequence[Path], data: Path, index: Path, mode: str) -> None:
        shapes, offsets, at = [], [], 0
        temporary = data.with_suffix(f".{os.getpid()}.tmp")
        with temporary.open("wb") as out:
            for file in files:
                with Image.open(file) as picture:
                    array = np.asarray(picture.convert("RGB") if mode == "RGB" else picture, dtype=np.uint8)
                array = array.reshape(*array.shape[:2], -1)
                out.write(array.tobytes())
                shapes.append(array.shape)
                offsets.append(at)
                at += array.size
        temporary.replace(data)
        index.write_text(json.dumps({"shapes": shapes, "offsets": offsets}))

    def __len__(self) -> int:
        return len(self._shapes)

    def __getitem__(self, i: int) -> Array:
        """(H, W, C), a view that must not be written to."""
        if self._map is None:
            self._map = np.memmap(self._data, dtype=np.uint8, mode="r")
        at, shape = self._offsets[i], self._shapes[i]
        return self._map[at : at + int(np.prod(shape))].reshape(shape)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_map": None}
