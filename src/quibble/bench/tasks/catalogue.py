"""Every benchmark by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from quibble.bench.item import Item
from quibble.bench.tasks import pairs, qbench, records
from quibble.bench.tasks.databases import DATABASES, read_database
from quibble.errors import ArgumentError


@dataclass(frozen=True, kw_only=True)
class Task:
    """A benchmark. read: its folder to its items. get: what to download from whom. database: as the papers call it."""

    name: str
    title: str
    get: str
    read: Callable[[Path], Iterator[Item]]
    database: str | None = None


def find_task(name: str) -> Task:
    """A benchmark by name. Raises ArgumentError with the nearest names if there is none."""
    if name in TASKS:
        return TASKS[name]
    from difflib import get_close_matches

    near = get_close_matches(name, TASKS, n=3, cutoff=0.4) or list(TASKS)
    raise ArgumentError(f"there is no benchmark {name!r}; did you mean {', '.join(near)}?")


def _octopus(*tasks: str) -> Callable[[Path], Iterator[Item]]:
    return partial(records.read_records, wanted=lambda record: record.task in tasks)


_LISTED: Final = (
    Task(
        name="qbench-a1-dev",
        title="Q-Bench A1, LLVisionQA-dev",
        get=qbench.A1,
        read=partial(qbench.read_questions, split="dev"),
    ),
    Task(
        name="qbench-a1-test",
        title="Q-Bench A1, LLVisionQA-test",
        get=qbench.A1,
        read=partial(qbench.read_questions, split="test"),
    ),
    Task(name="qbench-a2", title="Q-Bench A2, LLDescribe", get=qbench.A2, read=qbench.read_descriptions),
    Task(
        name="qbench2-a1-dev",
        title="Q-Bench2 A1, pairs, dev",
        get=qbench.A1_PAIRS,
        read=partial(qbench.read_questions, split="dev", pictures=2),
    ),
    Task(
        name="qbench2-a1-test",
        title="Q-Bench2 A1, pairs, test",
        get=qbench.A1_PAIRS,
        read=partial(qbench.read_questions, split="test", pictures=2),
    ),
    Task(name="bapps", title="BAPPS, two-alternative choices", get=pairs.BAPPS, read=pairs.read_bapps),
    Task(name="m-bapps", title="M-BAPPS", get=pairs.DEPICTQA, read=pairs.read_m_bapps),
    Task(name="dq-495k", title="DQ-495K", get=pairs.DEPICTQA, read=pairs.read_dq_495k),
    *(
        Task(
            name=f"votes-{name}",
            title=f"{DATABASES[name].title}, scores by voting over comparisons",
            get=pairs.DEPICTQA,
            read=partial(pairs.read_votes, database=folder),
            database=DATABASES[name].title,
        )
        for name, folder in (("kadid-10k", "KADID10K"), ("csiq", "CSIQ"), ("tid2013", "TID2013"))
    ),
    Task(name="giqa-des", title="GIQA-Bench, descriptions", get=records.UNPUBLISHED, read=_octopus("giqa_des")),
    Task(name="giqa-vqa", title="GIQA-Bench, questions", get=records.UNPUBLISHED, read=_octopus("giqa_vqa")),
    Task(name="qground-test", title="QGround-Test", get=records.UNPUBLISHED, read=records.read_qground),
    Task(
        name="octopus-global",
        title="IQA-Octopus, global description",
        get=records.UNPUBLISHED,
        read=_octopus("global_description"),
    ),
    Task(
        name="octopus-local",
        title="IQA-Octopus, local description",
        get=records.UNPUBLISHED,
        read=_octopus("local_description"),
    ),
    Task(
        name="octopus-grounding",
        title="IQA-Octopus, grounding",
        get=records.UNPUBLISHED,
        read=_octopus("grounding_hyd", "grounding_sid", "grounding_dao"),
    ),
    Task(
        name="octopus-refer-short",
        title="IQA-Octopus, referring, short",
        get=records.UNPUBLISHED,
        read=_octopus("referring_short"),
    ),
    Task(
        name="octopus-refer-long",
        title="IQA-Octopus, referring, long",
        get=records.UNPUBLISHED,
        read=_octopus("referring_long"),
    ),
    *(
        Task(
            name=name,
            title=database.title,
            get=database.get,
            read=partial(read_database, database),
            database=database.title,
        )
        for name, database in DATABASES.items()
    ),
)

TASKS: Final[Mapping[str, Task]] = MappingProxyType({task.name: task for task in _LISTED})
