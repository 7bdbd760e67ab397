"""Against a Label Studio that really runs: create, import, annotate as three people, export, measure.

Needs the program label-studio, here or in an environment of its own that QUIBBLE_LABEL_STUDIO names.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from quibble.annotate.accounts import open_accounts
from quibble.annotate.agreement import report
from quibble.annotate.brush import decode
from quibble.annotate.dealing import swapped
from quibble.annotate.export import export
from quibble.annotate.kinds import Kind
from quibble.annotate.page import write_report
from quibble.annotate.server import Server, find_program, running, started
from quibble.annotate.sittings import deal, fetch, leave, standings
from quibble.annotate.study import ITEMS, Settings, Study, create
from quibble.cli import main
from quibble.data import check, read_jsonl
from quibble.errors import ArgumentError, EndpointError, MissingExtraError
from quibble.experts.felzenszwalb import Felzenszwalb
from quibble.experts.stand_in import StandIn
from quibble.pipelines.depict.build import build_from_answers
from quibble.pipelines.depict.rules import RULES as DEPICT_RULES
from quibble.pipelines.depict.settings import Settings as DepictSettings
from quibble.pipelines.ground.build import build as build_ground
from quibble.pipelines.ground.rules import RULES as GROUND_RULES
from quibble.pipelines.instruct.told import TASKS, gather
from quibble.taxonomy import QGroundClass
from tests.annotate.people import PEOPLE, Visitor, box_mask, comparison, masks, pathway, questionnaire, write_source

try:
    find_program()
    _WHY_NOT = ""
except (MissingExtraError, ArgumentError) as error:
    _WHY_NOT = str(error)

pytestmark = [
    pytest.mark.slow,
    # The first start makes a database with hundreds of migrations.
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(_WHY_NOT), reason=f"no Label Studio to test against: {_WHY_NOT}"),
]

LEFT, RIGHT, CORNER = box_mask(0, 0, 48, 64), box_mask(48, 0, 48, 64), box_mask(0, 0, 20, 20)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("annotate")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    with started(home / "label-studio") as found:
        yield found
    assert running(home / "label-studio") is None


def begun(home: Path, server: Server, kind: Kind, count: int, **changes: object) -> tuple[Study, dict[str, Visitor]]:
    """A study that is dealt, and its people at their browsers."""
    folder = home / kind
    source = write_source(home / f"{kind}-source", kind, count=count)
    settings = Settings(kind=kind, people={f"{name}-{kind}": "" for name in PEOPLE}, **changes)  # type: ignore[arg-type]
    study = create(folder, source, settings)
    client = server.client()
    passwords = open_accounts(study, client)
    deal(study, client, now=datetime.now().astimezone())
    return study, {person: Visitor(server.url, mail, passwords[mail]) for person, mail in study.settings.people.items()}


def test_masks(home: Path, server: Server) -> None:
    study, visitors = begun(home, server, Kind.MASKS, 4)
    anna, ben, carl = visitors
    said = {
        anna: {"r0": masks((QGroundClass.BLUR, LEFT)), "r1": masks((QGroundClass.NOISE, RIGHT)), "r2": masks()},
        ben: {"r0": masks((QGroundClass.BLUR, CORNER)), "r1": masks((QGroundClass.BLUR, RIGHT)), "r2": masks()},
        carl: {"r0": masks((QGroundClass.BLUR, LEFT), (QGroundClass.NOISE, CORNER)), "r1": masks()},
    }
    for sitting in study.sittings():
        visitor = visitors[sitting.person]
        assert sitting.project is not None
        tasks = visitor.tasks(sitting.project)
        assert tuple(tasks) == sitting.items
        # The picture reaches the browser, pixel by pixel.
        shown = np.asarray(Image.open(io.BytesIO(visitor.fetch(tasks["r0"]["data"]["picture_single"]))).convert("RGB"))
        stored = np.asarray(Image.open(study.folder / ITEMS / study.items["r0"].images[0].file).convert("RGB"))
        assert (shown == stored).all()
        [prediction] = tasks["r0"]["predictions"]
        parts = [decode(part["value"]["rle"], width=96, height=64) for part in prediction["result"]]
        assert len(parts) >= 2
        assert sum(part.area for part in parts) == 96 * 64
        for item, results in said[sitting.person].items():
            visitor.answer(tasks[item]["id"], results)
    sittings = {sitting.person: sitting for sitting in study.sittings()}

    def task_of(person: str, item: str) -> int:
        project = sittings[person].project
        assert project is not None
        return int(visitors[person].tasks(project)[item]["id"])

    visitors[anna].answer(task_of(anna, "r3"), [], skip=True)
    visitors[ben].draft(task_of(ben, "r3"), masks((QGroundClass.NOISE, CORNER)))
    visitors[anna].answer(task_of(carl, "r3"), masks((QGroundClass.NOISE, LEFT)))
    visitors[carl].answer(task_of(carl, "r2"), [])
    fetch(study, server.client())

    found = export(study, home / "marked")
    assert found.records == 8
    assert found.rejects == {"skipped": 1, "a half annotation": 1, "by another account": 1, "nothing marked": 1}
    assert check(home / "marked") == []
    records = {record.id: record for record in read_jsonl(home / "marked" / "records.jsonl")}
    regions = [(region.label, region.mask) for region in records[f"r0-{carl}"].regions]
    assert regions == [("blur", LEFT), ("noise", CORNER)]
    assert records[f"r2-{anna}"].regions == ()

    out = home / "ground"
    built = build_ground(None, out, StandIn(GROUND_RULES), Felzenszwalb(), people=home / "marked")
    assert built.rejects == {"the same region with another distortion": 2}

    measured = report(study)
    assert measured.masks is not None
    assert measured.masks.overall is not None
    # r0: every pair of masks is one inside the other; r1: the same region, called differently.
    assert measured.masks.overall.value.value == 1.0
    assert measured.masks.turned_down == 2
    assert measured.worst[0].judgements[0].item.id == "r1"
    page = write_report(measured, study, home / "masks-report")
    assert page.read_text().count("<img") >= 3
    assert json.loads((page.parent / "agreement.json").read_bytes())["answers"] == 8


def test_questionnaires(home: Path, server: Server) -> None:
    study, visitors = begun(home, server, Kind.QUESTIONNAIRE, 2)
    severe = {"noise": "severe"}
    for sitting in study.sittings():
        assert sitting.project is not None
        tasks = visitors[sitting.person].tasks(sitting.project)
        for number, item in enumerate(study.items):
            changes = severe if number and sitting.person.startswith("anna") else {}
            visitors[sitting.person].answer(tasks[item]["id"], questionnaire(**changes))
    fetch(study, server.client())
    assert export(study, home / "answers").records == 6
    assert export(study, home / "agreed", agreed=True).records == 2
    built = build_from_answers(home / "agreed", home / "depict", StandIn(DEPICT_RULES), DepictSettings(records=9))
    assert sum(built.rejects.values()) == 0
    measured = report(study)
    assert measured.consensus is not None
    assert (measured.consensus.items, measured.consensus.majority, measured.consensus.unanimous) == (2, 2, 1)


def test_comparisons_with_exchanged_sides(home: Path, server: Server) -> None:
    study, visitors = begun(home, server, Kind.COMPARISON, 3)
    sides = set()
    for sitting in study.sittings():
        assert sitting.project is not None
        for item, task in visitors[sitting.person].tasks(sitting.project).items():
            exchanged = swapped(item, sitting.person, seed=0)
            sides.add(exchanged)
            # All see that the real A is better, wherever it is shown.
            step = "inferior" if exchanged else "superior"
            visitors[sitting.person].answer(task["id"], comparison(overall=step, noise=step))
            shown = visitors[sitting.person].fetch(task["data"]["picture_b" if exchanged else "picture_a"])
            stored = next(image for image in study.items[item].images if image.role == "A")
            assert shown == (study.folder / ITEMS / stored.file).read_bytes()
    assert sides == {True, False}
    fetch(study, server.client())
    export(study, home / "compared")
    answers = [record.extra["comparison"] for record in read_jsonl(home / "compared" / "records.jsonl")]
    assert [answer["overall"] for answer in answers if isinstance(answer, dict)] == ["superior"] * 9
    assert {row.name: row.kappa for row in report(study).questions}["overall"] is None


def test_pathway_in_sittings_with_a_pause(home: Path, server: Server) -> None:
    study, visitors = begun(home, server, Kind.PATHWAY, 5, each=2, warn=2, most=3, pause_min=10.0)
    client = server.client()
    person = next(iter(visitors))
    first = next(sitting for sitting in study.sittings() if sitting.person == person)
    assert first.project is not None
    tasks = visitors[person].tasks(first.project)
    assert [("rest" in task["data"]["notice"]) for task in tasks.values()] == [False, False, True]
    for task in tasks.values():
        visitors[person].answer(task["id"], pathway())
    now = datetime.now().astimezone()
    # Nothing for those who have not done their sitting, and nothing before the pause is over.
    assert deal(study, client, now=now) == []
    standing = next(one for one in standings(study) if one.person == person)
    assert (standing.done, standing.sitting, standing.run) == (3, None, 3)
    assert standing.rests_until is not None
    assert timedelta(minutes=9) < standing.rests_until - now < timedelta(minutes=11)
    before = sum(len(sitting.items) for sitting in study.sittings())
    gone = list(visitors)[1]
    returned = leave(study, gone, client)
    assert returned == 3
    again = deal(study, client, now=now + timedelta(minutes=10))
    assert {sitting.person for sitting in again} == {person}
    assert sum(len(sitting.items) for sitting in study.sittings()) > before - returned
    assert len({id for sitting in study.sittings() if sitting.person == person for id in sitting.items}) == 5
    export(study, home / "feedback")
    told = gather(home / "feedback", tasks=TASKS, rounds=1)
    assert {one.feedback for one in told} == {"It is blurred on the left. Its quality is poor."}


def test_a_sitting_is_filled_once(home: Path, server: Server) -> None:
    """Killed while a sitting was put on the server, dealing goes on with the same project."""
    study = Study(home / Kind.MASKS)
    sitting = study.sittings()[0]
    client = server.client()
    assert sitting.project is not None
    client.delete_task(int(client.tasks(sitting.project)[-1]["id"]))
    count = sum(1 for _ in client.projects())
    study.save_sitting(type(sitting)(**{**vars(sitting), "project": None, "done": None}))
    deal(study, client, now=datetime.now().astimezone())
    assert len(client.tasks(sitting.project)) == len(sitting.items)
    assert sum(1 for _ in client.projects()) == count


def test_from_the_command_line(home: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.token)
    source = write_source(home / "cli-source", Kind.PATHWAY, count=2, first=50)
    run = CliRunner()
    made = run.invoke(
        main, ["annotate", "new", str(home / "cli"), str(source), "--task", "pathway", "--person", "dora"]
    )
    assert made.exit_code == 0, made.output
    dealt = run.invoke(main, ["annotate", "deal", str(home / "cli"), "--url", server.url])
    assert "dora: sitting 1, 2 pictures" in dealt.stdout
    told = run.invoke(main, ["annotate", "status", str(home / "cli"), "--url", server.url, "--json"])
    assert json.loads(told.stdout)[0]["dealt"] == 2
    wrong = run.invoke(main, ["annotate", "status", str(home / "cli"), "--url", server.url, "--token", "0" * 40])
    assert wrong.exit_code == 2
    assert "token" in wrong.stderr


def test_a_port_that_is_taken(home: Path, server: Server) -> None:
    with pytest.raises(ArgumentError, match="port"), started(home / "second", port=server.port):
        pass


def test_one_that_does_not_come_up(home: Path) -> None:
    with pytest.raises(EndpointError, match=r"not up after 0\.5 s"), started(home / "third", wait_s=0.5):
        pass
    assert running(home / "third") is None
