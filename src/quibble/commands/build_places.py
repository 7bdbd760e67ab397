"""`quibble data build ground` and `grounding-iqa`: data sets of masks and of boxes."""

from __future__ import annotations

from pathlib import Path

import click

from quibble.commands.writer import Writer, bar, tell, writer_options

_SOURCE = click.Path(path_type=Path, exists=True, file_okay=False)
_OUT = click.Path(path_type=Path, file_okay=False)
_COUNT = click.IntRange(min=1)
_SHARE = click.FloatRange(0, 1)

_GROUND_EXAMPLES = """\b
Examples:
  quibble data build ground photos/ out/ --limit 50
  quibble data build ground feedback/ out/ --segmenter facebook/sam-vit-huge \\
    --model http://localhost:8000/v1#qwen
  quibble data build ground feedback/ out/ --people annotated/
  quibble data build ground annotated/ out/ --annotated
"""

_GROUNDING_IQA_EXAMPLES = """\b
Examples:
  quibble data build grounding-iqa feedback/ out/ --limit 50
  quibble data build grounding-iqa feedback/ out/ --detector IDEA-Research/grounding-dino-base \\
    --model http://localhost:8000/v1#llama --inspector http://localhost:8001/v1#q-instruct
"""

_LIMIT = click.option("--limit", type=_COUNT, metavar="N", help="Use so many texts or photographs.  [default: all]")
_TASKS = click.option(
    "--task", "tasks", multiple=True, help="Records of SOURCE that hold a text.  [default: pathway, global_description]"
)
_DEVICE = click.option("--device", default="cpu", show_default=True, help="Where torch runs, such as cuda:0.")
_SEED = click.option("--seed", type=click.IntRange(0, 2**53 - 1), metavar="N", default=0, show_default=True)
_VAL = click.option("--val", type=_SHARE, metavar="SHARE", default=0.05, show_default=True)
_TEST = click.option("--test", type=_SHARE, metavar="SHARE", default=0.05, show_default=True)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print statistics, rejects and costs as JSON.")


@click.command(epilog=_GROUND_EXAMPLES)
@click.argument("source", type=_SOURCE)
@click.argument("out", type=_OUT)
@click.option("--people", type=_SOURCE, help="A data set with people's masks: their pictures are taken from there.")
@click.option("--annotated", is_flag=True, help="SOURCE holds people's masks; no model is asked.")
@click.option(
    "--segmenter",
    metavar="MODEL",
    default="stand-in",
    show_default=True,
    help="Who cuts pictures into parts: a SAM or SAM 2, as a folder or an id of the hub; or regions of one color.",
)
@_DEVICE
@click.option("--runs", type=_COUNT, metavar="N", default=3, show_default=True, help="How often a picture is labelled.")
@click.option("--consistency", type=_SHARE, default=0.5, show_default=True, help="Least mean IoU of the runs.")
@click.option(
    "--contradiction", type=_SHARE, default=0.5, show_default=True, help="Most that two people may differ in."
)
@_LIMIT
@_TASKS
@writer_options
@_SEED
@_VAL
@_TEST
@_JSON
def ground(
    source: Path,
    out: Path,
    people: Path | None,
    annotated: bool,
    segmenter: str,
    device: str,
    runs: int,
    consistency: float,
    contradiction: float,
    limit: int | None,
    tasks: tuple[str, ...],
    writer: Writer,
    seed: int,
    val: float,
    test: float,
    as_json: bool,
) -> None:
    """Build data in the manner of Q-Ground: masks of jitter, noise, overexposure, blur, low light.

    SOURCE is a data set whose records hold a text on a picture's quality, or a folder of photographs, on which one is
    written first. A picture is cut into numbered parts, and a language model says which part has which distortion,
    several times; where its runs differ too much, the picture is rejected. Of people's masks those that call the same
    region differently are rejected. A build that was stopped goes on when the same command is given again.
    """
    from quibble.experts.segmenter import open_segmenter
    from quibble.pipelines.ground.build import build
    from quibble.pipelines.ground.rules import RULES
    from quibble.pipelines.ground.settings import Settings
    from quibble.pipelines.ground.table import tabulate
    from quibble.pipelines.instruct.rules import RULES as FEEDBACK_RULES
    from quibble.pipelines.instruct.told import TASKS

    if annotated and people is not None:
        raise click.UsageError("--annotated takes people's masks from SOURCE, and --people from elsewhere; give one")
    settings = Settings(
        runs=runs, consistency=consistency, contradiction=contradiction, limit=limit, seed=seed, val=val, test=test
    )
    parts = {"source": None, "people": source} if annotated else {"source": source, "people": people}
    with bar() as progress:
        built = build(
            parts["source"],
            out,
            writer.open({**RULES, **FEEDBACK_RULES}, out=out),
            open_segmenter(segmenter, device=device),
            settings,
            people=parts["people"],
            tasks=tasks or TASKS,
            progress=progress,
        )
    tell(built, as_json=as_json, table=tabulate(out))


@click.command("grounding-iqa", epilog=_GROUNDING_IQA_EXAMPLES)
@click.argument("source", type=_SOURCE)
@click.argument("out", type=_OUT)
@click.option(
    "--detector",
    metavar="MODEL",
    default="stand-in",
    show_default=True,
    help="Who finds objects: a Grounding DINO, as a folder or an id of the hub; or regions chosen by words.",
)
@_DEVICE
@click.option(
    "--inspector",
    metavar="URL#NAME",
    help="Who is asked whether a patch is as described.  [default: the one of --model]",
)
@click.option(
    "--questions", type=click.IntRange(0, 20), metavar="N", default=4, show_default=True, help="Of each kind."
)
@click.option("--rounds", type=_COUNT, metavar="N", default=1, show_default=True, help="Descriptions a photograph.")
@_LIMIT
@_TASKS
@writer_options
@_SEED
@_VAL
@_TEST
@_JSON
def grounding_iqa(
    source: Path,
    out: Path,
    detector: str,
    device: str,
    inspector: str | None,
    questions: int,
    rounds: int,
    limit: int | None,
    tasks: tuple[str, ...],
    writer: Writer,
    seed: int,
    val: float,
    test: float,
    as_json: bool,
) -> None:
    """Build data in the manner of Grounding-IQA: boxes in descriptions, and in questions.

    SOURCE is a data set whose records hold a description of a picture's quality, or a folder of photographs, on which
    one is written first. A language model lists a description's objects, a detector finds them, boxes of other quality
    are dropped and others merged, and grid codes go behind the words. Of the questions made from it as many are
    answered with yes as with no. A build that was stopped goes on when the same command is given again.
    """
    from quibble.experts.detector import open_detector
    from quibble.pipelines.grounding_iqa.build import build
    from quibble.pipelines.grounding_iqa.rules import RULES
    from quibble.pipelines.grounding_iqa.settings import Settings
    from quibble.pipelines.grounding_iqa.table import tabulate
    from quibble.pipelines.instruct.rules import RULES as FEEDBACK_RULES
    from quibble.pipelines.instruct.told import TASKS

    settings = Settings(questions=questions, rounds=rounds, limit=limit, seed=seed, val=val, test=test)
    rules = {**RULES, **FEEDBACK_RULES}
    with bar() as progress:
        built = build(
            source,
            out,
            writer.open(rules, out=out),
            open_detector(detector, device=device),
            settings,
            inspector=writer.named(inspector).open(rules, out=out) if inspector is not None else None,
            tasks=tasks or TASKS,
            progress=progress,
        )
    tell(built, as_json=as_json, table=tabulate(out))
