from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quibble.data import Record, Role, read_jsonl, read_parquet, write_jsonl
from quibble.data.formats import coco, depictqa, llava, swift
from quibble.data.parquet import write_rows
from tests.data.strategies import ROLES, TEXTS, records

#: Texts without the words that a conversation format gives a meaning to.
PLAIN = TEXTS.filter(lambda text: not any(word in text for word in ("<image>", "<bbox>")))
PAIRED = ROLES.filter(lambda roles: 0 < len(roles) <= 3 and roles.count(Role.SINGLE) <= 1)
PICTURED = ROLES.filter(bool)

ANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def round_trip(
    path: Path,
    items: list[Record],
    write: Callable[[list[Record], Path], int],
    read: Callable[[Path], Iterator[Record]],
) -> None:
    assert write(items, path) == len(items)
    back = list(read(path))
    assert back == items
    # Equality takes 1 for 1.0 and True; text does not.
    assert [json.dumps(record.to_dict()) for record in back] == [json.dumps(record.to_dict()) for record in items]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@ANY
@given(items=st.lists(records(), max_size=3))
def test_jsonl(items: list[Record], tmp_path_factory: pytest.TempPathFactory) -> None:
    round_trip(tmp_path_factory.mktemp("f") / "records.jsonl", items, write_jsonl, read_jsonl)


@ANY
@given(items=st.lists(records(texts=PLAIN), max_size=3))
@pytest.mark.parametrize(("form", "name"), [(llava, "a.json"), (swift, "a.jsonl")])
def test_conversations(form: Any, name: str, items: list[Record], tmp_path_factory: pytest.TempPathFactory) -> None:
    round_trip(tmp_path_factory.mktemp("f") / name, items, form.write, form.read)


@ANY
@given(items=st.lists(records(roles=PAIRED), max_size=3))
def test_depictqa(items: list[Record], tmp_path_factory: pytest.TempPathFactory) -> None:
    round_trip(tmp_path_factory.mktemp("f") / "a.json", items, depictqa.write, depictqa.read)


@ANY
@given(items=st.lists(records(), max_size=3))
def test_parquet(items: list[Record], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("f")
    rows = [(item, tuple(image.file.encode() for image in item.images)) for item in items]
    assert write_rows(rows, folder, shard_size=2) == len(items)
    back = list(read_parquet(folder)) if items else []
    assert back == items
    assert [json.dumps(record.to_dict()) for record in back] == [json.dumps(record.to_dict()) for record in items]


@ANY
@given(items=st.lists(records(roles=PICTURED), max_size=3))
def test_coco(items: list[Record], tmp_path_factory: pytest.TempPathFactory) -> None:
    round_trip(tmp_path_factory.mktemp("f") / "a.json", items, coco.write, coco.read)
