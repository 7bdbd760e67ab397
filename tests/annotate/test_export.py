from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from quibble.annotate.agreement import report
from quibble.annotate.client import LabelStudio
from quibble.annotate.consensus import consensus
from quibble.annotate.dealing import swapped
from quibble.annotate.export import export
from quibble.annotate.kinds import Kind
from quibble.annotate.page import write_report
from quibble.annotate.sittings import deal, fetch
from quibble.annotate.study import Settings, Study, create
from quibble.data import check, read_jsonl
from quibble.errors import ArgumentError
from quibble.experts.felzenszwalb import Felzenszwalb
from quibble.experts.stand_in import StandIn
from quibble.pipelines.depict.build import build_from_answers
from quibble.pipelines.depict.questionnaire import Comparison, Questionnaire
from quibble.pipelines.depict.rules import RULES as DEPICT_RULES
from quibble.pipelines.depict.settings import Settings as DepictSettings
from quibble.pipelines.ground.build import build as build_ground
from quibble.pipelines.ground.rules import RULES as GROUND_RULES
from quibble.pipelines.instruct.told import TASKS, gather
from quibble.taxonomy import QGroundClass
from tests.annotate.fake_server import START, FakeLabelStudio
from tests.annotate.people import PEOPLE, Results, box_mask, comparison, masks, pathway, questionnaire, write_source

LEFT, RIGHT, CORNER = box_mask(0, 0, 48, 64), box_mask(48, 0, 48, 64), box_mask(0, 0, 20, 20)
BLUR, NOISE = QGroundClass.BLUR, QGroundClass.NOISE


def answered(
    folder: Path, fake: FakeLabelStudio, kind: Kind, said: dict[str, dict[str, Results]], *, count: int
) -> Study:
    """A study that is dealt, and answered as told: person → item → results."""
    source = write_source(folder / "source", kind, count=count)
    study = create(folder / "study", source, Settings(kind=kind, people=dict.fromkeys(PEOPLE, "")))
    client = LabelStudio(fake.url, fake.state.token)
    for sitting in deal(study, client, now=START):
        assert sitting.project is not None
        for item, results in said.get(sitting.person, {}).items():
            fake.answer(sitting.project, item, results)
    fetch(study, client)
    return study


def records(folder: Path) -> list[dict[str, Any]]:
    return [record.to_dict() for record in read_jsonl(folder / "records.jsonl")]


def rejects(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "rejects" / "00000.jsonl").read_text().splitlines()]


class TestPathway:
    def test_feedback_that_instruct_reads(self, tmp_path: Path, fake: FakeLabelStudio) -> None:
        said = {"anna": {"r0": pathway("Sharp."), "r1": pathway()[:1]}, "ben": {"r0": pathway("It is blurred.")}}
        study = answered(tmp_path, fake, Kind.PATHWAY, said, count=3)
        found = export(study, tmp_path / "out")
        assert (found.records, found.rejects, found.unanswered) == (2, {"a half annotation": 1}, 2)
        assert check(tmp_path / "out") == []
        told = gather(tmp_path / "out", tasks=TASKS, rounds=1)
        assert [(one.key, one.feedback, one.score) for one in told] == [
            ("r0-anna", "Sharp. Its quality is poor.", 30.0),
            ("r0-ben", "It is blurred. Its quality is poor.", 30.0),
        ]
        assert records(tmp_path / "out")[0]["makers"] == [{"part": "annotate.pathway", "model": "person/anna"}]
        assert records(tmp_path / "out")[0]["extra"]["seconds"] == 12.0
        assert rejects(tmp_path / "out")[0]["detail"] == "no conclusion"

    def test_again_when_more_is_answered_and_never_over_anything_else(
        self, tmp_path: Path, fake: FakeLabelStudio
    ) -> None:
        study = answered(tmp_path, fake, Kind.PATHWAY, {"anna": {"r0": pathway()}}, count=2)
        export(study, tmp_path / "out")
        first = (tmp_path / "out" / "records.jsonl").read_bytes()
        export(study, tmp_path / "out")
        assert (tmp_path / "out" / "records.jsonl").read_bytes() == first
        [sitting] = [one for one in study.sittings() if one.person == "ben"]
        fake.answer(sitting.project or 0, "r1", pathway())
        fetch(study, LabelStudio(fake.url, fake.state.token))
        assert export(study, tmp_path / "out").records == 2
        with pytest.raises(ArgumentError, match="holds no export"):
            export(study, study.folder)
        other = create(tmp_path / "other", tmp_path / "source", Settings(kind=Kind.PATHWAY, people={"x": ""}))
        with pytest.raises(ArgumentError, match="another export"):
            export(other, tmp_path / "out")
        with pytest.raises(ArgumentError, match="not on pathway"):
            export(study, tmp_path / "new", agreed=True)

    def test_agreement_on_what_texts_find_fault_with(self, tmp_path: Path, fake: FakeLabelStudio) -> None:
        blurred, sharp = pathway("The picture is blurred."), pathway("The picture is sharp.")
        said = {"anna": {"r0": blurred, "r1": sharp}, "ben": {"r0": blurred, "r1": sharp}, "carl": {"r0": sharp}}
        found = report(answered(tmp_path, fake, Kind.PATHWAY, said, count=2))
        blur = next(row for row in found.questions if row.name == "blur")
        assert (blur.n, blur.same) == (4, 0.5)
        assert found.worst[0].why == "apart on blur"
        assert write_report(found, Study(tmp_path / "study"), tmp_path / "r").read_text().count("<img") == 1


class TestMasks:
    @pytest.fixture
    def study(self, tmp_path: Path, fake: FakeLabelStudio) -> Study:
        said = {
            "anna": {"r0": masks((BLUR, LEFT)), "r1": masks((NOISE, RIGHT)), "r2": masks()},
            "ben": {"r0": masks((BLUR, CORNER)), "r1": masks((BLUR, RIGHT)), "r2": masks()},
            "carl": {"r0": masks((BLUR, LEFT), (NOISE, CORNER)), "r1": masks(), "r2": masks((BLUR, CORNER))},
        }
        return answered(tmp_path, fake, Kind.MASKS, said, count=3)

    def test_masks_that_ground_reads(self, study: Study, tmp_path: Path) -> None:
        assert export(study, tmp_path / "out").records == 9
        assert check(tmp_path / "out") == []
        found = {record.id: record for record in read_jsonl(tmp_path / "out" / "records.jsonl")}
        assert [(region.label, region.mask) for region in found["r0-carl"].regions] == [
            ("blur", LEFT),
            ("noise", CORNER),
        ]
        built = build_ground(None, tmp_path / "built", StandIn(GROUND_RULES), Felzenszwalb(), people=tmp_path / "out")
        assert built.rejects == {"the same region with another distortion": 2}
        people = {str(record.extra["person"]) for record in read_jsonl(tmp_path / "built" / "records-00000.jsonl")}
        assert people == set(PEOPLE)

    def test_agreement(self, study: Study) -> None:
        found = report(study)
        assert found.masks is not None
        assert found.masks.overall is not None
        # r0: each mask within another; r1: the same region by two of them; r2 has no pair.
        assert found.masks.overall.value.value == 1.0
        assert (found.masks.overall.n, found.masks.overall.alone) == (2, 1)
        assert set(found.masks.by_class) == {BLUR}
        assert (found.masks.accepted, found.masks.turned_down) == (7, 2)
        pairs = {(pair.first, pair.second): pair for pair in found.pairs}
        assert pairs["anna", "ben"].contradictions == 1
        assert pairs["anna", "ben"].items == 3
        assert [one.judgements[0].item.id for one in found.worst] == ["r1", "r2"]
        blur = next(row for row in found.questions if row.name == "blur")
        # Of nine pairs, r0's three have it both, r1 and r2 have each two pairs apart.
        assert blur.n == 9
        assert blur.same == pytest.approx(5 / 9)

    def test_the_page(self, study: Study, tmp_path: Path) -> None:
        page = write_report(report(study), study, tmp_path / "report")
        text = page.read_text()
        HTMLParser().feed(text)
        assert "annotations that nobody contradicts" in text
        assert "anna: noise 50%" in text
        assert "carl: nothing" in text
        assert text.count("<img") == 8
        assert "http:" not in text
        assert "https:" not in text
        data = json.loads((tmp_path / "report" / "agreement.json").read_bytes())
        assert data["masks"]["turned_down"] == 2
        assert data["worst"][0]["item"] == "r1"
        assert data["people"][0] == {"name": "anna", "answers": 3, "rejected": 0, "seconds": 12.0, "run": 3}


class TestQuestionnaires:
    ITEMS = ("images/0file.png", "images/1file.png")

    @pytest.fixture
    def study(self, tmp_path: Path, fake: FakeLabelStudio) -> Study:
        other = questionnaire(noise="severe", texture="faces", overall="severe distortion")
        third = questionnaire(texture="fabrics")
        said = {
            "anna": {self.ITEMS[0]: questionnaire(), self.ITEMS[1]: questionnaire()},
            "ben": {self.ITEMS[0]: questionnaire(), self.ITEMS[1]: other},
            "carl": {self.ITEMS[0]: questionnaire(), self.ITEMS[1]: third},
        }
        return answered(tmp_path, fake, Kind.QUESTIONNAIRE, said, count=2)

    def test_answers_that_depict_reads(self, study: Study, tmp_path: Path) -> None:
        assert export(study, tmp_path / "all").records == 6
        built = build_from_answers(
            tmp_path / "all", tmp_path / "built", StandIn(DEPICT_RULES), DepictSettings(records=9)
        )
        assert not built.rejects
        found = export(study, tmp_path / "agreed", agreed=True)
        assert (found.records, found.rejects) == (1, {"no majority": 1})
        assert rejects(tmp_path / "agreed")[0]["detail"] == "anna, ben, carl on texture"
        [record] = records(tmp_path / "agreed")
        assert record["extra"]["unanimous"] is True
        assert [maker["model"] for maker in record["makers"]] == ["person/anna", "person/ben", "person/carl"]

    def test_agreement(self, study: Study, tmp_path: Path) -> None:
        found = report(study)
        assert found.consensus is not None
        assert (found.consensus.items, found.consensus.majority, found.consensus.unanimous) == (2, 1, 1)
        rows = {row.name: row for row in found.questions}
        assert rows["texture"].weighted is None
        assert rows["noise"].same == pytest.approx(4 / 6)
        assert rows["color"].kappa is None
        assert found.worst[0].why == "apart on texture, noise, overall"
        text = write_report(found, study, tmp_path / "r").read_text()
        assert text.count('class="apart"') == 9
        assert "items that all answered the same" in text


def test_comparisons_with_exchanged_sides(tmp_path: Path, fake: FakeLabelStudio) -> None:
    item = "images/0a.png+images/0b.png"
    said = {
        person: {item: comparison(overall="inferior" if swapped(item, person, seed=0) else "superior")}
        for person in PEOPLE
    }
    study = answered(tmp_path, fake, Kind.COMPARISON, said, count=1)
    export(study, tmp_path / "out", agreed=True)
    [record] = records(tmp_path / "out")
    assert record["extra"]["comparison"]["overall"] == "superior"
    assert [image["role"] for image in record["images"]] == ["reference", "A", "B"]


class TestConsensus:
    def answers(self, **changes: str) -> Questionnaire:
        degrees = dict.fromkeys(("brightness", "color", "noise", "artifacts", "blurriness"), "undistorted")
        remarks = {"blurriness": changes.pop("remark")} if "remark" in changes else {}
        return Questionnaire.from_dict(
            {
                "texture": "bricks",
                "damage": changes.pop("damage", "barely identifiable"),
                "degrees": degrees | changes,
                "overall": "mild distortion",
                "remarks": remarks,
            }
        )

    def test_most_decide_question_by_question(self) -> None:
        found = consensus(
            [
                self.answers(blurriness="mild", remark="slightly soft"),
                self.answers(blurriness="severe", remark="motion blur"),
                self.answers(blurriness="severe", damage="completely damaged"),
            ]
        )
        assert found.answer == self.answers(blurriness="severe", remark="motion blur")
        assert not found.unanimous

    def test_two_of_two_minds(self) -> None:
        found = consensus([self.answers(noise="mild"), self.answers()])
        assert (found.answer, found.open) == (None, ("noise",))

    def test_faults(self) -> None:
        with pytest.raises(ArgumentError, match="found 0"):
            consensus([])
        steps = dict.fromkeys(("brightness", "color", "noise", "artifacts", "blurriness"), "roughly equal")
        pair = Comparison.from_dict({"steps": steps, "overall": "superior"})
        with pytest.raises(ArgumentError, match="of no one kind"):
            consensus([pair, self.answers()])
