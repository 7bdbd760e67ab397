from __future__ import annotations

from pathlib import Path

import pytest

from quibble.bench.scores import measure
from quibble.bench.votes import join_votes
from quibble.errors import RecordError


def test_votes_become_scores(tmp_path: Path) -> None:
    votes, truth = tmp_path / "v.csv", tmp_path / "t.csv"
    lines = ["a.png,b.png,b.png", "b.png,c.png,B", "a.png,c.png,second", "a.png,b.png,neither"]
    votes.write_text("first,second,winner\n" + "\n".join(lines))
    truth.write_text("image,mos\na.png,1\nb.png,2\nc.png,5\nd.png,4\n")
    joined = join_votes(votes, truth)
    assert [item.predicted for item in joined.items] == [0, 0.5, 1, None]
    assert (joined.missing, joined.undecided) == (1, 1)
    found = measure(joined.items, resamples=0)
    assert found.srcc is not None
    assert found.srcc.value == 1
    votes.write_text("first,second,winner\na.png,a.png,A\n")
    with pytest.raises(RecordError, match="item 0: a vote is between two different"):
        join_votes(votes, truth)


def test_the_confidence_of_a_vote_is_shared(tmp_path: Path) -> None:
    votes, truth = tmp_path / "v.csv", tmp_path / "t.csv"
    votes.write_text("first,second,winner,confidence\na.png,b.png,A,0.6\na.png,c.png,B,0.9\n")
    truth.write_text("image,mos\na.png,1\nb.png,2\nc.png,5\n")
    assert [item.predicted for item in join_votes(votes, truth).items] == pytest.approx([0.35, 0.4, 0.9])
    votes.write_text("first,second,winner,confidence\na.png,b.png,A,60\n")
    with pytest.raises(RecordError, match="item 0: a vote's confidence"):
        join_votes(votes, truth)


def test_originals_are_parts(tmp_path: Path) -> None:
    votes, truth = tmp_path / "v.csv", tmp_path / "t.csv"
    votes.write_text("first,second,winner\nd/a1.png,d/a2.png,A\nd/b1.png,d/b2.png,A\n")
    # As in KADID-10k's list.
    truth.write_text(
        "dist_img,ref_img,dmos,var\na1.png,a.png,2,1\na2.png,a.png,1,1\nb1.png,b.png,9,1\nb2.png,b.png,8,1\n"
    )
    joined = join_votes(votes, truth, per_reference=True)
    assert [(item.name, item.part) for item in joined.items] == [
        ("a1.png", "a.png"),
        ("a2.png", "a.png"),
        ("b1.png", "b.png"),
        ("b2.png", "b.png"),
    ]
    found = measure(joined.items, of_parts=True, resamples=0)
    assert found.srcc is not None
    assert found.srcc.value == 1
    truth.write_text("image,mos\na1.png,1\na2.png,2\n")
    with pytest.raises(RecordError, match="needs one of reference, ref_img"):
        join_votes(votes, truth, per_reference=True)
