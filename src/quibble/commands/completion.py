"""`quibble completion`: the script that a shell needs to complete quibble's commands, options and distortions."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_EXAMPLES = """\b
Examples:
  quibble completion bash >> ~/.bashrc
  quibble completion zsh >> ~/.zshrc
  quibble completion fish > ~/.config/fish/completions/quibble.fish
"""


@click.command(epilog=_EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands in a shell."""
    scripts = get_completion_class(shell)
    assert scripts is not None, "click completes all three"
    click.echo(scripts(ctx.find_root().command, {}, "quibble", "_QUIBBLE_COMPLETE").source())
