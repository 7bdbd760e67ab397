"""What commands that have data written by a language model share: its options, progress, and the report at the end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from quibble.experts.language_model import LanguageModel
    from quibble.experts.stand_in import Rule
    from quibble.pipelines.shards import Built, Progress

F = TypeVar("F", bound=Callable[..., Any])

#: The name of the rules that write where no language model is given.
STAND_IN = "stand-in"


def writer_options(command: F) -> F:
    """Adds the options of a language model; the command gets them as one argument, `writer`."""

    @wraps(command)
    def run(
        model: str,
        cache: Path | None,
        budget: int | None,
        concurrency: int,
        max_tokens: int,
        temperature: float,
        timeout: float,
        **others: Any,
    ) -> Any:
        writer = Writer(model, cache, budget, concurrency, max_tokens, temperature, timeout)
        return command(writer=writer, **others)

    options = (
        click.option(
            "--model",
            metavar="URL#NAME",
            default=STAND_IN,
            show_default=True,
            help="Who writes: a model on an OpenAI-compatible server, its key in QUIBBLE_MODEL_KEY; or built-in rules.",
        ),
        click.option(
            "--cache",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Where replies are kept, so that none is paid for twice.  [default: OUT.replies.sqlite]",
        ),
        click.option("--budget", type=click.IntRange(min=1), metavar="TOKENS", help="Stop when so many are spent."),
        click.option("--concurrency", type=click.IntRange(min=1), metavar="N", default=4, show_default=True),
        click.option("--max-tokens", type=click.IntRange(min=1), metavar="N", default=1024, show_default=True),
        click.option("--temperature", type=click.FloatRange(min=0), default=0.7, show_default=True),
        click.option(
            "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="S", default=120, show_default=True
        ),
    )
    wrapped: Any = run
    for option in reversed(options):
        wrapped = option(wrapped)
    result: F = wrapped
    return result


class Writer:
    """The choice of a language model on the command line."""

    def __init__(
        self,
        model: str,
        cache: Path | None,
        budget: int | None,
        concurrency: int,
        max_tokens: int,
        temperature: float,
        timeout_s: float,
    ) -> None:
        self._model, self._cache, self._budget = model, cache, budget
        self._concurrency, self._timeout_s = concurrency, timeout_s
        self._max_tokens, self._temperature = max_tokens, temperature

    def named(self, model: str) -> Writer:
        """The same choice for another language model."""
        return Writer(
            model,
            self._cache,
            self._budget,
            self._concurrency,
            self._max_tokens,
            self._temperature,
            self._timeout_s,
        )

    def open(self, rules: Mapping[str, Rule], *, out: Path) -> LanguageModel:
        """The language model; `rules` are what the stand-in knows, `out` is what the cache is named after."""
        if self._model == STAND_IN:
            from quibble.experts.stand_in import StandIn

            return StandIn(rules)
        from quibble.endpoint import Endpoint
        from quibble.experts.served import Served

        url, _, name = self._model.partition("#")
        if not name:
            raise click.UsageError(
                f"--model takes {STAND_IN} or URL#NAME such as http://localhost:8000/v1#qwen, found {self._model!r}"
            )
        cache = self._cache or out.with_name(f"{out.name}.replies.sqlite")
        endpoint = Endpoint(
            url,
            name,
            key=os.environ.get("QUIBBLE_MODEL_KEY"),
            cache=cache,
            timeout_s=self._timeout_s,
            concurrency=self._concurrency,
        )
        return Served(endpoint, budget=self._budget, max_tokens=self._max_tokens, temperature=self._temperature)


@contextmanager
def bar() -> Iterator[Callable[[Progress], None]]:
    """A progress bar on stderr, if that is a terminal: units, records, rejects, and the tokens spent so far."""
    console = Console(stderr=True)
    told = TextColumn("{task.fields[records]} records, {task.fields[rejects]} rejected, {task.fields[tokens]:,} tokens")
    columns = (TextColumn("building"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), told)
    with Bar(*columns, console=console, disable=not console.is_terminal) as shown:
        task = shown.add_task("building", total=None, records=0, rejects=0, tokens=0)
        yield lambda progress: shown.update(
            task,
            total=progress.units,
            completed=progress.done,
            records=progress.records,
            rejects=sum(progress.rejects.values()),
            tokens=sum(cost.tokens for cost in progress.costs.values()),
        )


class Table(Protocol):
    """A pipeline's own statistics."""

    def to_dict(self) -> dict[str, Any]: ...
    def to_text(self) -> str: ...


def tell(built: Built, *, as_json: bool, table: Table | None = None) -> None:
    """What was built: statistics, the pipeline's own table, rejects by reason, and costs by model."""
    if as_json:
        costs = {name: vars(cost) for name, cost in built.costs.items()}
        told = {"stats": built.stats.to_dict(), "rejects": dict(built.rejects), "costs": costs}
        if table is not None:
            told["table"] = table.to_dict()
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(built.stats.to_text())
    if table is not None:
        click.echo(f"\n{table.to_text()}")
    if built.rejects:
        click.echo("\nrejected")
        for reason, count in sorted(built.rejects.items(), key=lambda item: (-item[1], item[0])):
            click.echo(f"  {count:>8}  {reason}")
    if built.costs:
        click.echo(f"\n{'written by':<42}{'replies':>9}{'tokens in':>12}{'tokens out':>12}")
        for name, cost in built.costs.items():
            click.echo(f"  {name:<40}{cost.replies:>9,}{cost.input_tokens:>12,}{cost.output_tokens:>12,}")
