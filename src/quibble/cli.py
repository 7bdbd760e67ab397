"""The command line: one entry, commands that are imported when they run, and one place where errors become exit codes.

Exit codes: 0 fine; 1 problems were found, or a gate failed; 2 the user's mistake, with one line on stderr;
130 interrupted; 141 the reader of our output went away. Anything unexpected keeps its traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

import click

from quibble._version import __version__
from quibble.errors import QuibbleError

#: command → (where it lives, its line in `quibble --help`). A command's module is imported when the command runs.
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "assess": ("quibble.commands.assess:assess", "Tell what is wrong with photographs (the default command)."),
    "describe": ("quibble.commands.words:describe", "Describe the quality of a photograph in words."),
    "ask": ("quibble.commands.words:ask", "Answer a question on a photograph."),
    "chat": ("quibble.commands.words:chat", "Talk about a photograph."),
    "refer": ("quibble.commands.words:refer", "Name what is wrong with a region."),
    "ground": ("quibble.commands.ground:ground", "Find the regions that a question asks for."),
    "compare": ("quibble.commands.pairs:compare", "Say which of two photographs is better, and why."),
    "rank": ("quibble.commands.pairs:rank", "Sort photographs by quality."),
    "models": ("quibble.commands.models:models", "List the models to choose from, and what each can do."),
    "distort": ("quibble.commands.distort:distort", "Distort a photograph, whole or in regions."),
    "data": ("quibble.commands.data:data", "Build, check, look at and convert data sets."),
    "annotate": ("quibble.commands.annotate:annotate", "Have people annotate pictures on Label Studio."),
    "bench": ("quibble.commands.bench:bench", "Measure models on benchmarks, beside the papers' figures."),
    "train": ("quibble.commands.train:train", "Train a model by a recipe."),
    "completion": ("quibble.commands.completion:completion", "Print the script that completes commands in a shell."),
}

_INTERRUPTED: Final = 130
_PIPE_CLOSED: Final = 141


class _Quibble(click.Group):
    """The `quibble` group: lazy commands, and every error as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        # What is not a command's name is a photograph, or an option of the command that looks at photographs.
        if args[0] not in COMMANDS:
            _refuse_misspelt(ctx, args[0])
            args = ["assess", *args]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run, and leave with an exit code. With standalone_mode=False exceptions come out as they are."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except click.Abort:
            sys.exit(_INTERRUPTED)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(2)
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "quibble"
            _fail(path, f"{error.format_message()} ({path} --help shows how)")
        except (QuibbleError, click.ClickException) as error:
            _fail("quibble", error.format_message() if isinstance(error, click.ClickException) else str(error))
        except BrokenPipeError:
            _leave_closed_pipe()
        except OSError as error:
            # A path of the user's that cannot be read or written; without a path it is nothing that they named.
            if error.filename is None or error.strerror is None:
                raise
            _fail("quibble", f"{error.filename}: {error.strerror}")
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _leave_closed_pipe()


def _refuse_misspelt(ctx: click.Context, word: str) -> None:
    """Stop at a word that is no file but nearly a command."""
    if word.startswith("-") or "." in word or os.path.exists(word):
        return
    from difflib import get_close_matches

    if near := get_close_matches(word, COMMANDS, n=1):
        ctx.fail(f"there is no command and no file {word!r}; did you mean {near[0]}?")


def _fail(where: str, message: str) -> NoReturn:
    """One line on stderr and exit code 2, however many lines the message has."""
    click.echo(f"{where}: {' '.join(message.split())}", err=True)
    sys.exit(2)


def _leave_closed_pipe() -> NoReturn:
    # The interpreter flushes stdout once more as it ends, which would print a second error.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(_PIPE_CLOSED)


_EXAMPLES = """\b
Examples:
  quibble photo.jpg
  quibble photo.jpg --draw found.png
  quibble *.jpg --json
  quibble describe photo.jpg
  quibble ask photo.jpg "Is it blurry?"
  quibble compare a.jpg b.jpg
  quibble distort photo.jpg --apply blur.gaussian:3 -o blurred.png
  quibble data build octopus photos/ out/ --records 1000
  quibble data show out/
"""


@click.command(
    cls=_Quibble,
    name="quibble",
    epilog=_EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "ignore_unknown_options": True},
)
@click.version_option(__version__, prog_name="quibble", message="%(prog)s %(version)s")
def main() -> None:
    """What is wrong with a picture, where, and how badly.

    Every command has a --help with examples. Results go to stdout, progress and errors to stderr. Exit codes: 0 fine,
    1 problems were found, 2 something to correct in what was asked.
    """


if __name__ == "__main__":
    main(prog_name="quibble")
