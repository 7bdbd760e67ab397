"""What the commands that answer in words share: options for sampling, and how findings and boxes are printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import click

from quibble.results import Answer, Finding


def answer_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every answer; the command gets `as_json`, `model`, `threads` and `sampling`."""

    @wraps(command)
    def run(*, temperature: float, top_p: float, seed: int, **rest: Any) -> Any:
        from quibble.backends.language import Sampling

        return command(sampling=Sampling(temperature=temperature, top_p=top_p, seed=seed), **rest)

    options = [
        click.option("--json", "as_json", is_flag=True, help="One JSON object on one line."),
        click.option(
            "--temperature",
            type=click.FloatRange(min=0),
            default=0.0,
            help="Above 0, answers are sampled: near 0 nearly always the likeliest, at 1 by their probability.",
        ),
        click.option(
            "--top-p",
            type=click.FloatRange(0, 1, min_open=True),
            default=1.0,
            help="When sampling, keep to the likeliest words that share this much probability.",
        ),
        click.option("--seed", type=click.IntRange(0), default=0, help="Of the sampling."),
        model_option,
        threads_option,
    ]
    taking: Callable[..., Any] = run
    for option in reversed(options):
        taking = option(taking)
    return taking


model_option = click.option(
    "--model",
    metavar="MODEL",
    default="nano",
    show_default=True,
    envvar="QUIBBLE_MODEL",
    show_envvar=True,
    help="nano, a folder, an id of the hub, or URL#NAME of a served model; see `quibble models`.",
)

threads_option = click.option(
    "--threads", type=click.IntRange(0), default=0, help="CPU threads of the models; 0 takes all cores."
)


def draw_option(help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--draw with a picture file."""
    return click.option("--draw", type=click.Path(path_type=Path, dir_okay=False), help=help_text)


def print_json(**facts: Any) -> None:
    """One object on one line."""
    click.echo(json.dumps(facts, ensure_ascii=False))


def in_pixels(answer: Answer) -> str:
    """An answer with [phrase](x,y,w,h) in pixels: the form that --region takes."""
    from quibble.commands.regions import write_box
    from quibble.pointing import plain

    told = [f"{phrase.text} at {write_box(phrase.box)}" for phrase in answer.phrases]
    return "\n".join([plain(answer.text), *(f"  {line}" for line in told)])


def line_of(finding: Finding) -> str:
    """A finding in a line: what, where, how much of the picture, and its box."""
    from quibble.commands.regions import write_box

    return (
        f"  {finding.severity_word} {finding.category.words}, {finding.position}, "
        f"{finding.share:.0%} of the picture, box {write_box(finding.box)}"
    )


def shares(options: Mapping[str, float]) -> list[str]:
    """Each option with its probability, the likeliest first."""
    return [f"  {share:4.0%}  {option}" for option, share in sorted(options.items(), key=lambda item: -item[1])]
