"""The main job: `quibble PHOTO...` tells what is wrong with photographs, where and how badly."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from quibble.commands.answers import model_option, threads_option
from quibble.errors import ArgumentError, QuibbleError
from quibble.taxonomy import Category, parse_category

if TYPE_CHECKING:
    from rich.console import Console

    from quibble.image import ImageArray
    from quibble.results import Finding, Report

_EXAMPLES = """\b
Examples:
  quibble photo.jpg
  quibble photo.jpg --draw found.png
  quibble *.jpg --json > reports.jsonl
  quibble upload.png --fail-below 50 --fail-on blur:3 || echo "not good enough"
"""

_GATE_FAILED = 1
_MISTAKE = 2
#: Fewer pictures than this are done before a progress bar has said anything.
_WORTH_A_BAR = 8


class Gate(NamedTuple):
    """Which pictures are not good enough: a score under `below`, or a finding as severe as its category's limit."""

    below: float | None
    limits: dict[Category, float]

    def failures(self, report: Report) -> list[str]:
        """Why a picture fails, in words; empty if it passes."""
        why = []
        if self.below is not None and report.score.value < self.below:
            why.append(f"score {report.score.value:.0f} is below {self.below:g}")
        why += [
            f"{f.category} {f.severity:.1f} reaches {self.limits[f.category]:g}"
            for f in report.findings
            if f.category in self.limits and f.severity >= self.limits[f.category]
        ]
        return why


def _read_limits(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> dict[Category, float]:
    limits = {}
    for text in texts:
        name, _, severity = text.partition(":")
        try:
            limits[parse_category(name)] = float(severity or 0)
        except (ArgumentError, ValueError) as error:
            reason = str(error) if isinstance(error, ArgumentError) else f"{severity!r} is not a severity from 0 to 5"
            raise click.BadParameter(f"expected CATEGORY[:SEVERITY] such as blur:3, found {text!r}: {reason}") from None
    return limits


@click.command(epilog=_EXAMPLES)
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a picture, one line each.")
@click.option(
    "--draw",
    type=click.Path(path_type=Path),
    help="Write the picture with its findings drawn: a file for one picture, a folder for several.",
)
@click.option("--fail-below", type=click.FloatRange(0, 100), help="Exit with 1 if a picture scores less.")
@click.option(
    "limits",
    "--fail-on",
    metavar="CATEGORY[:SEVERITY]",
    multiple=True,
    callback=_read_limits,
    help="Exit with 1 if a finding of this category is at least this severe (0 to 5). Repeatable.",
)
@model_option
@threads_option
def assess(
    photos: tuple[str, ...],
    as_json: bool,
    draw: Path | None,
    fail_below: float | None,
    limits: dict[Category, float],
    model: str,
    threads: int,
) -> int:
    """Tell how good photographs are, what is wrong with them, where, and how badly.

    Scores go from 0 (bad) to 100 (excellent); severities from 0 to 5 (worst). A file that cannot be read is
    reported on stderr while the others go on, and the exit code is 2 at the end.
    """
    from quibble.assessor import Assessor
    from quibble.backends.base import Ability

    if draw is not None and len(photos) > 1:
        draw.mkdir(parents=True, exist_ok=True)
    gate = Gate(fail_below, limits)
    broken = failed = False
    assessor = Assessor(model=model, threads=threads)
    assessor.need(Ability.ASSESS)
    with _progress(len(photos)) as advance:
        for photo in photos:
            try:
                report = assessor.assess(photo)
                if draw is not None:
                    _draw(photo, report, draw / f"{Path(photo).stem}.png" if len(photos) > 1 else draw)
            except QuibbleError as error:
                broken = True
                click.echo(f"quibble: {' '.join(str(error).split())}", err=True)
                advance()
                continue
            why = gate.failures(report)
            failed = failed or bool(why)
            if as_json:
                click.echo(json.dumps(report.to_dict(), ensure_ascii=False))
            else:
                _print(report, why)
            advance()
    return _MISTAKE if broken else _GATE_FAILED if failed else 0


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr when there is enough to do and somebody to see it."""
    if total < _WORTH_A_BAR or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Looking", total=total)
        yield lambda: progress.advance(task)


def _draw(photo: str, report: Report, out: Path) -> None:
    from quibble.image import load, save

    save(drawn(load(photo), report), out)


def drawn(image: ImageArray, report: Report) -> ImageArray:
    """The picture of a report with its findings outlined and named. (H, W, 3) uint8 -> the same shape."""
    return outlined(image, report.findings)


def outlined(image: ImageArray, findings: Sequence[Finding]) -> ImageArray:
    """A picture with some of its findings outlined and named. (H, W, 3) uint8 -> the same shape."""
    from quibble.draw import overlay
    from quibble.geometry import Region

    # The mask alone: its box would only frame what is outlined already.
    regions = [Region(mask=f.mask) for f in findings]
    labels = [f"{f.severity_word} {f.category.words}" for f in findings]
    return overlay(image, regions, labels=labels, categories=[f.category for f in findings])


def _print(report: Report, why: Sequence[str]) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    show(report, console)
    for reason in why:
        console.print(f"  [red]fails:[/] {reason}")


def show(report: Report, console: Console) -> None:
    """A report for a person to read, a few lines."""
    from rich.markup import escape

    score = report.score
    console.print(f"[bold]{escape(report.image)}[/]  {report.width} x {report.height}")
    console.print(f"  [bold]{score.value:.0f}[/] of 100, {score.level} (80% sure: {score.low:.0f} to {score.high:.0f})")
    if not report.findings:
        console.print("  Nothing found to be wrong.")
    for f in report.findings:
        kind = f" ({f.distortion.kind.replace('_', ' ')})" if f.distortion else ""
        console.print(
            f"  [yellow]{f.severity_word}[/] {f.category.words}{kind}, {f.position}, {f.share:.0%} of the picture, "
            f"severity {f.severity:.1f} of 5, {f.confidence:.0%} sure"
        )
