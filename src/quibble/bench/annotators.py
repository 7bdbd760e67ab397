"""Masks that several annotators drew of the same pictures, from a file."""

from __future__ import annotations

import os
from typing import Final

from quibble.bench.objects import NAMES, pick, read_objects
from quibble.errors import ArgumentError, RecordError
from quibble.geometry import Mask

#: What a mask is called in such files; the first one counts.
MASKS: Final = ("mask", "segmentation")


def read_annotations(path: str | os.PathLike[str]) -> list[list[Mask]]:
    """The masks of each picture, pictures in the order of their first.

    An object of the file is one mask of one annotator: the picture's name, and a COCO RLE as "mask" or "segmentation".
    Raises RecordError for another form.
    """
    pictures: dict[str, list[Mask]] = {}
    for index, item in enumerate(read_objects(path)):
        name = str(pick(item, NAMES, file=str(path), index=index))
        try:
            mask = Mask.from_coco(pick(item, MASKS, file=str(path), index=index))
        except ArgumentError as error:
            raise RecordError(f"the mask of item {index} is malformed: {error}", file=str(path)) from error
        pictures.setdefault(name, []).append(mask)
    return list(pictures.values())
