"""`quibble ground`: where the answer to a question lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from quibble.commands.answers import answer_options, draw_option, line_of, print_json

if TYPE_CHECKING:
    from quibble.backends.language import Sampling

_EXAMPLES = """\b
Examples:
  quibble ground photo.jpg blur
  quibble ground photo.jpg "Which part is damaged the most?" --draw where.png
  quibble ground photo.jpg "Where do you see noise?" --json
"""


@click.command(epilog=_EXAMPLES)
@click.argument("photo")
@click.argument("query")
@draw_option("Write the picture with the regions drawn.")
@answer_options
def ground(
    photo: str,
    query: str,
    draw: Path | None,
    as_json: bool,
    sampling: Sampling,
    model: str,
    threads: int,
) -> None:
    """Find the regions of a photograph that a question asks for, or that have the defect named.

    No region is an answer too: then nothing is drawn.
    """
    from quibble.assessor import Assessor

    assessor = Assessor(model=model, threads=threads)
    grounding = assessor.ground(photo, query, sampling=sampling)
    if draw is not None:
        from quibble.commands.assess import outlined
        from quibble.image import load, save

        save(outlined(load(photo), grounding.findings), draw)
    if as_json:
        print_json(image=photo, query=query, **grounding.to_dict())
    else:
        click.echo("\n".join([grounding.text, *(line_of(finding) for finding in grounding.findings)]))
