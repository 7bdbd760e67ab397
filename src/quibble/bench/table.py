"""Tables of measured and published figures, as Markdown, HTML and JSON."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quibble.bench.metrics.estimate import Estimate

Figure = Estimate | float | None

#: The columns behind the figures of every table.
COUNTS = ("n", "unreadable", "refused")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of a table. source: the paper and table of a published row, None for what was measured here.

    differs: how the conditions of a published row differ from those of the measured ones, None if they do not. n,
    unreadable, refused: None where a paper does not say.
    """

    name: str
    figures: Mapping[str, Figure]
    n: int | None = None
    unreadable: int | None = None
    refused: int | None = None
    source: str | None = None
    differs: str | None = None

    def to_dict(self) -> dict[str, Any]:
        figures = {k: v.to_dict() if isinstance(v, Estimate) else v for k, v in self.figures.items()}
        return {
            "name": self.name,
            "measured": self.source is None,
            "source": self.source,
            "differs": self.differs,
            "n": self.n,
            "unreadable": self.unreadable,
            "refused": self.refused,
            "figures": figures,
        }


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows over common columns. digits: after the point, by column, 3 where nothing is said."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    notes: Sequence[str] = ()
    digits: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "columns": list(self.columns),
            "rows": [row.to_dict() for row in self.rows],
            "notes": list(self.notes),
        }

    def to_markdown(self) -> str:
        """With a heading, the notes below, and numbered marks on rows whose conditions differ."""
        header = ["", *self.columns, *COUNTS, "source"]
        lines = [f"### {self.title}", "", _line(header), _line(["---", *["---:"] * (len(header) - 2), "---"])]
        cells, marks = self._cells()
        lines += [_line([cell.replace("|", "\\|") for cell in row]) for row in cells]
        lines += ["", *(f"- {note}" for note in (*marks, *self.notes))] if marks or self.notes else []
        return "\n".join(lines) + "\n"

    def to_html(self) -> str:
        """A <section> without styles of its own; rows of papers have the class "published"."""
        cells, marks = self._cells()
        head = "".join(f"<th>{html.escape(name)}</th>" for name in ["", *self.columns, *COUNTS, "source"])
        body = "".join(
            f'<tr class="{"published" if row.source else "measured"}">'
            + "".join(f"<td>{html.escape(cell)}</td>" for cell in line)
            + "</tr>\n"
            for row, line in zip(self.rows, cells, strict=True)
        )
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in (*marks, *self.notes))
        below = f"<ul>{notes}</ul>" if notes else ""
        title = html.escape(self.title)
        return f"<section><h3>{title}</h3>\n<table><tr>{head}</tr>\n{body}</table>{below}</section>\n"

    def _cells(self) -> tuple[list[list[str]], list[str]]:
        """The texts of all rows, and the notes on conditions that differ, each once."""
        marks = list(dict.fromkeys(row.differs for row in self.rows if row.differs))
        lines = []
        for row in self.rows:
            mark = f" [{marks.index(row.differs) + 1}]" if row.differs else ""
            figures = [_figure(row.figures.get(name), self.digits.get(name, 3)) for name in self.columns]
            counts = ["" if c is None else str(c) for c in (row.n, row.unreadable, row.refused)]
            lines.append([row.name + mark, *figures, *counts, row.source or "measured"])
        return lines, [f"[{i}] differs: {text}" for i, text in enumerate(marks, start=1)]


def _figure(figure: Figure, digits: int) -> str:
    if figure is None:
        return "–"
    if not isinstance(figure, Estimate):
        return f"{figure:.{digits}f}"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.{digits}f}"
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f} to {figure.high:.{digits}f})"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
