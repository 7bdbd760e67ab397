"""`quibble data`: build data sets, check them, count them, look at them, and change their format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from quibble.commands.build import build

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FORMATS = ("jsonl", "parquet", "llava", "swift", "depictqa", "coco")

_EXAMPLES = """\b
Examples:
  quibble data build octopus photos/ out/ --records 33000 --workers 2
  quibble data check out/ && quibble data stats out/
  quibble data show out/
  quibble data convert out/ out.json --to llava
  quibble data mix train/ one/ other/ --repeat depict_reasoning=20
"""

_CHECK_EXAMPLES = """\b
Examples:
  quibble data check out/
  quibble data check out/ --json
"""

_STATS_EXAMPLES = """\b
Examples:
  quibble data stats out/
  quibble data stats out/ --json > stats.json
"""

_SHOW_EXAMPLES = """\b
Examples:
  quibble data show out/
  quibble data show out/ --limit 50 --seed 1 -o look.html
"""

_CONVERT_EXAMPLES = """\b
Examples:
  quibble data convert out/ llava/train.json --to llava
  quibble data convert train.json out/ --to jsonl --images photos/
  quibble data convert out/ shards/ --to parquet --shard-size 2000
"""

_MIX_EXAMPLES = """\b
Examples:
  quibble data mix train/ depict/ content/ --recipe recipes/data/depictqa.toml --split train
  quibble data mix train/ instruct/ octopus/ --repeat instruct_description=2
"""

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")


@contextmanager
def _working(text: str) -> Iterator[None]:
    """A line on stderr while something runs; nothing where stderr is no terminal."""
    with Console(stderr=True).status(text):
        yield


@click.group(epilog=_EXAMPLES)
def data() -> None:
    """Build, check, look at and convert data sets.

    A data set is a folder: records.jsonl, or records-00000.jsonl and on, beside the pictures it names; or *.parquet
    with the pictures inside.
    """


data.add_command(build)


@data.command(epilog=_CHECK_EXAMPLES)
@click.argument("folder", type=_FOLDER)
@_as_json
@click.pass_context
def check(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Report everything that is wrong with a data set.

    One line a problem: file, line, field, what was expected and what was found. The exit code is 1 if there is any.
    """
    from quibble.data import check as find_problems

    with _working(f"checking {folder}"):
        problems = find_problems(folder)
    if as_json:
        click.echo(json.dumps([problem.to_dict() for problem in problems], ensure_ascii=False))
    else:
        for problem in problems:
            click.echo(str(problem))
        found = {0: "no problems", 1: "1 problem"}.get(len(problems), f"{len(problems)} problems")
        click.echo(f"{folder}: {found}")
    ctx.exit(1 if problems else 0)


@data.command(epilog=_STATS_EXAMPLES)
@click.argument("folder", type=_FOLDER)
@_as_json
def stats(folder: Path, as_json: bool) -> None:
    """Count what a data set holds: tasks, distortions, levels, words."""
    from quibble.data import stats as count

    with _working(f"counting {folder}"):
        found = count(folder)
    click.echo(json.dumps(found.to_dict(), ensure_ascii=False) if as_json else found.to_text())


@data.command(epilog=_SHOW_EXAMPLES)
@click.argument("folder", type=_FOLDER)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The page to write. [default: sheet.html in the folder]",
)
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Records at most.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", default=0, show_default=True, help="Of which ones.")
def show(folder: Path, output: Path | None, limit: int, seed: int) -> None:
    """Make a page to look through a data set with your own eyes.

    One HTML file that needs nothing else: pictures, their regions outlined and named, distortions, questions and
    answers.
    """
    from quibble.data.sheet import sheet

    with _working(f"drawing {folder}"):
        page = sheet(folder, output or folder / "sheet.html", limit=limit, seed=seed)
    click.echo(str(page))


@data.command(epilog=_CONVERT_EXAMPLES)
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--to", "form", type=click.Choice(_FORMATS), required=True, help="What to write.")
@click.option("--images", type=_FOLDER, help="Where a source file's picture paths start. [default: its own folder]")
@click.option(
    "--shard-size", type=click.IntRange(min=1), default=1000, show_default=True, help="Records a Parquet file."
)
def convert(source: Path, target: Path, form: str, images: Path | None, shard_size: int) -> None:
    """Write a data set in another format.

    SOURCE is a data set's folder, or a file of LLaVA's, ms-swift's, DepictQA's or COCO's, which is told by its content.
    TARGET is a folder for jsonl and parquet, else a file. Pictures are copied beside it. Nothing is lost: what a format
    has no place for goes into a key "quibble" of its JSON and is read back from there.
    """
    from quibble.data import Form
    from quibble.data import convert as write

    with _working(f"writing {target}"):
        count = write(source, target, to=Form(form), images=images, shard_size=shard_size)
    click.echo(f"{target}: {'1 record' if count == 1 else f'{count} records'}")


def _read_repeat(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> dict[str, int]:
    factors = {}
    for text in texts:
        task, _, factor = text.partition("=")
        try:
            factors[task] = int(factor)
        except ValueError:
            raise click.BadParameter(f"expected TASK=N such as depict_reasoning=20, found {text!r}") from None
    return factors


@data.command(epilog=_MIX_EXAMPLES)
@click.argument("out", type=_FOLDER)
@click.argument("sources", type=_FOLDER, nargs=-1, required=True)
@click.option(
    "--repeat", metavar="TASK=N", multiple=True, callback=_read_repeat, help="How often records of a task come."
)
@click.option("--recipe", type=click.Path(path_type=Path, dir_okay=False), help="TOML with a table of factors.")
@click.option("--split", metavar="NAME", help="Take the records of this split only.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", default=0, show_default=True, help="Of the order.")
def mix(
    out: Path, sources: tuple[Path, ...], repeat: dict[str, int], recipe: Path | None, split: str | None, seed: int
) -> None:
    """Write one data set of several, some of it repeated.

    OUT gets all records of the data sets SOURCES in random order, those of some tasks more than once, and their
    pictures. A task's name may be given by its beginning.
    """
    from quibble.data import mix as write
    from quibble.data import read_factors

    factors = (read_factors(recipe) if recipe is not None else {}) | repeat
    with _working(f"mixing {out}"):
        count = write(sources, out, repeat=factors, split=split, seed=seed)
    click.echo(f"{out}: {'1 record' if count == 1 else f'{count} records'}")
