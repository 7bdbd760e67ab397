"""The tables of grounding: where, in pixels, and what was said of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quibble.bench.answers import Answered, Run
from quibble.bench.evaluate_texts import Marking
from quibble.bench.metrics.boxes import box_miou
from quibble.bench.metrics.masks import ClassMap, grounding, merge_smaller_first
from quibble.bench.rows import Making, papers, row
from quibble.bench.table import Figure, Table
from quibble.bench.tasks.records import TARGET
from quibble.geometry import Box, Region
from quibble.taxonomy import Category, QGroundClass

_TITLES: Final = {
    (TARGET,): "grounding of one region",
    tuple(QGroundClass): "grounding",
    tuple(Category): "grounding by category",
}
#: IQA-Octopus's sub-tasks by the names of its columns.
_SUBTASKS: Final = (("dao-g", "grounding_dao"), ("hyd-g", "grounding_hyd"), ("sid-g", "grounding_sid"))


def grounding_tables(run: Run, answers: Sequence[Answered], making: Making) -> list[Table]:
    """A table for each set of classes that is asked for; a picture in which there is nothing to find is left out."""
    answers = [a for a in answers if any(a.item.masks)]
    found = []
    for classes in dict.fromkeys(_classes_of(a) for a in answers):
        part = [a for a in answers if _classes_of(a) == classes]
        found.append(_table(run, part, classes, making))
    return found


def _table(run: Run, answers: Sequence[Answered], classes: Sequence[str], making: Making) -> Table:
    maps = [_maps(a, classes) for a in answers]
    found = grounding([m[0] for m in maps], [m[1] for m in maps], len(classes), resamples=making.resamples)
    boxes = [_boxes(a) for a in answers]
    box = box_miou([b[0] for b in boxes], [b[1] for b in boxes], resamples=making.resamples)
    figures: dict[str, Figure] = {
        "miou": found.miou,
        "macc": found.macc,
        "per picture": found.per_picture,
        "box miou": box.value,
    }
    notes = [
        "classes are pooled over pictures; per picture: the mean over pictures of their classes' mean",
        "box miou: of the boxes around masks, whatever their class, over the true ones of the first truth",
    ]
    if run.benchmark == "octopus-grounding":
        figures |= _subtasks(answers, classes, making)
        # Masks that were made elsewhere come without words, which is no reason to mark these.
        told = [a for a in answers if a.reply.text is not None]
        if told:
            marking = Marking(making, told)
            figures |= {"grounding": marking.mean("grounding", told), "unmarked": float(marking.unmarked)}
            notes += [*marking.notes(), f"grounding: the marks of {len(told)} answers in words"]
    if len(classes) > 1:
        figures |= {f"{name} miou": iou for name, iou in zip(classes, found.iou, strict=True)}
    columns = [*figures, *(["average miou"] if run.benchmark == "qground-test" else [])]
    rows = [row(run, figures, answers), *papers(run, answers, columns)]
    title = f"{run.benchmark}: {_TITLES[tuple(classes)]}"
    return Table(title=title, columns=columns, rows=rows, notes=notes, digits={"unmarked": 0})


def _classes_of(answered: Answered) -> tuple[str, ...]:
    if any(TARGET in truth for truth in answered.item.masks):
        return (TARGET,)
    if "q-ground" in answered.item.labels.values():
        return tuple(QGroundClass)
    return tuple(Category)


def _maps(answered: Answered, names: Sequence[str]) -> tuple[ClassMap, list[ClassMap]]:
    truths = answered.item.masks
    first = next(mask for truth in truths for mask in truth.values())
    index = {name: i for i, name in enumerate(names)}
    said = {index[k]: m for k, m in (answered.reply.masks or {}).items() if k in index}
    true = [
        merge_smaller_first({index[k]: m for k, m in truth.items()}, height=first.height, width=first.width)
        for truth in truths
    ]
    return merge_smaller_first(said, height=first.height, width=first.width), true


def _boxes(answered: Answered) -> tuple[list[Box], list[Box]]:
    """The boxes around the masks that were said, and around those of the first truth that has any."""
    true = next(truth for truth in answered.item.masks if truth)
    said = answered.reply.masks or {}
    around = [[Region(mask=mask).bounds for mask in masks.values() if mask.area] for masks in (said, true)]
    return around[0], around[1]


def _subtasks(answers: Sequence[Answered], names: Sequence[str], making: Making) -> dict[str, Figure]:
    """IQA-Octopus's columns: the mean IoU of the pictures of each sub-task, and of all."""
    parts = {column: [a for a in answers if a.item.labels.get("task") == task] for column, task in _SUBTASKS}
    figures: dict[str, Figure] = {}
    for column, part in {**parts, "average": list(answers)}.items():
        if part:
            said, true = zip(*(_maps(a, names) for a in part), strict=True)
            figures[column] = grounding(said, true, len(names), resamples=making.resamples).per_picture
    return figures
