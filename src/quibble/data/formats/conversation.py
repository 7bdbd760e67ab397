"""What the conversation formats share: turns as messages, picture placeholders, and the rest of a record.

A foreign format holds some fields of a record in its own words: the id, the pictures' paths, questions and answers.
They are read from there, so a file may be edited by hand. Everything else goes into one extra key, `quibble`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from quibble.data.fields import Faults, Node, check_text
from quibble.data.record import Record, read_record
from quibble.errors import RecordError

#: The extra key of a foreign format.
KEY: Final = "quibble"

#: Where a conversation's system prompt is kept: the name of a field of a record's `extra`.
SYSTEM: Final = "system"

#: Stands for a picture in a question.
PLACEHOLDER: Final = "<image>"

#: The task of a conversation that names none.
CONVERSATION: Final = "conversation"

Texts = list[tuple[str, str]]


def remainder(record: Record, *, system: bool) -> dict[str, Any]:
    """What a record holds beside its id, its pictures' paths, its texts and, if `system`, its system prompt."""
    rest = record.to_dict()
    del rest["id"]
    for image in rest["images"]:
        del image["file"]
    for turn in rest["turns"]:
        del turn["question"], turn["answer"]
    if not any(rest["turns"]):
        del rest["turns"]
    if system and isinstance(record.extra.get(SYSTEM), str):
        del rest["extra"][SYSTEM]
    return rest


def rejoin(rest: Node, *, id: str, files: Sequence[str], texts: Texts, system: str | None = None) -> Record:
    """The inverse of `remainder`. Raises Faults, also where the numbers of pictures or turns differ."""
    members = rest.members()
    images = members.get("images", rest.child("images", None))
    turns = members.get("turns", rest.child("turns", [{}] * len(texts)))
    data = rest.value | {
        "id": id,
        "images": _zip(images, [{"file": file} for file in files]),
        "turns": _zip(turns, plain_turns(texts)),
    }
    if system is not None:
        extra = members.get("extra", rest.child("extra", {}))
        extra.members()
        data["extra"] = extra.value | {SYSTEM: system}
    return read_record(Node(data, rest.field, rest.file, rest.line))


def take_placed(rest: Node) -> tuple[Node, bool]:
    """The extra key without its own note that the questions hold their placeholders, and that note."""
    members = rest.members()
    placed = members.pop("placed", None)
    if placed is not None and placed.value is not True:
        raise placed.expected("true, or no such field")
    own = {name: member.value for name, member in members.items()}
    return Node(own, rest.field, rest.file, rest.line), placed is not None


def adopt(
    node: Node,
    *,
    task: str,
    images: list[dict[str, Any]],
    turns: list[dict[str, Any]],
    extra: dict[str, Any],
    regions: Sequence[Mapping[str, Any]] = (),
) -> Record:
    """A record from a foreign object without our extra key. Raises Faults."""
    data = {
        "id": identity(node.members().get("id"), node),
        "task": task,
        "images": images,
        "turns": turns,
        "regions": list(regions),
        "extra": extra,
    }
    return read_record(Node(data, file=node.file, line=node.line))


def plain_turns(texts: Texts) -> list[dict[str, Any]]:
    """Texts as a record's turns, without regions."""
    return [{"question": question, "answer": answer} for question, answer in texts]


def leftover(node: Node, known: Collection[str], *, form: str, system: str | None = None) -> dict[str, Any]:
    """What goes into `extra`: the system prompt, and under the format's name its fields that have no other place."""
    others = {name: member.value for name, member in node.members().items() if name not in known}
    return ({SYSTEM: system} if system is not None else {}) | ({form: others} if others else {})


def identity(node: Node | None, whole: Node) -> str:
    """An id as text; a foreign object without one is named after its file and line."""
    if node is None or node.value is None:
        return f"{Path(whole.file or 'record').stem}-{whole.line or 0}"
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return str(node.value)
    return node.text()


def read_all(nodes: Iterable[Node], parse: Callable[[Node], Record]) -> Iterator[Record]:
    """Records from the objects of a file. Raises RecordError at the first fault."""
    for node in nodes:
        try:
            record = parse(node)
        except Faults as faults:
            raise faults.errors[0] from None
        yield record


def read_messages(node: Node, *, speaker: str, text: str, names: Mapping[str, str]) -> tuple[Texts, str | None]:
    """(question, answer) pairs and the system prompt. `names` maps the format's speakers to ask, say and system.

    Raises Faults unless a system prompt comes first, and questions and answers take turns after it.
    """
    system: str | None = None
    texts: Texts = []
    open_question = False
    for index, message in enumerate(node.each(lambda item: item.read({speaker: Node.text, text: _utf8}, {}))):
        item = node.item(index, message[speaker])
        kind = names.get(message[speaker])
        if kind is None:
            raise item.child(speaker, message[speaker]).expected(f"one of {', '.join(names)}")
        if kind == "system":
            if index:
                raise item.fault("a system prompt comes first")
            system = message[text]
        elif kind == "ask":
            if open_question:
                raise item.fault("two questions follow each other without an answer between them")
            texts.append((message[text], ""))
            open_question = True
        elif open_question:
            texts[-1] = (texts[-1][0], message[text])
            open_question = False
        elif texts:
            raise item.fault("two answers follow each other without a question between them")
        else:
            texts.append(("", message[text]))
    return texts, system


def write_messages(
    texts: Texts, system: object, *, speaker: str, text: str, names: Mapping[str, str]
) -> list[dict[str, str]]:
    """The inverse of read_messages; empty questions and answers are left out."""
    name_of = {kind: name for name, kind in names.items()}
    messages = [{speaker: name_of["system"], text: system}] if isinstance(system, str) else []
    for question, answer in texts:
        messages += [{speaker: name_of["ask"], text: question}] if question else []
        messages += [{speaker: name_of["say"], text: answer}] if answer else []
    return messages


def place(record: Record, *, lead: str) -> tuple[Texts, bool]:
    """A record's texts with a placeholder for each picture, and whether they had them already.

    Without any, `lead` (the placeholder and what follows it) goes once a picture before the first question.
    Raises RecordError for another number: the file would mean something else to whoever trains on it.
    """
    texts = [(turn.question, turn.answer) for turn in record.turns]
    present = _placeholders(texts)
    if not record.images or not texts:
        return texts, False
    if present == len(record.images):
        return texts, True
    if present:
        raise RecordError(
            f"record '{record.id}' has {len(record.images)} pictures, but its texts hold '{PLACEHOLDER}' {present} "
            "times; this format needs one a picture, or none to have them put first",
            field="turns",
        )
    question, answer = texts[0]
    return [(lead * len(record.images) + question, answer), *texts[1:]], False


def unplace(texts: Texts, *, count: int, lead: str) -> Texts:
    """The inverse of `place` for texts that had no placeholders of their own."""
    if texts and count and texts[0][0].startswith(lead * count):
        return [(texts[0][0].removeprefix(lead * count), texts[0][1]), *texts[1:]]
    return texts


def tidy_placeholders(node: Node, texts: Texts, *, count: int) -> Texts:
    """Foreign texts without placeholders that only say that the pictures come first.

    Those in the middle of a question stay. One that ends a question means the same as one before it to LLaVA's own
    training, so it goes too. Raises Faults if there are some, but not one a picture.
    """
    present = _placeholders(texts)
    if not count or not present:
        return texts
    if present != count:
        raise node.fault(f"expected '{PLACEHOLDER}' once for each of {count} pictures, found it {present} times")
    question, answer = texts[0]
    first = re.fullmatch(rf"(?:{PLACEHOLDER}[ \n]?){{{count}}}(.*)", question, re.DOTALL)
    if first:
        return [(first[1], answer), *texts[1:]]
    if count == 1 and question.endswith(f"\n{PLACEHOLDER}"):
        return [(question.removesuffix(f"\n{PLACEHOLDER}"), answer), *texts[1:]]
    return texts


def _placeholders(texts: Texts) -> int:
    return sum(text.count(PLACEHOLDER) for pair in texts for text in pair)


def _zip(node: Node, own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items of a list joined with what the foreign format itself holds of each."""
    items = node.each(Node.members)
    if len(items) != len(own):
        raise node.fault(f"expected {len(own)} like those of the file, found {len(items)}")
    return [{name: member.value for name, member in item.items()} | mine for item, mine in zip(items, own, strict=True)]


def _utf8(node: Node) -> str:
    text = node.text()
    try:
        return check_text(text, node.field, empty=True)
    except RecordError as error:
        raise node.fault(error.reason) from error
