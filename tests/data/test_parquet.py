from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quibble.data import ImageEntry, Record, Role, read_parquet, write_parquet
from quibble.errors import ArgumentError, MissingExtraError, RecordError
from tests.data.examples import folder, record


def shards(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


@pytest.mark.parametrize(("count", "size", "rows"), [(7, 3, [3, 3, 1]), (70, 70, [70]), (4, 2, [2, 2])])
def test_shards(count: int, size: int, rows: list[int], tmp_path: Path) -> None:
    items = folder(tmp_path / "in", count)
    assert write_parquet(items, tmp_path / "out", images_from=tmp_path / "in", shard_size=size) == count
    assert shards(tmp_path / "out") == [f"records-{index:05d}.parquet" for index in range(len(rows))]
    files = [pq.ParquetFile(tmp_path / "out" / name) for name in shards(tmp_path / "out")]
    assert [file.metadata.num_rows for file in files] == rows
    assert {file.metadata.row_group(0).column(2).compression for file in files} == {"ZSTD"}
    assert list(read_parquet(tmp_path / "out")) == items


def test_the_columns_that_users_see(tmp_path: Path) -> None:
    items = folder(tmp_path / "in", 2)
    write_parquet(items, tmp_path / "out", images_from=tmp_path / "in")
    table = pq.read_table(tmp_path / "out")
    assert table.schema.field("images").type == pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    assert b'"_type": "Image"' in table.schema.metadata[b"huggingface"]
    row = table.to_pylist()[1]
    assert row["images"] == [{"bytes": (tmp_path / "in/images/r1.png").read_bytes(), "path": "images/r1.png"}]
    assert row["image_info"][0]["sha256"] == sha256(row["images"][0]["bytes"]).hexdigest()
    assert row["turns"][0] == {
        "question": "Which part is worst?",
        "answer": "The dog, then the sky.",
        "regions": [1, 0],
    }
    assert [region["label"] for region in row["regions"]] == ["sky", "dog"]
    assert row["regions"][0]["mask"]["size"] == [12, 16]
    assert row["regions"][1]["box"] == [2, 4.5, 9, 12]
    assert row["regions"][0]["degradations"] == [
        {"distortion": "noise.poisson", "level": 2.0, "parameters": '{"photons": 60, "seed": 7}'}
    ]
    assert (row["score"], row["seed"], row["extra"]) == (61.5, 3, '{"note": ["free", 1]}')


def test_pictures_come_out_as_they_went_in(tmp_path: Path) -> None:
    items = folder(tmp_path / "in", 2)
    write_parquet(items, tmp_path / "out", images_from=tmp_path / "in")
    assert list(read_parquet(tmp_path / "out", images_to=tmp_path / "back")) == items
    for name in ("images/r0.png", "images/r1.png"):
        assert (tmp_path / "back" / name).read_bytes() == (tmp_path / "in" / name).read_bytes()


def test_a_missing_picture_leaves_no_shard(tmp_path: Path) -> None:
    images = (ImageEntry(role=Role.SINGLE, file="none.png", width=16, height=12),)
    with pytest.raises(RecordError, match=r"record 'r0': expected a picture at .*none\.png, found No such file"):
        write_parquet([record(images=images)], tmp_path / "out", images_from=tmp_path)
    assert not (tmp_path / "out").exists()


def test_arguments(tmp_path: Path) -> None:
    items = folder(tmp_path / "in", 1)
    with pytest.raises(ArgumentError, match="at least 1 record"):
        write_parquet(items, tmp_path / "out", images_from=tmp_path / "in", shard_size=0)
    write_parquet(items, tmp_path / "out", images_from=tmp_path / "in")
    with pytest.raises(ArgumentError, match="expected a folder without Parquet files"):
        write_parquet(items, tmp_path / "out", images_from=tmp_path / "in")
    with pytest.raises(ArgumentError, match="found none"):
        next(read_parquet(tmp_path / "in"))


def rewrite(path: Path, change: Any) -> None:
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


@pytest.mark.parametrize(
    ("column", "value", "field", "reason"),
    [
        ("id", None, "id", "expected text, found null"),
        ("extra", "{", "extra", "not JSON"),
        ("extra", "[1]", "extra", "expected an object"),
        ("score", 300.0, "score", "0..100"),
        ("image_info", [], "image_info", "expected 1 like the images, found 0"),
        ("turns", None, "turns", "expected a list, found null"),
        ("images", [{"bytes": b"", "path": "/a.png"}], "images[0].file", "below the data set's folder"),
    ],
)
def test_malformed_rows(column: str, value: Any, field: str, reason: str, tmp_path: Path) -> None:
    write_parquet(folder(tmp_path, 2), tmp_path / "out", images_from=tmp_path)
    path = tmp_path / "out/records-00000.parquet"
    rewrite(path, lambda rows: rows[1].update({column: value}))
    with pytest.raises(RecordError) as caught:
        list(read_parquet(tmp_path / "out"))
    assert (caught.value.file, caught.value.line, caught.value.field) == (str(path), 2, field)
    assert reason in caught.value.reason


def test_parameters_that_are_not_json(tmp_path: Path) -> None:
    write_parquet(folder(tmp_path, 1), tmp_path / "out", images_from=tmp_path)
    change = lambda rows: rows[0]["regions"][1]["degradations"][1].update(parameters="?")  # noqa: E731
    rewrite(tmp_path / "out/records-00000.parquet", change)
    with pytest.raises(RecordError) as caught:
        list(read_parquet(tmp_path / "out"))
    assert caught.value.field == "regions[1].degradations[1].parameters"


def test_a_picture_without_bytes(tmp_path: Path) -> None:
    write_parquet(folder(tmp_path, 1), tmp_path / "out", images_from=tmp_path)
    rewrite(tmp_path / "out/records-00000.parquet", lambda rows: rows[0]["images"][0].update(bytes=None))
    assert len(list(read_parquet(tmp_path / "out"))) == 1
    with pytest.raises(RecordError, match="expected the bytes of a picture") as caught:
        list(read_parquet(tmp_path / "out", images_to=tmp_path / "back"))
    assert caught.value.field == "images[0].bytes"


def test_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(RecordError, match="not a Parquet file that can be read"):
        list(read_parquet(tmp_path))
    pq.write_table(pa.table({"id": ["a"], "task": ["t"]}), tmp_path / "a.parquet")
    with pytest.raises(RecordError, match="found none for images, image_info, turns"):
        list(read_parquet(tmp_path))
    write_parquet(folder(tmp_path, 1), tmp_path / "out", images_from=tmp_path)
    table = pq.read_table(tmp_path / "out")
    pq.write_table(table.append_column("mood", pa.array(["good"])), tmp_path / "a.parquet")
    with pytest.raises(RecordError, match="not a field that is known") as caught:
        list(read_parquet(tmp_path))
    assert caught.value.field == "mood"


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items: list[Record] = folder(tmp_path, 1)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"quibble\[data\]"):
        write_parquet(items, tmp_path / "out", images_from=tmp_path)
