"""Know the pictures of evaluation sets again, so that no data for training is made of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.data import samples
from quibble.errors import ArgumentError
from quibble.image import Source, load
from quibble.pipelines.photos import SUFFIXES

#: Side of the grid whose neighbours are compared: 240 bits.
_SIDE: Final = 16
#: So many bits of two pictures may differ if they are one. Of 300 photographs made a third as large and saved as JPEG
#: of quality 30, half differed in 10 bits and the furthest in 39; of 2.2 million pairs of different ones, the nearest
#: in 48.
SAME_BITS: Final = 42
#: Bits where neighbours are nearly equal say nothing; a picture with more such bits is known by its bytes alone.
_FLAT: Final = 2.0
_MOST_FLAT: Final = 120


class Evaluation:
    """The pictures of evaluation sets. It knows one by its bytes, and by its look when it was resized or saved again.

    What it does not know again is a cropped, mirrored or heavily distorted version. Raises ArgumentError for a place
    that holds neither pictures nor a data set.
    """

    def __init__(self, places: Iterable[str | os.PathLike[str]]) -> None:
        self._hashes: dict[str, str] = {}
        self._names: list[str] = []
        looks = []
        for place in places:
            for name, picture in _pictures(Path(place)):
                data = picture if isinstance(picture, bytes) else picture.read_bytes()
                self._hashes[hashlib.sha256(data).hexdigest()] = name
                look = look_of(data)
                if look is not None:
                    looks.append(look)
                    self._names.append(name)
        self._looks = np.stack(looks) if looks else np.zeros((0, _SIDE * (_SIDE - 1)), bool)

    def __len__(self) -> int:
        return len(self._hashes)

    def find(self, data: bytes) -> str | None:
        """The name of the evaluation set's picture that these bytes of a file are, or None. Raises ImageError."""
        if name := self._hashes.get(hashlib.sha256(data).hexdigest()):
            return name
        look = look_of(data) if self._names else None
        if look is None:
            return None
        bits = (self._looks != look).sum(axis=1)
        nearest = int(bits.argmin())
        return self._names[nearest] if bits[nearest] <= SAME_BITS else None

    def fingerprint(self) -> str:
        """A hash of all, to tell other sets from these."""
        return hashlib.sha256("\n".join(sorted(self._hashes)).encode()).hexdigest()


def look_of(picture: Source) -> NDArray[np.bool_] | None:
    """Where a picture gets brighter from left to right, on a coarse grid. -> (240,) bool, None for a flat picture."""
    grey = Image.fromarray(load(picture)).convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    steps = np.diff(np.asarray(grey, np.float64), axis=1)
    return None if (np.abs(steps) < _FLAT).sum() > _MOST_FLAT else (steps > 0).ravel()


def _pictures(place: Path) -> Iterable[tuple[str, Path | bytes]]:
    if place.is_file() and place.suffix.lower() in SUFFIXES:
        return [(place.name, place)]
    if not place.is_dir():
        raise ArgumentError(f"expected a picture, a folder of pictures or a data set, found nothing such at {place}")
    if any(place.glob("records*.jsonl")) or any(place.glob("*.parquet")):
        return (
            (image.file, picture)
            for sample in samples(place)
            for image, picture in zip(sample.record.images, sample.pictures, strict=True)
        )
    found = [path for path in sorted(place.rglob("*")) if path.suffix.lower() in SUFFIXES and path.is_file()]
    if not found:
        raise ArgumentError(f"found no pictures in {place}; expected files ending in {', '.join(sorted(SUFFIXES))}")
    return ((str(path.relative_to(place)), path) for path in found)
