"""Records as Parquet shards with the pictures' bytes inside, compressed by zstd.

    id, task                          string
    images                            list<struct<bytes: binary, path: string>>, which `datasets` shows as pictures
    image_info                        list<struct<role: string, width: int32, height: int32, sha256: string>>
    turns                             list<struct<question: string, answer: string, regions: list<int32>>>
    regions                           list<struct<image: int32, mask: struct<size: list<int32>, counts: string>,
                                                  box: list<double>, label: string, degradations: list<struct<
                                                  distortion: string, level: double, parameters: string>>>>
    score                             double
    source, source_sha256             string
    split, licence                    string
    seed                              int64
    makers                            list<struct<part: string, model: string, prompt_sha: string, seed: int64,
                                                  input_tokens: int64, output_tokens: int64>>
    extra                             string

`path` is an image's `file`; the other columns are a record's fields. `parameters` and `extra` are JSON, because their
members differ from row to row. Lists are never null; everything else but id, task, questions and answers may be.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from quibble.data.fields import Faults, Node, dumps, loads
from quibble.data.files import atomic_writer
from quibble.data.record import Record, read_record
from quibble.errors import ArgumentError, MissingExtraError, RecordError

if TYPE_CHECKING:
    import pyarrow as pa

#: Records held in memory at once, with their pictures, while writing and reading.
_GROUP: Final = 32

_PLAIN: Final = ("id", "task", "score", "source", "source_sha256", "split", "licence", "seed")

#: Columns that older files lack, and that may be missing.
_LATER: Final = ("makers",)

Pictures = tuple[bytes | None, ...]


def write_parquet(
    records: Iterable[Record],
    folder: str | os.PathLike[str],
    *,
    images_from: str | os.PathLike[str],
    shard_size: int = 1000,
) -> int:
    """Write records and the pictures they name as records-00000.parquet and on; returns how many records.

    images_from: the folder that the records' files are relative to. shard_size: records a shard. Each shard appears
    complete or not at all. Raises ArgumentError if the folder holds Parquet files already, RecordError if a picture is
    missing.
    """
    root = Path(images_from)
    return write_rows(((record, _load(record, root)) for record in records), folder, shard_size=shard_size)


def write_rows(
    rows: Iterable[tuple[Record, tuple[bytes, ...]]], folder: str | os.PathLike[str], *, shard_size: int
) -> int:
    """As write_parquet, with each record's pictures as the bytes of their files."""
    if shard_size < 1:
        raise ArgumentError(f"a shard holds at least 1 record, found shard_size={shard_size}")
    target = Path(folder)
    if any(target.glob("*.parquet")):
        raise ArgumentError(f"expected a folder without Parquet files, found some in {target}")
    _, parquet = _pyarrow()
    schema = _schema()
    items = iter(rows)
    count = 0
    while first := list(islice(items, min(_GROUP, shard_size))):
        name = target / f"records-{count // shard_size:05d}.parquet"
        with ExitStack() as stack:
            file = stack.enter_context(atomic_writer(name))
            writer = stack.enter_context(parquet.ParquetWriter(file, schema, compression="zstd"))
            group, room = first, shard_size
            while group:
                writer.write_table(_table(group, schema))
                count, room = count + len(group), room - len(group)
                group = list(islice(items, min(_GROUP, room)))
    return count


def read_parquet(
    folder: str | os.PathLike[str], *, images_to: str | os.PathLike[str] | None = None
) -> Iterator[Record]:
    """Records of all shards in order of their names. With `images_to`, their pictures are written below that folder.

    Raises RecordError naming shard, row (from 1) and field at the first malformed one; ArgumentError if there are no
    shards.
    """
    paths = sorted(Path(folder).glob("*.parquet"))
    if not paths:
        raise ArgumentError(f"expected *.parquet in {folder}, found none")
    for path in paths:
        for node, error, pictures in read_rows(path):
            if error is not None:
                raise error
            try:
                record = read_record(node)
            except Faults as faults:
                raise faults.errors[0] from None
            if images_to is not None:
                _unpack(record, pictures, Path(images_to), node)
            yield record


def read_rows(path: Path) -> Iterator[tuple[Node, RecordError | None, Pictures]]:
    """Each row as (a record's JSON, why there is none, its pictures). Raises RecordError if this is not such a file."""
    arrow, parquet = _pyarrow()
    try:
        with parquet.ParquetFile(path) as file:
            there = {*file.schema_arrow.names, *_LATER}
            missing = [name for name in _schema().names if name not in there]
            if missing:
                raise RecordError(
                    f"expected the columns of a record, found none for {', '.join(missing)}", file=str(path)
                )
            line = 0
            for batch in file.iter_batches(batch_size=_GROUP):
                for row in batch.to_pylist():
                    line += 1
                    yield _read_row(row, str(path), line)
    except arrow.ArrowException as error:
        raise _unreadable(path, error) from error


def group_sizes(path: Path) -> list[int]:
    """How many rows each row group of a file has. Raises RecordError if this is not such a file."""
    arrow, parquet = _pyarrow()
    try:
        with parquet.ParquetFile(path) as file:
            return [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
    except arrow.ArrowException as error:
        raise _unreadable(path, error) from error


def read_group(path: Path, group: int, first: int) -> list[tuple[Node, RecordError | None, Pictures]]:
    """The rows of one row group, as read_rows gives them. first: the number of its first row in the file, from 1."""
    arrow, parquet = _pyarrow()
    try:
        with parquet.ParquetFile(path) as file:
            rows = file.read_row_group(group).to_pylist()
    except arrow.ArrowException as error:
        raise _unreadable(path, error) from error
    return [_read_row(row, str(path), first + number) for number, row in enumerate(rows)]


def _unreadable(path: Path, error: Exception) -> RecordError:
    return RecordError(f"this is not a Parquet file that can be read: {error}", file=str(path))


def _read_row(row: dict[str, Any], file: str, line: int) -> tuple[Node, RecordError | None, Pictures]:
    node = Node(None, file=file, line=line)
    pictures = row.pop("images") or []
    details = row.pop("image_info") or []
    if len(pictures) != len(details):
        return (
            node,
            node.child("image_info", None).error(f"expected {len(pictures)} like the images, found {len(details)}"),
            (),
        )
    row["images"] = [{"file": picture["path"], **detail} for picture, detail in zip(pictures, details, strict=True)]
    try:
        row["extra"] = _json(row["extra"], node.child("extra", None))
        for index, region in enumerate(row["regions"] or []):
            for place, degradation in enumerate(region["degradations"] or []):
                where = node.child(f"regions[{index}].degradations[{place}].parameters", None)
                degradation["parameters"] = _json(degradation["parameters"], where)
    except RecordError as error:
        return node, error, ()
    return Node(row, file=file, line=line), None, tuple(picture["bytes"] for picture in pictures)


def _json(text: str | None, node: Node) -> Any:
    try:
        return None if text is None else loads(text)
    except RecordError as error:
        raise node.error(error.reason) from error


def _table(group: list[tuple[Record, tuple[bytes, ...]]], schema: pa.Schema) -> pa.Table:
    arrow, _ = _pyarrow()
    return arrow.Table.from_pylist([_row(record, pictures) for record, pictures in group], schema=schema)


def _row(record: Record, pictures: tuple[bytes, ...]) -> dict[str, Any]:
    data = record.to_dict()
    regions = data.get("regions", [])
    for region in regions:
        degradations = region.setdefault("degradations", [])
        for degradation in degradations:
            degradation["parameters"] = dumps(degradation["parameters"])
    return {
        **{name: data.get(name) for name in _PLAIN},
        "images": [
            {"bytes": picture, "path": image.pop("file")}
            for picture, image in zip(pictures, data["images"], strict=True)
        ],
        "image_info": data["images"],
        "turns": [{"regions": []} | turn for turn in data["turns"]],
        "regions": regions,
        "makers": data.get("makers", []),
        "extra": dumps(data["extra"]) if "extra" in data else None,
    }


def _load(record: Record, root: Path) -> tuple[bytes, ...]:
    pictures = []
    for index, image in enumerate(record.images):
        try:
            pictures.append((root / image.file).read_bytes())
        except OSError as error:
            reason = f"record '{record.id}': expected a picture at {root / image.file}, found {error.strerror or error}"
            raise RecordError(reason, field=f"images[{index}].file") from error
    return tuple(pictures)


def _unpack(record: Record, pictures: Pictures, root: Path, node: Node) -> None:
    for index, (image, picture) in enumerate(zip(record.images, pictures, strict=True)):
        if picture is None:
            raise node.child(f"images[{index}].bytes", None).error("expected the bytes of a picture, found null")
        with atomic_writer(root / image.file) as file:
            file.write(picture)


def _schema() -> pa.Schema:
    arrow, _ = _pyarrow()
    text, whole, number = arrow.string(), arrow.int32(), arrow.float64()
    degradation = arrow.struct([("distortion", text), ("level", number), ("parameters", text)])
    mask = arrow.struct([("size", arrow.list_(whole)), ("counts", text)])
    region = arrow.struct(
        [
            ("image", whole),
            ("mask", mask),
            ("box", arrow.list_(number)),
            ("label", text),
            ("degradations", arrow.list_(degradation)),
        ]
    )
    detail = arrow.struct([("role", text), ("width", whole), ("height", whole), ("sha256", text)])
    counts = [(name, arrow.int64()) for name in ("seed", "input_tokens", "output_tokens")]
    maker = arrow.struct([("part", text), ("model", text), ("prompt_sha", text), *counts])
    turn = arrow.struct([("question", text), ("answer", text), ("regions", arrow.list_(whole))])
    return arrow.schema(
        [
            ("id", text),
            ("task", text),
            ("images", arrow.list_(arrow.struct([("bytes", arrow.binary()), ("path", text)]))),
            ("image_info", arrow.list_(detail)),
            ("turns", arrow.list_(turn)),
            ("regions", arrow.list_(region)),
            ("score", number),
            ("source", text),
            ("source_sha256", text),
            ("split", text),
            ("licence", text),
            ("seed", arrow.int64()),
            ("makers", arrow.list_(maker)),
            ("extra", text),
        ],
        metadata={"huggingface": _FEATURES},
    )


#: Says to `datasets` that the images are pictures; it finds the other columns' types itself.
_FEATURES: Final = dumps({"info": {"features": {"images": {"feature": {"_type": "Image"}, "_type": "Sequence"}}}})


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "data") from None
    return pyarrow, pyarrow.parquet
