"""Who gets which picture: each to so many people, as evenly as can be, in an order of everybody's own.

What is dealt stays dealt; the rest is planned anew each time from the seed, so that more people or pictures may come
at any time, and the same state always gives the same plan.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Something to be dealt. picture: what it shows; nobody gets the same picture twice."""

    id: str
    picture: str


def plan(
    pieces: Sequence[Piece], people: Sequence[str], dealt: Mapping[str, Sequence[str]], *, each: int, seed: int
) -> dict[str, list[str]]:
    """What each of the people is still to get, in the order in which they get it.

    dealt: the ids that somebody has, also of people who are not there any more. each: how many people get a piece;
    where there are fewer who have not seen its picture, so many do. Whoever has least gets the next piece, and among
    those who have as much the seed decides, so no two people's loads differ by more than one where every piece may go
    to anybody.
    """
    picture_of = {piece.id: piece.picture for piece in pieces}
    holders: Counter[str] = Counter(id for ids in dealt.values() for id in ids)
    loads = {person: len(dealt.get(person, ())) for person in people}
    seen = {person: {picture_of[id] for id in dealt.get(person, ()) if id in picture_of} for person in people}
    queues: dict[str, list[str]] = {person: [] for person in people}
    # Rounds, so that every piece has its first person before any has its second: a study stopped early covers most.
    for round_number in range(each):
        for piece in sorted(pieces, key=lambda piece: (_draw(seed, round_number, piece.id), piece.id)):
            if holders[piece.id] > round_number:
                continue
            free = [person for person in people if piece.picture not in seen[person]]
            if not free:
                continue
            chosen = min(free, key=lambda person: (loads[person], _draw(seed, piece.id, person)))
            holders[piece.id] += 1
            loads[chosen] += 1
            seen[chosen].add(piece.picture)
            queues[chosen].append(piece.id)
    _level(queues, loads, seen, picture_of)
    return queues


def _level(
    queues: dict[str, list[str]], loads: dict[str, int], seen: dict[str, set[str]], picture_of: Mapping[str, str]
) -> None:
    """Hand pieces on from whoever has most to whoever has least, as long as that makes loads more alike.

    The last pieces may have gone to somebody who had enough because all others held them already.
    """
    while queues:
        least = min(queues, key=lambda person: loads[person])
        for most in sorted(queues, key=lambda person: -loads[person]):
            movable = [id for id in queues[most] if picture_of[id] not in seen[least]]
            if loads[most] - loads[least] > 1 and movable:
                break
        else:
            return
        id = movable[-1]
        queues[most].remove(id)
        queues[least].append(id)
        seen[most].discard(picture_of[id])
        seen[least].add(picture_of[id])
        loads[most] -= 1
        loads[least] += 1


def swapped(id: str, person: str, *, seed: int) -> bool:
    """Whether somebody sees a pair with its sides exchanged: drawn for each of the people and pairs."""
    return _draw(seed, "side", id, person)[-1] in "02468ace"


def _draw(seed: int, *names: object) -> str:
    """A number that looks like chance, of its own for all that is named."""
    return hashlib.sha256(repr((seed, *names)).encode()).hexdigest()
