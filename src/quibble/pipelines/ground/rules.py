"""The stand-in's rules for this pipeline: the text says what to look for, quibble's own model and the pixels where."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quibble.errors import MissingExtraError
from quibble.experts.language_model import Request
from quibble.experts.reading import Remark, read
from quibble.experts.stand_in import Means, Rule
from quibble.experts.worded_regions import WordedRegions
from quibble.geometry import Mask
from quibble.image import ImageArray, load
from quibble.pipelines.ground.marks import Mark
from quibble.pipelines.ground.named import class_of
from quibble.pipelines.ground.prompts import LABEL
from quibble.results import Finding
from quibble.taxonomy import QGroundClass, qground_class

try:
    import cv2
except ImportError as error:
    raise MissingExtraError("opencv-python-headless", "data") from error

#: A part has what a finding covers so much of, and lies on a side on which so much of it lies.
_COVERED: Final = 0.5
_ASIDE: Final = 0.6
#: Nouns that mean a place and no thing.
_PARTS: Final = frozenset(("region", "area", "part", "side", "corner", "half", "edge", "patch", "zone", "section"))
_SIDE: Final = re.compile(r"\b(left|right|top|bottom|upper|lower)\b")

_DETECTOR: Final = WordedRegions()

Parts = Mapping[int, NDArray[np.bool_]]


def label(request: Request, means: Means) -> dict[str, Any]:
    """What the text finds fault with, on the parts that it means.

    On all parts, if it speaks of the whole picture. Else on those, at the thing or the place named, where the bundled
    model finds the same; if it finds it nowhere there, on all parts of the thing, or on the one part at the place whose
    pixels show it most.
    """
    marks: Sequence[Mark] = request.facts["marks"]
    parts = {mark.number: mark.mask.to_array() for mark in marks}
    found: dict[int, set[QGroundClass]] = {number: set() for number in parts}
    for remark in read(request.facts["quality"]).defects:
        name = class_of(remark)
        if name is not None:
            for number in _meant(parts, remark, name, request, means):
                found[number].add(name)
    return {
        "marks": [
            {"mark": number, "distortions": [name.value for name in QGroundClass if name in names]}
            for number, names in found.items()
        ]
    }


def _meant(parts: Parts, remark: Remark, name: QGroundClass, request: Request, means: Means) -> list[int]:
    """The parts that a remark on a class speaks of."""
    if not remark.partial:
        return list(parts)
    picture = request.pictures[0]
    findings = [finding for finding in means.look(picture).findings if _alike(finding, name)]
    thing = remark.subject is not None and remark.subject.split()[-1] not in _PARTS
    sides = _sides(remark)
    if thing:
        at_place = _at_thing(parts, remark, load(picture))
    else:
        at_place = {number: part for number, part in parts.items() if all(_lies(part, side) for side in sides)}
    seen = [number for number, part in at_place.items() if any(_covers(finding, part) for finding in findings)]
    if seen or thing or not sides or not at_place:
        return seen or (list(at_place) if thing else [])
    shown = _evidence(load(picture), name)
    return [max(at_place, key=lambda number: float(shown(at_place[number])))]


def _at_thing(parts: Parts, remark: Remark, rgb: ImageArray) -> Parts:
    """The parts where the stand-in for a detector finds what a remark names."""
    found = _DETECTOR.find(rgb, f"{remark.subject} {remark.place or ''}")
    boxes = [Mask.from_box(found[0].box, width=rgb.shape[1], height=rgb.shape[0]).to_array()] if found else []
    return {
        number: part
        for number, part in parts.items()
        if any(np.count_nonzero(box & part) >= _ASIDE * np.count_nonzero(part) for box in boxes)
    }


def _sides(remark: Remark) -> frozenset[str]:
    """The sides of the picture that a remark names; those of "the top left region", but not of "the left hand"."""
    subject = remark.subject or ""
    words = f"{remark.place or ''} {subject if subject.split()[-1:] and subject.split()[-1] in _PARTS else ''}"
    return frozenset({"upper": "top", "lower": "bottom"}.get(side, side) for side in _SIDE.findall(words.lower()))


def _lies(part: NDArray[np.bool_], side: str) -> bool:
    height, width = part.shape
    half = {
        "left": part[:, : width // 2],
        "right": part[:, width // 2 :],
        "top": part[: height // 2],
        "bottom": part[height // 2 :],
    }[side]
    return bool(np.count_nonzero(half) >= _ASIDE * np.count_nonzero(part))


def _alike(finding: Finding, name: QGroundClass) -> bool:
    found = qground_class(finding.distortion or finding.category)
    # The bundled model cannot always tell a movement from a lens out of focus.
    blurs = {QGroundClass.BLUR, QGroundClass.JITTER}
    return found is name or (found in blurs and name in blurs)


def _covers(finding: Finding, part: NDArray[np.bool_]) -> bool:
    return bool(np.count_nonzero(finding.mask.to_array() & part) >= _COVERED * np.count_nonzero(part))


def _evidence(rgb: ImageArray, name: QGroundClass) -> Any:
    """How much the pixels of a part look like a class: part -> number, to be compared within the picture only."""
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    if name is QGroundClass.LOW_LIGHT:
        return lambda part: -luma[part].mean()
    if name is QGroundClass.OVEREXPOSURE:
        return lambda part: luma[part].mean()
    fine = np.abs(luma - cv2.GaussianBlur(luma, (0, 0), 1.0))
    if name is QGroundClass.NOISE:
        return lambda part: fine[part].mean()
    return lambda part: -fine[part].mean() / (5 + luma[part].std())


RULES: Final[Mapping[str, Rule]] = {LABEL: label}
