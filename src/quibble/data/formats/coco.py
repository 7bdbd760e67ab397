"""COCO's annotations: one object with the arrays images, annotations and categories.

Written: an entry of `images` for each picture of each record, an annotation for each region, a category for each
label. A mask is compressed RLE with iscrowd 1; a region that is only a box has the box as its polygon, so that
pycocotools can draw everything. Read, beside that: polygons and uncompressed RLE, and the names of panoptic
categories without their endings. What COCO has no place for is under `quibble` in the image or annotation.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

from quibble.data.fields import Faults, Node, dumps, loads
from quibble.data.files import atomic_writer
from quibble.data.formats.conversation import KEY, identity
from quibble.data.places import fill_polygons, inside
from quibble.data.record import Record, RegionEntry, Role, check_path, read_mask, read_record
from quibble.data.stream import read_object
from quibble.errors import ArgumentError, RecordError
from quibble.geometry import Box, Mask

#: The task of records from COCO files that quibble did not write.
TASK: Final = "regions"

#: The category of a region without a label.
UNNAMED: Final = "region"

_ENDINGS: Final = ("-merged", "-other", "-stuff")
_IMAGE: Final = ("id", "file_name", "width", "height")
_ANNOTATION: Final = ("image_id", "category_id", "segmentation", "bbox", "area")


def write(records: Iterable[Record], path: str | os.PathLike[str]) -> int:
    """Write records and return how many. The file appears complete or not at all.

    Raises RecordError for a record without pictures: COCO has no place for it.
    """
    count = 0
    categories: dict[str, int] = {}
    # Annotations come after all images, so they wait in a file of their own until those are written.
    with atomic_writer(path) as file, TemporaryFile(dir=Path(path).parent) as waiting:
        images, annotations = _Array(file), _Array(waiting)
        file.write(b'{"info": {"description": "quibble"}, "images": [')
        for record in records:
            if not record.images:
                raise RecordError(f"record '{record.id}' has no pictures; a COCO file needs one", field="images")
            first = images.count + 1
            for index, entry in enumerate(_image_entries(record)):
                images.add({"id": first + index} | entry)
            for index, region in enumerate(record.regions):
                name = region.label if region.label is not None else UNNAMED
                category = categories.setdefault(name, len(categories) + 1)
                places = {"id": annotations.count + 1, "image_id": first + region.image, "category_id": category}
                annotations.add(places | _annotation(region, index))
            count += 1
        file.write(b'\n], "annotations": [')
        waiting.seek(0)
        shutil.copyfileobj(waiting, file)
        listed = [{"id": number, "name": name} for name, number in categories.items()]
        file.write(f'\n], "categories": {dumps(listed)}}}\n'.encode())
    return count


def read(path: str | os.PathLike[str]) -> Iterator[Record]:
    """Records picture by picture. Raises RecordError naming file, line and field at the first malformed one.

    COCO's annotations follow no order, so their text is held in memory, about as much as the file is large; images
    are streamed. A foreign picture becomes a record of the task TASK without turns. Its fields that have no other
    place go into extra["coco"].
    """
    try:
        categories, annotations = _index(path)
        images = (member.node for member in read_object(path) if member.key == "images")
        for node in images:
            yield _record(node, images, annotations, categories)
    except Faults as faults:
        raise faults.errors[0] from None
    if annotations:
        image, ((_, line, field), *_) = next(iter(annotations.items()))
        raise RecordError(
            f"expected the id of one of the images, found {image}", file=str(path), line=line, field=f"{field}.image_id"
        )


class _Array:
    """Items of a JSON array on their way into a file, one a line."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.count = 0

    def add(self, item: dict[str, Any]) -> None:
        self._file.write((",\n" if self.count else "\n").encode() + dumps(item).encode())
        self.count += 1


def _image_entries(record: Record) -> list[dict[str, Any]]:
    """The record's pictures; the first carries the record, the others say that they belong to it."""
    rest = record.to_dict() | {"regions": len(record.regions)}
    held = [("file", "file_name"), ("width", "width"), ("height", "height")]
    entries = [{theirs: image.pop(ours) for ours, theirs in held} for image in rest["images"]]
    entries[0][KEY] = rest
    for index, entry in enumerate(entries[1:], start=1):
        entry[KEY] = {"id": record.id, "picture": index}
    return entries


def _annotation(region: RegionEntry, index: int) -> dict[str, Any]:
    bounds = region.region.bounds
    corner, size = (bounds.x0, bounds.y0), (bounds.width, bounds.height)
    rest: dict[str, Any] = {"region": index}
    if region.box is None or Box.from_xywh(*corner, *size) != region.box:
        # Without a box of its own, or with one that a corner and a size cannot say exactly.
        rest["box"] = region.box.to_list() if region.box is not None else None
    if region.mask is None:
        rest["mask"] = None
    if region.label is None:
        rest["label"] = None
    if region.degradations:
        rest["degradations"] = region.to_dict()["degradations"]
    x0, y0, x1, y1 = bounds.to_list()
    return {
        "segmentation": region.mask.to_coco() if region.mask is not None else [[x0, y0, x1, y0, x1, y1, x0, y1]],
        "bbox": [*corner, *size],
        "area": region.mask.area if region.mask is not None else bounds.area,
        "iscrowd": int(region.mask is not None),
        KEY: rest,
    }


#: image id → its annotations as (text, line, field).
_Annotations = dict[int, list[tuple[str, int | None, str]]]


def _index(path: str | os.PathLike[str]) -> tuple[dict[int, str], _Annotations]:
    """Category names by id, and the text of each image's annotations. Raises Faults."""
    categories: dict[int, str] = {}
    annotations: _Annotations = defaultdict(list)
    for key, node, text in read_object(path):
        if key == "categories":
            members = _members(node, ("id", "name"))
            categories[members["id"].whole()] = members["name"].text()
        elif key == "annotations":
            image = _members(node, ("image_id", "category_id"))["image_id"].whole()
            annotations[image].append((text, node.line, node.field))
    return categories, dict(annotations)


def _members(node: Node, required: tuple[str, ...]) -> dict[str, Node]:
    members = node.members()
    for name in required:
        if name not in members:
            raise node.child(name, None).fault(f"is missing; expected are {', '.join(required)}")
    return members


def _record(node: Node, images: Iterator[Node], annotations: _Annotations, categories: dict[int, str]) -> Record:
    """The record that starts with an image; its further pictures, if quibble wrote it, are taken from `images`."""
    members = _members(node, _IMAGE)
    rest = members.get(KEY)
    if rest is None:
        return _foreign(node, members, _annotations_of(members, annotations, node), categories)
    own = _members(rest, ("id", "images", "regions"))
    entries = own["images"].each(Node.members)
    pictures: list[dict[str, Any]] = []
    regions: dict[int, dict[str, Any]] = {}
    for index, entry in enumerate(entries):
        if index:
            members = _next_picture(images, own["id"], index)
        picture = _picture(members)
        pictures.append({name: member.value for name, member in entry.items()} | picture)
        for item in _annotations_of(members, annotations, node):
            number, region = _own_region(item, picture, categories)
            if number in regions:
                raise item.fault(f"is region {number} of its record, as another annotation is")
            regions[number] = region | {"image": index}
    if sorted(regions) != list(range(own["regions"].whole())):
        raise own["regions"].fault(f"expected this many annotations, found those of regions {sorted(regions)}")
    data = {name: member.value for name, member in own.items()}
    data |= {"images": pictures, "regions": [regions[number] for number in sorted(regions)]}
    return read_record(Node(data, rest.field, rest.file, rest.line))


def _next_picture(images: Iterator[Node], record: Node, index: int) -> dict[str, Node]:
    node = next(images, None)
    if node is None:
        raise record.fault(f"expected picture {index} of record {record.value} after it, found the end of the images")
    members = _members(node, (*_IMAGE, KEY))
    if members[KEY].value != {"id": record.value, "picture": index}:
        raise members[KEY].expected(f"picture {index} of record {record.value}")
    return members


def _annotations_of(members: dict[str, Node], annotations: _Annotations, node: Node) -> list[Node]:
    texts = annotations.pop(members["id"].whole(), [])
    return [Node(loads(text, file=node.file, line=line), field, node.file, line) for text, line, field in texts]


def _picture(members: dict[str, Node]) -> dict[str, Any]:
    node = members["file_name"]
    try:
        file = check_path(node.text().removeprefix("./"), "")
    except RecordError as error:
        raise node.fault(error.reason) from error
    return {"file": file, "width": members["width"].whole(), "height": members["height"].whole()}


def _own_region(node: Node, picture: dict[str, Any], categories: dict[int, str]) -> tuple[int, dict[str, Any]]:
    """(its number in the record, the region) from an annotation that quibble wrote."""
    members = _members(node, ("category_id", KEY))
    own = _members(members[KEY], ("region",))
    region: dict[str, Any] = {"degradations": own["degradations"].value if "degradations" in own else []}
    mask, box = _place(members, picture)
    region["mask"] = mask.to_coco() if mask is not None and "mask" not in own else None
    region["box"] = own["box"].value if "box" in own else box
    region["label"] = None if "label" in own else _category(members["category_id"], categories)
    return own["region"].whole(), region


def _foreign(node: Node, members: dict[str, Node], items: list[Node], categories: dict[int, str]) -> Record:
    picture = _picture(members)
    regions: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for item in items:
        fields = item.members()
        mask, box = _place(fields, picture)
        if mask is None and box is None:
            raise item.fault("expected a bbox, or a segmentation with at least one pixel, found neither")
        label = _tidy(_category(fields["category_id"], categories))
        regions.append({"image": 0, "mask": mask.to_coco() if mask else None, "box": box, "label": label})
        others.append({name: member.value for name, member in fields.items() if name not in _ANNOTATION})
    kept = {
        "image": {name: member.value for name, member in members.items() if name not in _IMAGE[1:]},
        "annotations": others,
    }
    data = {
        "id": identity(members["id"], node),
        "task": TASK,
        "images": [{"role": Role.SINGLE.value} | picture],
        "turns": [],
        "regions": regions,
        "extra": {"coco": kept},
    }
    return read_record(Node(data, file=node.file, line=node.line))


def _place(members: dict[str, Node], picture: dict[str, Any]) -> tuple[Mask | None, list[float] | None]:
    """(mask, [x0, y0, x1, y1]) of an annotation; None for what it does not have, or a mask without a pixel."""
    size = (picture["width"], picture["height"])
    box: list[float] | None = None
    if (node := members.get("bbox")) is not None and node.value:
        corners = node.each(Node.number)
        if len(corners) != 4 or min(corners[2:]) < 0:
            raise node.expected("[x, y, width, height]")
        x, y, width, height = corners
        box = inside(node, [x, y, x + width, y + height], size=size).to_list()
    if (node := members.get("segmentation")) is None or not node.value:
        return None, box
    if isinstance(node.value, dict):
        mask = read_mask(node)
        if (mask.width, mask.height) != size:
            raise node.fault(
                f"expected a mask of {size[0]} x {size[1]} like its image, found {mask.width} x {mask.height}"
            )
    else:
        polygons = node.each(lambda polygon: polygon.each(Node.number))
        try:
            mask = fill_polygons(polygons, width=size[0], height=size[1])
        except ArgumentError as error:
            raise node.fault(str(error)) from error
    return mask if mask.area else None, box


def _category(node: Node, categories: dict[int, str]) -> str:
    if node.whole() not in categories:
        raise node.expected("the id of one of the categories")
    return categories[node.whole()]


def _tidy(name: str) -> str:
    """A panoptic category's name as people say it: "sky-other-merged" is sky."""
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name
