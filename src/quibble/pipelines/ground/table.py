"""What a data set of masks holds, by class and by who made it. Source: Q-Ground, figures 3 and 4."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quibble.data import Record, samples
from quibble.geometry import Mask
from quibble.pipelines.ground.agreement import agreement
from quibble.pipelines.ground.build import PEOPLE
from quibble.pipelines.ground.people import join
from quibble.taxonomy import QGroundClass


@dataclass(frozen=True, kw_only=True)
class Part:
    """People's part of a data set, or the model's.

    classes: number of records that have a class. shares: mean share of the picture, 0..1, where it does. none: records
    without any class. agreement: people's, by eq. 1, over all classes as one and in by_class for each alone; None where
    no picture has two masks. consistency: the mean over records of the model's runs; None where there is one run.
    """

    records: int
    pictures: int
    classes: Mapping[QGroundClass, int]
    shares: Mapping[QGroundClass, float]
    none: int
    agreement: float | None
    by_class: Mapping[QGroundClass, float]
    consistency: float | None

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {
            name: {key.value: value for key, value in getattr(self, name).items()}
            for name in ("classes", "shares", "by_class")
        }


@dataclass(frozen=True, kw_only=True)
class Table:
    """The parts of a data set: "people" and "model", those that there are."""

    parts: Mapping[str, Part]

    def to_dict(self) -> dict[str, Any]:
        return {name: part.to_dict() for name, part in self.parts.items()}

    def to_text(self) -> str:
        """A report to read on a terminal, of plain characters."""
        lines = []
        for name, part in self.parts.items():
            lines += [
                f"{name}: records {part.records}, pictures {part.pictures}",
                f"  {'class':<20}{'records':>9}{'share':>9}",
            ]
            lines += [f"  {each.value:<20}{part.classes[each]:>9}{part.shares[each]:>9.1%}" for each in part.classes]
            lines.append(f"  {'(none)':<20}{part.none:>9}")
            if part.agreement is not None:
                each = ", ".join(f"{key.value} {value:.3f}" for key, value in part.by_class.items())
                lines.append(f"  agreement (eq. 1)   {part.agreement:>9.3f}{f'   {each}' if each else ''}")
            if part.consistency is not None:
                lines.append(f"  consistency of runs {part.consistency:>9.3f}")
        return "\n".join(lines)


def tabulate(folder: str | os.PathLike[str]) -> Table:
    """The table of a data set that `build` made. Raises ArgumentError if there is none."""
    records: dict[str, list[Record]] = defaultdict(list)
    for sample in samples(Path(folder)):
        records[str(sample.record.extra["part"])].append(sample.record)
    return Table(parts={name: _part(records[name], people=name == PEOPLE) for name in sorted(records)})


def _part(records: list[Record], *, people: bool) -> Part:
    classes: Counter[QGroundClass] = Counter()
    shares: dict[QGroundClass, list[float]] = defaultdict(list)
    pictures: dict[str, list[dict[QGroundClass, Mask]]] = defaultdict(list)
    for record in records:
        masks = {QGroundClass(r.label): r.mask for r in record.regions if r.label is not None and r.mask is not None}
        pictures[record.images[0].file].append(masks)
        for name, mask in masks.items():
            classes[name] += 1
            shares[name].append(mask.share)
    ordered = sorted(classes, key=lambda name: (-classes[name], name))
    consistencies = [record.extra["consistency"] for record in records if "consistency" in record.extra]
    wholes = [[join(list(masks.values())) for masks in each if masks] for each in pictures.values()]
    each_class = {
        name: _agreement([[masks[name] for masks in each if name in masks] for each in pictures.values()])
        for name in ordered
    }
    return Part(
        records=len(records),
        pictures=len(pictures),
        classes={name: classes[name] for name in ordered},
        shares={name: float(np.mean(shares[name])) for name in ordered},
        none=sum(not record.regions for record in records),
        agreement=_agreement(wholes) if people else None,
        by_class={name: value for name, value in each_class.items() if people and value is not None},
        consistency=float(np.mean(np.array(consistencies, float))) if consistencies else None,
    )


def _agreement(pictures: list[list[Mask]]) -> float | None:
    return agreement(pictures) if any(len(masks) > 1 for masks in pictures) else None
