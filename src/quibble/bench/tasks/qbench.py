"""Q-Bench: A1's questions about one picture, Q-Bench2's about two, and A2's descriptions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from quibble.bench.item import Item, Kind, Picture
from quibble.bench.objects import Object, below, pick, read_objects
from quibble.errors import MissingExtraError, RecordError

TYPES: Final = ("yes-or-no", "what", "how")
CONCERNS: Final = ("distortion", "other", "in-context distortion", "in-context other")
LETTERS: Final = "ABCD"

A1: Final = (
    "download images.tar and llvisionqa_dev.json or _test.json from "
    "huggingface.co/datasets/nanyangtu/LLVisionQA-QBench, "
    "or the parquet files of huggingface.co/datasets/q-future/Q-Bench-HF"
)
A1_PAIRS: Final = "download the parquet files of huggingface.co/datasets/q-future/Q-Bench2-HF"
A2: Final = (
    "Q-Bench published the pictures of LLDescribe (huggingface.co/datasets/nanyangtu/LLDescribe-QBench) without their "
    'descriptions; with those, write lldescribe.json, a list of {"img_path", "description"}'
)


def read_questions(folder: Path, split: str, *, pictures: int = 1) -> Iterator[Item]:
    """Questions from llvisionqa_SPLIT.json beside images/, or from parquet files named SPLIT-*.parquet.

    The right answer is None where it is not published, as in the test split. Raises ArgumentError saying what to get.
    """
    get = A1 if pictures == 1 else A1_PAIRS
    tables = sorted((*folder.glob(f"{split}-*.parquet"), *folder.glob(f"data/{split}-*.parquet")))
    if tables:
        for table in tables:
            for index, row in enumerate(_parquet(table)):
                yield _from_row(row, f"{table.name}:{index}", pictures, str(table), index)
        return
    path = below(folder, f"llvisionqa_{split}.json", get=get)
    images = below(folder, "images", get=get)
    for index, item in enumerate(read_objects(path)):
        yield _from_json(item, images, str(path), index)


def read_descriptions(folder: Path) -> Iterator[Item]:
    """Pictures with a true description each, from lldescribe.json beside images/."""
    path, images = below(folder, "lldescribe.json", get=A2), below(folder, "images", get=A2)
    for index, item in enumerate(read_objects(path)):
        name = str(pick(item, ["img_path"], file=str(path), index=index))
        yield Item(
            id=name,
            kind=Kind.DESCRIBE,
            images=(images / name,),
            question="Describe and evaluate the quality of the image.",
            answer=str(pick(item, ["description", "golden_description"], file=str(path), index=index)),
        )


def _from_json(item: Object, images: Path, file: str, index: int) -> Item:
    """Q-Bench's own form: img_path, question, candidates, correct_ans, type, concern."""
    options = tuple(str(option) for option in pick(item, ["candidates"], file=file, index=index))
    answer = item.get("correct_ans")
    if answer is not None and str(answer) not in options:
        raise RecordError(f"item {index} has the answer {answer!r}, which is none of its candidates", file=file)
    name = str(pick(item, ["img_path"], file=file, index=index))
    return Item(
        id=f"{index}:{name}",
        kind=Kind.CHOICE,
        images=(images / name,),
        question=str(pick(item, ["question"], file=file, index=index)),
        options=options,
        right=options.index(str(answer)) if answer is not None else None,
        labels=_labels(item.get("type"), item.get("concern"), file, index),
    )


def _from_row(row: Mapping[str, Any], name: str, pictures: int, file: str, index: int) -> Item:
    """The form of the parquet files: image (or image1, image2), question, option0..3, question_type, ..._concern."""
    options = tuple(str(row[f"option{i}"]) for i in range(4) if row.get(f"option{i}") not in (None, "", "N/A"))
    letter = str(row.get("correct_choice") or "").strip().rstrip(".")
    if letter and letter not in LETTERS[: len(options)]:
        raise RecordError(f"row {index} has {len(options)} options but the answer {letter!r}", file=file)
    fields = ["image"] if pictures == 1 else [f"image{i + 1}" for i in range(pictures)]
    return Item(
        id=str(row.get("id", name)),
        kind=Kind.CHOICE,
        images=tuple(_picture(pick(row, [field], file=file, index=index), file, index) for field in fields),
        question=str(pick(row, ["question"], file=file, index=index)),
        options=options,
        right=LETTERS.index(letter) if letter else None,
        labels=_labels(row.get("question_type"), row.get("question_concern"), file, index),
    )


def _labels(kind: object, concern: object, file: str, index: int) -> dict[str, str]:
    labels = {}
    for name, value, words in (("type", kind, TYPES), ("concern", concern, CONCERNS)):
        if value is None:
            continue
        if str(value) not in map(str, range(len(words))):
            raise RecordError(f"item {index} has the {name} {value!r}; expected 0 to {len(words) - 1}", file=file)
        labels[name] = words[int(str(value))]
    return labels


def _picture(value: object, file: str, index: int) -> Picture:
    data = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(data, bytes):
        raise RecordError(f"row {index} needs the bytes of its picture", file=file)
    return data


def _parquet(path: Path) -> Iterator[dict[str, Any]]:
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "data") from error
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=64):
                yield from batch.to_pylist()
    except (pyarrow.ArrowException, json.JSONDecodeError) as error:
        raise RecordError(f"cannot be read as Parquet ({error})", file=str(path)) from error
