"""LLaVA's and ShareGPT's conversation JSON: one array of {id, image | images, conversations: [{from, value}]}.

`from` is human, gpt or, first of all, system. A picture is a path; one goes under `image`, several under `images`, and
each has its `<image>` in the questions. Masks are COCO RLE under quibble.regions.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from quibble.data.fields import Node
from quibble.data.formats import conversation
from quibble.data.pictures import adopt_picture
from quibble.data.record import Record, Role
from quibble.data.stream import array_writer, read_array

NAMES: Final = {"human": "ask", "gpt": "say", "system": "system"}
SPEAKER: Final = "from"
TEXT: Final = "value"

_KNOWN: Final = ("id", "image", "images", "conversations")
_LEAD: Final = f"{conversation.PLACEHOLDER}\n"


def read(path: str | os.PathLike[str], *, images: str | os.PathLike[str] | None = None) -> Iterator[Record]:
    """Records one by one. Raises RecordError naming file, line and field at the first malformed one.

    images: the folder that picture paths start from (default: the file's own). It is needed for files that quibble
    did not write, whose pictures' sizes are read from the pictures.
    """
    root = Path(images) if images is not None else Path(path).parent
    return conversation.read_all(read_array(path), lambda node: parse(node, root=root))


def write(records: Iterable[Record], path: str | os.PathLike[str]) -> int:
    """Write records and return how many. The file appears complete or not at all."""
    count = 0
    with array_writer(path) as add:
        for record in records:
            add(to_object(record))
            count += 1
    return count


def to_object(record: Record) -> dict[str, Any]:
    """A record as LLaVA writes it. Raises RecordError if its texts hold a wrong number of placeholders."""
    texts, placed = conversation.place(record, lead=_LEAD)
    files = [image.file for image in record.images]
    pictures: dict[str, Any] = {"image": files[0]} if len(files) == 1 else {"images": files} if files else {}
    rest = conversation.remainder(record, system=True) | ({"placed": True} if placed else {})
    messages = conversation.write_messages(
        texts, record.extra.get(conversation.SYSTEM), speaker=SPEAKER, text=TEXT, names=NAMES
    )
    return {"id": record.id, **pictures, "conversations": messages, conversation.KEY: rest}


def parse(node: Node, *, root: Path) -> Record:
    """A record from an object of the array. Raises Faults."""
    members = node.members()
    talk = members.get("conversations")
    if talk is None:
        raise node.child("conversations", None).fault("is missing; expected are id, image or images, conversations")
    texts, system = conversation.read_messages(talk, speaker=SPEAKER, text=TEXT, names=NAMES)
    pictures = _pictures(members)
    if (rest := members.get(conversation.KEY)) is not None:
        own, placed = conversation.take_placed(rest)
        if not placed:
            texts = conversation.unplace(texts, count=len(pictures), lead=_LEAD)
        files = [picture.text() for picture in pictures]
        return conversation.rejoin(
            own, id=conversation.identity(members.get("id"), node), files=files, texts=texts, system=system
        )
    texts = conversation.tidy_placeholders(talk, texts, count=len(pictures))
    return conversation.adopt(
        node,
        task=conversation.CONVERSATION,
        images=[adopt_picture(picture, Role.SINGLE, root=root) for picture in pictures],
        turns=conversation.plain_turns(texts),
        extra=conversation.leftover(node, _KNOWN, form="llava", system=system),
    )


def _pictures(members: dict[str, Node]) -> list[Node]:
    """The paths under `image` or `images`, each of which may be one path or a list."""
    present = [members[name] for name in ("image", "images") if name in members and members[name].value is not None]
    if len(present) > 1:
        raise present[1].fault("expected 'image' or 'images', found both")
    return [
        item
        for node in present
        for item in (node.each(lambda picture: picture) if isinstance(node.value, list) else (node,))
    ]
