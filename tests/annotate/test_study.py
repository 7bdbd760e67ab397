from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quibble.annotate.client import LabelStudio
from quibble.annotate.items import read_items
from quibble.annotate.kinds import Kind, parse_kind
from quibble.annotate.sittings import deal, fetch, leave, standings
from quibble.annotate.study import Settings, Study, create, extend
from quibble.annotate.work import given, longest_run
from quibble.data import check
from quibble.errors import ArgumentError, EndpointError, ImageError
from tests.annotate.fake_server import START, FakeLabelStudio
from tests.annotate.people import PEOPLE, masks, pathway, picture, write_source

EVERYBODY = dict.fromkeys(PEOPLE, "")


def study_of(folder: Path, kind: Kind = Kind.PATHWAY, *, count: int = 6, **changes: object) -> Study:
    source = write_source(folder / "source", kind, count=count)
    options: dict[str, object] = {"kind": kind, "people": EVERYBODY, "warn": 2, "most": 3, **changes}
    return create(folder / "study", source, Settings(**options))  # type: ignore[arg-type]


def client(fake: FakeLabelStudio) -> LabelStudio:
    return LabelStudio(fake.url, fake.state.token)


class TestItems:
    def test_photographs(self, tmp_path: Path) -> None:
        picture(1).save(tmp_path / "b.png")
        picture(2).save(tmp_path / "a.png")
        (tmp_path / "manifest.csv").write_text("file,licence\na.png,CC0\n")
        found = read_items(tmp_path, Kind.PATHWAY)
        assert [(item.id, item.licence) for item in found] == [("a.png", "CC0"), ("b.png", None)]
        with pytest.raises(ArgumentError, match="file, text"):
            read_items(tmp_path, Kind.MASKS)

    def test_a_data_set(self, tmp_path: Path) -> None:
        source = write_source(tmp_path, Kind.MASKS, count=3)
        shutil.copy(tmp_path / "images" / "0.png", tmp_path / "images" / "1.png")
        assert len(read_items(source, Kind.MASKS)) == 3
        assert read_items(source, Kind.MASKS)[0].text.startswith("The wall")
        assert read_items(source, Kind.PATHWAY)[0].text == ""
        with pytest.raises(ArgumentError, match="reference, A, B"):
            read_items(source, Kind.COMPARISON)

    def test_tables(self, tmp_path: Path) -> None:
        table = write_source(tmp_path, Kind.COMPARISON, count=2)
        assert [item.id for item in read_items(table, Kind.COMPARISON)] == [
            "images/0a.png+images/0b.png",
            "images/1a.png+images/1b.png",
        ]
        with pytest.raises(ArgumentError, match="columns reference, file"):
            read_items(table, Kind.QUESTIONNAIRE)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("file,text\n", "no row"),
            ("file,text\nmissing.png,Blurred.\n", r"items.csv:2: expected the path of a picture, found .*missing.png"),
            ("file,text\n0.png,\n", "items.csv:2: the column text is empty"),
            ("file,text,score\n0.png,Blurred.,high\n", r"a score in 0\.\.100, found 'high'"),
        ],
    )
    def test_faulty_tables(self, tmp_path: Path, text: str, message: str) -> None:
        picture(0).save(tmp_path / "0.png")
        (tmp_path / "items.csv").write_text(text)
        with pytest.raises(ArgumentError, match=message):
            read_items(tmp_path / "items.csv", Kind.MASKS)

    def test_scores_in_a_table(self, tmp_path: Path) -> None:
        picture(0).save(tmp_path / "0.png")
        (tmp_path / "items.csv").write_text("file,score,id\n0.png,71.5,first\n")
        [item] = read_items(tmp_path / "items.csv", Kind.PATHWAY)
        assert (item.id, item.score) == ("first", 71.5)


class TestStudy:
    def test_made_and_opened(self, tmp_path: Path) -> None:
        study = study_of(tmp_path)
        assert check(tmp_path / "study" / "items") == []
        again = Study(tmp_path / "study")
        assert again.settings == study.settings
        assert list(again.items) == [f"r{n}" for n in range(6)]
        with pytest.raises(ArgumentError, match="there already"):
            study_of(tmp_path)

    def test_more_pictures_and_people(self, tmp_path: Path) -> None:
        study = study_of(tmp_path)
        more = write_source(tmp_path / "more", Kind.PATHWAY, count=8)
        assert extend(study, source=more, people={"dora": "dora@lab.org"}) == 2
        assert extend(study, source=more) == 0
        assert len(Study(study.folder).items) == 8
        assert Study(study.folder).settings.people["dora"] == "dora@lab.org"
        other = write_source(tmp_path / "other", Kind.PATHWAY, count=1)
        picture(77).save(other / "images" / "0.png")
        with pytest.raises(ArgumentError, match="two different items are called 'r0'"):
            extend(study, source=other)

    def test_a_picture_that_cannot_be_read(self, tmp_path: Path) -> None:
        source = write_source(tmp_path / "source", Kind.PATHWAY, count=2)
        (source / "images" / "1.png").write_bytes(b"nothing")
        settings = Settings(kind=Kind.PATHWAY, people=EVERYBODY)
        with pytest.raises(ImageError):
            create(tmp_path / "study", source, settings)
        picture(1).save(source / "images" / "1.png")
        assert len(create(tmp_path / "study", source, settings).items) == 2

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"people": {"Anna B": ""}}, "a person's name"),
            ({"people": {}}, "needs people"),
            ({"warn": 4}, "warn <= most"),
            ({"each": 0}, "each >= 1"),
        ],
    )
    def test_settings_that_cannot_be(self, tmp_path: Path, changes: dict[str, object], message: str) -> None:
        with pytest.raises(ArgumentError, match=message):
            study_of(tmp_path, Kind.PATHWAY, count=1, **changes)

    def test_damaged_folders(self, tmp_path: Path) -> None:
        with pytest.raises(ArgumentError, match="holds no study"):
            Study(tmp_path)
        study = study_of(tmp_path)
        (study.folder / "sittings").mkdir()
        (study.folder / "sittings" / "anna-01.json").write_text("{")
        with pytest.raises(ArgumentError, match=r"anna-01.json is damaged"):
            study.sittings()
        (study.folder / "study.json").write_text('{"kind": "dance"}')
        with pytest.raises(ArgumentError, match="found 'dance'"):
            Study(study.folder)
        with pytest.raises(ArgumentError, match="pathway, masks"):
            parse_kind("dance")


class TestSittings:
    def test_the_next_when_the_last_is_done_and_the_pause_is_over(self, tmp_path: Path, fake: FakeLabelStudio) -> None:
        study = study_of(tmp_path)
        first = deal(study, client(fake), now=START)
        assert [(sitting.person, len(sitting.items)) for sitting in first] == [(name, 3) for name in PEOPLE]
        titles = [project["title"] for project in fake.state.projects.values()]
        assert titles.count("pictures - nothing to do here") == 1
        assert "pathway - anna - sitting 1" in titles
        assert len(fake.state.files) == 6
        anna = first[0]
        assert anna.project is not None
        notices = [t["data"]["notice"] for t in fake.state.tasks.values() if t["project"] == anna.project]
        assert ["have a rest" in text for text in notices] == [False, False, True]
        for item in anna.items[:2]:
            fake.answer(anna.project, item, pathway())
        assert deal(study, client(fake), now=START + timedelta(hours=5)) == []
        fake.answer(anna.project, anna.items[2], pathway(), skip=True)
        ended = fake.now()
        assert deal(study, client(fake), now=ended + timedelta(minutes=29)) == []
        standing = standings(study)[0]
        assert (standing.done, standing.left, standing.run) == (3, 3, 3)
        assert standing.rests_until == ended + timedelta(minutes=30)
        [second] = deal(study, client(fake), now=ended + timedelta(minutes=30))
        assert (second.person, second.number, len(second.items)) == ("anna", 2, 3)
        assert {*anna.items, *second.items} == set(study.items)
        # Pictures are on the server once.
        assert len(fake.state.files) == 6

    def test_a_kill_in_between_does_no_harm(self, tmp_path: Path, fake: FakeLabelStudio) -> None:
        study = study_of(tmp_path)
        calls = 0

        def stop(line: str) -> None:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            deal(study, client(fake), now=START, tell=stop)
        assert len(study.sittings()) == 2
        deal(study, client(fake), now=START)
        assert len(study.sittings()) == 3
        assert len(fake.state.projects) == 4
        assert len(fake.state.tasks) == 9

    def test_somebody_leaves(self, tmp_path: Path, fake: FakeLabelStudio) -> None:
        study = study_of(tmp_path, each=2, most=6, warn=2)
        for sitting in deal(study, client(fake), now=START):
            assert sitting.project is not None
            count = 1 if sitting.person == "ben" else len(sitting.items)
            for item in sitting.items[:count]:
                fake.answer(sitting.project, item, pathway())
        assert leave(study, "ben", client(fake)) == 3
        later = fake.now() + timedelta(hours=1)
        again = deal(study, client(fake), now=later)
        assert "ben" not in {sitting.person for sitting in again}
        assert sum(len(sitting.items) for sitting in study.sittings()) == 12
        [gone] = [sitting for sitting in study.sittings() if sitting.person == "ben"]
        assert sum(task["project"] == gone.project for task in fake.state.tasks.values()) == 1
        with pytest.raises(ArgumentError, match="nobody is called 'eve'"):
            leave(study, "eve", client(fake))
        extend(study, people={"ben": ""})
        assert "ben" in study.settings.active

    def test_somebody_leaves_who_did_nothing(self, tmp_path: Path, fake: FakeLabelStudio) -> None:
        study = study_of(tmp_path)
        deal(study, client(fake), now=START)
        assert leave(study, "ben", client(fake)) == 3
        fetch(study, client(fake))
        assert [one.dealt for one in standings(study)] == [3, 0, 3]

    def test_parts_are_proposed_once_for_all(self, tmp_path: Path, fake: FakeLabelStudio) -> None:
        study = study_of(tmp_path, Kind.MASKS, count=2)
        deal(study, client(fake), now=START)
        predictions = [task["predictions"] for task in fake.state.tasks.values() if task["data"]["item"] == "r0"]
        assert len(predictions) == 3
        assert predictions[0] == predictions[1]
        assert len(list((study.folder / "segments").iterdir())) == 2
        project = fake.state.projects[study.sittings()[0].project or 0]
        assert project["show_collab_predictions"]
        assert project["model_version"] == predictions[0][0]["model_version"]

    def test_one_study_one_server(self, tmp_path: Path, fake: FakeLabelStudio) -> None:
        study = study_of(tmp_path)
        deal(study, client(fake), now=START, name="https://one.example.org")
        with pytest.raises(ArgumentError, match=r"was dealt on https://one.example.org, not on own"):
            deal(study, client(fake), now=START)

    def test_pictures_as_quibble_sees_them(self, tmp_path: Path, fake: FakeLabelStudio) -> None:
        folder = tmp_path / "photos"
        folder.mkdir()
        upright = picture(3)
        exif = Image.Exif()
        exif[0x0112] = 6
        upright.save(folder / "turned.jpg", exif=exif, quality=95)
        upright.save(folder / "plain.jpg", quality=95)
        upright.save(folder / "scan.tif")
        study = create(tmp_path / "study", folder, Settings(kind=Kind.PATHWAY, people={"anna": ""}))
        deal(study, client(fake), now=START)
        sent = {name.rpartition(".")[2] for name, _ in fake.state.files.values()}
        assert sorted(name.rpartition(".")[2] for name, _ in fake.state.files.values()) == ["jpg", "png", "png"]
        assert sent == {"jpg", "png"}
        assert (folder / "plain.jpg").read_bytes() in [data for _, data in fake.state.files.values()]
        turned = study.items["turned.jpg"].images[0]
        assert (turned.width, turned.height) == (64, 96)


class TestWork:
    def test_states(self, tmp_path: Path, fake: FakeLabelStudio) -> None:
        study = study_of(tmp_path, people={"anna": "anna@lab.org"}, most=6)
        fake.state.users |= {2: "anna@lab.org", 3: "ben@lab.org"}
        [sitting] = deal(study, client(fake), now=START)
        project, items = sitting.project, sitting.items
        assert project is not None
        fake.answer(project, items[0], pathway("First."), mail="anna@lab.org")
        fake.answer(project, items[0], pathway("Second."), mail="anna@lab.org")
        fake.answer(project, items[0], [], mail="anna@lab.org", skip=True)
        fake.answer(project, items[1], pathway(), mail="ben@lab.org")
        fake.answer(project, items[2], [], mail="anna@lab.org", skip=True)
        fake.draft(project, items[3], pathway())
        fetch(study, client(fake))
        found = [(items.index(one.item), one.state) for one in given(study, sitting)]
        assert found == [(0, "replaced"), (0, "done"), (0, "replaced"), (1, "stranger"), (2, "skipped"), (3, "draft")]
        assert standings(study)[0].strangers == 1
        assert standings(study)[0].sitting_done == 2

    def test_runs_without_a_pause(self) -> None:
        times = [START + timedelta(minutes=minute) for minute in (0, 1, 2, 40, 41)]
        assert longest_run(times[::-1], pause_min=30) == 3
        assert longest_run(times, pause_min=60) == 5
        assert longest_run([], pause_min=30) == 0


class TestClient:
    def test_both_sorts_of_tokens(self, fake: FakeLabelStudio) -> None:
        from tests.annotate.fake_server import PERSONAL

        assert client(fake).whoami() == "lead@quibble.invalid"
        personal = LabelStudio(fake.url, PERSONAL)
        assert personal.version() == "fake"
        assert personal.whoami() == "lead@quibble.invalid"
        fake.state.access = "fresher"
        assert personal.whoami() == "lead@quibble.invalid"
        assert fake.state.refreshed == 2

    def test_errors(self, fake: FakeLabelStudio) -> None:
        with pytest.raises(EndpointError, match=r"status 401: Invalid token.*Account & Settings"):
            LabelStudio(fake.url, "x" * 40).whoami()
        with pytest.raises(EndpointError, match="401: no such token"):
            LabelStudio(fake.url, "a.b.c").whoami()
        fake.state.refuse = 1
        with pytest.raises(EndpointError, match="500: out of order"):
            client(fake).whoami()
        with pytest.raises(EndpointError, match="was not reached"):
            LabelStudio("http://127.0.0.1:9", "x", timeout_s=2).whoami()
        for url, token in (("ftp://x", "x"), (fake.url, ""), (fake.url, "two words")):
            with pytest.raises(ArgumentError):
                LabelStudio(url, token)

    def test_masks_survive_the_server(self, tmp_path: Path, fake: FakeLabelStudio) -> None:
        study = study_of(tmp_path, Kind.MASKS, count=1, people={"anna": ""})
        [sitting] = deal(study, client(fake), now=START)
        assert sitting.project is not None
        fake.answer(sitting.project, "r0", masks())
        fetch(study, client(fake))
        stored = json.loads((study.folder / "answers" / "anna-01.json").read_bytes())
        assert stored == client(fake).tasks(sitting.project)
        assert datetime.fromisoformat(study.sittings()[0].done or "") == fake.now()
        assert np.all([task["annotations"] for task in stored])
