"""From comparisons of pairs to scores, joined to people's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from quibble.bench.metrics.pairs import Vote, count_votes
from quibble.bench.objects import NAMES, need_number, pick, read_objects
from quibble.bench.scores import Joined, join
from quibble.errors import ArgumentError, RecordError

#: What a picture's original is called in files of scores.
REFERENCES: Final = ("reference", "ref_img", "image_ref", "ref")


def join_votes(votes: str | os.PathLike[str], truth: str | os.PathLike[str], *, per_reference: bool = False) -> Joined:
    """Comparisons of pairs joined to true scores: a picture's score is the share of its comparisons that it won.

    An item of `votes` has first, second (names) and winner: one of the two names, or "first", "second", "A" or "B";
    anything else is no readable winner. With a confidence, 0..1, the winner gets so much of the vote and the other one
    the rest. per_reference: the pictures of an original, which `truth` names, are a part of their own. Source:
    DepictQA, section 5.1, and for the confidence and the parts its public code. Raises RecordError as join_scores.
    """
    file, found = str(votes), []
    for index, item in enumerate(read_objects(votes)):
        first, second, winner = (str(pick(item, [n], file=file, index=index)) for n in ("first", "second", "winner"))
        sides = {first: first, second: second, "first": first, "A": first, "second": second, "B": second}
        share = need_number(item.get("confidence", 1), "the confidence", file=file, index=index)
        try:
            found.append(Vote(first=first, second=second, winner=sides.get(winner), confidence=share))
        except ArgumentError as error:
            raise RecordError(f"item {index}: {error}", file=file) from error
    counted = count_votes(found)
    joined = replace(join(dict(counted.scores), file, str(truth)), undecided=counted.unreadable)
    if not per_reference:
        return joined
    references = _references(str(truth))
    return replace(joined, items=tuple(replace(item, part=references[item.name]) for item in joined.items))


def _references(truth: str) -> Mapping[str, str]:
    """The originals of pictures, by the pictures' paths and by their files' names."""
    out = {}
    for index, item in enumerate(read_objects(truth)):
        name = str(pick(item, NAMES, file=truth, index=index))
        reference = str(pick(item, REFERENCES, file=truth, index=index))
        out[name] = out[name.replace("\\", "/").rpartition("/")[2]] = reference
    return out
