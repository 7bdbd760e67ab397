"""Label maps on disk: a PNG or a BSDS .mat a photograph, or a COCO file of panoptic segments or instances."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from quibble.data.formats import coco
from quibble.data.record import RegionEntry
from quibble.errors import ArgumentError, MissingExtraError
from quibble.pipelines.regions import LabelMap, Labels


class Maps(Protocol):
    """Label maps of photographs by their file's name."""

    def find(self, name: str) -> LabelMap | None:
        """The label map of a photograph, given its file's name without folders; None if there is none.

        Raises ArgumentError for one that cannot be read.
        """


def open_maps(path: str | os.PathLike[str], names: Collection[str]) -> Maps:
    """The label maps at a path, for photographs with these file names.

    A folder holds STEM.png (8 or 16 bit: one value a region; color: the number that panoptic maps write as R + 256 G +
    65536 B) or STEM.mat (BSDS). A .json file holds COCO instances, or panoptic segments whose PNG files lie in the
    folder of the same name without .json. Raises ArgumentError if it is neither, or if two photographs of the
    same name would share a map; RecordError for a malformed COCO file.
    """
    place = Path(path)
    if place.is_dir():
        return _Folder(place, names)
    if not place.is_file() or place.suffix.lower() != ".json":
        raise ArgumentError(f"label maps are a folder of .png or .mat files, or a COCO .json file; found {place}")
    return _Panoptic(place, names) if _is_panoptic(place) else _Instances(place, names)


class _Folder:
    """PNG and .mat label maps by the photograph's stem."""

    def __init__(self, folder: Path, names: Collection[str]) -> None:
        self._files = {file.stem: file for file in sorted(folder.iterdir()) if file.suffix.lower() in (".png", ".mat")}
        _refuse_twins([Path(name).stem for name in names if Path(name).stem in self._files])

    def find(self, name: str) -> LabelMap | None:
        file = self._files.get(Path(name).stem)
        if file is None:
            return None
        return LabelMap(labels=_read_png(file) if file.suffix.lower() == ".png" else _read_mat(file))


class _Panoptic:
    """COCO panoptic segments: pixels without a segment are 0."""

    def __init__(self, file: Path, names: Collection[str]) -> None:
        data = _parse(file)
        wanted = set(names)
        try:
            images = {image["id"]: image["file_name"].rpartition("/")[2] for image in data["images"]}
            labels = {category["id"]: str(category["name"]) for category in data["categories"]}
            self._segments: dict[str, tuple[str, dict[int, str]]] = {
                images[item["image_id"]]: (
                    item["file_name"],
                    {segment["id"]: labels[segment["category_id"]] for segment in item["segments_info"]},
                )
                for item in data["annotations"]
                if images[item["image_id"]] in wanted
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise ArgumentError(f"{file}: expected COCO panoptic annotations, found no usable {error}") from error
        _refuse_twins([name for name in names if name in self._segments])
        self._folder = file.with_suffix("")

    def find(self, name: str) -> LabelMap | None:
        if name not in self._segments:
            return None
        file, labels = self._segments[name]
        return LabelMap(labels=_read_png(self._folder / file), names=labels, unlabelled=frozenset({0}))


class _Instances:
    """COCO instances, with the smaller one on top where two overlap; pixels without one are 0."""

    def __init__(self, file: Path, names: Collection[str]) -> None:
        wanted = set(names)
        self._regions: dict[str, tuple[RegionEntry, ...]] = {}
        for record in coco.read(file):
            name = record.images[0].file.rpartition("/")[2]
            masked = tuple(region for region in record.regions if region.mask is not None)
            if name in wanted and masked:
                self._regions[name] = masked
        _refuse_twins([name for name in names if name in self._regions])

    def find(self, name: str) -> LabelMap | None:
        regions = self._regions.get(name)
        if regions is None:
            return None
        masks = [region.mask for region in regions if region.mask is not None]
        labels = np.zeros((masks[0].height, masks[0].width), np.int32)
        order = sorted(range(len(masks)), key=lambda index: -masks[index].area)
        for index in order:
            labels[masks[index].to_array()] = index + 1
        known = {index + 1: region.label for index, region in enumerate(regions) if region.label is not None}
        return LabelMap(labels=labels, names=known, unlabelled=frozenset({0}))


def _is_panoptic(file: Path) -> bool:
    """Whether a COCO file speaks of segments, from its first million bytes, for the whole may be large."""
    with file.open("rb") as stream:
        return b'"segments_info"' in stream.read(1_000_000) or b'"segments_info"' in stream.read()


def _parse(file: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(file.read_bytes())
    except (ValueError, OSError) as error:
        raise ArgumentError(f"{file}: cannot be read as JSON ({error})") from error
    if not isinstance(data, dict):
        raise ArgumentError(f"{file}: expected a JSON object, found {type(data).__name__}")
    return data


def _read_png(file: Path) -> Labels:
    try:
        with Image.open(file) as image:
            array = np.asarray(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ArgumentError(f"{file}: a label map that cannot be read ({error})") from error
    if array.ndim == 3 and array.shape[2] >= 3:
        return array[..., :3].astype(np.int32) @ np.array([1, 256, 65536], np.int32)
    if array.ndim == 2 and array.dtype.kind in "uib":
        return array.astype(np.int32)
    raise ArgumentError(f"{file}: a label map has one whole number a pixel, found {array.dtype} {array.shape}")


def _read_mat(file: Path) -> Labels:
    """Of the people who segmented a BSDS photograph, the one with the middle number of regions."""
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise MissingExtraError("scipy", "data") from error
    try:
        people = loadmat(file)["groundTruth"].reshape(-1)
        maps = [np.asarray(person["Segmentation"][0, 0], dtype=np.int32) for person in people]
    except (KeyError, ValueError, TypeError, IndexError, NotImplementedError, OSError) as error:
        raise ArgumentError(f"{file}: expected a BSDS file with 'groundTruth', found none ({error})") from error
    ranked = sorted(maps, key=lambda labels: len(np.unique(labels)))
    return ranked[(len(ranked) - 1) // 2]


def _refuse_twins(found: list[str]) -> None:
    counts: dict[str, int] = defaultdict(int)
    for name in found:
        counts[name] += 1
    if twins := [name for name, count in counts.items() if count > 1]:
        raise ArgumentError(f"{len(twins)} label maps belong to two photographs of the same name, such as {twins[0]!r}")
