"""`quibble bench metrics`: other people's predictions with the papers' metrics."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from quibble.bench.scores import Scored

_EXAMPLES = """\b
Examples:
  quibble bench metrics predictions.csv mos.csv --task scores --fit
  quibble bench metrics comparisons.jsonl dmos.csv --task votes --per-reference
  quibble bench metrics llava_v1.5/livec.json --task qbench-a3 --json
  quibble bench metrics one-align/livec.json --task q-align
  quibble bench metrics masks.jsonl --task agreement
"""

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
#: The options of one task alone, and how many files each task takes.
_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "scores": (),
    "votes": ("per_reference",),
    "qbench-a3": ("divisor", "keep_ties"),
    "q-boost": ("synonyms",),
    "q-align": (),
    "agreement": (),
}
_TWO_FILES: Final = ("scores", "votes")


@click.command(epilog=_EXAMPLES)
@click.argument("predictions", type=_FILE)
@click.argument("truth", type=_FILE, required=False)
@click.option("--task", type=click.Choice(list(_OPTIONS)), required=True, help="What the files hold.")
@click.option(
    "--divisor",
    type=click.FloatRange(min=0, min_open=True),
    help="qbench-a3: what logits are divided by before the softmax. [default: 100, as in the papers' figures]",
)
@click.option(
    "--keep-ties", is_flag=True, help="qbench-a3: equal differences of logits are ties. [default: as published]"
)
@click.option(
    "--synonyms",
    type=click.IntRange(1, 3),
    help="q-boost: words of each tone; its public code takes 1 for pictures and 3 for videos. [default: 3]",
)
@click.option(
    "--per-reference",
    is_flag=True,
    help="votes: the mean over originals, which TRUTH names as 'reference' or 'ref_img', as in DepictQA's public code.",
)
@click.option("--fit", is_flag=True, help="Also PLCC and RMSE after the 4-parameter logistic.")
@click.option("--rmse", is_flag=True, help="Also RMSE of the predictions as they are, which are on the scale of TRUTH.")
@click.option("--resamples", type=click.IntRange(0), default=1000, show_default=True, help="Of the intervals; 0: none.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the intervals.")
@click.option("--database", metavar="NAME", help="Put the papers' rows on this database beside, such as LIVE-itw.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def metrics(
    predictions: Path,
    truth: Path | None,
    task: str,
    fit: bool,
    rmse: bool,
    resamples: int,
    seed: int,
    database: str | None,
    as_json: bool,
    **own: Any,
) -> None:
    """Measure predictions that were made elsewhere.

    scores: PREDICTIONS and TRUTH are JSON, JSON lines or CSV with a name and a number an item, matched by name.
    votes: PREDICTIONS have first, second and winner, a comparison each; the share of comparisons won is the score.
    qbench-a3, q-boost, q-align: PREDICTIONS is an output file of Q-Bench, Q-Instruct or Q-Align, which holds logits and
    the true scores too. agreement: PREDICTIONS are annotators' masks, a COCO RLE each. PLCC is the plain one, and
    intervals are 95% bootstrap intervals over pictures.
    """
    from quibble.bench.published import beside_scores
    from quibble.bench.scores import measure
    from quibble.bench.table import Row, Table

    foreign = [name for name, value in own.items() if value and name not in _OPTIONS[task]]
    if foreign or (truth is None) is (task in _TWO_FILES):
        files = "two files, PREDICTIONS and TRUTH" if task in _TWO_FILES else "one file"
        options = " and ".join(f"no --{name.replace('_', '-')}" for name in foreign)
        raise click.UsageError(f"{task} takes {files}{f', and {options}' if options else ''}")
    if task == "agreement":
        if fit or rmse or database:
            raise click.UsageError("agreement takes no --fit, --rmse or --database")
        _agreement(predictions, resamples, seed, as_json=as_json)
        return
    settings: dict[str, object] = {"task": task, "plcc": "plain", "resamples": resamples, "seed": seed}
    items = _items(predictions, truth, task, own, settings)
    papers = beside_scores(database) if database else []
    found = measure(
        items, fit=fit, same_scale=rmse, of_parts=bool(own["per_reference"]), resamples=resamples, seed=seed
    )
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


def _items(
    predictions: Path, truth: Path | None, task: str, own: Mapping[str, Any], settings: dict[str, object]
) -> list[Scored]:
    """The pictures with their scores; what they were made with goes into the settings."""
    from quibble.bench.logits import read_q_align, read_q_boost, read_qbench_a3
    from quibble.bench.metrics.levels import QALIGN_WORDS, QBENCH_DIVISOR, QBOOST_WORDS

    if truth is not None:
        settings |= {"figures": "the mean of the originals'"} if own["per_reference"] else {}
        return _joined(predictions, truth, votes=task == "votes", per_reference=own["per_reference"])
    if task == "q-align":
        settings["words"] = ", ".join(QALIGN_WORDS)
        items = read_q_align(predictions)
    elif task == "q-boost":
        synonyms = own["synonyms"] or len(QBOOST_WORDS[0])
        settings["words"] = "; ".join(", ".join(tone[:synonyms]) for tone in QBOOST_WORDS)
        items = read_q_boost(predictions, synonyms=synonyms)
    else:
        divisor, keep_ties = own["divisor"] or QBENCH_DIVISOR, own["keep_ties"]
        items = read_qbench_a3(predictions, divisor=divisor, keep_ties=keep_ties)
        settings |= {"divisor": divisor, "ties": "kept" if keep_ties else "ordered by rounding, as published"}
    if parts := sorted({item.part for item in items if item.part}):
        settings["mean of the parts"] = ", ".join(parts)
    return items


def _joined(predictions: Path, truth: Path, *, votes: bool, per_reference: bool) -> list[Scored]:
    from quibble.bench.scores import join_scores
    from quibble.bench.votes import join_votes

    joined = join_votes(predictions, truth, per_reference=per_reference) if votes else join_scores(predictions, truth)
    if joined.undecided:
        click.echo(f"quibble: {joined.undecided} comparisons have no readable winner and are left out", err=True)
    if joined.missing:
        click.echo(f"quibble: {joined.missing} pictures have no prediction; they count as unreadable", err=True)
    if joined.unknown:
        click.echo(f"quibble: {joined.unknown} predictions are of pictures that are not in {truth}", err=True)
    return list(joined.items)


def _agreement(path: Path, resamples: int, seed: int, *, as_json: bool) -> None:
    from quibble.bench.annotators import read_annotations
    from quibble.bench.metrics.masks import agreement
    from quibble.bench.table import Row, Table

    found = agreement(read_annotations(path), resamples=resamples, seed=seed)
    if as_json:
        settings = {"task": "agreement", "resamples": resamples, "seed": seed}
        click.echo(json.dumps({**found.to_dict(), "settings": settings}))
        return
    row = Row(name=path.name, figures={"agreement": found.value, "pairs": float(found.pairs)}, n=found.n)
    notes = [
        "the common area of two masks of a picture over the smaller one, the mean over pairs, then over pictures "
        "(Q-Ground, equation 1)",
        f"pictures with one mask, which are left out: {found.alone}",
    ]
    table = Table(title="agreement", columns=["agreement", "pairs"], rows=[row], notes=notes, digits={"pairs": 0})
    click.echo(table.to_markdown(), nl=False)
