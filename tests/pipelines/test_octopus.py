from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from quibble.data import Record, check, read_jsonl, stats
from quibble.data.files import atomic_writer
from quibble.data.record import RegionEntry
from quibble.errors import ArgumentError, QuibbleError
from quibble.geometry import position_terms
from quibble.image import load
from quibble.pipelines.octopus import Progress, build, encode, replay
from quibble.pipelines.plans import Task
from quibble.pipelines.settings import Settings
from quibble.taxonomy import INVISIBLE_AT_LEVEL_1, Category
from quibble.text.grammar import HELD_OUT_EVERY
from quibble.text.vocabulary import categories_named
from tests.pipelines.conftest import LONG_SIDE

SETTINGS = Settings(records=30, shard=12, long_side=LONG_SIDE, val=0.2, test=0.4)


@pytest.fixture(scope="module")
def built(photos_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "out"
    build(photos_folder, out, SETTINGS)
    return out


@pytest.fixture(scope="module")
def records(built: Path) -> list[Record]:
    return [record for file in sorted(built.glob("records-*.jsonl")) for record in read_jsonl(file)]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class TestRecords:
    def test_the_data_set_is_sound(self, built: Path, records: list[Record]) -> None:
        assert check(built) == []
        assert len(records) == SETTINGS.records
        assert [record.id for record in records] == [f"octopus-{number:06d}" for number in range(SETTINGS.records)]

    def test_the_layout(self, built: Path) -> None:
        assert {path.name for path in built.iterdir()} == {
            "build.json", "images", "shards", "records-00000.jsonl", "records-00001.jsonl", "records-00002.jsonl",
        }  # fmt: skip
        assert sorted(path.name for path in (built / "shards").iterdir()) == [f"0000{n}.json" for n in range(3)]
        assert len(list((built / "images" / "00002").iterdir())) == 6

    def test_every_picture_can_be_made_again(self, built: Path, photos_folder: Path, records: list[Record]) -> None:
        for record in records:
            stored = load(built / record.images[0].file)
            assert record.source is not None
            assert (replay(record, photos_folder / record.source) == stored).all(), record.id

    def test_replay_takes_the_right_photograph_only(self, photos_folder: Path, records: list[Record]) -> None:
        square = next(record for record in records if record.source == "img/astronaut.png")
        with pytest.raises(ArgumentError, match=r"was made from a photograph shaped like 320 x 320"):
            replay(square, photos_folder / "img/coffee.png")

    def test_records_say_where_they_are_from(self, records: list[Record]) -> None:
        assert {record.source for record in records} == {
            f"img/{n}.png" for n in ("astronaut", "chelsea", "coffee", "rocket")
        }
        assert {record.licence for record in records if record.source == "img/coffee.png"} == {"CC0"}
        assert {record.licence for record in records if record.source == "img/rocket.png"} == {None}
        assert {record.seed for record in records} == {0}
        assert all(record.score is not None for record in records)

    def test_a_photograph_is_in_one_split(self, records: list[Record]) -> None:
        splits = {(record.source, record.source_sha256, record.split) for record in records}
        assert len(splits) == 4
        assert {split for _, _, split in splits} <= {"train", "val", "test"}
        assert len({split for _, _, split in splits}) >= 2

    def test_held_out_wordings_are_those_of_the_test_split(self, records: list[Record]) -> None:
        for record in records:
            question = next(w for w in wordings(record) if w.startswith("ask."))
            held_out = int(question[-2:]) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
            assert held_out == (record.split == "test")

    def test_levels_can_be_seen(self, records: list[Record]) -> None:
        drawn = [degradation for record in records for region in record.regions for degradation in region.degradations]
        assert len(drawn) > 30
        assert not any(d.level < 2 and d.category in INVISIBLE_AT_LEVEL_1 for d in drawn)

    def test_answers_name_what_was_done_to_their_regions(self, records: list[Record]) -> None:
        for record in records:
            (turn,) = record.turns
            meant = [record.regions[index] for index in turn.regions]
            done = {d.category for region in meant for d in region.degradations}
            named = categories_named(turn.answer)
            assert named == ({shared(record)} if record.task == Task.SID_G else done), (record.id, turn.answer)

    def test_grounding_answers_say_where(self, records: list[Record]) -> None:
        grounding = [record for record in records if record.task.startswith("grounding")]
        assert len(grounding) > 5
        for record in grounding:
            (index,) = record.turns[0].regions
            entry = record.images[0]
            terms = position_terms(record.regions[index].region.bounds, width=entry.width, height=entry.height)
            assert set(terms) <= set(re.findall("[a-z]+", record.turns[0].answer.lower()))

    def test_regions_do_not_overlap(self, records: list[Record]) -> None:
        for record in records:
            masks = [region.mask.to_array() for region in record.regions if region.mask is not None]
            assert len(masks) == len(record.regions)
            assert not masks or np.sum(masks, axis=0).max() <= 1

    def test_all_tasks_occur(self, records: list[Record]) -> None:
        assert {record.task for record in records} == {task.value for task in Task}


def wordings(record: Record) -> list[str]:
    found = record.extra["wordings"]
    assert isinstance(found, list)
    return [str(word) for word in found]


def shared(record: Record) -> Category:
    """The category that all regions of a SiD-G record end with."""
    categories = {last(region) for region in record.regions}
    assert len(categories) == 1
    return categories.pop()


def last(region: RegionEntry) -> Category:
    return region.degradations[-1].category


def test_labels_are_named_and_told_apart(photos_folder: Path, tmp_path: Path) -> None:
    labels = np.asarray(Image.open(photos_folder / "mask" / "coffee.png"))
    (tmp_path / "panoptic").mkdir()
    color = np.stack([labels, labels * 0, labels * 0], axis=-1)
    Image.fromarray(color).save(tmp_path / "panoptic" / "coffee.png")
    segments = [{"id": n, "category_id": n} for n in (1, 2, 3)]
    coco = {
        "images": [{"id": 1, "file_name": "coffee.png"}],
        "categories": [{"id": 1, "name": "table-merged"}, {"id": 2, "name": "cup"}, {"id": 3, "name": "stairs"}],
        "annotations": [{"image_id": 1, "file_name": "coffee.png", "segments_info": segments}],
    }
    (tmp_path / "panoptic.json").write_text(json.dumps(coco))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "coffee.png").write_bytes((photos_folder / "img" / "coffee.png").read_bytes())
    settings = Settings(records=12, long_side=LONG_SIDE, clean=0, mix={Task.LOCAL: 1, Task.HYD_G: 1})
    build(tmp_path / "photos", tmp_path / "out", settings, maps=tmp_path / "panoptic.json")
    said = {"table-merged": "the table", "cup": "the cup", "stairs": "the stairs"}
    found = list(read_jsonl(tmp_path / "out" / "records-00000.jsonl"))
    assert len(found) == 12
    for record in found:
        label = record.regions[record.turns[0].regions[0]].label
        assert label is not None
        assert said[label] in record.turns[0].answer.lower()
        if record.task == Task.LOCAL:
            assert said[label] in record.turns[0].question.lower()


def test_continuous_levels_and_other_settings(photos_folder: Path, tmp_path: Path) -> None:
    settings = Settings(records=6, long_side=200, continuous=True, mix={Task.REFER_LONG: 1}, hold_out=False)
    build(photos_folder, tmp_path / "out", settings)
    found = list(read_jsonl(tmp_path / "out" / "records-00000.jsonl"))
    assert {record.task for record in found} == {"referring_long"}
    assert max(max(record.images[0].width, record.images[0].height) for record in found) == 200
    levels = [d.level for record in found for region in record.regions for d in region.degradations]
    assert any(level != int(level) for level in levels)


def test_pictures_are_stored_without_loss(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    (tmp_path / "a.webp").write_bytes(encode(noise))
    assert (load(tmp_path / "a.webp") == noise).all()


class TestResume:
    def test_two_workers_make_the_bytes_of_one(self, photos_folder: Path, built: Path, tmp_path: Path) -> None:
        seen: list[Progress] = []
        build(photos_folder, tmp_path / "out", SETTINGS, workers=2, progress=seen.append)
        assert files(tmp_path / "out") == files(built)
        assert [progress.done for progress in seen][0::3] == [0, 30]
        assert all(progress.records == 30 for progress in seen)
        assert sum(seen[-1].rejects.values()) > 0

    def test_a_finished_build_is_left_alone(self, photos_folder: Path, built: Path) -> None:
        times = {path: path.stat().st_mtime_ns for path in built.rglob("*")}
        again = build(photos_folder, built, SETTINGS)
        assert {path: path.stat().st_mtime_ns for path in built.rglob("*")} == times
        assert again.stats == stats(built)
        assert sum(again.rejects.values()) > 0

    @pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
    def test_killed_in_the_middle_it_goes_on_to_the_same_bytes(
        self, photos_folder: Path, built: Path, tmp_path: Path, workers: int
    ) -> None:
        out = tmp_path / "out"
        with subprocess.Popen([sys.executable, "-c", SCRIPT, str(photos_folder), str(out), str(workers)]) as process:
            deadline = time.monotonic() + 120
            # In the middle of a shard, with another one done.
            while not (list(out.glob("shards/*.json")) and len(list(out.glob("images/*/*.webp"))) > 14):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.005)
            process.kill()
        assert len(list(out.glob("shards/*.json"))) < 3
        (out / "images" / "00002").mkdir(exist_ok=True)
        for name in (".records-00002.jsonl.1.tmp", "images/00002/.000024.webp.1.tmp"):
            (out / name).write_bytes(b"left over")
        build(photos_folder, out, SETTINGS)
        deadline = time.monotonic() + 30
        # A worker of the killed build may still be in the middle of a record.
        while list(out.rglob("*.tmp")) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert files(out) == files(built)

    def test_another_seed_makes_other_data(self, photos_folder: Path, built: Path, tmp_path: Path) -> None:
        build(photos_folder, tmp_path / "out", Settings(records=4, long_side=LONG_SIDE, seed=1))
        ours, theirs = (next(read_jsonl(folder / "records-00000.jsonl")) for folder in (tmp_path / "out", built))
        assert ours.turns != theirs.turns


SCRIPT = """
import sys
from quibble.pipelines.octopus import build
from tests.pipelines.test_octopus import SETTINGS

if __name__ == "__main__":
    build(sys.argv[1], sys.argv[2], SETTINGS, workers=int(sys.argv[3]))
"""


class TestMistakes:
    def test_a_folder_with_another_build(self, photos_folder: Path, built: Path) -> None:
        with pytest.raises(ArgumentError, match=r"holds a build with other settings; run it with the same ones"):
            build(photos_folder, built, Settings(records=31, shard=12, long_side=LONG_SIDE))

    def test_a_folder_with_a_build_of_other_photographs(self, built: Path, tmp_path: Path) -> None:
        Image.new("RGB", (200, 200)).save(tmp_path / "a.png")
        with pytest.raises(ArgumentError, match="holds a build with other photographs"):
            build(tmp_path, built, SETTINGS)

    def test_a_folder_with_something_else(self, photos_folder: Path, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("mine")
        with pytest.raises(ArgumentError, match="is not empty and holds no build"):
            build(photos_folder, tmp_path, SETTINGS)
        assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

    def test_no_photographs(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        with pytest.raises(ArgumentError, match="found no photographs"):
            build(tmp_path / "empty", tmp_path / "out", SETTINGS)
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize(
        "values",
        [
            {"records": 0},
            {"long_side": 60},
            {"seed": -1},
            {"shard": 0},
            {"val": 0.6, "test": 0.6},
            {"clean": 2},
            {"mix": {}},
            {"mix": {Task.LOCAL: -1}},
        ],
    )
    def test_settings_outside_their_ranges(self, values: dict[str, Any]) -> None:
        with pytest.raises(ArgumentError):
            Settings(**({"records": 4} | values))

    def test_no_worker(self, photos_folder: Path, tmp_path: Path) -> None:
        with pytest.raises(ArgumentError, match="at least 1 worker, found 0"):
            build(photos_folder, tmp_path / "out", SETTINGS, workers=0)

    def test_unreadable_photographs_are_counted_and_passed_over(self, photos_folder: Path, tmp_path: Path) -> None:
        (tmp_path / "photos").mkdir()
        for name in ("coffee", "rocket"):
            source = photos_folder / "img" / f"{name}.png"
            (tmp_path / "photos" / f"{name}.png").write_bytes(source.read_bytes())
        for number in range(3):
            (tmp_path / "photos" / f"broken{number}.jpg").write_bytes(b"\xff\xd8\xff nothing")
        result = build(tmp_path / "photos", tmp_path / "out", Settings(records=8, long_side=LONG_SIDE))
        assert result.rejects["unreadable photograph"] > 0
        assert result.stats.records == 8

    def test_photographs_that_suit_nothing_leave_records_out(self, tmp_path: Path) -> None:
        (tmp_path / "photos").mkdir()
        Image.new("RGB", (200, 200), (90, 120, 200)).save(tmp_path / "photos" / "sky.png")
        result = build(tmp_path / "photos", tmp_path / "out", Settings(records=3, mix={Task.DAO_G: 1}))
        assert result.stats.records == 0
        assert result.rejects["no draft found for a record"] == 3

    def test_a_full_disk_is_told_and_what_is_done_is_kept(
        self, photos_folder: Path, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out = tmp_path / "out"
        real = atomic_writer
        written = []

        def full(path: Path) -> Any:
            written.append(path)
            if len(written) > 18:
                raise OSError(errno.ENOSPC, "No space left on device", str(path))
            return real(path)

        monkeypatch.setattr("quibble.pipelines.octopus.atomic_writer", full)
        with pytest.raises(
            QuibbleError, match=r"cannot be written \(No space left on device\); finished shards are kept"
        ):
            build(photos_folder, out, SETTINGS)
        assert [path.name for path in (out / "shards").iterdir()] == ["00000.json"]
        monkeypatch.undo()
        build(photos_folder, out, SETTINGS)
        assert files(out) == files(built)
