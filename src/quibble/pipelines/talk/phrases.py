"""Pieces of answers: defects with their places, what else was found, verdicts."""

from __future__ import annotations

from typing import Final

from quibble.pipelines.talk.exchange import Sight, chance, there_are
from quibble.pipelines.talk.words import SHORT, extent, graded, spot
from quibble.taxonomy import Category, Level
from quibble.text.evidence import Note, PictureNotes
from quibble.text.grammar import Noun, Writer, enumerate_words, pool

#: Below this tenth of probability an answer says that it is not certain.
UNSURE: Final = 5

_VERDICT: Final = pool(
    "talk.verdict",
    "overall, the quality is {q}",
    "all in all, the quality of {r} is {q}",
    "the overall quality is {q}",
    "on the whole, the quality is {q}",
    "I would call the quality {q}",
    "in sum, the quality is {q}",
    "taken as a whole, the quality of {r} is {q}",
    "I rate the quality as {q}, at about {s} out of 100",
    "that makes for {q} quality overall",
    "the quality is {q} overall, about {s} out of 100",
)


_DULL: Final = pool(
    "talk.dull",
    "no single defect stands out, but as a whole {r} looks {q}",
    "I cannot point to one defect, yet people would probably call {r} {q}",
    "nothing in particular is wrong with {r}; still, its overall quality is {q}",
    "I find no defect that I could mark, although {r} as a whole is {q}",
    "the overall impression is {q}, but I cannot name one defect as the cause",
    "I see no distinct defect, even though the quality of {r} is {q}",
)
_WEAK: Final = pool(
    "talk.weak",
    "I see no clear defect, only weak signs of {n}",
    "nothing is certain, but there may be some {n}",
    "no defect is certain; there might be a little {n}",
    "nothing stands out, except perhaps some {n}",
    "at most there is a trace of {n}, which I am not certain of",
)


def dull(writer: Writer, sight: Sight, r: str) -> str:
    """A clause on a picture in which nothing was found and that people would not rate well; empty if they would."""
    low = sight.picture.level in (Level.FAIR, Level.POOR, Level.BAD)
    return writer.write(_DULL, r=r, q=sight.picture.level.value) if low else ""


def unmarked(writer: Writer, sight: Sight, r: str) -> str:
    """A clause on a picture in which nothing was found that should not be called clean: because something may be
    there, or because people would not rate it well. Empty if it may."""
    if sight.likely and chance(writer, 0.7):
        return writer.write(_WEAK, n=SHORT[sight.likely[0]])
    return dull(writer, sight, r)


def verdict(writer: Writer, picture: PictureNotes, r: str) -> str:
    """A clause with the quality level."""
    return writer.write(_VERDICT, r=r, q=picture.level.value, s=str(picture.score))


def places(writer: Writer, notes: list[Note]) -> str:
    """Where the notes of one category are: "at the top left and on the right"."""
    if any(note.spot.whole for note in notes):
        return spot(writer, next(note.spot for note in notes if note.spot.whole))
    told: list[str] = []
    seen: set[object] = set()
    for note in notes:
        place = note.spot.place
        if (key := (place.cell, place.wide, place.tall)) not in seen:
            seen.add(key)
            told.append(spot(writer, note.spot))
    return enumerate_words(told[:3])


def defect_there(writer: Writer, notes: list[Note]) -> str:
    """ "there is serious blur at the top left" """
    return f"{there_are(graded(writer, notes[0]))} {places(writer, notes)}"


def defect_with_place(writer: Writer, notes: list[Note]) -> Noun:
    """ "serious blur at the top left" """
    noun = graded(writer, notes[0])
    return Noun(f"{noun} {places(writer, notes)}", noun.plural)


def all_defects(writer: Writer, sight: Sight, *, without: Category | None = None, most: int = 4) -> Noun | None:
    """All categories that were found, each with its severity and places, as one noun; None if there are none."""
    groups = [notes for category, notes in sight.by_category.items() if category is not without][:most]
    nouns = [defect_with_place(writer, notes) for notes in groups]
    if not nouns:
        return None
    return nouns[0] if len(nouns) == 1 else Noun(enumerate_words([str(noun) for noun in nouns]), plural=True)


def names_only(sight: Sight) -> str:
    """The short names of all that was found, as an enumeration."""
    return enumerate_words([SHORT[category] for category in sight.by_category])


def instead(writer: Writer, sight: Sight, without: Category | None = None) -> str:
    """A sentence on what was found instead of what was asked for; now and then nothing."""
    if not chance(writer, 0.45):
        return ""
    other = all_defects(writer, sight, without=without, most=2)
    if other is None:
        return writer.one_of("I see no defects at all|the picture looks clean to me|nothing else is wrong either|")
    return writer.one_of(f"what I do see is {other}|{there_are(other)}, though|the problem is rather {other}")


def reach(writer: Writer, note: Note) -> str:
    """How far a defect reaches: "it covers about a fifth of the picture"."""
    return writer.one_of(
        f"it covers {extent(note.spot)}|it affects {extent(note.spot)}|{extent(note.spot)} is affected"
    )


def good(level: Level) -> bool:
    """Whether a quality level is one of the two best."""
    return level in (Level.EXCELLENT, Level.GOOD)
