"""ms-swift's JSON lines: {messages: [{role, content}], images: [...], objects: {ref, bbox, image_id}}.

`objects` holds the regions that answers are about: `ref` replaces each `<ref-object>` of the texts in order, `bbox`
each `<bbox>`, as [x0, y0, x1, y1] in pixels of picture `image_id`, or [x, y] for a point. Our extra key is text that
holds JSON, because loaders that guess a column's type from its first rows stumble over objects that differ.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from quibble.data.fields import Node, Reader, dumps, loads
from quibble.data.files import atomic_writer
from quibble.data.formats import conversation
from quibble.data.jsonl import lines
from quibble.data.pictures import adopt_picture
from quibble.data.places import inside
from quibble.data.record import Record, RegionEntry, Role
from quibble.errors import RecordError

NAMES: Final = {"user": "ask", "assistant": "say", "system": "system"}
SPEAKER: Final = "role"
TEXT: Final = "content"

#: Written for a region without a label, so that ref and bbox stay of one length.
UNNAMED: Final = "region"

_KNOWN: Final = ("id", "messages", "images", "objects")
_LEAD: Final = conversation.PLACEHOLDER
_TAG: Final = re.compile(r"<ref-object>|<bbox>")


def read(path: str | os.PathLike[str], *, images: str | os.PathLike[str] | None = None) -> Iterator[Record]:
    """Records one by one. Raises RecordError naming file, line and field at the first malformed one.

    images: the folder that picture paths start from (default: the file's own). It is needed for files that quibble
    did not write, whose pictures' sizes are read from the pictures.
    """
    root = Path(images) if images is not None else Path(path).parent
    return conversation.read_all(lines(path), lambda node: parse(node, root=root))


def write(records: Iterable[Record], path: str | os.PathLike[str]) -> int:
    """Write records and return how many. The file appears complete or not at all."""
    count = 0
    with atomic_writer(path) as file:
        for record in records:
            file.write(f"{dumps(to_object(record))}\n".encode())
            count += 1
    return count


def to_object(record: Record) -> dict[str, Any]:
    """A record as ms-swift reads it. Raises RecordError if its texts hold a wrong number of placeholders or boxes."""
    texts, placed = conversation.place(record, lead=_LEAD)
    rest = conversation.remainder(record, system=True) | {"id": record.id} | ({"placed": True} if placed else {})
    messages = conversation.write_messages(
        texts, record.extra.get(conversation.SYSTEM), speaker=SPEAKER, text=TEXT, names=NAMES
    )
    item: dict[str, Any] = {"messages": messages, "images": [image.file for image in record.images]}
    if objects := _objects(record):
        item["objects"] = objects
    return item | {conversation.KEY: dumps(rest)}


def parse(node: Node, *, root: Path) -> Record:
    """A record from a line. Raises Faults."""
    members = node.members()
    if "messages" not in members:
        raise node.child("messages", None).fault("is missing; expected are messages, images, objects")
    talk = members["messages"]
    texts, system = conversation.read_messages(talk, speaker=SPEAKER, text=TEXT, names=NAMES)
    images = members.get("images", node.child("images", []))
    pictures = images.each(_picture) if images.value is not None else ()
    if (packed := members.get(conversation.KEY)) is not None:
        own, placed = conversation.take_placed(_unpack(packed))
        if not placed:
            texts = conversation.unplace(texts, count=len(pictures), lead=_LEAD)
        files = [picture.text() for picture in pictures]
        identity = conversation.identity(own.members().get("id"), node)
        return conversation.rejoin(own, id=identity, files=files, texts=texts, system=system)
    texts = conversation.tidy_placeholders(talk, texts, count=len(pictures))
    entries = [adopt_picture(picture, Role.SINGLE, root=root) for picture in pictures]
    turns = conversation.plain_turns(texts)
    regions: list[dict[str, Any]] = []
    if (objects := members.get("objects")) is not None and objects.value:
        regions, mentions = _regions(objects, texts, entries)
        turns = [turn | {"regions": said} for turn, said in zip(turns, mentions, strict=True)]
    return conversation.adopt(
        node,
        task=conversation.CONVERSATION,
        images=entries,
        turns=turns,
        extra=conversation.leftover(node, _KNOWN, form="swift", system=system),
        regions=regions,
    )


def _objects(record: Record) -> dict[str, Any]:
    """The regions in the order that answers mention them; all of them if none does."""
    mentioned = [index for turn in record.turns for index in turn.regions] or list(range(len(record.regions)))
    regions = [record.regions[index] for index in mentioned]
    tags = [tag for turn in record.turns for text in (turn.question, turn.answer) for tag in _TAG.findall(text)]
    if (boxes := tags.count("<bbox>")) not in (0, len(regions)):
        raise RecordError(
            f"record '{record.id}' has '<bbox>' {boxes} times, but its answers are about {len(regions)} regions; "
            "ms-swift needs one a region, or none",
            field="turns",
        )
    if not regions:
        return {}
    pictures = [region.image for region in regions]
    return {
        "ref": [region.label or UNNAMED for region in regions],
        "bbox": [_corners(region) for region in regions],
        **({"image_id": pictures} if any(pictures) else {}),
    }


def _corners(region: RegionEntry) -> list[float]:
    # Always with a decimal point: a loader that sees whole numbers first would refuse the others later.
    corners = [float(corner) for corner in region.region.bounds.to_list()]
    return corners[:2] if corners[:2] == corners[2:] else corners


def _unpack(node: Node) -> Node:
    """Our extra key, which is JSON inside text."""
    try:
        return Node(loads(node.text(), file=node.file, line=node.line), node.field, node.file, node.line)
    except RecordError as error:
        raise node.fault(error.reason) from error


def _picture(node: Node) -> Node:
    """A picture is a path, or {"path": ...}."""
    if isinstance(node.value, dict):
        return node.child("path", node.read({"path": Node.text}, {})["path"])
    node.text()
    return node


def _regions(
    objects: Node, texts: conversation.Texts, pictures: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[list[int]]]:
    """Regions from `objects`, and which of them each turn mentions by a `<bbox>`."""
    optional: dict[str, Reader] = {
        "ref": lambda ref: ref.each(Node.text),
        "bbox_type": Node.text,
        "image_id": lambda ids: ids.each(Node.whole),
    }
    values = objects.read({"bbox": lambda boxes: boxes.each(lambda box: (box, box.each(Node.number)))}, optional)
    kind = values.get("bbox_type", "real")
    if kind not in ("real", "norm1"):
        raise objects.child("bbox_type", kind).expected("'real' or 'norm1'")
    boxes, refs = values["bbox"], values.get("ref", ())
    numbers = (*values.get("image_id", ()), *[0] * len(boxes))[: len(boxes)]
    labels, mentions = _tagged(texts, refs, count=len(boxes))
    regions: list[dict[str, Any]] = []
    for (node, corners), number, label in zip(boxes, numbers, labels, strict=True):
        if not 0 <= number < len(pictures):
            raise objects.child("image_id", number).expected(f"the index of one of {len(pictures)} pictures")
        if len(corners) not in (2, 4):
            raise node.expected("[x, y] or [x0, y0, x1, y1]")
        size = (pictures[number]["width"], pictures[number]["height"])
        scale = size if kind == "norm1" else (1, 1)
        pixels = [corner * scale[index % 2] for index, corner in enumerate(corners)]
        box = inside(node, pixels * 2 if len(pixels) == 2 else pixels, size=size)
        regions.append({"image": number, "box": box.to_list(), "label": label})
    return regions, mentions


def _tagged(texts: conversation.Texts, refs: Sequence[str], *, count: int) -> tuple[list[str | None], list[list[int]]]:
    """The label of each box, and which boxes each turn mentions.

    A box has the label of the last `<ref-object>` before its `<bbox>`; without any `<bbox>` the two lists go together.
    """
    labels: list[str | None] = [None] * count
    mentions: list[list[int]] = [[] for _ in texts]
    ref = box = 0
    for turn, (question, answer) in enumerate(texts):
        for tag in _TAG.findall(question + answer):
            if tag == "<ref-object>":
                ref += 1
            elif box < count:
                labels[box] = (refs[ref - 1] or None) if 0 < ref <= len(refs) else None
                mentions[turn].append(box)
                box += 1
    if not box and len(refs) == count:
        labels = [name or None for name in refs]
    return labels, mentions
