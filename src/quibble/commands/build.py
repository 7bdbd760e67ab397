"""`quibble data build`: data sets from photographs, a command a pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from quibble.commands.build_places import ground, grounding_iqa
from quibble.commands.build_texts import depict, instruct

if TYPE_CHECKING:
    from quibble.pipelines.octopus import Progress
    from quibble.pipelines.plans import Task

_EXAMPLES = """\b
Examples:
  quibble data build octopus photos/ out/ --records 33000
  quibble data build instruct feedback/ out/ --model http://localhost:8000/v1#qwen
  quibble data build depict photos/ out/ --records 1000 --reference both
  quibble data build ground feedback/ out/ --segmenter facebook/sam-vit-huge
  quibble data build grounding-iqa feedback/ out/ --detector IDEA-Research/grounding-dino-base
"""

_OCTOPUS_EXAMPLES = """\b
Examples:
  quibble data build octopus photos/ out/ --records 33000 --workers 2
  quibble data build octopus val2017/ out/ --records 5000 --maps panoptic_val2017.json
  quibble data build octopus photos/ out/ --records 2000 --mix grounding_hyd=1 --mix grounding_dao=2
"""


@click.group(epilog=_EXAMPLES)
def build() -> None:
    """Build a data set from photographs, feedback, questionnaires or scores."""


build.add_command(instruct)
build.add_command(depict)
build.add_command(ground)
build.add_command(grounding_iqa)


def _read_mix(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> dict[str, float]:
    mix = {}
    for text in texts:
        task, _, share = text.partition("=")
        try:
            mix[task] = float(share)
        except ValueError:
            raise click.BadParameter(f"expected TASK=SHARE such as grounding_hyd=2, found {text!r}") from None
    return mix


@build.command(epilog=_OCTOPUS_EXAMPLES)
@click.argument("photos", type=click.Path(path_type=Path, file_okay=False))
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--records", type=click.IntRange(min=1), metavar="N", required=True, help="How many to make.")
@click.option("--seed", type=click.IntRange(0, 2**53 - 1), metavar="N", default=0, show_default=True)
@click.option("--workers", type=click.IntRange(min=1), metavar="N", default=1, show_default=True, help="Processes.")
@click.option(
    "--maps",
    type=click.Path(path_type=Path),
    help="Label maps: a folder of .png or .mat, or a COCO .json. [default: the folder mask in PHOTOS, if there is one]",
)
@click.option("--long-side", type=click.IntRange(min=128), metavar="PX", default=512, show_default=True)
@click.option(
    "--mix", metavar="TASK=SHARE", multiple=True, callback=_read_mix, help="Make these tasks only. Repeatable."
)
@click.option("--val", type=click.FloatRange(0, 1), metavar="SHARE", default=0.05, show_default=True)
@click.option("--test", type=click.FloatRange(0, 1), metavar="SHARE", default=0.05, show_default=True)
@click.option(
    "--clean",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    default=0.1,
    show_default=True,
    help="Of descriptions, those of something without distortions.",
)
@click.option("--continuous", is_flag=True, help="Levels between the five as well.")
@click.option("--json", "as_json", is_flag=True, help="Print the statistics as JSON.")
def octopus(
    photos: Path,
    out: Path,
    records: int,
    seed: int,
    workers: int,
    maps: Path | None,
    long_side: int,
    mix: dict[str, float],
    val: float,
    test: float,
    clean: float,
    continuous: bool,
    as_json: bool,
) -> None:
    """Build data in the manner of IQA-Octopus: regions, questions, answers.

    Regions of the photographs below PHOTOS, from label maps or a segmentation, are distorted; descriptions,
    grounding and referring are written from what was done. Photographs are shrunk to the long side, never
    enlarged, and each belongs to one split: train, or --val and --test by their shares. A build that was stopped
    goes on when the same command is given again, with the identical result.
    """
    from quibble.pipelines.octopus import build as make
    from quibble.pipelines.plans import MIX
    from quibble.pipelines.settings import Settings

    settings = Settings(
        records=records,
        seed=seed,
        long_side=long_side,
        mix=_tasks(mix) or MIX,
        val=val,
        test=test,
        clean=clean,
        continuous=continuous,
    )
    with _bar(records) as progress:
        built = make(photos, out, settings, maps=maps, workers=workers, progress=progress)
    if as_json:
        click.echo(json.dumps({"stats": built.stats.to_dict(), "rejects": dict(built.rejects)}, ensure_ascii=False))
        return
    click.echo(built.stats.to_text())
    if built.rejects:
        click.echo("\ndrafts that did not do")
        for reason, count in sorted(built.rejects.items(), key=lambda item: (-item[1], item[0])):
            click.echo(f"  {count:>8}  {reason}")


def _tasks(mix: dict[str, float]) -> dict[Task, float]:
    from quibble.pipelines.plans import Task

    if unknown := [name for name in mix if name not in set(Task)]:
        raise click.UsageError(f"there is no task {unknown[0]!r}; --mix takes {', '.join(Task)}")
    return {Task(name): share for name, share in mix.items()}


@contextmanager
def _bar(records: int) -> Iterator[Callable[[Progress], None]]:
    """A progress bar on stderr, if that is a terminal."""
    console = Console(stderr=True)
    rejects = TextColumn("{task.fields[rejects]} drafts rejected")
    columns = (TextColumn("building"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), rejects)
    with Bar(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("building", total=records, rejects=0)
        yield lambda progress: bar.update(task, completed=progress.done, rejects=sum(progress.rejects.values()))
