"""Several pictures: `quibble compare` and `quibble rank`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from quibble.commands.answers import answer_options, draw_option, model_option, print_json, threads_option

if TYPE_CHECKING:
    from quibble.backends.language import Sampling
    from quibble.results import Comparison

_COMPARE = """\b
Examples:
  quibble compare a.jpg b.jpg
  quibble compare a.jpg b.jpg --reference original.png --json
  quibble compare a.jpg b.jpg --draw both.png
"""
_RANK = """\b
Examples:
  quibble rank shot1.jpg shot2.jpg shot3.jpg
  quibble rank *.jpg --json
"""


@click.command(epilog=_COMPARE)
@click.argument("a")
@click.argument("b")
@click.option("--reference", metavar="PHOTO", help="The undamaged original, of the size of both.")
@draw_option("Write both side by side; what one has more of is outlined there.")
@answer_options
def compare(
    a: str,
    b: str,
    reference: str | None,
    draw: Path | None,
    as_json: bool,
    sampling: Sampling,
    model: str,
    threads: int,
) -> None:
    """Say which of two photographs is better, A or B, how sure that is, and why."""
    from quibble.assessor import Assessor

    assessor = Assessor(model=model, threads=threads)
    comparison = assessor.compare(a, b, reference, sampling=sampling)
    if draw is not None:
        _draw(a, b, comparison, draw)
    if as_json:
        print_json(a=a, b=b, reference=reference, **comparison.to_dict())
        return
    better = a if comparison.winner == "A" else b
    click.echo(f"{comparison.winner} ({better}) is better, {comparison.probability:.0%} sure.\n{comparison.text}")
    for category, difference in comparison.differences.items():
        more = "B" if difference > 0 else "A"
        place = comparison.where.get(category)
        share = f", on {place.share:.0%} of it" if place is not None else ""
        click.echo(f"  {category.words}: {abs(difference):.1f} more in {more}{share}")


def _draw(a: str, b: str, comparison: Comparison, out: Path) -> None:
    from quibble.draw import overlay, side_by_side
    from quibble.geometry import Region
    from quibble.image import load, save

    images = []
    for sign, photo in ((-1, a), (1, b)):
        told = {c: mask for c, mask in comparison.where.items() if comparison.differences[c] * sign > 0}
        regions = [Region(mask=mask, label=f"more {category.words}") for category, mask in told.items()]
        images.append(overlay(load(photo), regions, categories=list(told)))
    save(side_by_side(images, [f"A: {Path(a).name}", f"B: {Path(b).name}"]), out)


@click.command(epilog=_RANK)
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a picture, one line each, the best first.")
@model_option
@threads_option
def rank(photos: tuple[str, ...], as_json: bool, model: str, threads: int) -> None:
    """Sort photographs by quality, the best first, by comparing each with each other one."""
    from quibble.assessor import Assessor

    for place, ranked in enumerate(Assessor(model=model, threads=threads).rank(photos), start=1):
        if as_json:
            print_json(place=place, **ranked.to_dict())
        else:
            votes, score = f"{ranked.votes:.0%} of votes", f"score {ranked.score.value:.0f}"
            click.echo(f"{place:3}  {ranked.image}  {votes}, {score}")
