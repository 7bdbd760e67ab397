from pathlib import Path

import pytest

from quibble.data import Indexed, Record, Turn, samples, write_jsonl, write_parquet
from quibble.errors import RecordError
from tests.train.tiny_data import write_words


def test_records_are_found_by_number_in_every_form(tmp_path: Path) -> None:
    folder = write_words(tmp_path / "set", 5)
    whole = list(samples(folder))
    indexed = Indexed(folder)
    assert [indexed[n] for n in (4, 0, 3)] == [whole[n] for n in (4, 0, 3)]
    records = [sample.record for sample in whole]
    for number in range(2):
        write_jsonl(records[3 * number : 3 * number + 3], tmp_path / "shards" / f"records-0000{number}.jsonl")
    assert [s.record for s in map(Indexed(tmp_path / "shards").__getitem__, range(5))] == records
    write_parquet(records, tmp_path / "parquet", images_from=folder, shard_size=2)
    parquet = Indexed(tmp_path / "parquet")
    assert [parquet[n].record for n in (4, 1, 0, 3, 2)] == [records[n] for n in (4, 1, 0, 3, 2)]
    assert parquet[2].pictures == tuple((folder / i.file).read_bytes() for i in records[2].images)
    with pytest.raises(IndexError):
        indexed[5]


def test_parquet_files_of_several_row_groups_are_read_a_group_at_a_time(tmp_path: Path) -> None:
    records = [Record(id=str(n), task="t", images=(), turns=(Turn(question="q", answer=str(n)),)) for n in range(70)]
    write_parquet(records, tmp_path / "set", images_from=tmp_path, shard_size=100)
    indexed = Indexed(tmp_path / "set")
    assert len(indexed) == 70
    assert [indexed[n].record for n in (69, 0, 40, 33, 31, 32)] == [records[n] for n in (69, 0, 40, 33, 31, 32)]


def test_a_malformed_record_is_named_by_its_line(tmp_path: Path) -> None:
    folder = write_words(tmp_path, 2)
    with (folder / "records.jsonl").open("a") as file:
        file.write('{"id": 3}\n')
    with pytest.raises(RecordError, match=r"records.jsonl:3"):
        Indexed(folder)[2]
