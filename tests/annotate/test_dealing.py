from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from quibble.annotate.dealing import Piece, plan, swapped


def pieces(count: int, *, pictures: int | None = None) -> list[Piece]:
    return [Piece(id=f"p{n}", picture=f"s{n % (pictures or count)}") for n in range(count)]


def names(count: int) -> list[str]:
    return [f"w{n}" for n in range(count)]


@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 5), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_each_piece_to_so_many_people_evenly(count: int, people: int, each: int, seed: int) -> None:
    queues = plan(pieces(count), names(people), {}, each=each, seed=seed)
    held = Counter(id for ids in queues.values() for id in ids)
    assert set(held.values()) == {min(each, people)}
    assert all(len(set(ids)) == len(ids) for ids in queues.values())
    loads = [len(ids) for ids in queues.values()]
    assert max(loads) - min(loads) <= 1


def test_the_seed_decides() -> None:
    first = plan(pieces(20), names(4), {}, each=2, seed=1)
    assert plan(pieces(20), names(4), {}, each=2, seed=1) == first
    assert plan(pieces(20), names(4), {}, each=2, seed=2) != first


def test_what_is_dealt_stays_and_the_rest_is_shared_with_newcomers() -> None:
    before = plan(pieces(12), names(3), {}, each=2, seed=0)
    dealt = {person: ids[:3] for person, ids in before.items()}
    queues = plan(pieces(18), names(4), dealt, each=2, seed=0)
    held = Counter(id for ids in [*dealt.values(), *queues.values()] for id in ids)
    assert set(held.values()) == {2}
    assert len(held) == 18
    loads = [len(dealt.get(person, ())) + len(ids) for person, ids in queues.items()]
    assert max(loads) - min(loads) <= 1
    assert all(not set(dealt.get(person, ())) & set(ids) for person, ids in queues.items())


def test_what_people_did_who_left_counts() -> None:
    queues = plan(pieces(4), names(2), {"gone": ["p0", "p1", "p2", "p3"]}, each=2, seed=0)
    assert sum(map(len, queues.values())) == 4


def test_nobody_gets_a_picture_twice() -> None:
    """Three texts on each of four pictures, a person for each text."""
    three = pieces(12, pictures=4)
    queues = plan(three, names(3), {}, each=1, seed=0)
    picture_of = {piece.id: piece.picture for piece in three}
    assert all(len({picture_of[id] for id in ids}) == len(ids) for ids in queues.values())
    assert sum(map(len, queues.values())) == 12
    assert sum(map(len, plan(three, names(2), {}, each=1, seed=0).values())) == 8


def test_every_piece_is_covered_before_any_is_seen_twice() -> None:
    queues = plan(pieces(10), names(2), {}, each=2, seed=3)
    first = [id for ids in queues.values() for id in ids[:5]]
    assert len(set(first)) == 10


def test_sides_are_exchanged_for_about_half() -> None:
    sides = [swapped(f"p{n}", f"w{m}", seed=0) for n in range(100) for m in range(4)]
    assert 160 < sum(sides) < 240
    assert swapped("p0", "w0", seed=0) == swapped("p0", "w0", seed=0)
