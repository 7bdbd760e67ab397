"""`quibble data build instruct` and `depict`: data sets whose texts a language model writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from quibble.commands.writer import Writer, bar, tell, writer_options

_SOURCE = click.Path(path_type=Path, exists=True)
_OUT = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)

_INSTRUCT_EXAMPLES = """\b
Examples:
  quibble data build instruct photos/ out/ --limit 300
  quibble data build instruct feedback/ out/ --model http://localhost:8000/v1#qwen --budget 5000000
  quibble data build instruct feedback/ out/ --recipe recipes/data/q-instruct.toml --evaluation LLVisionQA/
"""

_DEPICT_EXAMPLES = """\b
Examples:
  quibble data build depict photos/ out/ --records 1000 --reference both
  quibble data build depict answers/ out/ --model http://localhost:8000/v1#qwen
  quibble data build depict kadid10k/dmos.csv out/ --records 100000 --images kadid10k/images
"""

_COUNT = click.IntRange(min=1)
_SEED = click.option("--seed", type=click.IntRange(0, 2**53 - 1), metavar="N", default=0, show_default=True)
_VAL = click.option("--val", type=click.FloatRange(0, 1), metavar="SHARE", default=0.05, show_default=True)
_TEST = click.option("--test", type=click.FloatRange(0, 1), metavar="SHARE", default=0.05, show_default=True)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print statistics, rejects and costs as JSON.")


@click.command(epilog=_INSTRUCT_EXAMPLES)
@click.argument("source", type=_SOURCE)
@click.argument("out", type=_OUT)
@click.option("--limit", type=_COUNT, metavar="N", help="Use so many feedbacks.  [default: all]")
@click.option("--rounds", type=_COUNT, metavar="N", default=3, show_default=True, help="Feedbacks a photograph.")
@click.option("--task", "tasks", multiple=True, help="Records of SOURCE that hold feedback.  [default: pathway]")
@click.option("--recipe", type=_FILE, help="TOML with other counts than the paper's.")
@click.option("--setting", "settings", type=click.Choice(["direct", "choice"]), multiple=True, help="[default: both]")
@click.option("--evaluation", type=_SOURCE, multiple=True, help="Make nothing of the pictures there. Repeatable.")
@writer_options
@_SEED
@_VAL
@_TEST
@_JSON
def instruct(
    source: Path,
    out: Path,
    limit: int | None,
    rounds: int,
    tasks: tuple[str, ...],
    recipe: Path | None,
    settings: tuple[str, ...],
    evaluation: tuple[Path, ...],
    writer: Writer,
    seed: int,
    val: float,
    test: float,
    as_json: bool,
) -> None:
    """Build data in the manner of Q-Instruct: feedback becomes questions.

    SOURCE is a data set whose records hold people's feedback on pictures, or a folder of photographs on which feedback
    is written first. Of each feedback are made: the description itself, questions on what and how, as many questions
    for yes as for no, and for some a conversation. A build that was stopped goes on when the same command is given
    again, and pays for no reply twice.
    """
    from quibble.pipelines.contamination import Evaluation
    from quibble.pipelines.instruct.build import build as make
    from quibble.pipelines.instruct.rules import RULES
    from quibble.pipelines.instruct.settings import FEEDBACKS, PAPER, Setting, Settings, read_recipe
    from quibble.pipelines.instruct.told import TASKS

    counts, feedbacks = read_recipe(recipe) if recipe is not None else (PAPER, FEEDBACKS)
    chosen = Settings(
        counts=counts,
        feedbacks=feedbacks,
        settings=tuple(Setting(name) for name in settings) or tuple(Setting),
        rounds=rounds,
        limit=limit,
        seed=seed,
        val=val,
        test=test,
    )
    known = Evaluation(evaluation) if evaluation else None
    with bar() as progress:
        model = writer.open(RULES, out=out)
        built = make(source, out, model, chosen, tasks=tasks or TASKS, evaluation=known, progress=progress)
    tell(built, as_json=as_json)


def _read_mix(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> dict[str, float]:
    mix = {}
    for text in texts:
        task, _, share = text.partition("=")
        try:
            mix[f"depict_{task}"] = float(share)
        except ValueError:
            raise click.BadParameter(f"expected TASK=SHARE such as reasoning=2, found {text!r}") from None
    return mix


@click.command(epilog=_DEPICT_EXAMPLES)
@click.argument("source", type=_SOURCE)
@click.argument("out", type=_OUT)
@click.option("--records", type=_COUNT, metavar="N", default=1000, show_default=True, help="How many at most.")
@click.option(
    "--mix",
    metavar="TASK=SHARE",
    multiple=True,
    callback=_read_mix,
    help="Make description, comparison or reasoning only. Repeatable.",
)
@click.option("--recipe", type=_FILE, help="TOML with a mix, instead of --mix.")
@click.option(
    "--reference",
    type=click.Choice(["full", "none", "both"]),
    default="full",
    show_default=True,
    help="With the reference, without it, or each record in both forms.",
)
@click.option("--margin", type=click.FloatRange(0, 100), default=8.0, show_default=True, help="Least gap of scores.")
@click.option("--long-side", type=click.IntRange(min=128), metavar="PX", default=384, show_default=True)
@click.option("--images", type=click.Path(path_type=Path, file_okay=False), help="Where a table's paths start from.")
@click.option("--lower-is-better", is_flag=True, help="A table's scores are of the kind of DMOS.")
@writer_options
@_SEED
@_VAL
@_TEST
@_JSON
def depict(
    source: Path,
    out: Path,
    records: int,
    mix: dict[str, float],
    recipe: Path | None,
    reference: str,
    margin: float,
    long_side: int,
    images: Path | None,
    lower_is_better: bool,
    writer: Writer,
    seed: int,
    val: float,
    test: float,
    as_json: bool,
) -> None:
    """Build data in the manner of DepictQA: descriptions and comparisons.

    SOURCE is a folder of photographs, which are distorted and questionnaires filled in from what was done; or a data
    set with people's questionnaires; or a table (CSV: file, score, reference) or a data set of pictures with scores,
    which become brief comparisons. A language model turns questionnaires into texts, which are checked against them and
    corrected. A build that was stopped goes on when the same command is given again.
    """
    from quibble.pipelines.depict.settings import Reference, Settings, Task, read_recipe

    if unknown := [name for name in mix if name not in set(Task)]:
        names = ", ".join(task.removeprefix("depict_") for task in Task)
        raise click.UsageError(f"there is no task {unknown[0].removeprefix('depict_')!r}; --mix takes {names}")
    shares = read_recipe(recipe) if recipe is not None else {Task(name): share for name, share in mix.items()}
    settings = Settings(
        records=records,
        mix=shares or dict.fromkeys(Task, 1.0),
        reference=Reference(reference),
        margin=margin,
        long_side=long_side,
        seed=seed,
        val=val,
        test=test,
    )
    make = _depict_builder(source, out, settings, writer, images=images, lower_is_better=lower_is_better)
    with bar() as progress:
        built = make(progress=progress)
    tell(built, as_json=as_json)


def _depict_builder(
    source: Path, out: Path, settings: Any, writer: Writer, *, images: Path | None, lower_is_better: bool
) -> Callable[..., Any]:
    """What builds from this source: photographs, people's answers, or scores."""
    from functools import partial

    from quibble.pipelines.depict import build
    from quibble.pipelines.depict.drafts import from_answers
    from quibble.pipelines.depict.rules import RULES
    from quibble.pipelines.depict.scores import read_scores

    holds_records = source.is_dir() and (any(source.glob("records*.jsonl")) or any(source.glob("*.parquet")))
    if source.is_dir() and not holds_records:
        return partial(build.build_from_photos, source, out, writer.open(RULES, out=out), settings)
    if holds_records and next(from_answers(source), None) is not None:
        return partial(build.build_from_answers, source, out, writer.open(RULES, out=out), settings)
    items = read_scores(source, images=images, lower_is_better=lower_is_better)
    return partial(build.build_from_scores, items, out, settings)
