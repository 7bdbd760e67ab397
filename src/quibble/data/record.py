"""The record: pictures, questions and answers about them, the regions they speak of, and where all of it is from.

A record checks itself when it is made, so a `Record` that exists is sound as far as it can be without its
pictures; `quibble.data.check` looks at those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from quibble.data.fields import JSON, LARGEST_WHOLE, Faults, Node, Reader, check_json, check_text, found, plain
from quibble.data.maker import Maker, read_maker
from quibble.degradation import Degradation
from quibble.errors import ArgumentError, RecordError
from quibble.geometry import Box, Mask, Region

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Role(StrEnum):
    """What a picture is in its record. Only SINGLE, a picture in no set relation to others, may occur repeatedly."""

    SINGLE = "single"
    REFERENCE = "reference"
    A = "A"
    B = "B"


@dataclass(frozen=True, kw_only=True)
class ImageEntry:
    """A picture of a record. Raises RecordError for a path that leaves the data set or an impossible size.

    file: POSIX path relative to the data set's folder. width, height: pixels after EXIF orientation.
    sha256: of the file's bytes, lower-case hexadecimal.
    """

    role: Role
    file: str
    width: int
    height: int
    sha256: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "role", _role(self.role))
        check_path(self.file, "file")
        for name, value in (("width", self.width), ("height", self.height)):
            if value < 1:
                raise RecordError(f"expected at least 1 pixel, found {value}", field=name)
        _check_sha256(self.sha256, "sha256")

    def to_dict(self) -> dict[str, Any]:
        size = {"width": int(self.width), "height": int(self.height)}
        return {"role": self.role.value, "file": self.file, **size, **_compact(sha256=self.sha256)}


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A question and its answer.

    regions: which of the record's regions the answer is about, in the order mentioned, each once. An empty answer
    is one still to be given; an empty question is text without a prompt. Raises RecordError if both are empty.
    """

    question: str
    answer: str
    regions: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "regions", tuple(self.regions))
        check_text(self.question, "question", empty=bool(self.answer))
        check_text(self.answer, "answer", empty=True)
        if len(set(self.regions)) != len(self.regions):
            raise RecordError(f"expected each region once, found {list(self.regions)}", field="regions")

    def to_dict(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "answer": self.answer,
            **_compact(regions=[int(index) for index in self.regions]),
        }


@dataclass(frozen=True, kw_only=True)
class RegionEntry:
    """A part of one picture: a mask, a box or both, what is there, and the distortions applied there, in order.

    image: which of the record's pictures, from 0. Raises RecordError without mask and box or with an empty mask.
    """

    image: int
    mask: Mask | None = None
    box: Box | None = None
    label: str | None = None
    degradations: tuple[Degradation, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "degradations", tuple(self.degradations))
        if self.mask is None and self.box is None:
            raise RecordError("expected a mask or a box, found neither")
        if self.mask is not None and not self.mask.area:
            raise RecordError("expected a mask with at least one pixel, found an empty one", field="mask")
        if self.label is not None:
            check_text(self.label, "label")

    @property
    def region(self) -> Region:
        """The same place as the core's type."""
        return Region(mask=self.mask, box=self.box, label=self.label)

    def to_dict(self) -> dict[str, Any]:
        return {
            "image": int(self.image),
            **_compact(
                mask=self.mask.to_coco() if self.mask is not None else None,
                box=[plain(c) for c in self.box.to_list()] if self.box is not None else None,
                label=self.label,
                degradations=[_degradation_dict(degradation) for degradation in self.degradations],
            ),
        }


@dataclass(frozen=True, kw_only=True)
class Record:
    """One example of a data set. Raises RecordError naming the field of the first thing that does not fit.

    score: 0 (bad) to 100 (excellent). source: the photograph it was made from, and its file's hash. split: such as
    "train". licence: of the pictures, in words or as an SPDX name. seed: whole, below 2**53. makers: who made which
    part of it, where models or people did. extra: any JSON.
    Only the last turn may lack its answer and only the first its question.
    """

    id: str
    task: str
    images: tuple[ImageEntry, ...]
    turns: tuple[Turn, ...]
    regions: tuple[RegionEntry, ...] = ()
    score: float | None = None
    source: str | None = None
    source_sha256: str | None = None
    split: str | None = None
    licence: str | None = None
    seed: int | None = None
    makers: tuple[Maker, ...] = ()
    extra: Mapping[str, JSON] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for name in ("images", "turns", "regions", "makers"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("id", "task"):
            check_text(getattr(self, name), name)
        for name in ("source", "split", "licence"):
            if getattr(self, name) is not None:
                check_text(getattr(self, name), name)
        _check_sha256(self.source_sha256, "source_sha256")
        if self.score is not None and not 0 <= self.score <= 100:
            raise RecordError(f"expected a score in 0..100, found {self.score}", field="score")
        if self.seed is not None and not 0 <= self.seed <= LARGEST_WHOLE:
            raise RecordError(f"expected a seed in 0..2**53 - 1, found {self.seed}", field="seed")
        extra = {name: check_json(value, f"extra.{name}") for name, value in self.extra.items()}
        object.__setattr__(self, "extra", MappingProxyType(extra))
        for error in _disagreements(self.images, self.turns, self.regions):
            raise error

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON; fields that hold nothing are left out, and equal records give equal dicts."""
        return {
            "id": self.id,
            "task": self.task,
            "images": [image.to_dict() for image in self.images],
            "turns": [turn.to_dict() for turn in self.turns],
            **_compact(
                regions=[region.to_dict() for region in self.regions],
                score=plain(self.score) if self.score is not None else None,
                source=self.source,
                source_sha256=self.source_sha256,
                split=self.split,
                licence=self.licence,
                seed=int(self.seed) if self.seed is not None else None,
                makers=[maker.to_dict() for maker in self.makers],
                extra=dict(self.extra),
            ),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], file: str | None = None, line: int | None = None) -> Record:
        """The inverse of to_dict, strict. Raises RecordError naming file, line and field of the first fault."""
        try:
            return read_record(Node(data, file=file, line=line))
        except Faults as faults:
            raise faults.errors[0] from None

    def __reduce__(self) -> tuple[Any, ...]:
        # A MappingProxyType cannot be pickled, and records travel between worker processes.
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return _rebuild, (values | {"extra": dict(self.extra)},)


def read_record(node: Node) -> Record:
    """A record from JSON. Raises Faults with everything that is wrong."""
    values = node.read(_RECORD, _RECORD_OPTIONAL)
    parts = (values["images"], values["turns"], values.get("regions", ()))
    if errors := [node.located(error) for error in _disagreements(*parts)]:
        raise Faults(errors)
    try:
        return Record(**values)
    except RecordError as error:
        raise Faults([node.located(error)]) from error


def check_path(file: object, field: str) -> str:
    """The path, which must be POSIX, relative and stay below its folder. Raises RecordError otherwise."""
    text = check_text(file, field)
    parts = text.split("/")
    drive = re.match(r"[A-Za-z]:", text)
    if drive or "\\" in text or "\0" in text or any(part in ("", ".", "..") for part in parts):
        raise RecordError(
            f"expected a path below the data set's folder such as 'images/0001.png', with '/', found {found(text)}",
            field=field,
        )
    return text


def _disagreements(
    images: tuple[ImageEntry, ...], turns: tuple[Turn, ...], regions: tuple[RegionEntry, ...]
) -> Iterator[RecordError]:
    """Where the parts of a record do not fit each other."""
    yield from _role_faults(images)
    for index, region in enumerate(regions):
        where = f"regions[{index}]"
        if not 0 <= region.image < len(images):
            yield RecordError(
                f"expected the index of one of {len(images)} pictures, found {region.image}", field=f"{where}.image"
            )
            continue
        width, height = images[region.image].width, images[region.image].height
        mask, box = region.mask, region.box
        if mask is not None and (mask.width, mask.height) != (width, height):
            yield RecordError(
                f"expected a mask of {width} x {height} like its picture, found {mask.width} x {mask.height}",
                field=f"{where}.mask",
            )
        if box is not None and box.clip(width=width, height=height) != box:
            yield RecordError(
                f"expected a box inside its picture of {width} x {height}, found {box.to_list()}", field=f"{where}.box"
            )
    for index, turn in enumerate(turns):
        if not turn.answer and index != len(turns) - 1:
            yield RecordError("only the last turn may lack its answer", field=f"turns[{index}].answer")
        if not turn.question and index:
            yield RecordError("only the first turn may lack its question", field=f"turns[{index}].question")
        for position, region_index in enumerate(turn.regions):
            if not 0 <= region_index < len(regions):
                yield RecordError(
                    f"expected the index of one of {len(regions)} regions, found {region_index}",
                    field=f"turns[{index}].regions[{position}]",
                )


def _role_faults(images: tuple[ImageEntry, ...]) -> Iterator[RecordError]:
    roles = [image.role for image in images]
    for index, role in enumerate(roles):
        where = f"images[{index}].role"
        if role is not Role.SINGLE and role in roles[:index]:
            yield RecordError(f"expected '{role}' at most once", field=where)
        if role is Role.SINGLE and (Role.A in roles or Role.B in roles):
            yield RecordError("'single' does not go with 'A' and 'B'", field=where)
        if role is Role.REFERENCE and len(roles) == 1:
            yield RecordError("a reference needs a picture to be compared with", field=where)
    seen: dict[str, ImageEntry] = {}
    for index, image in enumerate(images):
        first = seen.setdefault(image.file, image)
        if (image.width, image.height, image.sha256) != (first.width, first.height, first.sha256):
            yield RecordError("is named twice with different sizes or hashes", field=f"images[{index}].file")


def _role(value: str) -> Role:
    try:
        return Role(value)
    except ValueError:
        raise RecordError(f"expected one of {', '.join(Role)}, found {found(value)}", field="role") from None


def _check_sha256(value: object, field: str) -> None:
    if value is not None and not (isinstance(value, str) and _SHA256.fullmatch(value)):
        raise RecordError(f"expected 64 lower-case hexadecimal digits, found {found(value)}", field=field)


def _compact(**members: Any) -> dict[str, Any]:
    """Without the fields that hold nothing: None, an empty list, an empty object."""
    return {name: value for name, value in members.items() if value is not None and value != [] and value != {}}


def _degradation_dict(degradation: Degradation) -> dict[str, Any]:
    return {
        "distortion": degradation.distortion.value,
        "level": plain(degradation.level),
        "parameters": {name: plain(value) for name, value in degradation.parameters.items()},
    }


def _rebuild(values: dict[str, Any]) -> Record:
    return Record(**values)


def read_mask(node: Node) -> Mask:
    """A mask from COCO's RLE, compressed or not. Raises Faults."""
    members = node.read({"size": lambda size: size.each(Node.whole), "counts": _read_counts}, {})
    try:
        return Mask.from_coco(members)
    except ArgumentError as error:
        raise Faults([node.located(error)]) from error


def _read_counts(node: Node) -> str | list[int]:
    return node.value if isinstance(node.value, str) else list(node.each(Node.whole))


def _read_box(node: Node) -> Box:
    try:
        return Box.from_list(node.each(Node.number))
    except ArgumentError as error:
        raise Faults([node.located(error)]) from error


def _read_degradation(node: Node) -> Degradation:
    values = node.read({"distortion": Node.text, "level": Node.number, "parameters": _read_parameters}, {})
    try:
        return Degradation.from_dict(values)
    except ArgumentError as error:
        raise Faults([node.located(error)]) from error


def _read_parameters(node: Node) -> dict[str, float]:
    return node.read({}, dict.fromkeys(node.members(), Node.number))


def _read_extra(node: Node) -> dict[str, Any]:
    node.members()
    return dict(node.value)


def _read_image(node: Node) -> ImageEntry:
    required: dict[str, Reader] = {"role": Node.text, "file": Node.text, "width": Node.whole, "height": Node.whole}
    return node.build(ImageEntry, required, {"sha256": Node.text})


def _read_turn(node: Node) -> Turn:
    required: dict[str, Reader] = {"question": Node.text, "answer": Node.text}
    return node.build(Turn, required, {"regions": lambda regions: regions.each(Node.whole)})


def _read_region(node: Node) -> RegionEntry:
    optional: dict[str, Reader] = {
        "mask": read_mask,
        "box": _read_box,
        "label": Node.text,
        "degradations": lambda degradations: degradations.each(_read_degradation),
    }
    return node.build(RegionEntry, {"image": Node.whole}, optional)


_RECORD: Final[Mapping[str, Reader]] = {
    "id": Node.text,
    "task": Node.text,
    "images": lambda images: images.each(_read_image),
    "turns": lambda turns: turns.each(_read_turn),
}
_RECORD_OPTIONAL: Final[Mapping[str, Reader]] = {
    "regions": lambda regions: regions.each(_read_region),
    "score": Node.number,
    "source": Node.text,
    "source_sha256": Node.text,
    "split": Node.text,
    "licence": Node.text,
    "seed": Node.whole,
    "makers": lambda makers: makers.each(read_maker),
    "extra": _read_extra,
}
