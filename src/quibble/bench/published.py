"""The papers' tables (published.toml), and their rows for standing beside measured ones."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from quibble.bench.table import Row, Table
from quibble.errors import ArgumentError

#: The measured columns of a database of scores, and their names in the papers' tables behind the database's.
SCORE_COLUMNS = ("srcc", "plcc")


@dataclass(frozen=True, kw_only=True)
class Published:
    """A table as printed. figures: by row and column, None where the paper gives none; in the paper's own unit."""

    paper: str
    number: str
    task: str
    title: str
    conditions: str
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[float | None, ...]]
    digits: int

    @property
    def source(self) -> str:
        """Such as "Q-Instruct, table 6"."""
        return f"{self.paper}, table {self.number}"

    def figures(self, row: str) -> dict[str, float | None]:
        """A row by column. Raises ArgumentError if there is none of that name."""
        if row not in self.rows:
            raise ArgumentError(f"{self.source} has no row {row!r}; it has {', '.join(self.rows)}")
        return dict(zip(self.columns, self.rows[row], strict=True))

    def table(self) -> Table:
        """The whole table."""
        rows = [Row(name=name, figures=self.figures(name), source=self.source) for name in self.rows]
        notes = [self.conditions] if self.conditions else []
        title = f"{self.source}: {self.title}"
        return Table(
            title=title, columns=self.columns, rows=rows, notes=notes, digits=dict.fromkeys(self.columns, self.digits)
        )


@cache
def published() -> tuple[Published, ...]:
    """All tables, in the order of the file."""
    tables = tomllib.loads(files("quibble.bench").joinpath("published.toml").read_text("utf-8"))["table"]
    return tuple(
        Published(
            paper=table["paper"],
            number=table["number"],
            task=table["task"],
            title=table["title"],
            conditions=table["conditions"],
            columns=tuple(table["columns"]),
            rows={row["name"]: tuple(_figure(value) for value in row["figures"]) for row in table["rows"]},
            digits=table.get("digits", 3),
        )
        for table in tables
    )


def beside(task: str, columns: Sequence[str]) -> list[Row]:
    """The published rows of a task that give at least one of `columns`, each marked with its table's conditions."""
    rows = []
    for table in published():
        if table.task != task:
            continue
        for name in table.rows:
            figures = {column: value for column, value in table.figures(name).items() if column in columns}
            if any(value is not None for value in figures.values()):
                rows.append(Row(name=name, figures=figures, source=table.source, differs=table.conditions or None))
    return rows


def beside_scores(database: str) -> list[Row]:
    """The published SRCC and PLCC on a database of scores, of all papers. Raises ArgumentError if there are none."""
    rows, known = [], set[str]()
    for table in published():
        names = {c.rpartition(" ")[0] for c in table.columns if c.rpartition(" ")[2] in SCORE_COLUMNS}
        known |= names
        name = next((n for n in sorted(names) if n.lower() == database.lower()), None)
        if name is None:
            continue
        for row in table.rows:
            found = table.figures(row)
            figures = {column: found[f"{name} {column}"] for column in SCORE_COLUMNS}
            rows.append(Row(name=row, figures=figures, source=table.source, differs=table.conditions or None))
    if not rows:
        raise ArgumentError(f"no paper reports on {database!r}; known are {', '.join(sorted(known))}")
    return rows


def _figure(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
