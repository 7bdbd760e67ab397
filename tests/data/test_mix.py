from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from quibble.data import ImageEntry, Record, Role, Turn, check, mix, read_factors, read_jsonl, write_jsonl
from quibble.errors import ArgumentError, RecipeError


def data_set(folder: Path, shade: int, **tasks: int) -> Path:
    """Records of some tasks, all on one picture of this shade, every fourth of them for testing."""
    folder.mkdir()
    Image.new("RGB", (4, 4), (shade,) * 3).save(folder / "picture.png")
    entry = ImageEntry(role=Role.SINGLE, file="picture.png", width=4, height=4)
    records = [
        Record(
            id=f"{task}-{number}",
            task=task,
            images=(entry,),
            turns=(Turn(question="?", answer="!"),),
            split="test" if number % 4 == 3 else "train",
        )
        for task, count in tasks.items()
        for number in range(count)
    ]
    write_jsonl(records, folder / "records.jsonl")
    return folder


def test_records_of_some_tasks_are_repeated(tmp_path: Path) -> None:
    one = data_set(tmp_path / "one", 10, depict_reasoning=4, depict_reasoning_noref=2, depict_comparison=3)
    other = data_set(tmp_path / "other", 200, content=2)
    out = tmp_path / "out"
    factors = {"depict_reasoning": 3, "content": 2, "depict_comparison": 0}
    count = mix([one, other], out, repeat=factors, split="train", seed=1)
    records = list(read_jsonl(out / "records.jsonl"))
    assert count == len(records) == 3 * 3 + 3 * 2 + 2 * 2
    assert Counter(record.task for record in records) == {
        "depict_reasoning": 9,
        "depict_reasoning_noref": 6,
        "content": 4,
    }
    assert len({record.id for record in records}) == len(records)
    assert {"content-0", "content-0#2"} <= {record.id for record in records}
    assert [record.task for record in records] != sorted(record.task for record in records)
    # Both sources have a picture of this name, and they differ.
    assert {record.images[0].file for record in records} == {"0/picture.png", "1/picture.png"}
    assert check(out) == []


def test_the_longest_beginning_of_a_task_counts(tmp_path: Path) -> None:
    one = data_set(tmp_path / "one", 10, depict_reasoning=1, depict_reasoning_noref=1)
    mix([one], tmp_path / "out", repeat={"depict": 2, "depict_reasoning_noref": 5})
    found = Counter(record.task for record in read_jsonl(tmp_path / "out" / "records.jsonl"))
    assert found == {"depict_reasoning": 2, "depict_reasoning_noref": 5}


def test_the_order_goes_by_the_seed(tmp_path: Path) -> None:
    one = data_set(tmp_path / "one", 10, a=20)
    orders = []
    for number, seed in enumerate([1, 1, 2]):
        mix([one], tmp_path / str(number), seed=seed)
        orders.append([record.id for record in read_jsonl(tmp_path / str(number) / "records.jsonl")])
    assert orders[0] == orders[1] != orders[2]


def test_what_cannot_be_mixed(tmp_path: Path) -> None:
    one = data_set(tmp_path / "one", 10, a=2)
    with pytest.raises(ArgumentError, match="no task is called 'b'; there are a"):
        mix([one], tmp_path / "out", repeat={"b": 2})
    with pytest.raises(ArgumentError, match="at least 0"):
        mix([one], tmp_path / "negative", repeat={"a": -1})
    with pytest.raises(ArgumentError, match="nothing is left"):
        mix([one], tmp_path / "none", split="val")
    with pytest.raises(ArgumentError, match="not empty"):
        mix([one], one)


def test_the_factors_of_a_recipe(tmp_path: Path) -> None:
    recipe = Path(__file__).parents[2] / "recipes" / "data" / "depictqa.toml"
    assert read_factors(recipe) == {
        "depict_description": 20,
        "depict_reasoning": 20,
        "depict_comparison": 1,
        "conversation": 2,
    }
    odd = tmp_path / "odd.toml"
    for text in ("[other]\na = 1\n", "[repeat]\na = 1.5\n", "repeat = 3\n"):
        odd.write_text(text)
        with pytest.raises(RecipeError, match=r"odd\.toml"):
            read_factors(odd)
