"""A study: who annotates what, how, and how far it is. One folder holds it all.

study.json                 the kind, the people and how it is dealt
items/                     what is annotated, as a data set of records with their pictures
segments/ab....json        pre-segments of a picture, as COCO RLE
sittings/anna-01.json      what was dealt to whom, and as which project of the server
answers/anna-01.json       what the server holds of it, as it exported that last
uploads.json               where the server has the pictures
label-studio/              the server started here: its database, log, and accounts
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from quibble.annotate.dealing import Piece
from quibble.annotate.items import read_items, store
from quibble.annotate.kinds import Kind, parse_kind
from quibble.data import Record, read_jsonl, write_jsonl
from quibble.data.files import atomic_writer
from quibble.errors import ArgumentError
from quibble.pipelines.shards import Gallery, writing

NOTE: Final = "study.json"
ITEMS: Final = "items"
ACCOUNTS: Final = "answers/accounts.json"
UPLOADS: Final = "uploads.json"
#: Q-Instruct's: from the 31st picture on people are warned, after 50 they have to pause.
WARN: Final = 30
MOST: Final = 50
#: How long, the paper does not say.
PAUSE_MIN: Final = 30.0
_PERSON: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,23}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a study is run.

    people: each one's e-mail, "" where they have none. each: how many people get each picture. warn, most: pictures of
    a sitting from which on people are warned, and at which it ends. pause_min: minutes before the next. segmenter: of
    the pre-segments. left: people who get nothing any more. key: tells the study from others on a server. Raises
    ArgumentError for values out of range.
    """

    kind: Kind
    people: Mapping[str, str] = field(default_factory=dict)
    each: int = 3
    seed: int = 0
    warn: int = WARN
    most: int = MOST
    pause_min: float = PAUSE_MIN
    segmenter: str = "stand-in"
    left: tuple[str, ...] = ()
    key: str = ""

    def __post_init__(self) -> None:
        for person in self.people:
            if not _PERSON.fullmatch(person):
                raise ArgumentError(
                    f"a person's name has up to 24 of a-z, 0-9, '.', '_' and '-', for file names; found {person!r}"
                )
        if not 1 <= self.warn <= self.most or self.each < 1 or self.pause_min < 0 or not 0 <= self.seed < 2**53:
            raise ArgumentError(
                "expected 1 <= warn <= most, each >= 1, a pause of at least 0 and a seed in 0..2**53 - 1, found "
                f"{self.warn}, {self.most}, {self.each}, {self.pause_min} and {self.seed}"
            )

    @property
    def active(self) -> tuple[str, ...]:
        """The people who get pictures."""
        return tuple(person for person in self.people if person not in self.left)

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "kind": self.kind.value, "people": dict(self.people), "left": list(self.left)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Settings:
        """The inverse of to_dict. Raises ArgumentError for what it is not."""
        try:
            return cls(**{**data, "kind": parse_kind(data["kind"]), "left": tuple(data["left"])})
        except (TypeError, KeyError) as error:
            raise ArgumentError(f"expected the settings of a study, found something else: {error}") from error


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """What one person gets at a time. items: in the order in which they come. project: of the server at `server`."""

    person: str
    number: int
    items: tuple[str, ...]
    project: int | None = None
    server: str = ""
    done: str | None = None

    @property
    def name(self) -> str:
        return f"{self.person}-{self.number:02d}"

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "items": list(self.items)}


class Study:
    """A study's folder. Raises ArgumentError if it is none, RecordError if its items are damaged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.settings = Settings.from_dict(json.loads((folder / NOTE).read_bytes()))
        except (FileNotFoundError, NotADirectoryError):
            raise ArgumentError(f"{folder} holds no study; make one: quibble annotate new {folder} ...") from None
        except ValueError as error:
            raise ArgumentError(f"{folder / NOTE} is damaged: {error}") from error
        self.items = {record.id: record for record in read_jsonl(folder / ITEMS / "records.jsonl")}

    @property
    def pieces(self) -> list[Piece]:
        """The items as they are dealt: two that show the same pictures do not go to the same person."""
        return [
            Piece(id=id, picture=" ".join(str(image.sha256) for image in record.images))
            for id, record in self.items.items()
        ]

    def sittings(self) -> list[Sitting]:
        """All sittings, person by person, in their order. Raises ArgumentError for a damaged one."""
        found = []
        for path in sorted((self.folder / "sittings").glob("*.json")):
            try:
                data = json.loads(path.read_bytes())
                found.append(Sitting(**{**data, "items": tuple(data["items"])}))
            except (ValueError, TypeError, KeyError) as error:
                raise ArgumentError(f"{path} is damaged: {error}") from error
        return sorted(found, key=lambda sitting: (sitting.person, sitting.number))

    def save_sitting(self, sitting: Sitting) -> None:
        self._write(f"sittings/{sitting.name}.json", sitting.to_dict())

    def answers(self, sitting: Sitting) -> list[dict[str, Any]]:
        """The tasks of a sitting as the server exported them last; none before it did."""
        path = self.folder / "answers" / f"{sitting.name}.json"
        if not path.is_file():
            return []
        try:
            return list(json.loads(path.read_bytes()))
        except ValueError as error:
            raise ArgumentError(f"{path} is damaged: {error}") from error

    def save_answers(self, sitting: Sitting, tasks: Sequence[Mapping[str, Any]]) -> None:
        self._write(f"answers/{sitting.name}.json", list(tasks))

    def accounts(self) -> dict[int, str]:
        """The e-mail of each of the server's accounts, by its number, as they were when answers were fetched last."""
        path = self.folder / ACCOUNTS
        return {int(number): mail for number, mail in json.loads(path.read_bytes()).items()} if path.is_file() else {}

    def save_accounts(self, accounts: Mapping[int, str]) -> None:
        self._write(ACCOUNTS, {str(number): mail for number, mail in accounts.items()})

    def uploads(self) -> dict[str, str]:
        """Where the server has pictures, by their SHA-256."""
        path = self.folder / UPLOADS
        return dict(json.loads(path.read_bytes())) if path.is_file() else {}

    def save_uploads(self, paths: Mapping[str, str]) -> None:
        self._write(UPLOADS, dict(paths))

    def change(self, settings: Settings) -> None:
        """Take other settings from now on."""
        self._write(NOTE, settings.to_dict())
        self.settings = settings

    def _write(self, file: str, value: object) -> None:
        with writing(self.folder), atomic_writer(self.folder / file) as stream:
            stream.write(f"{json.dumps(value, indent=1, ensure_ascii=False)}\n".encode())


def create(folder: Path, source: Path, settings: Settings) -> Study:
    """A new study of what is at `source`. Raises ArgumentError for a folder in use or a source that holds nothing."""
    # Items alone are what an attempt left behind that found a picture it could not read.
    if folder.exists() and (not folder.is_dir() or {path.name for path in folder.iterdir()} - {ITEMS}):
        raise ArgumentError(f"{folder} is there already; choose another folder, or add to it: quibble annotate add")
    if not settings.people:
        raise ArgumentError("a study needs people; name each with --person")
    _store_items(folder, source, settings.kind, {})
    noted = replace(settings, key=settings.key or secrets.token_hex(4))
    with writing(folder), atomic_writer(folder / NOTE) as stream:
        stream.write(f"{json.dumps(noted.to_dict(), indent=1)}\n".encode())
    return Study(folder)


def extend(study: Study, *, source: Path | None = None, people: Mapping[str, str] | None = None) -> int:
    """Add pictures, people, or both; returns how many items are new. What is there already is left as it is."""
    before = len(study.items)
    if source is not None:
        study.items = _store_items(study.folder, source, study.settings.kind, study.items)
    if people:
        settings = study.settings
        left = tuple(person for person in settings.left if person not in people)
        study.change(replace(settings, people={**settings.people, **people}, left=left))
    return len(study.items) - before


def _store_items(folder: Path, source: Path, kind: Kind, there: Mapping[str, Record]) -> dict[str, Record]:
    """Add a source's items to those that are there. Raises ArgumentError for an id with something else behind it."""
    items = dict(there)
    with writing(folder):
        new: set[str] = set()
        for record in store(read_items(source, kind), kind, Gallery(folder / ITEMS)):
            known = items.get(record.id)
            if known is not None and (record.id in new or known != record):
                raise ArgumentError(f"two different items are called {record.id!r}; give them other ids")
            items[record.id] = record
            new.add(record.id)
        write_jsonl(items.values(), folder / ITEMS / "records.jsonl")
    return items
