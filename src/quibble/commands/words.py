"""One picture in words: `quibble describe`, `quibble ask`, `quibble refer` and `quibble chat`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quibble.commands.answers import answer_options, draw_option, in_pixels, print_json, shares
from quibble.commands.regions import one_region, region_options
from quibble.errors import ArgumentError, EndpointError
from quibble.geometry import Box

if TYPE_CHECKING:
    from quibble.backends.language import Sampling

_DESCRIBE = """\b
Examples:
  quibble describe photo.jpg
  quibble describe photo.jpg --boxes --draw found.png
  quibble describe photo.jpg --region 40,60,200,120
  quibble describe copy.jpg --reference original.png --json
  quibble describe photo.jpg --model http://localhost:8000/v1#llava
"""
_ASK = """\b
Examples:
  quibble ask photo.jpg "Is it blurry?"
  quibble ask photo.jpg "How is the exposure?" --option good --option "too dark" --option "too bright"
  quibble ask photo.jpg "What is wrong here?" --mask face.png
"""
_REFER = """\b
Examples:
  quibble refer photo.jpg --region 40,60,200,120
  quibble refer photo.jpg --mask sky.png --long --json
"""
_CHAT = """\b
Examples:
  quibble chat photo.jpg
  quibble chat photo.jpg --region 40,60,200,120 --temperature 0.7 --seed 3
  printf 'is it sharp?\\nwhy?\\n' | quibble chat photo.jpg --json
"""


@click.command(epilog=_DESCRIBE)
@click.argument("photo")
@region_options
@click.option("--reference", metavar="PHOTO", help="The undamaged original to describe it against.")
@click.option("--boxes", is_flag=True, help="Say of each defect where it is, as a box x,y,w,h.")
@draw_option("Write the picture with its findings, or with --boxes what was said, drawn.")
@answer_options
def describe(
    photo: str,
    box: Box | None,
    mask_file: Path | None,
    reference: str | None,
    boxes: bool,
    draw: Path | None,
    as_json: bool,
    sampling: Sampling,
    model: str,
    threads: int,
) -> None:
    """Describe the quality of a photograph in a few sentences, or that of a region."""
    from quibble.assessor import Assessor

    assessor = Assessor(model=model, threads=threads)
    look = assessor.look(photo)
    answer = assessor.describe(
        look,
        one_region(box, mask_file, width=look.width, height=look.height),
        reference,
        boxes=boxes,
        sampling=sampling,
    )
    if draw is not None:
        from quibble.commands.assess import drawn
        from quibble.draw import overlay
        from quibble.geometry import Region
        from quibble.image import load, save

        told = [Region(box=phrase.box, label=phrase.text) for phrase in answer.phrases]
        image = load(photo)
        save(overlay(image, told) if boxes else drawn(image, assessor.assess(look)), draw)
    if as_json:
        print_json(image=photo, **answer.to_dict())
    else:
        click.echo(in_pixels(answer))


@click.command(epilog=_ASK)
@click.argument("photo")
@click.argument("question")
@region_options
@click.option("options", "--option", metavar="TEXT", multiple=True, help="An answer to choose from; two to four.")
@answer_options
def ask(
    photo: str,
    question: str,
    box: Box | None,
    mask_file: Path | None,
    options: tuple[str, ...],
    as_json: bool,
    sampling: Sampling,
    model: str,
    threads: int,
) -> None:
    """Answer a question on the quality of a photograph, or of a region.

    With options, each gets its probability.
    """
    from quibble.assessor import Assessor

    assessor = Assessor(model=model, threads=threads)
    look = assessor.look(photo)
    answer = assessor.ask(
        look,
        question,
        one_region(box, mask_file, width=look.width, height=look.height),
        options or None,
        sampling=sampling,
    )
    if as_json:
        print_json(image=photo, question=question, **answer.to_dict())
    else:
        click.echo("\n".join([answer.text, *(shares(answer.options) if answer.options is not None else ())]))


@click.command(epilog=_REFER)
@click.argument("photo")
@region_options
@click.option("--long", "is_long", is_flag=True, help="Say what the defects do, not only their names.")
@answer_options
def refer(
    photo: str,
    box: Box | None,
    mask_file: Path | None,
    is_long: bool,
    as_json: bool,
    sampling: Sampling,
    model: str,
    threads: int,
) -> None:
    """Name what is wrong with a region of a photograph."""
    from quibble.assessor import Assessor

    assessor = Assessor(model=model, threads=threads)
    look = assessor.look(photo)
    region = one_region(box, mask_file, width=look.width, height=look.height)
    if region is None:
        raise click.UsageError("say which region: --region x,y,w,h or --mask FILE")
    answer = assessor.refer(
        look,
        region,
        "long" if is_long else "short",
        sampling=sampling,
    )
    if as_json:
        print_json(image=photo, **answer.to_dict())
    else:
        click.echo(answer.text)


@click.command(epilog=_CHAT)
@click.argument("photo")
@region_options
@answer_options
def chat(
    photo: str,
    box: Box | None,
    mask_file: Path | None,
    as_json: bool,
    sampling: Sampling,
    model: str,
    threads: int,
) -> int:
    """Talk about a photograph, or a region of it: a question a line, until an empty one or the end of input.

    With --json, one object an answer.
    """
    from quibble.assessor import Assessor

    assessor = Assessor(model=model, threads=threads)
    look = assessor.look(photo)
    region = one_region(box, mask_file, width=look.width, height=look.height)
    talk = assessor.chat(look, region, sampling=sampling)
    is_refused = False
    while question := _next_question():
        try:
            if as_json:
                print_json(image=photo, question=question, **talk.ask(question).to_dict())
                continue
            for piece in talk.stream(question):
                click.echo(piece, nl=False)
            click.echo()
        except (ArgumentError, EndpointError) as error:
            # A question that cannot be asked, or a server that fails at one, does not end the conversation.
            is_refused = True
            click.echo(f"quibble: {error}", err=True)
    return 2 if is_refused else 0


def _next_question() -> str:
    """The next line, "" at the end of input; a prompt for it where a person types, on stderr."""
    if sys.stdin.isatty():
        click.echo("> ", err=True, nl=False)
    return sys.stdin.readline().strip()
