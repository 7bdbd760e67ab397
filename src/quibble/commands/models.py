"""`quibble models`: what there is to choose from."""

from __future__ import annotations

import click

from quibble.commands.answers import print_json

_EXAMPLES = """\b
Examples:
  quibble models
  quibble models http://localhost:8000/v1
  quibble models --json
"""


@click.command(epilog=_EXAMPLES)
@click.argument("url", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a model, one line each.")
def models(url: str | None, as_json: bool) -> None:
    """List the models that --model and QUIBBLE_MODEL take, and what each can do.

    With the URL of an OpenAI-compatible server, also those that it serves.
    """
    from quibble.backends.base import Ability
    from quibble.backends.choice import known

    found = known(url)
    if as_json:
        for model in found:
            print_json(**model.to_dict())
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("model", "what it is", "can", box=box.SIMPLE_HEAD)
    for model in found:
        about = f"{model.about} ({model.missing})" if model.missing else model.about
        can = ", ".join(ability.value for ability in Ability if ability in model.abilities)
        table.add_row(Text(model.model), Text(about), Text(can))
    Console(highlight=False).print(table)
