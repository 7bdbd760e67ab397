from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from quibble.data import ImageEntry, Maker, Record, Role, Turn, check, read_jsonl
from quibble.errors import ArgumentError, BudgetError, QuibbleError
from quibble.pipelines.shards import Built, Gallery, Item, Progress, Rejected, build_shards

WHO = Maker(part="text", model="small", input_tokens=10, output_tokens=2)
WANTED = {"builder": "test", "settings": {"seed": 1}}


def make(numbers: range, gallery: Gallery) -> Iterator[Item]:
    """A record a number, on one of three pictures; every fifth is rejected."""
    for number in numbers:
        yield WHO
        if number % 5 == 4:
            yield Rejected(id=f"{number}", reason="ugly", detail="by a hair", makers=(WHO,))
            continue
        file, sha256 = gallery.store(b"picture %d" % (number % 3), ".bin")
        entry = ImageEntry(role=Role.SINGLE, file=file, width=1, height=1, sha256=sha256)
        turn = Turn(question="?", answer=f"{number}")
        yield Record(id=f"{number}", task="t", images=(entry,), turns=(turn,), makers=(WHO,))


def build(out: Path, **others: object) -> Built:
    told: list[Progress] = []
    built = build_shards(out, make, wanted=WANTED, units=12, shard=5, progress=told.append)
    assert told[-1].done == 12
    return built


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_records_rejects_and_costs(tmp_path: Path) -> None:
    built = build(tmp_path)
    assert built.stats.records == 10
    assert built.rejects == {"ugly": 2}
    assert (built.costs["small"].replies, built.costs["small"].tokens) == (12, 144)
    assert [len(list(read_jsonl(tmp_path / f"records-{n:05d}.jsonl"))) for n in range(3)] == [4, 4, 2]
    rejected = [json.loads(line) for line in (tmp_path / "rejects" / "00000.jsonl").read_text().splitlines()]
    assert rejected == [{"id": "4", "reason": "ugly", "detail": "by a hair", "makers": [WHO.to_dict()]}]
    assert (tmp_path / "rejects" / "00002.jsonl").read_bytes() == b""
    assert len(list((tmp_path / "images").rglob("*.bin"))) == 3
    assert json.loads((tmp_path / "shards" / "00001.json").read_text())["costs"]["small"]["input_tokens"] == 50
    assert [problem for problem in check(tmp_path) if "picture" not in str(problem)] == []


@pytest.mark.parametrize("after", [0, 3, 7, 11])
def test_a_build_that_breaks_off_goes_on(after: int, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    build(whole)

    def breaking(numbers: range, gallery: Gallery) -> Iterator[Item]:
        for item in make(numbers, gallery):
            if isinstance(item, Record) and int(item.id) >= after:
                raise BudgetError("all spent")
            yield item

    with pytest.raises(BudgetError):
        build_shards(broken, breaking, wanted=WANTED, units=12, shard=5)
    # No shard is half written: what there is, is done.
    done = sorted(path.name for path in broken.glob("records-*.jsonl"))
    assert done == [f"records-{n:05d}.jsonl" for n in range(after // 5)]
    assert not [name for name in contents(broken) if name.endswith(".tmp")]
    built = build(broken)
    assert contents(broken) == contents(whole)
    assert built.rejects == {"ugly": 2}
    assert built.costs["small"].replies == 12


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    build(tmp_path)

    def never(numbers: range, gallery: Gallery) -> Iterator[Item]:
        assert not numbers, "it was done"
        yield from ()

    built = build_shards(tmp_path, never, wanted=WANTED, units=12, shard=5)
    assert built.stats.records == 10


def test_another_build_is_refused(tmp_path: Path) -> None:
    build(tmp_path)
    with pytest.raises(ArgumentError, match="a build with other settings"):
        build_shards(tmp_path, make, wanted=WANTED | {"settings": {}}, units=12, shard=5)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "note.txt").write_text("mine")
    with pytest.raises(ArgumentError, match="not empty and holds no build"):
        build_shards(tmp_path / "x", make, wanted=WANTED, units=12, shard=5)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(QuibbleError, match="cannot be written"):
        build_shards(tmp_path / "file" / "out", make, wanted=WANTED, units=12, shard=5)


def test_progress_counts_while_a_shard_is_made(tmp_path: Path) -> None:
    told: list[Progress] = []
    build_shards(tmp_path, make, wanted=WANTED, units=12, shard=12, progress=told.append)
    records = [progress.records for progress in told]
    assert records[0] == 0
    assert records == sorted(records)
    assert set(range(11)) == set(records)
    assert {progress.done for progress in told[:-1]} == {0}
    assert [sum(cost.tokens for cost in progress.costs.values()) for progress in told][-1] == 144
