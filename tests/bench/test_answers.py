from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from quibble.bench.answers import answer_all, read_answers
from quibble.bench.item import Item, Kind
from quibble.bench.reply import Reply
from quibble.errors import ArgumentError, RecordError
from tests.bench.examples import LEFT as MASK
from tests.bench.examples import RUN, chosen, compared, described, grounded, referred, scored


class Counting:
    label = "counting"

    def __init__(self, stop_at: int = 99) -> None:
        self.asked: list[str] = []
        self._stop_at = stop_at

    def can(self, item: Item) -> bool:
        return True

    def answer(self, item: Item) -> Reply:
        if len(self.asked) == self._stop_at:
            raise KeyboardInterrupt
        self.asked.append(item.id)
        return Reply(score=float(len(item.id)))


ITEMS = [scored(i, 10.0 * i, None).item for i in range(5)]


def test_a_run_that_was_stopped_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "out" / "answers.jsonl"
    with pytest.raises(KeyboardInterrupt):
        answer_all(RUN, ITEMS, Counting(stop_at=2), path)
    path.write_text(path.read_text() + '{"item": {"id": "s2"')
    again, seen = Counting(), list[int]()
    answer_all(RUN, ITEMS, again, path, progress=seen.append)
    assert again.asked == ["s2", "s3", "s4"]
    assert seen == [2, 3, 4, 5]
    run, answers = read_answers(path)
    assert run == RUN
    assert [a.item for a in answers] == ITEMS
    assert [a.reply.score for a in answers] == [2] * 5


def test_answers_of_another_run_are_not_mixed_in(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    answer_all(RUN, ITEMS, Counting(), path)
    with pytest.raises(ArgumentError, match="another run"):
        answer_all(replace(RUN, model="else"), ITEMS, Counting(), path)


def test_every_kind_of_item_survives() -> None:
    for answered in (
        scored(1, 5, 6),
        chosen(1, "what", 1, 0),
        compared(1, 0.5, "A"),
        referred(1, ("blur",), ()),
        grounded(1, {"blur": MASK}, {}),
        described(1, "a", "b"),
    ):
        assert Item.from_dict(answered.item.to_dict()) == answered.item
        assert Reply.from_dict(answered.reply.to_dict()) == answered.reply


def test_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    answer_all(RUN, ITEMS[:1], Counting(), path)
    text = path.read_text()
    path.write_text(text.replace('"status": "read"', '"status": "lost"'))
    with pytest.raises(RecordError, match=r"answers\.jsonl:2"):
        read_answers(path)
    path.write_text('{"image": "a.png"}\n')
    with pytest.raises(RecordError, match="begin with their run"):
        read_answers(path)


def test_an_item_must_be_sound() -> None:
    with pytest.raises(ArgumentError, match="option 2 is right"):
        Item(id="a", kind=Kind.CHOICE, images=(Path("a"),), options=("x", "y"), right=2)
    with pytest.raises(ArgumentError, match="too few pictures"):
        Item(id="a", kind=Kind.COMPARE, images=(Path("a"),))
    with pytest.raises(ArgumentError, match="only comparisons have two"):
        Item(id="a", kind=Kind.SCORE, images=(Path("a"),), scores=(1.0, 2.0))
