"""What a data set of boxes holds: counts as in Grounding-IQA's table 1, and its boxes before and after refinement."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from quibble.data import Record, samples
from quibble.geometry import Box
from quibble.pipelines.grounding_iqa.build import DESCRIPTION
from quibble.pipelines.grounding_iqa.questions import YES_NO

#: Edges of the classes of a box's share of its picture, as in figure 6: tenths, the first one finer.
AREA_EDGES: Final = (0.0, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, kw_only=True)
class Table:
    """images: different ones. descriptions, closed, open: records; closed are those for yes or no. answers: closed ones
    by key; kinds: open ones by kind. sides: questions that refer (a box in the question) or ground (in the answer).
    raw_areas, areas: boxes of the descriptions' objects by share of the picture, as detected and as they are in the
    text, a count for each class of AREA_EDGES.
    """

    images: int
    descriptions: int
    closed: int
    open: int
    answers: Mapping[str, int]
    kinds: Mapping[str, int]
    sides: Mapping[str, int]
    raw_areas: tuple[int, ...]
    areas: tuple[int, ...]

    @property
    def total(self) -> int:
        """All records."""
        return self.descriptions + self.closed + self.open

    def to_dict(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        counted = {name: dict(value) for name, value in plain.items() if isinstance(value, Mapping)}
        edges = [f"{edge:g}" for edge in AREA_EDGES[:-1]]
        areas = {name: dict(zip(edges, plain[name], strict=True)) for name in ("raw_areas", "areas")}
        return plain | counted | areas | {"total": self.total}

    def to_text(self) -> str:
        """A report to read on a terminal, of plain characters."""
        head = ("images", "total", "descriptions", "yes or no", "what, why, how")
        row = (self.images, self.total, self.descriptions, self.closed, self.open)
        lines = ["  ".join(head), "  ".join(f"{value:>{len(name)}}" for name, value in zip(head, row, strict=True))]
        for name, counts in (("answers", self.answers), ("kinds", self.kinds), ("boxes in", self.sides)):
            if counts:
                lines.append(f"{name}: {', '.join(f'{key} {count}' for key, count in counts.items())}")
        lines += ["", f"{'share of picture':<20}{'detected':>10}{'refined':>10}"]
        for low, high, raw, refined in zip(AREA_EDGES, AREA_EDGES[1:], self.raw_areas, self.areas, strict=False):
            lines.append(f"{f'{low:.1%} to {high:.1%}':<20}{raw:>10}{refined:>10}")
        return "\n".join(lines)


def tabulate(folder: str | os.PathLike[str]) -> Table:
    """The table of a data set that `build` made. Raises ArgumentError if there is none."""
    images: set[str] = set()
    counts: Counter[str] = Counter()
    by: dict[str, Counter[str]] = {name: Counter() for name in ("answers", "kinds", "sides")}
    raw: list[float] = []
    refined: list[float] = []
    for sample in samples(Path(folder)):
        record = sample.record
        images.add(record.images[0].file)
        if record.task == DESCRIPTION:
            counts["descriptions"] += 1
            raw += _shares(record, _detected(record))
            refined += _shares(record, [region.region.bounds for region in record.regions])
            continue
        closed = record.extra["kind"] == YES_NO
        counts["closed" if closed else "open"] += 1
        by["answers" if closed else "kinds"][str(record.extra["key" if closed else "kind"])] += 1
        by["sides"][str(record.extra["side"])] += 1
    return Table(
        images=len(images),
        descriptions=counts["descriptions"],
        closed=counts["closed"],
        open=counts["open"],
        **{name: dict(counter.most_common()) for name, counter in by.items()},
        raw_areas=_histogram(raw),
        areas=_histogram(refined),
    )


def _detected(record: Record) -> list[Box]:
    objects: Any = record.extra["objects"]
    return [Box.from_list(corners) for each in objects for corners in each["boxes"]]


def _shares(record: Record, boxes: Sequence[Box]) -> list[float]:
    image = record.images[0]
    return [min(1.0, box.area / (image.width * image.height)) for box in boxes]


def _histogram(shares: Sequence[float]) -> tuple[int, ...]:
    return tuple(np.histogram(shares, AREA_EDGES)[0].tolist())
