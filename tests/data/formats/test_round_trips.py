"""Whatever a record holds comes back from every format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quibble.data import Record, Role, read_jsonl, read_parquet, write_jsonl
from quibble.data.formats import coco, depictqa, llava, swift
from quibble.data.parquet import write_rows
from tests.data.strategies import ROLES, TEXTS, records


class Trip(NamedTuple):
    """Records that a format has room for, and its file."""

    items: st.SearchStrategy[Record]
    name: str
    write: Callable[[Iterable[Record], Path], int]
    read: Callable[[Path], Iterator[Record]]


def write_shards(items: Iterable[Record], folder: Path) -> int:
    """Parquet with each path's text as the bytes of its picture."""
    rows = ((item, tuple(image.file.encode() for image in item.images)) for item in items)
    return write_rows(rows, folder, shard_size=2)


def read_shards(folder: Path) -> Iterator[Record]:
    yield from read_parquet(folder) if folder.exists() else ()


#: Texts without the words that a conversation format gives a meaning to.
PLAIN = TEXTS.filter(lambda text: not any(word in text for word in ("<image>", "<bbox>")))
TRIPS = {
    "jsonl": Trip(records(), "records.jsonl", write_jsonl, read_jsonl),
    "parquet": Trip(records(), "shards", write_shards, read_shards),
    "llava": Trip(records(texts=PLAIN), "a.json", llava.write, llava.read),
    "swift": Trip(records(texts=PLAIN), "a.jsonl", swift.write, swift.read),
    "depictqa": Trip(
        records(roles=ROLES.filter(lambda roles: roles and roles.count(Role.SINGLE) <= 1)),
        "a.json",
        depictqa.write,
        depictqa.read,
    ),
    "coco": Trip(records(roles=ROLES.filter(bool)), "a.json", coco.write, coco.read),
}


def round_trip(trip: Trip, items: list[Record], folder: Path) -> None:
    path = folder / trip.name
    assert trip.write(items, path) == len(items)
    back = list(trip.read(path))
    assert back == items
    # Equality takes 1 for 1.0 and True; text does not.
    assert [json.dumps(record.to_dict()) for record in back] == [json.dumps(record.to_dict()) for record in items]
    assert [entry.name for entry in folder.iterdir()] in ([path.name], [])


@pytest.mark.parametrize("form", TRIPS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_round_trip(form: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    items = data.draw(st.lists(TRIPS[form].items, max_size=3))
    round_trip(TRIPS[form], items, tmp_path_factory.mktemp("trip"))


@pytest.mark.slow
@pytest.mark.parametrize("form", TRIPS)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_many_round_trips(form: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    items = data.draw(st.lists(TRIPS[form].items, max_size=3))
    round_trip(TRIPS[form], items, tmp_path_factory.mktemp("trip"))
