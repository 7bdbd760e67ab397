from __future__ import annotations

from pathlib import Path

import pytest

from quibble.data import Sample, read_jsonl, record_files, samples, write_jsonl, write_parquet
from quibble.errors import ArgumentError, RecordError
from tests.data.examples import folder, record


def test_a_folder_of_lines(tmp_path: Path) -> None:
    items = folder(tmp_path, 2)
    assert record_files(tmp_path) == [tmp_path / "records.jsonl"]
    expected = [Sample(record=item, pictures=(tmp_path / item.images[0].file,)) for item in items]
    assert list(samples(tmp_path)) == expected


def test_shards_come_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(3):
        write_jsonl([record(f"r{index}")], tmp_path / f"records-{index:05d}.jsonl")
    glob = Path.glob
    monkeypatch.setattr(Path, "glob", lambda path, pattern: sorted(glob(path, pattern), reverse=True))
    assert [sample.record.id for sample in samples(tmp_path)] == ["r0", "r1", "r2"]


def test_parquet_brings_the_bytes(tmp_path: Path) -> None:
    items = folder(tmp_path, 2)
    write_parquet(items, tmp_path / "out", images_from=tmp_path, shard_size=1)
    found = list(samples(tmp_path / "out"))
    assert [sample.record for sample in found] == items
    assert [sample.pictures for sample in found] == [
        ((tmp_path / "images/r0.png").read_bytes(),),
        ((tmp_path / "images/r1.png").read_bytes(),),
    ]


def test_the_first_malformed_record_stops(tmp_path: Path) -> None:
    folder(tmp_path, 1)
    with (tmp_path / "records.jsonl").open("a") as file:
        file.write('{"id": "x"}\n')
    reader = samples(tmp_path)
    assert next(reader).record == next(read_jsonl(tmp_path / "records.jsonl"))
    with pytest.raises(RecordError, match="is missing"):
        next(reader)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], "found none of them"),
        (["a.jsonl", "record.jsonl"], "found none of them"),
        (["records.jsonl", "records-00000.jsonl"], "found records.jsonl and records-00000.jsonl"),
        (["records.jsonl", "a.parquet"], "found records.jsonl and a.parquet"),
    ],
)
def test_what_is_no_data_set(names: list[str], found: str, tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(ArgumentError, match=found):
        record_files(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, found in (("file", "a file"), ("none", "nothing")):
        with pytest.raises(ArgumentError, match=f"found {found} at"):
            record_files(tmp_path / name)
