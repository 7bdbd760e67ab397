"""DepictQA's JSON: one array of {id, image_ref, image_A, image_B, task_type, conversations: [{from, value}]}.

A data set for testing has `query` and `answer` instead of `conversations`. task_type is quality_single_A,
quality_single_B or quality_compare, with _noref behind it if there is no reference. Its data on other tasks
has one picture under `image`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from quibble.data.fields import Node
from quibble.data.formats import conversation, llava
from quibble.data.pictures import adopt_picture
from quibble.data.record import Record, Role
from quibble.data.stream import array_writer, read_array
from quibble.errors import RecordError

_FIELDS: Final[Mapping[Role, str]] = {Role.REFERENCE: "image_ref", Role.A: "image_A", Role.B: "image_B"}
_TASKS: Final = tuple(f"quality_{task}{end}" for task in ("single_A", "single_B", "compare") for end in ("", "_noref"))
_KNOWN: Final = ("id", "image", *_FIELDS.values(), "task_type", "conversations", "query", "answer")


def read(path: str | os.PathLike[str], *, images: str | os.PathLike[str] | None = None) -> Iterator[Record]:
    """Records one by one, from either form. Raises RecordError naming file, line and field at the first malformed one.

    images: the folder that picture paths start from (default: the file's own). It is needed for files that quibble
    did not write, whose pictures' sizes are read from the pictures.
    """
    root = Path(images) if images is not None else Path(path).parent
    return conversation.read_all(read_array(path), lambda node: parse(node, root=root))


def write(records: Iterable[Record], path: str | os.PathLike[str], *, test: bool = False) -> int:
    """Write records and return how many; `test` for query and answer instead of conversations.

    Raises RecordError for what DepictQA has no room for: more than a reference and two pictures, and for a test
    anything but one question. The file appears complete or not at all.
    """
    count = 0
    with array_writer(path) as add:
        for record in records:
            add(to_object(record, test=test))
            count += 1
    return count


def to_object(record: Record, *, test: bool = False) -> dict[str, Any]:
    """A record as DepictQA writes it. Raises RecordError if it has no room for the pictures or turns."""
    # A single picture is what DepictQA calls A.
    roles: list[Role] = [Role.A if image.role is Role.SINGLE else image.role for image in record.images]
    if not roles or len(set(roles)) != len(roles):
        raise RecordError(
            f"record '{record.id}' has {len(roles)} pictures; DepictQA has room for one or two, and a reference",
            field="images",
        )
    files = {role: image.file for role, image in zip(roles, record.images, strict=True)}
    item: dict[str, Any] = {
        "id": record.id,
        **{name: files.get(role) for role, name in _FIELDS.items()},
        "task_type": record.task if record.task in _TASKS else _task_type(roles),
    }
    texts = [(turn.question, turn.answer) for turn in record.turns]
    if test:
        if len(texts) != 1 or not texts[0][0]:
            raise RecordError(
                f"record '{record.id}' has {len(texts)} turns; DepictQA's test form holds one question", field="turns"
            )
        item |= {"query": texts[0][0]} | ({"answer": texts[0][1]} if texts[0][1] else {})
    else:
        item["conversations"] = conversation.write_messages(
            texts, None, speaker=llava.SPEAKER, text=llava.TEXT, names=llava.NAMES
        )
    return item | {conversation.KEY: conversation.remainder(record, system=False)}


def parse(node: Node, *, root: Path) -> Record:
    """A record from an object of the array. Raises Faults."""
    members = node.members()
    texts = _texts(node, members)
    present = {name: member for name, member in members.items() if member.value is not None}
    rest = present.get(conversation.KEY)
    if rest is not None:
        files = [_file(present, image) for image in _list(rest.members().get("images", rest.child("images", None)))]
        identity = conversation.identity(members.get("id"), node)
        return conversation.rejoin(rest, id=identity, files=files, texts=texts)
    named = [(role, present[name]) for role, name in _FIELDS.items() if name in present]
    if "image" in present:
        if named:
            raise present["image"].fault("expected 'image', or 'image_A' and 'image_B', found both")
        named = [(Role.SINGLE, present["image"])]
    task = present["task_type"].text() if "task_type" in present else _task_type([role for role, _ in named])
    return conversation.adopt(
        node,
        task=task,
        images=[adopt_picture(picture, role, root=root) for role, picture in named],
        turns=conversation.plain_turns(texts),
        extra=conversation.leftover(node, _KNOWN, form="depictqa"),
    )


def _texts(node: Node, members: dict[str, Node]) -> conversation.Texts:
    if ("conversations" in members) == ("query" in members):
        found = "both" if "query" in members else "neither"
        raise node.fault(f"expected 'conversations', or 'query' and 'answer', found {found}")
    if "query" in members:
        answer = members.get("answer")
        return [(members["query"].text(), answer.text() if answer is not None and answer.value is not None else "")]
    talk = members["conversations"]
    names = {name: kind for name, kind in llava.NAMES.items() if kind != "system"}
    return conversation.read_messages(talk, speaker=llava.SPEAKER, text=llava.TEXT, names=names)[0]


def _list(node: Node) -> tuple[Node, ...]:
    return node.each(lambda item: item)


def _file(present: dict[str, Node], image: Node) -> str:
    """The path of a picture of our extra key, found by its role."""
    role = image.members().get("role", image.child("role", None)).text()
    name = "image_A" if role == Role.SINGLE else {str(r): field for r, field in _FIELDS.items()}.get(role)
    if name is None or name not in present:
        raise image.fault(f"is the picture '{role}', but the object has no '{name}'")
    return present[name].text()


def _task_type(roles: list[Role]) -> str:
    kind = "compare" if Role.A in roles and Role.B in roles else "single_B" if Role.B in roles else "single_A"
    return f"quality_{kind}{'' if Role.REFERENCE in roles else '_noref'}"
