from __future__ import annotations

from itertools import combinations

import pytest

from quibble.bench.metrics.correlation import srcc
from quibble.bench.metrics.pairs import Vote, count_votes
from quibble.errors import ArgumentError


def test_votes_by_hand() -> None:
    votes = [
        Vote(first="a", second="b", winner="a"),
        Vote(first="b", second="c", winner="c"),
        Vote(first="a", second="c", winner="a"),
        Vote(first="a", second="d", winner=None),
    ]
    found = count_votes(votes)
    assert found.scores == {"a": 1, "b": 0, "c": 0.5}
    assert (found.n, found.unreadable) == (4, 1)


def test_a_perfect_voter_gives_a_perfect_order() -> None:
    worth = {"a": 3.0, "b": 7.0, "c": 1.0, "d": 5.0}
    votes = [Vote(first=x, second=y, winner=max(x, y, key=worth.__getitem__)) for x, y in combinations(worth, 2)]
    found = count_votes(votes).scores
    assert srcc([found[name] for name in worth], list(worth.values())) == 1


def test_a_vote_is_between_two() -> None:
    for first, second, winner in (("a", "a", "a"), ("a", "b", "c")):
        with pytest.raises(ArgumentError, match="two different"):
            Vote(first=first, second=second, winner=winner)
    with pytest.raises(ArgumentError, match="confidence"):
        Vote(first="a", second="b", winner="a", confidence=1.5)


def test_a_confident_vote_counts_more() -> None:
    votes = [
        Vote(first="a", second="b", winner="a", confidence=0.75),
        Vote(first="a", second="b", winner="b", confidence=0.5),
    ]
    assert count_votes(votes).scores == {"a": 0.625, "b": 0.375}
