"""Benchmarks that are records of quibble: our own, and those whose files their authors have not published.

GIQA-Bench, QGround-Test and IQA-Octopus's sets were announced, but their form is not public. Whoever has them can write
them as a data set of records (docs/data.md) and measure on them here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from quibble.bench.item import Item, Kind
from quibble.bench.metrics.boxes import Tag
from quibble.data import Record, RegionEntry, Role, read_jsonl
from quibble.errors import ArgumentError, RecordError
from quibble.geometry import Box, Mask
from quibble.taxonomy import QGroundClass

UNPUBLISHED: Final = (
    "its authors have not published its files; write what you have of it as a quibble data set (docs/data.md), "
    "records.jsonl beside images"
)

#: The class name of a region that is asked for by its place or its damage and not by a class.
TARGET: Final = "region"

_GROUNDING: Final = ("grounding_hyd", "grounding_sid", "grounding_dao")
#: Task names of records → what is asked.
_KINDS: Final = {
    **dict.fromkeys(("global_description", "local_description", "description", "reasoning"), Kind.DESCRIBE),
    **dict.fromkeys(("referring_short", "referring_long", "referring"), Kind.REFER),
    **dict.fromkeys(("question", "giqa_vqa"), Kind.QUESTION),
    **dict.fromkeys(_GROUNDING, Kind.GROUND),
    **dict.fromkeys(("giqa_des", "boxes"), Kind.DESCRIBE),
    "scoring": Kind.SCORE,
    "comparison": Kind.COMPARE,
    "choice": Kind.CHOICE,
    "grounding": Kind.GROUND,
}


def read_records(folder: Path, wanted: Callable[[Record], bool] = lambda record: True) -> Iterator[Item]:
    """The items of a data set, one a record. Raises ArgumentError if there is none, RecordError for an unknown task."""
    files = sorted(folder.glob("records*.jsonl"))
    if not files:
        raise ArgumentError(f"{folder} lacks records.jsonl: {UNPUBLISHED}")
    for file in files:
        for line, record in enumerate(read_jsonl(file), start=1):
            if not wanted(record):
                continue
            if record.task not in _KINDS:
                raise RecordError(
                    f"expected a task of {', '.join(sorted(_KINDS))}", file=str(file), line=line, field="task"
                )
            yield to_item(record, folder)


def to_item(record: Record, folder: Path) -> Item:
    """A record of a known task as an item. The question is the last turn's; so is the answer, and its regions."""
    kind = _KINDS[record.task]
    turn = record.turns[-1]
    told = [record.regions[index] for index in turn.regions]
    entries = sorted(record.images, key=lambda entry: [Role.REFERENCE, Role.SINGLE, Role.A, Role.B].index(entry.role))
    options = tuple(str(option) for option in _list(record, "options"))
    names = tuple(dict.fromkeys(d.category.value for region in told for d in region.degradations))
    return Item(
        id=record.id,
        kind=kind,
        images=tuple(folder / entry.file for entry in entries),
        reference=entries[0].role is Role.REFERENCE,
        question=turn.question,
        options=options,
        right=options.index(turn.answer) if kind is Kind.CHOICE and turn.answer in options else None,
        score=record.score if kind is Kind.SCORE else None,
        share_b={"Image A": 0.0, "Image B": 1.0}.get(turn.answer) if kind is Kind.COMPARE else None,
        answer=turn.answer or None,
        tags=tuple(_tag(record, region) for region in told if region.label is not None),
        masks=(_masks(record),) if kind is Kind.GROUND else (),
        focus=told[0].region if kind is Kind.REFER and told else None,
        names=names,
        labels={
            "task": record.task,
            **{k: str(v) for k, v in record.extra.items() if k in ("variant", "type", "concern")},
        },
    )


def read_qground(folder: Path) -> Iterator[Item]:
    """QGround-Test: a record a truth, regions labelled with one of the five classes; truths of a picture are joined."""
    by_picture: dict[str, list[Record]] = {}
    for file in sorted(folder.glob("records*.jsonl")):
        for record in read_jsonl(file):
            by_picture.setdefault(record.images[0].file, []).append(record)
    if not by_picture:
        raise ArgumentError(f"{folder} lacks records.jsonl: {UNPUBLISHED}")
    for name, records in by_picture.items():
        yield Item(
            id=name,
            kind=Kind.GROUND,
            images=(folder / name,),
            question=records[0].turns[-1].question,
            masks=tuple(_masks_by_label(record) for record in records),
            labels={"classes": "q-ground"},
        )


def _tag(record: Record, region: RegionEntry) -> Tag:
    entry = record.images[region.image]
    corners = region.region.bounds.normalized(width=entry.width, height=entry.height)
    return Tag(name=str(region.label), box=Box.from_normalized(corners, width=1, height=1))


def _masks(record: Record) -> dict[str, Mask]:
    """By category, or for the tasks that look for one region, the union of what the answer is about as TARGET."""
    if record.task not in _GROUNDING:
        return _masks_by_category(record)
    entry = record.images[0]
    told = [record.regions[index].region for index in record.turns[-1].regions]
    masks = [region.to_mask(width=entry.width, height=entry.height) for region in told]
    return {TARGET: union(masks)} if masks else {}


def _masks_by_label(record: Record) -> dict[str, Mask]:
    found: dict[str, list[Mask]] = {}
    for index, region in enumerate(record.regions):
        if region.mask is None or region.label not in set(QGroundClass):
            classes = ", ".join(QGroundClass)
            raise RecordError(f"expected a mask labelled {classes}", field=f"{record.id}.regions[{index}]")
        found.setdefault(str(region.label), []).append(region.mask)
    return {name: union(masks) for name, masks in found.items()}


def _masks_by_category(record: Record) -> dict[str, Mask]:
    found: dict[str, list[Mask]] = {}
    for region in record.regions:
        for category in dict.fromkeys(d.category.value for d in region.degradations):
            entry = record.images[region.image]
            found.setdefault(category, []).append(region.region.to_mask(width=entry.width, height=entry.height))
    return {name: union(masks) for name, masks in found.items()}


def union(masks: list[Mask]) -> Mask:
    """All pixels of at least one mask of one size."""
    if len(masks) == 1:
        return masks[0]
    out = masks[0].to_array()
    for mask in masks[1:]:
        out = out | mask.to_array()
    return Mask.from_array(out)


def _list(record: Record, name: str) -> list[object]:
    value = record.extra.get(name)
    return list(value) if isinstance(value, list | tuple) else []
