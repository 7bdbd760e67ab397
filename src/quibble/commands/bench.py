"""`quibble bench`: measure models on benchmarks, and other people's predictions with the papers' metrics."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quibble.commands.bench_metrics import metrics

if TYPE_CHECKING:
    from quibble.bench.baselines import Measure
    from quibble.bench.item import Item
    from quibble.bench.models import Model
    from quibble.bench.rows import Making
    from quibble.bench.table import Table

_EXAMPLES = """\b
Examples:
  quibble bench quibble-bench --model nano
  quibble bench koniq-10k data/koniq-10k --model nano --limit 100
  quibble bench rescore answers.jsonl
  quibble bench metrics llava_v1.5/livec.json --task qbench-a3 --json
"""

_RUN_EXAMPLES = """\b
Examples:
  quibble bench quibble-bench --model nano
  quibble bench quibble-bench --photos photos/ --model random --seed 1
  quibble bench qbench-a1-dev data/qbench --model http://localhost:8000/v1#llava
  quibble bench qbench-a1-dev data/qbench --model file:answers.jsonl
"""

_RESCORE_EXAMPLES = """\b
Examples:
  quibble bench rescore quibble-bench--nano.jsonl
  quibble bench rescore a.jsonl b.jsonl --html > tables.html
"""

_LIST_EXAMPLES = """\b
Examples:
  quibble bench list
"""

_PUBLISHED_EXAMPLES = """\b
Examples:
  quibble bench published
  quibble bench published --paper Q-Ground
"""

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


class _Bench(click.Group):
    """The group `bench`: what is not one of its commands is a benchmark's name."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands and not args[0].startswith("-"):
            args = ["run", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_Bench, epilog=_EXAMPLES, subcommand_metavar="TASK|COMMAND [ARGS]...")
def bench() -> None:
    """Measure models on benchmarks, beside the papers' figures.

    `quibble bench TASK` runs a model on a benchmark; `quibble bench list` names them all and says what to download.
    """


bench.add_command(metrics)


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


@bench.command(name="list", epilog=_LIST_EXAMPLES)
def list_tasks() -> None:
    """Name the benchmarks, and say what to download from whom."""
    from quibble.bench.tasks import TASKS

    click.echo("quibble-bench: our own; nothing to download")
    for task in TASKS.values():
        click.echo(f"{task.name}: {task.title}; {task.get}")


def _judging(command: Callable[..., None]) -> Callable[..., None]:
    """The options of everything that makes tables."""
    for option in (
        click.option("--judge", metavar="MODEL", help="A language model that marks texts, at --judge-url."),
        click.option("--judge-url", metavar="URL", help="Its endpoint; the key is read from QUIBBLE_JUDGE_KEY."),
        click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Of the judge."),
        click.option("--names", metavar="MODEL", help="Compare names of boxes by this sentence-transformers model."),
        click.option("--fit", is_flag=True, help="Of scores, also PLCC and RMSE after the 4-parameter logistic."),
        click.option("--rmse", is_flag=True, help="Of scores, also the plain RMSE, where both are on one scale."),
        click.option("--resamples", type=click.IntRange(0), default=1000, show_default=True, help="Of the intervals."),
        click.option("--html", "form", flag_value="html", help="Print HTML instead of Markdown."),
        click.option("--json", "form", flag_value="json", help="Print JSON instead of Markdown."),
    ):
        command = option(command)
    return command


@bench.command(epilog=_RUN_EXAMPLES, hidden=True)
@click.argument("task")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option(
    "--model",
    "name",
    metavar="MODEL",
    required=True,
    envvar="QUIBBLE_MODEL",
    show_envvar=True,
    help="nano, a folder, an id of the hub, or URL#NAME of a served model, as for all commands; file:PATH for answers "
    "made elsewhere; or a baseline: commonest, random, psnr, ssim, and with the extra 'baselines' fsim, vif, lpips, "
    "dists and brisque.",
)
@click.option(
    "--photos", type=click.Path(path_type=Path, file_okay=False, exists=True), help="quibble-bench: of these."
)
@click.option("--limit", type=click.IntRange(1), help="Only so many items, drawn with --seed.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--answers", type=click.Path(path_type=Path, dir_okay=False), help="[default: TASK--MODEL.jsonl]")
@click.option("--plots", type=click.Path(path_type=Path, file_okay=False), help="Write plots to this folder.")
@click.option("--threads", type=click.IntRange(0), default=0, help="CPU threads of nano; 0 takes all cores.")
@click.option(
    "--scoring",
    type=click.Choice(["number", "good-poor", "q-boost", "q-align"]),
    help="Models that see for themselves: scores as a number in words, or by the probabilities of Q-Bench's, Q-Boost's "
    "or Q-Align's words. [default: number]",
)
@_judging
def run(
    task: str,
    folder: Path | None,
    name: str,
    photos: Path | None,
    limit: int | None,
    seed: int,
    answers: Path | None,
    plots: Path | None,
    threads: int,
    scoring: str | None,
    form: str | None,
    **judging: Any,
) -> None:
    """Run a model on a benchmark, whose files lie in FOLDER, and print its tables.

    quibble-bench needs no files: it is made in FOLDER, or in ./quibble-bench. Answers are kept one a line; the same
    command goes on where it was stopped.
    """
    from quibble.bench.answers import Run, answer_all, read_answers
    from quibble.bench.evaluate import tables

    making = _making(judging)
    items, identity = _items(task, folder, photos, seed)
    model = _model(name, items, seed=seed, threads=threads, scoring=scoring)
    chosen = _chosen(items, model, limit, seed)
    path = answers or Path(f"{task}--{re.sub(r'[^A-Za-z0-9.-]+', '-', name)}.jsonl")
    started = Run(benchmark=task, model=model.label, identity=identity, seed=seed, limit=limit)
    with _progress(len(chosen)) as progress:
        answer_all(started, chosen, model, path, progress=progress)
    found, answered = read_answers(path)
    if plots is not None:
        from quibble.bench.plots import write_plots

        write_plots(answered, plots)
    _print(tables(found, answered, making), form)
    click.echo(f"quibble: the answers are kept in {path}", err=True)


@bench.command(epilog=_RESCORE_EXAMPLES)
@click.argument("answers", type=_FILE, nargs=-1, required=True)
@click.option("--plots", type=click.Path(path_type=Path, file_okay=False), help="Write plots to this folder.")
@_judging
def rescore(
    answers: Sequence[Path],
    plots: Path | None,
    form: str | None,
    **judging: Any,
) -> None:
    """Make the tables of kept answers again, without model or pictures."""
    from quibble.bench.answers import read_answers
    from quibble.bench.evaluate import tables

    making = _making(judging)
    made = []
    for path in answers:
        found, answered = read_answers(path)
        made += tables(found, answered, making)
        if plots is not None:
            from quibble.bench.plots import write_plots

            write_plots(answered, plots / path.stem if len(answers) > 1 else plots)
    _print(made, form)


def _making(judging: Mapping[str, Any]) -> Making:
    """How tables are made, by the options of _judging."""
    from quibble.bench.judge import ChatJudge, Judge, LexicalJudge
    from quibble.bench.metrics.boxes import LexicalLikeness, sentence_likeness
    from quibble.bench.rows import Making
    from quibble.endpoint import Endpoint

    judge, url, names = judging["judge"], judging["judge_url"], judging["names"]
    if (judge is None) != (url is None):
        raise click.UsageError("--judge and --judge-url go together")
    marks: Judge = LexicalJudge()
    if judge is not None:
        key = os.environ.get("QUIBBLE_JUDGE_KEY")
        marks = ChatJudge(Endpoint(url, judge, key=key, cache="judge-replies.sqlite", timeout_s=120))
    return Making(
        judge=marks,
        likeness=sentence_likeness(names) if names is not None else LexicalLikeness(),
        **{name: judging[name] for name in ("rounds", "fit", "rmse", "resamples")},
    )


def _items(task: str, folder: Path | None, photos: Path | None, seed: int) -> tuple[list[Item], str]:
    """The items of a benchmark, and what tells them from others."""
    if task == "quibble-bench":
        from quibble.bench.own import Plan, make, read

        place = folder or Path("quibble-bench")
        if not (place / "bench.json").is_file():
            click.echo(f"quibble: making quibble-bench in {place}", err=True)
        identity = make(place, Plan(photos=photos, seed=seed))
        return list(read(place)), identity
    from quibble.bench.tasks import find_task

    found = find_task(task)
    if folder is None or photos is not None:
        raise click.UsageError(f"{task} needs the folder with its files and no --photos: {found.get}")
    items = list(found.read(folder))
    return items, f"{len(items)} items of {found.title}"


def _model(name: str, items: Sequence[Item], *, seed: int, threads: int, scoring: str | None) -> Model:
    from quibble.assessor import Assessor
    from quibble.bench import baselines, models
    from quibble.bench.elsewhere import FileModel
    from quibble.bench.scoring import SCORINGS

    makers: dict[str, Callable[[], Model]] = {
        **{which: partial(_measured, measure) for which, measure in baselines.MEASURES.items()},
        "commonest": lambda: baselines.CommonestModel(items),
        "random": lambda: baselines.RandomModel(seed),
    }
    assessor = None
    if name not in makers and not name.startswith("file:"):
        assessor = Assessor(model=name, threads=threads)
    if assessor is not None and assessor.viewer is not None:
        return models.SeeingModel(assessor, SCORINGS.get(scoring or ""))
    if scoring is not None:
        raise click.UsageError(f"--scoring is for models that see for themselves, and {name} does not")
    if assessor is not None:
        return models.AssessorModel(assessor)
    return makers[name]() if name in makers else FileModel(name.removeprefix("file:"))


def _measured(measure: Callable[[], Measure]) -> Model:
    from quibble.bench.baselines import MeasureModel

    return MeasureModel(measure())


def _chosen(items: Sequence[Item], model: Model, limit: int | None, seed: int) -> list[Item]:
    """What is asked: the items that the model can be asked, at most so many of them, in their order."""
    able = [item for item in items if model.can(item)]
    left = sorted({item.kind.value for item in items} - {item.kind.value for item in able})
    if len(able) < len(items):
        which = f" (all of {', '.join(left)})" if left else ""
        click.echo(
            f"quibble: {model.label} cannot be asked {len(items) - len(able)} of {len(items)} items{which}", err=True
        )
    if not able:
        raise click.UsageError(f"{model.label} can answer none of these items")
    if limit is None or limit >= len(able):
        return able
    import numpy as np

    places = sorted(np.random.default_rng(seed).permutation(len(able))[:limit].tolist())
    return [able[place] for place in places]


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr if somebody sees it."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Answering", total=total)
        yield lambda done: bar.update(task, completed=done)


def _print(tables: Sequence[Table], form: str | None) -> None:
    if form == "json":
        click.echo(json.dumps([table.to_dict() for table in tables], ensure_ascii=False))
        return
    click.echo("\n".join(t.to_html() if form == "html" else t.to_markdown() for t in tables), nl=False)
