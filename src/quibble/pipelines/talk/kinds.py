"""The mix: which kinds of question are asked how often, alone or one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from quibble.pipelines.talk import choice, compare, describe, ground, how, other, region, what, why, yes_no
from quibble.pipelines.talk.compare import Pair
from quibble.pipelines.talk.exchange import Exchange, Sight
from quibble.text.evidence import PictureNotes, RegionNotes
from quibble.text.grammar import Writer

T = TypeVar("T")
_Mix = tuple[tuple[float, Callable[[Writer, T], Exchange | None]], ...]
_Maker = Callable[[Writer, Sight], Exchange | None]
_RegionMaker = Callable[[Writer, RegionNotes], Exchange | None]
_PairMaker = Callable[[Writer, Pair], Exchange | None]

#: Questions on one picture, with their shares.
SINGLE: Final[tuple[tuple[float, _Maker], ...]] = (
    (10, partial(yes_no.is_it, present=True)),
    (8, partial(yes_no.is_it, present=False)),
    (4, yes_no.is_opposite),
    (3, yes_no.is_clean),
    (2, partial(yes_no.is_at, present=True)),
    (2, partial(yes_no.is_at, present=False)),
    (6, what.main_defect),
    (3, what.list_defects),
    (1, what.count_defects),
    (4, partial(how.how_bad, present=True)),
    (3, partial(how.how_bad, present=False)),
    (4, how.aspect),
    (5, how.how_good),
    (2, how.score),
    (2, why.why),
    (4, partial(why.why_is, present=True)),
    (3, partial(why.why_is, present=False)),
    (3, yes_no.either),
    (3, why.improve),
    (1.5, why.use),
    (1.5, what.kind),
    (1.5, how.share),
    (4, choice.choose_main),
    (3, choice.choose_severity),
    (2, choice.choose_level),
    (2, choice.choose_place),
    (3, choice.choose_aspect),
    (1, partial(choice.choose_yes, present=True)),
    (1, partial(choice.choose_yes, present=False)),
    (10, describe.describe),
    (2, describe.brief_description),
    (6, partial(ground.where_is, present=True)),
    (2.5, partial(ground.where_is, present=False)),
    (2, ground.worst_part),
    (2, partial(ground.most_damaged, most=True)),
    (2, partial(ground.most_damaged, most=False)),
    (3, partial(ground.most_of, most=True)),
    (3, partial(ground.most_of, most=False)),
    (3, ground.in_order),
    (3, ground.at_side),
    (7, lambda writer, sight: other.off_topic(writer)),
    (1, lambda writer, sight: other.small_talk(writer)),
    (0.7, other.notes_told),
)
#: Those whose answers can be checked against a key, a quarter each: yes or no, what, how, multiple choice.
CHECKABLE: Final[tuple[tuple[float, _Maker], ...]] = (
    (10, partial(yes_no.is_it, present=True)),
    (10, partial(yes_no.is_it, present=False)),
    (5, yes_no.is_opposite),
    (25, what.main_defect),
    (15, how.aspect),
    (10, how.how_good),
    (8, choice.choose_main),
    (6, choice.choose_severity),
    (4, choice.choose_level),
    (3, choice.choose_place),
    (4, choice.choose_aspect),
)
#: Questions on one picture that can be answered in a word, a letter, a number or a box: much to learn in few tokens.
DRILL: Final[tuple[tuple[float, _Maker], ...]] = (
    (9, partial(yes_no.is_it, present=True)),
    (9, partial(yes_no.is_it, present=False)),
    (6, yes_no.is_opposite),
    (5, yes_no.either),
    (4, yes_no.is_clean),
    (2, partial(yes_no.is_at, present=True)),
    (2, partial(yes_no.is_at, present=False)),
    (8, what.main_defect),
    (3, what.list_defects),
    (4, partial(how.how_bad, present=True)),
    (6, how.aspect),
    (6, how.how_good),
    (7, how.score),
    (10, choice.choose_main),
    (8, choice.choose_severity),
    (6, choice.choose_level),
    (4, choice.choose_place),
    (6, choice.choose_aspect),
    (1, partial(choice.choose_yes, present=True)),
    (1, partial(choice.choose_yes, present=False)),
    (6, ground.box_alone),
    (16, partial(ground.boxed_where, present=True)),
    (3, partial(ground.boxed_where, present=False)),
    (6, ground.in_order),
    (12, partial(ground.extreme, most=True)),
    (12, partial(ground.extreme, most=False)),
    (18, partial(ground.extreme_region, most=True)),
    (12, partial(ground.extreme_region, most=False)),
    (6, choice.named_option),
    (4, choice.read_option),
    (5, other.notes_told),
)
#: The same on a region, and on two pictures.
REGION_DRILL: Final[tuple[tuple[float, _RegionMaker], ...]] = (
    (4, partial(region.refer_short, count=1)),
    (2, partial(region.refer_short, count=2)),
    (2, partial(region.region_is, present=True)),
    (2, partial(region.region_is, present=False)),
)
PAIR_DRILL: Final[tuple[tuple[float, _PairMaker], ...]] = (
    (6, compare.better),
    (3, partial(compare.which_more, present=True)),
    (1, partial(compare.which_more, present=False)),
)
#: How many of them a drill has, and how probable it is at least that a word is wanted for an answer.
_DRILLED: Final = (5, 10)
#: Characters that a drill may have, notes and all: 640 tokens hold at least so many, misspelt ones too.
_ROOM: Final = 1300
_BREVITY: Final = 0.85
#: Questions on a region.
REGION: Final[tuple[tuple[float, _RegionMaker], ...]] = (
    (4, partial(region.refer_short, count=1)),
    (3, partial(region.refer_short, count=2)),
    (3, partial(region.refer_long, count=1)),
    (3, partial(region.refer_long, count=2)),
    (4, region.local),
    (2, partial(region.region_is, present=True)),
    (2, partial(region.region_is, present=False)),
    (0.4, lambda writer, notes: other.off_topic(writer)),
)
#: Questions on two pictures.
PAIR: Final[tuple[tuple[float, _PairMaker], ...]] = (
    (5, compare.better),
    (4, compare.reasoned),
    (3, compare.differ),
    (2, partial(compare.which_more, present=True)),
    (1, partial(compare.which_more, present=False)),
    (0.3, lambda writer, pair: other.off_topic(writer)),
)


def single(writer: Writer, sight: Sight) -> Exchange:
    """A question on one picture."""
    return _drawn(writer, SINGLE, sight)


def checkable(writer: Writer, sight: Sight) -> Exchange:
    """A question on one picture whose answer has a key."""
    return _drawn(writer, CHECKABLE, sight)


def drill(writer: Writer, sight: Sight) -> list[Exchange]:
    """Many questions on one picture, mostly answered in a word, each on its own: none refers to what was said."""
    return _drilled(writer, DRILL, sight, len(sight.picture.encode()))


def drill_on_region(writer: Writer, picture: PictureNotes, notes: RegionNotes) -> list[Exchange]:
    """The same on a region of a picture."""
    return _drilled(writer, REGION_DRILL, notes, len(picture.encode()) + len(notes.encode()))


def drill_on_pair(writer: Writer, pair: Pair) -> list[Exchange]:
    """The same on two pictures."""
    shown = [sight.picture for sight in (pair.a, pair.b, pair.reference) if sight is not None]
    return _drilled(writer, PAIR_DRILL, pair, sum(len(picture.encode()) for picture in shown))


def _drilled(writer: Writer, mix: _Mix[T], subject: T, read: int) -> list[Exchange]:
    """As many exchanges as are drawn and leave room in the context for the evidence, of `read` characters."""
    terse, said = replace(writer, brevity=_BREVITY), list[Exchange]()
    room = _ROOM - read
    for _ in range(int(writer.rng.integers(*_DRILLED, endpoint=True))):
        exchange = _drawn(terse, mix, subject)
        room -= len(exchange.question) + len(exchange.answer)
        if said and room < 0:
            break
        said.append(exchange)
    return said


def on_region(writer: Writer, notes: RegionNotes) -> Exchange:
    """A question on a region."""
    return _drawn(writer, REGION, notes)


def on_pair(writer: Writer, pair: Pair) -> Exchange:
    """A question on two pictures."""
    return _drawn(writer, PAIR, pair)


def after(writer: Writer, sight: Sight, said: Sequence[Exchange]) -> Exchange:
    """What is asked next; nothing that was answered before, as far as a few tries find something new."""
    known = {(exchange.kind, exchange.topic, exchange.answer) for exchange in said}
    once = {exchange.kind for exchange in said} & {"improve", "why", "describe"}
    for _ in range(5):
        made = _next(writer, sight, said[-1])
        if made.kind not in once and (made.kind, made.topic, made.answer) not in known:
            break
    return made


def _next(writer: Writer, sight: Sight, before: Exchange) -> Exchange:
    roll = writer.rng.random()
    if roll < 0.12 and before.topic is not None:
        sure = other.are_you_sure(writer, sight, before.topic)
        if sure is not None:
            return sure
    if roll < 0.5:
        return other.follow_up(writer, sight)
    if roll < 0.6:
        return why.why(writer, sight) if before.kind in ("level", "score", "choice_how") else why.improve(writer, sight)
    return single(writer, sight)


def _drawn(writer: Writer, mix: _Mix[T], subject: T) -> Exchange:
    """An exchange of a kind drawn by its share; kinds that do not suit the subject are drawn again."""
    total = sum(share for share, _ in mix)
    while True:
        roll = float(writer.rng.random()) * total
        for share, maker in mix:
            roll -= share
            if roll < 0:
                made = maker(writer, subject)
                if made is not None:
                    return made
                break
