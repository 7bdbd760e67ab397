"""`quibble annotate`: have people describe, mark and compare pictures on Label Studio, and get records back."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from quibble.annotate.client import LabelStudio
    from quibble.annotate.sittings import Standing
    from quibble.annotate.study import Study

F = TypeVar("F", bound="Callable[..., Any]")

#: So many times in a row may the server not answer before dealing stops.
_FAILURES: Final = 3

_EXAMPLES = """\b
Examples:
  quibble annotate new study/ photos/ --task pathway --person anna --person ben --person carl
  quibble annotate serve study/
  quibble annotate status study/
  quibble annotate export study/ feedback/
  quibble annotate report study/ agreement/
"""

_NEW_EXAMPLES = """\b
Examples:
  quibble annotate new study/ photos/ --task pathway --person anna --person ben --person carl
  quibble annotate new study/ feedback/ --task masks --each 1 --person anna=a@lab.org --person ben
  quibble annotate new study/ pairs.csv --task comparison --each 2 --person anna --person ben
"""

_DEAL_EXAMPLES = """\b
Examples:
  quibble annotate deal study/ --url https://label.example.org --token TOKEN
  quibble annotate deal study/ --url https://label.example.org --watch
"""

_ADD_EXAMPLES = """\b
Examples:
  quibble annotate add study/ more-photos/
  quibble annotate add study/ --person dora --person eve=eve@lab.org
"""

_SERVE_EXAMPLES = """\b
Examples:
  quibble annotate serve study/
  quibble annotate serve study/ --host 0.0.0.0 --port 8090
  quibble annotate serve study/ --program ~/label-studio/bin/label-studio
"""

_LEAVE_EXAMPLES = """\b
Examples:
  quibble annotate leave study/ ben
"""

_STATUS_EXAMPLES = """\b
Examples:
  quibble annotate status study/
  quibble annotate status study/ --offline --json
"""

_EXPORT_EXAMPLES = """\b
Examples:
  quibble annotate export study/ feedback/
  quibble annotate export study/ answers/ --agreed
"""

_REPORT_EXAMPLES = """\b
Examples:
  quibble annotate report study/ agreement/
  quibble annotate report study/ agreement/ --offline --worst 30
"""

_STUDY = click.argument("folder", metavar="STUDY", type=click.Path(path_type=Path, file_okay=False))
_PROGRAM = click.option(
    "--program",
    metavar="FILE",
    help="The program label-studio, in whichever environment.  [default: QUIBBLE_LABEL_STUDIO, else on the PATH]",
)
_EVERY = click.option(
    "--every",
    type=click.FloatRange(min=1),
    metavar="S",
    default=20.0,
    show_default=True,
    help="Look for answers.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _people(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    people: dict[str, str] = {}
    for text in texts:
        name, _, mail = text.partition("=")
        if name in people:
            raise click.BadParameter(f"{name!r} is named twice")
        people[name] = mail
    return people


def _person_option(*, required: bool) -> Callable[[F], F]:
    return click.option(
        "--person",
        "people",
        metavar="NAME[=EMAIL]",
        multiple=True,
        required=required,
        callback=_people,
        help="One of the people. Repeatable.",
    )


def _server_options(command: F) -> F:
    """Options of a server that runs already, or of the study's own."""
    options = (
        click.option("--url", envvar="LABEL_STUDIO_URL", help="A Label Studio that runs.  [default: the study's own]"),
        click.option("--token", envvar="LABEL_STUDIO_API_KEY", help="Its access token, or in LABEL_STUDIO_API_KEY."),
        _PROGRAM,
    )
    wrapped: Any = command
    for option in reversed(options):
        wrapped = option(wrapped)
    result: F = wrapped
    return result


@click.group(epilog=_EXAMPLES)
def annotate() -> None:
    """Have people annotate pictures on Label Studio.

    A study is a folder: what is annotated, by whom, and what they answered. `serve` starts Label Studio in it and deals
    pictures in sittings; `export` writes the answers as records that `quibble data build` reads; `report` says how far
    people agree.
    """


@annotate.command(epilog=_NEW_EXAMPLES)
@_STUDY
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--task",
    "kind",
    type=click.Choice(["pathway", "masks", "questionnaire", "comparison"]),
    required=True,
    help="What people do.",
)
@_person_option(required=True)
@click.option("--each", type=click.IntRange(min=1), metavar="N", default=3, show_default=True, help="People for each.")
@click.option("--seed", type=click.IntRange(0, 2**53 - 1), metavar="N", default=0, show_default=True)
@click.option("--warn", type=click.IntRange(min=1), metavar="N", default=30, show_default=True, help="Warn past these.")
@click.option(
    "--most", type=click.IntRange(min=1), metavar="N", default=50, show_default=True, help="Pause after these."
)
@click.option("--pause", type=click.FloatRange(min=0), metavar="MIN", default=30.0, show_default=True, help="How long.")
@click.option("--segmenter", default="stand-in", show_default=True, help="Of the parts that are proposed for masks.")
def new(
    folder: Path,
    source: Path,
    kind: str,
    people: dict[str, str],
    each: int,
    seed: int,
    warn: int,
    most: int,
    pause: float,
    segmenter: str,
) -> None:
    """Set up a study of what is at SOURCE.

    SOURCE is a data set; for pathway feedback also a folder of photographs; or a CSV table with columns file,
    reference, a, b and text, as far as the task shows them. Masks need texts; questionnaires and comparisons need
    a reference.
    """
    from quibble.annotate.kinds import Kind
    from quibble.annotate.study import Settings, create

    settings = Settings(
        kind=Kind(kind), people=people, each=each, seed=seed, warn=warn, most=most, pause_min=pause, segmenter=segmenter
    )
    study = create(folder, source, settings)
    copies = min(each, len(people))
    click.echo(f"{folder}: {len(study.items):,} items for {copies} of {len(people)} people each")
    if copies < each:
        click.echo(f"only {len(people)} people for {each} answers each: add more with quibble annotate add", err=True)


@annotate.command(epilog=_ADD_EXAMPLES)
@_STUDY
@click.argument("source", required=False, type=click.Path(path_type=Path, exists=True))
@_person_option(required=False)
def add(folder: Path, source: Path | None, people: dict[str, str]) -> None:
    """Add pictures from SOURCE, or people, to a study.

    What was dealt stays; what was not is dealt anew among everybody.
    """
    from quibble.annotate.study import Study, extend

    if source is None and not people:
        raise click.UsageError("nothing to add: give a SOURCE, --person, or both")
    study = Study(folder)
    count = extend(study, source=source, people=people)
    click.echo(f"{folder}: {count:,} new items, {len(study.items):,} in all; {len(study.settings.active)} people")


@annotate.command(epilog=_SERVE_EXAMPLES)
@_STUDY
@_PROGRAM
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; 0.0.0.0 for the whole network.")
@click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="[default: the last one, 8080, or a free one]")
@_EVERY
def serve(folder: Path, program: str | None, host: str, port: int | None, every: float) -> None:
    """Start Label Studio for a study, and deal sittings until Ctrl-C.

    Its database lies in the study's folder; the first start takes a minute or two. Everybody gets an account; links and
    passwords are printed, and kept in label-studio/accounts.json. When somebody has done a sitting, the next one is
    dealt after the pause.
    """
    from quibble.annotate.server import LEAD, OWN, started
    from quibble.annotate.study import Study

    study = Study(folder)
    with (
        _stopped_by_signals(),
        started(folder / "label-studio", program=program, host=host, port=port, tell=_tell) as server,
    ):
        click.echo(f"Label Studio: {server.url}  (lead: {LEAD}, password {server.password})")
        if host not in ("127.0.0.1", "localhost", "::1"):
            click.echo("the whole network can reach it, without encryption", err=True)
        _watch(study, server.client(), name=OWN, every=every)


@annotate.command(epilog=_DEAL_EXAMPLES)
@_STUDY
@_server_options
@click.option("--watch", is_flag=True, help="Go on dealing until Ctrl-C.")
@_EVERY
def deal(folder: Path, url: str | None, token: str | None, program: str | None, watch: bool, every: float) -> None:
    """Deal everybody their next sitting, who has done the last one and has rested.

    For a Label Studio that runs elsewhere; `serve` does this by itself. Names in the study need e-mails of accounts
    there for answers of others to be told from theirs.
    """
    from quibble.annotate.server import reached
    from quibble.annotate.study import Study

    study = Study(folder)
    with (
        _stopped_by_signals(),
        reached(folder / "label-studio", url=url, token=token, program=program, tell=_tell) as (client, name),
    ):
        if watch:
            _watch(study, client, name=name, every=every)
        else:
            _deal(study, client, name=name)


@annotate.command(epilog=_LEAVE_EXAMPLES)
@_STUDY
@click.argument("person")
@_server_options
def leave(folder: Path, person: str, url: str | None, token: str | None, program: str | None) -> None:
    """Let PERSON go: what they have not done goes to the others, what they did stays."""
    from quibble.annotate.server import reached
    from quibble.annotate.sittings import leave as let_go
    from quibble.annotate.study import Study

    study = Study(folder)
    with reached(folder / "label-studio", url=url, token=token, program=program, tell=_tell) as (client, name):
        count = let_go(study, person, client, name=name)
    click.echo(f"{person} has left; {count} items go to others")


@annotate.command(epilog=_STATUS_EXAMPLES)
@_STUDY
@_server_options
@click.option("--offline", is_flag=True, help="By the answers that were fetched last.")
@_JSON
def status(folder: Path, url: str | None, token: str | None, program: str | None, offline: bool, as_json: bool) -> None:
    """Say how far everybody is."""
    from quibble.annotate.sittings import standings

    study = _fetched(folder, url, token, program, offline=offline)
    found = standings(study)
    if as_json:
        click.echo(json.dumps([_standing(one) for one in found]))
        return
    click.echo(f"{'person':<16}{'done':>6}{'dealt':>7}{'to come':>9}  now")
    for one in found:
        click.echo(f"{one.person:<16}{one.done:>6}{one.dealt:>7}{one.left:>9}  {_now(one, study)}")


@annotate.command(epilog=_EXPORT_EXAMPLES)
@_STUDY
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@_server_options
@click.option("--offline", is_flag=True, help="Export the answers that were fetched last.")
@click.option("--agreed", is_flag=True, help="Of questionnaires and comparisons, what most people answered.")
@_JSON
def export(
    folder: Path,
    out: Path,
    url: str | None,
    token: str | None,
    program: str | None,
    offline: bool,
    agreed: bool,
    as_json: bool,
) -> None:
    """Fetch all answers, and write them as a data set to OUT.

    The same command writes it anew when more was answered. What cannot be used is in OUT/rejects, with the reason.
    `quibble data build instruct OUT`, `ground --people OUT` and `depict OUT` go on from there.
    """
    from quibble.annotate.export import export as write

    study = _fetched(folder, url, token, program, offline=offline)
    found = write(study, out, agreed=agreed)
    if as_json:
        click.echo(json.dumps({**vars(found), "rejects": dict(found.rejects)}))
        return
    click.echo(f"{out}: {found.records:,} records; {found.unanswered:,} items without an answer")
    for reason, count in found.rejects.items():
        click.echo(f"  {count:>8}  {reason}")


@annotate.command(epilog=_REPORT_EXAMPLES)
@_STUDY
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@_server_options
@click.option("--offline", is_flag=True, help="Report on the answers that were fetched last.")
@click.option("--worst", type=click.IntRange(min=0), metavar="N", default=12, show_default=True, help="Show so many.")
@_JSON
def report(
    folder: Path,
    out: Path,
    url: str | None,
    token: str | None,
    program: str | None,
    offline: bool,
    worst: int,
    as_json: bool,
) -> None:
    """Measure how far people agree: one HTML page, and JSON, in OUT.

    Q-Ground's eq. 1 and contradictions for masks, majorities for questionnaires, Cohen's kappa for all; by question,
    by pair of people, and the worst disagreements as pictures.
    """
    from quibble.annotate.agreement import report as measure
    from quibble.annotate.page import write_report

    study = _fetched(folder, url, token, program, offline=offline)
    found = measure(study, worst=worst)
    page = write_report(found, study, out)
    click.echo(json.dumps(found.to_dict(), ensure_ascii=False) if as_json else f"{page}: {found.answers:,} answers")


def _fetched(folder: Path, url: str | None, token: str | None, program: str | None, *, offline: bool) -> Study:
    """The study, with the server's answers unless they are not wanted."""
    from quibble.annotate.server import reached
    from quibble.annotate.sittings import fetch
    from quibble.annotate.study import Study

    study = Study(folder)
    if not offline and study.sittings():
        with reached(folder / "label-studio", url=url, token=token, program=program, tell=_tell) as (client, name):
            fetch(study, client, name=name)
    return study


def _watch(study: Study, client: LabelStudio, *, name: str, every: float) -> None:
    """Deal again and again."""
    from quibble.errors import EndpointError

    failures = 0
    while True:
        try:
            _deal(study, client, name=name)
            failures = 0
        except EndpointError:
            failures += 1
            if failures >= _FAILURES:
                raise
        time.sleep(every)


def _deal(study: Study, client: LabelStudio, *, name: str) -> None:
    """Deal once, and say who got what."""
    from quibble.annotate.accounts import open_accounts
    from quibble.annotate.server import OWN
    from quibble.annotate.sittings import deal as deal_sittings
    from quibble.annotate.study import Study as Opened

    study.settings, study.items = (fresh := Opened(study.folder)).settings, fresh.items
    passwords = open_accounts(study, client) if name == OWN else {}
    for sitting in deal_sittings(study, client, now=datetime.now().astimezone(), name=name, tell=_tell):
        mail = study.settings.people[sitting.person]
        entry = f"  ({mail}, password {passwords[mail]})" if mail in passwords else ""
        click.echo(
            f"{sitting.person}: sitting {sitting.number}, {len(sitting.items)} pictures  "
            f"{client.url}/projects/{sitting.project}/data?labeling=1{entry}"
        )


def _standing(one: Standing) -> dict[str, Any]:
    return {
        **vars(one),
        "sitting": one.sitting.name if one.sitting is not None else None,
        "rests_until": one.rests_until.isoformat() if one.rests_until is not None else None,
    }


def _now(one: Standing, study: Study) -> str:
    """What somebody is at."""
    parts = []
    if one.person in study.settings.left:
        parts.append("has left")
    elif one.sitting is not None:
        parts.append(f"sitting {one.sitting.number}: {one.sitting_done} of {len(one.sitting.items)}")
    elif not one.left:
        parts.append("all done" if one.dealt else "nothing to do")
    elif one.rests_until is not None and one.rests_until > datetime.now().astimezone():
        parts.append(f"pause until {one.rests_until.astimezone():%H:%M}")
    else:
        parts.append("next sitting to be dealt")
    if one.run > study.settings.warn:
        parts.append(f"{one.run} in a row without a pause")
    if one.strangers:
        parts.append(f"{one.strangers} answers by another account")
    return ", ".join(parts)


def _tell(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Ends as Ctrl-C does when the system asks us to, so that the server is stopped as well."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
