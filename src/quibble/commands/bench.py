"""`quibble bench`: measure models on benchmarks, and other people's predictions with the papers' metrics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from quibble.bench.scores import Scored

_EXAMPLES = """\b
Examples:
  quibble bench metrics predictions.csv mos.csv --task scores
  quibble bench metrics llava_v1.5/livec.json --task qbench-a3 --json
"""

_PUBLISHED_EXAMPLES = """\b
Examples:
  quibble bench published
  quibble bench published --paper Q-Ground
"""

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(epilog=_EXAMPLES)
def bench() -> None:
    """Measure models on benchmarks, beside the papers' figures."""


@bench.command(epilog=_EXAMPLES)
@click.argument("predictions", type=_FILE)
@click.argument("truth", type=_FILE, required=False)
@click.option("--task", type=click.Choice(["scores", "qbench-a3"]), required=True, help="What the files hold.")
@click.option(
    "--divisor",
    type=click.FloatRange(min=0, min_open=True),
    help="qbench-a3: what logits are divided by before the softmax. [default: 100, as in the papers' figures]",
)
@click.option("--fit", is_flag=True, help="Also PLCC and RMSE after the 4-parameter logistic.")
@click.option("--resamples", type=click.IntRange(0), default=1000, show_default=True, help="Of the intervals; 0: none.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the intervals.")
@click.option("--database", metavar="NAME", help="Put the papers' rows on this database beside, such as LIVE-itw.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def metrics(
    predictions: Path,
    truth: Path | None,
    task: str,
    divisor: float | None,
    fit: bool,
    resamples: int,
    seed: int,
    database: str | None,
    as_json: bool,
) -> None:
    """Measure predictions that were made elsewhere.

    scores: PREDICTIONS and TRUTH are JSON, JSON lines or CSV with a name and a number an item, matched by name.
    qbench-a3: PREDICTIONS is an output file of Q-Bench, which holds the true scores too. PLCC is the plain one, and
    intervals are 95% bootstrap intervals over pictures.
    """
    from quibble.bench.metrics.levels import QBENCH_DIVISOR
    from quibble.bench.published import beside_scores
    from quibble.bench.scores import measure, read_qbench_a3
    from quibble.bench.table import Row, Table

    settings: dict[str, object] = {"task": task, "plcc": "plain", "resamples": resamples, "seed": seed}
    if task == "qbench-a3":
        if truth is not None:
            raise click.UsageError("qbench-a3 takes one file: it holds the true scores")
        settings["divisor"] = divisor = divisor or QBENCH_DIVISOR
        items = read_qbench_a3(predictions, divisor=divisor)
    else:
        if truth is None or divisor is not None:
            raise click.UsageError("scores takes two files, PREDICTIONS and TRUTH, and no --divisor")
        items = _joined(predictions, truth)
    papers = beside_scores(database) if database else []
    found = measure(items, fit=fit, resamples=resamples, seed=seed)
    if as_json:
        rows = {"published": [row.to_dict() for row in papers]} if papers else {}
        click.echo(json.dumps({**found.to_dict(), "settings": settings, **rows}, ensure_ascii=False))
        return
    row = Row(
        name=predictions.name, figures=found.figures(), n=found.n, unreadable=found.unreadable, refused=found.refused
    )
    notes = [f"{name}: {value}" for name, value in settings.items()] + ([found.undefined] if found.undefined else [])
    click.echo(
        Table(title=task, columns=list(found.figures()), rows=[row, *papers], notes=notes).to_markdown(), nl=False
    )


def _joined(predictions: Path, truth: Path) -> list[Scored]:
    from quibble.bench.scores import join_scores

    joined = join_scores(predictions, truth)
    if joined.missing:
        click.echo(f"quibble: {joined.missing} pictures have no prediction; they count as unreadable", err=True)
    if joined.unknown:
        click.echo(f"quibble: {joined.unknown} predictions are of pictures that are not in {truth}", err=True)
    return list(joined.items)


@bench.command(epilog=_PUBLISHED_EXAMPLES)
@click.option("--paper", help="Only this paper's tables.")
@click.option("--task", help="Only the tables of this task.")
@click.option("--html", "as_html", is_flag=True, help="Print HTML instead of Markdown.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of Markdown.")
def published(paper: str | None, task: str | None, as_html: bool, as_json: bool) -> None:
    """Print the papers' tables, with their conditions."""
    from quibble.bench.published import published as all_tables

    chosen = [t for t in all_tables() if paper in (None, t.paper) and task in (None, t.task)]
    if not chosen:
        papers = ", ".join(dict.fromkeys(t.paper for t in all_tables()))
        tasks = ", ".join(dict.fromkeys(t.task for t in all_tables()))
        raise click.UsageError(f"there is no such table; papers are {papers}; tasks are {tasks}")
    tables = [t.table() for t in chosen]
    if as_json:
        click.echo(json.dumps([t.to_dict() for t in tables], ensure_ascii=False))
        return
    click.echo("\n".join(t.to_html() if as_html else t.to_markdown() for t in tables), nl=False)
