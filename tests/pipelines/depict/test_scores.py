from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from quibble.data import ImageEntry, Record, Role, Turn, write_jsonl
from quibble.errors import ArgumentError
from quibble.pipelines.depict.scores import Scored, draw_pairs, read_scores


def table(folder: Path, text: str) -> Path:
    path = folder / "scores.csv"
    path.write_text(text)
    return path


def test_a_table_is_stretched_to_the_range(tmp_path: Path) -> None:
    found = read_scores(table(tmp_path, "file,score,reference\na.png,1,r.png\nb.png,3,r.png\nc.png,5,\n"))
    assert [(one.name, one.score, one.reference) for one in found] == [
        ("a.png", 0.0, tmp_path / "r.png"),
        ("b.png", 50.0, tmp_path / "r.png"),
        ("c.png", 100.0, None),
    ]
    worse = read_scores(tmp_path / "scores.csv", lower_is_better=True, images=Path("/elsewhere"))
    assert [(one.file, one.score) for one in worse] == [
        (Path("/elsewhere/a.png"), 100.0),
        (Path("/elsewhere/b.png"), 50.0),
        (Path("/elsewhere/c.png"), 0.0),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("file,mos\na.png,1\n", "missing score"),
        ("file,score\na.png,1\nb.png,good\n", "line 3: expected a number as the score of 'b.png', found 'good'"),
        ("file,score\na.png,1\nb.png,nan\n", "line 3"),
        ("file,score\na.png,1\n", "at least two pictures"),
        ("file,score\na.png,1\nb.png,1\n", "no picture is better"),
    ],
)
def test_tables_that_cannot_be_used(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=reason):
        read_scores(table(tmp_path, text))


def test_a_data_set_with_scores(tmp_path: Path) -> None:
    records = []
    for number in range(3):
        Image.new("RGB", (4, 4), (50 * number,) * 3).save(tmp_path / f"{number}.png")
        image = ImageEntry(role=Role.SINGLE, file=f"{number}.png", width=4, height=4)
        score = None if number == 2 else 10.0 + number
        records.append(
            Record(id=str(number), task="t", images=(image,), turns=(Turn(question="?", answer="!"),), score=score)
        )
    write_jsonl(records, tmp_path / "records.jsonl")
    assert [(one.name, one.score) for one in read_scores(tmp_path)] == [("0.png", 0.0), ("1.png", 100.0)]


def scored(name: str, score: float, reference: str | None = None) -> Scored:
    return Scored(name=name, file=Path(name), score=score, reference=Path(reference) if reference else None)


def test_pairs_share_a_reference_and_differ_enough() -> None:
    items = [scored(f"{group}{n}", 10.0 * n, group) for group in "rs" for n in range(6)]
    pairs = draw_pairs(items, 100, margin=15, seed=1)
    assert len(pairs) == 2 * 10
    assert all(a.reference == b.reference and abs(a.score - b.score) >= 15 for a, b in pairs)
    assert len({frozenset((a.name, b.name)) for a, b in pairs}) == 20
    assert 4 <= sum(a.score > b.score for a, b in pairs) <= 16
    assert pairs == draw_pairs(items, 100, margin=15, seed=1)
    assert pairs != draw_pairs(items, 100, margin=15, seed=2)
    assert len(draw_pairs(items, 7, margin=15, seed=1)) == 7


def test_pairs_of_a_large_set_are_drawn_without_listing_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quibble.pipelines.depict.scores._LISTED", 10)
    items = [scored(f"{n}", float(n)) for n in range(40)]
    pairs = draw_pairs(items, 60, margin=20, seed=1)
    assert len(pairs) == len({frozenset((a.name, b.name)) for a, b in pairs}) == 60
    assert all(abs(a.score - b.score) >= 20 for a, b in pairs)


def test_a_set_without_pairs() -> None:
    with pytest.raises(ArgumentError, match="no two pictures whose scores differ by 30 of 100"):
        draw_pairs([scored("a", 10), scored("b", 30)], 5, margin=30, seed=0)
    with pytest.raises(ArgumentError, match="same reference"):
        draw_pairs([scored("a", 0, "r"), scored("b", 100, "s")], 5, margin=30, seed=0)
