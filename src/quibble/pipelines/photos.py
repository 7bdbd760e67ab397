"""The photographs that a data set is built from: which there are, their splits, licences, pixels and regions."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.errors import ArgumentError, ImageError, MissingExtraError
from quibble.image import load
from quibble.pipelines.maps import open_maps
from quibble.pipelines.regions import Piece, cut, segment
from quibble.pipelines.visibility import Patch

try:
    import cv2
except ImportError as error:
    raise MissingExtraError("opencv-python-headless", "data") from error

SUFFIXES: Final = frozenset((".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif"))
#: A folder of this name beside the photographs holds label maps.
MAPS_FOLDER: Final = "mask"
MANIFEST: Final = "manifest.csv"
#: A photograph of a shorter side than this has no room for regions.
LEAST_SIDE: Final = 128


@dataclass(frozen=True, kw_only=True, eq=False)
class Photo:
    """A photograph at its working size, (H, W, 3) uint8, with its usable regions, the largest first.

    rest: its other parts that have a name, and could be meant by it.
    """

    name: str
    sha256: str
    image: NDArray[np.uint8]
    pieces: tuple[Piece, ...]
    rest: tuple[Piece, ...] = ()
    _patches: dict[Piece, Patch] = field(default_factory=dict)

    @cached_property
    def whole(self) -> Piece:
        """The whole picture as a region."""
        return Piece(array=np.ones(self.image.shape[:2], bool))

    def patch(self, piece: Piece) -> Patch:
        """A piece of this photograph as it is before any distortion; kept, for it is looked at often."""
        if piece not in self._patches:
            self._patches[piece] = Patch(self.image[piece.window], piece.array[piece.window])
        return self._patches[piece]


class Photos:
    """The photographs below a folder, in the order of their paths.

    A file `manifest.csv` in the folder may give their licences: its column `file` holds a photograph's path below the
    folder or its name alone, its column `licence` any text; other columns are left alone. Label maps are those at
    `maps`, or in the folder `mask` if there is one; a photograph without one is segmented. Raises ArgumentError if
    there is no photograph or the manifest lacks a column.
    """

    def __init__(
        self, folder: str | os.PathLike[str], *, maps: str | os.PathLike[str] | None = None, long_side: int
    ) -> None:
        self.folder = Path(folder)
        self.long_side = long_side
        self.names = _list(self.folder)
        self._licences = _licences(self.folder / MANIFEST)
        place = Path(maps) if maps is not None else self.folder / MAPS_FOLDER
        self._place = place if maps is not None or place.is_dir() else None
        self._maps = open_maps(place, [Path(name).name for name in self.names]) if self._place else None
        self.get = lru_cache(maxsize=4)(self._get)

    def licence(self, name: str) -> str | None:
        """What the manifest says of a photograph."""
        return self._licences.get(name) or self._licences.get(Path(name).name)

    def plain(self, name: str) -> Photo | str:
        """A photograph without its regions, unless label maps give them, or why it cannot be used."""
        return self._get(name, segmented=False)

    def fingerprint(self) -> str:
        """A hash of the names and sizes in bytes of photographs and label maps, to tell other ones from these."""
        files = [(name, self.folder / name) for name in self.names]
        if self._place is not None:
            maps = sorted(self._place.iterdir()) if self._place.is_dir() else [self._place]
            files += [(path.name, path) for path in maps]
        listed = "\n".join(f"{name} {path.stat().st_size}" for name, path in files)
        return hashlib.sha256(listed.encode()).hexdigest()

    def _get(self, name: str, *, segmented: bool = True) -> Photo | str:
        """A photograph, or why it cannot be used. The last few are kept: a photograph's records follow each other."""
        try:
            data = (self.folder / name).read_bytes()
            original = load(data)
        except OSError as error:
            return f"unreadable photograph ({error.strerror})"
        except ImageError:
            return "unreadable photograph"
        image = fit(original, self.long_side)
        if min(image.shape[:2]) < LEAST_SIDE:
            return f"photograph smaller than {LEAST_SIDE} pixels"
        try:
            label_map = self._maps.find(Path(name).name) if self._maps is not None else None
        except ArgumentError:
            return "unreadable label map"
        digest = hashlib.sha256(data).hexdigest()
        if label_map is None and not segmented:
            return Photo(name=name, sha256=digest, image=image, pieces=())
        if label_map is None:
            label_map = segment(image)
        elif label_map.labels.shape != original.shape[:2]:
            return "label map of another size than its photograph"
        else:
            label_map = label_map.resized(*image.shape[:2])
        found = cut(label_map)
        return Photo(name=name, sha256=digest, image=image, pieces=found.pieces, rest=found.rest)


def fit(image: NDArray[np.uint8], long_side: int) -> NDArray[np.uint8]:
    """A picture made smaller, by the means of areas, until its long side is at most `long_side`; never larger."""
    height, width = image.shape[:2]
    scale = long_side / max(height, width)
    return (
        image if scale >= 1 else resize(image, width=max(1, round(width * scale)), height=max(1, round(height * scale)))
    )


def resize(image: NDArray[np.uint8], *, width: int, height: int) -> NDArray[np.uint8]:
    """A picture at a smaller size, as `fit` makes it."""
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def split_of(sha256: str, *, val: float, test: float) -> str:
    """ "train", "val" or "test", by the hash of the photograph alone, so that it is the same in every data set."""
    place = int(sha256[:12], 16) / 16**12
    return "test" if place < test else "val" if place < test + val else "train"


def _list(folder: Path) -> tuple[str, ...]:
    if not folder.is_dir():
        raise ArgumentError(f"expected a folder of photographs, found {folder}, which is none")
    names = []
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        shown = not any(part.startswith(".") for part in parts) and MAPS_FOLDER not in parts[:-1]
        if shown and path.suffix.lower() in SUFFIXES and path.is_file():
            names.append("/".join(parts))
    if not names:
        raise ArgumentError(f"found no photographs in {folder}; expected files ending in {', '.join(sorted(SUFFIXES))}")
    return tuple(sorted(names))


def _licences(file: Path) -> Mapping[str, str]:
    if not file.is_file():
        return {}
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            rows = csv.DictReader(stream)
            missing = {"file", "licence"} - set(rows.fieldnames or ())
            if missing:
                raise ArgumentError(f"{file}: expected the columns file and licence, missing {sorted(missing)}")
            return {row["file"]: row["licence"] for row in rows if row["licence"]}
    except (csv.Error, UnicodeDecodeError) as error:
        raise ArgumentError(f"{file}: cannot be read as CSV ({error})") from error
