"""`quibble ground`: where the answer to a question lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from quibble.commands.answers import answer_options, draw_option, line_of, print_json
from quibble.commands.regions import write_box

if TYPE_CHECKING:
    from quibble.backends.language import Sampling
    from quibble.results import Grounding

#: A point is drawn as a box that reaches so far, as a share of the picture's long side.
_SPOT = 0.02

_EXAMPLES = """\b
Examples:
  quibble ground photo.jpg blur
  quibble ground photo.jpg "Which part is damaged the most?" --draw where.png
  quibble ground photo.jpg "Where do you see noise?" --by tokens --json
  quibble ground photo.jpg "the dirty spot" --model http://localhost:8000/v1#llava --segmenter sam/
"""


@click.command(epilog=_EXAMPLES)
@click.argument("photo")
@click.argument("query")
@click.option(
    "--segmenter",
    metavar="NAME",
    help="With a model that sees for itself: what finds the extent of what it points to, a SAM or SAM 2 (folder or id "
    "of the hub) or stand-in. [default: what nano finds there]",
)
@click.option(
    "--by",
    type=click.Choice(["findings", "tokens"]),
    default="findings",
    show_default=True,
    help="Take nano's regions from its findings, or from the mask that its language model draws.",
)
@draw_option("Write the picture with the regions drawn.")
@answer_options
def ground(
    photo: str,
    query: str,
    segmenter: str | None,
    by: Literal["findings", "tokens"],
    draw: Path | None,
    as_json: bool,
    sampling: Sampling,
    model: str,
    threads: int,
) -> None:
    """Find the regions of a photograph that a question asks for, or that have the defect named.

    No region is an answer too: then nothing is drawn. Models that see for themselves point to a place first.
    """
    from quibble.assessor import Assessor

    cutter = None
    if segmenter is not None:
        from quibble.experts.segmenter import open_segmenter

        cutter = open_segmenter(segmenter)
    assessor = Assessor(model=model, segmenter=cutter, threads=threads)
    grounding = assessor.ground(photo, query, by=by, sampling=sampling)
    if draw is not None:
        _draw(photo, grounding, draw)
    if as_json:
        print_json(image=photo, query=query, **grounding.to_dict())
        return
    click.echo("\n".join([grounding.text, *(line_of(finding) for finding in grounding.findings)]))
    for mask in grounding.regions:
        click.echo(f"  {mask.share:.0%} of the picture" + (f", box {write_box(mask.box)}" if mask.box else ""))
    if grounding.point is not None:
        click.echo(f"  points to {grounding.point.x:.0f},{grounding.point.y:.0f}")


def _draw(photo: str, grounding: Grounding, out: Path) -> None:
    from quibble.commands.assess import outlined
    from quibble.draw import overlay
    from quibble.geometry import Box, Region
    from quibble.image import load, save

    picture = load(photo)
    regions = [Region(mask=mask) for mask in grounding.regions]
    if grounding.point is not None and not grounding.masks:
        height, width = picture.shape[:2]
        x, y, reach = grounding.point.x, grounding.point.y, _SPOT * max(height, width)
        spot = Box(x0=x - reach, y0=y - reach, x1=x + reach, y1=y + reach)
        regions.append(Region(box=spot.clip(width=width, height=height)))
    save(overlay(outlined(picture, grounding.findings), regions), out)
