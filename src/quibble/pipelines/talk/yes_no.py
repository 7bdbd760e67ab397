"""Questions to be answered with yes or no, among them those that take a defect for granted that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quibble.pipelines.talk import asking
from quibble.pipelines.talk.exchange import Exchange, Sight, brief, briefly, chance, picture_word
from quibble.pipelines.talk.phrases import UNSURE, defect_there, defect_with_place, instead, places, unmarked
from quibble.pipelines.talk.words import ASKED, OPPOSITES, graded
from quibble.taxonomy import Category
from quibble.text.evidence import Note
from quibble.text.grammar import Writer, enumerate_words, pool, sentence, sentences
from quibble.text.places import Place

#: Opposites that people ask for in one question.
_EITHER: Final = (
    (Category.BRIGHTEN, Category.DARKEN),
    (Category.CONTRAST_STRENGTHEN, Category.CONTRAST_WEAKEN),
    (Category.SATURATE_STRENGTHEN, Category.SATURATE_WEAKEN),
    (Category.BLUR, Category.OVERSHARPEN),
)

_YES: Final = pool(
    "talk.yes",
    "yes, {there}",
    "yes: {d}",
    "yes, I see {d}",
    "yes. One can see {d}",
    "yes, it shows {d}",
    "yes, {there}",
    "yes, with {d}",
    "yes. {There}",
)
_PARTLY: Final = pool(
    "talk.partly",
    "yes, in part: {d}",
    "yes, but only in part: {there}",
    "yes, though not everywhere: {there}",
    "partly, yes: {d}",
    "in places, yes: {d}",
)
_UNSURE: Final = pool(
    "talk.unsure",
    "probably, yes: it looks like {d}",
    "I think so, but I am not certain: there may be {d}",
    "yes, as far as I can tell: {d}",
    "yes, I believe so, though I am not sure: {d}",
    "probably yes; {there}, but I am not certain",
)
_POSSIBLE: Final = pool(
    "talk.possible",
    "possibly: there may be some {n}, but I am not certain",
    "perhaps; I cannot rule out some {n}",
    "maybe: there are slight signs of {n}, but I am not sure",
    "possibly, yes, though the signs of {n} are weak",
    "perhaps a little {n}, but I am not certain",
    "possibly; I see weak signs of {n}",
)
_NO: Final = pool(
    "talk.no",
    "no, I see no {n}",
    "no, there {n:are} no visible {n}",
    "no, I find no {n} in this picture",
    "no. There {n:are} no {n} that I can see",
    "no, {n} {n:do} not show in this picture",
    "no, I cannot see any {n}",
    "no, not that I can see",
    "no, nothing of that kind is visible",
)
_NOT: Final = pool(
    "talk.not",
    "no, it is not {a}",
    "no, it does not look {a} to me",
    "no, I would not call it {a}",
    "no, not that I can see",
    "no, the picture is not {a}",
    "no, nothing of that kind is visible",
)


def is_it(writer: Writer, sight: Sight, *, present: bool) -> Exchange | None:
    """Whether the picture has a category of defect; None if there is none to ask about."""
    among = [*sight.by_category, *sight.possible] if present else sight.absent
    if not among:
        return None
    category = among[int(writer.rng.integers(len(among)))]
    return about(writer, sight, category)


def about(writer: Writer, sight: Sight, category: Category) -> Exchange:
    """A yes/no question about a category."""
    asked, p = ASKED[category], picture_word(writer)
    adjective, noun = asked.adjective(writer), asked.noun(writer)
    by_adjective = chance(writer, 0.55)
    question = sentence(
        writer.write(asking.IS, a=adjective, p=p) if by_adjective else writer.write(asking.ANY, n=noun, p=p)
    )
    notes = sight.by_category.get(category)
    possible = category in sight.possible
    key = "yes" if notes or possible else "no"
    if brief(writer, 0.15):
        question = f"{question} {writer.one_of('Answer yes or no.|Yes or no?|Just yes or no, please.')}"
        return Exchange(kind="yes_no", question=question, answer=key.capitalize(), key=key, topic=category)
    if chance(writer, 0.08):
        return Exchange(
            kind="yes_no", question=briefly(writer, question), answer=key.capitalize(), key=key, topic=category
        )
    if notes:
        answer = sentences(yes(writer, notes))
    elif possible:
        answer = sentence(writer.write(_POSSIBLE, n=noun))
    elif by_adjective:
        answer = sentences(writer.write(_NOT, a=adjective), instead(writer, sight))
    else:
        answer = sentences(writer.write(_NO, n=noun), instead(writer, sight))
    return Exchange(kind="yes_no", question=question, answer=answer, key=key, topic=category)


def yes(writer: Writer, notes: list[Note]) -> str:
    """A clause that says yes and what there is."""
    templates = _UNSURE if notes[0].sure < UNSURE else _YES
    if templates is _YES and sum(note.spot.share for note in notes) < 40 and chance(writer, 0.5):
        templates = _PARTLY
    there = defect_there(writer, notes)
    return writer.write(templates, there=there, There=there[:1].upper() + there[1:], d=defect_with_place(writer, notes))


def is_opposite(writer: Writer, sight: Sight) -> Exchange:
    """Whether the picture is sharp, well exposed and the like: no where a defect says otherwise."""
    adjectives, categories = OPPOSITES[int(writer.rng.integers(len(OPPOSITES)))]
    adjective = writer.one_of(adjectives)
    question = sentence(writer.write(asking.OPPOSITE, a=adjective, p=picture_word(writer)))
    against = [notes for category, notes in sight.by_category.items() if category in categories]
    key = "no" if against else "yes"
    topic = against[0][0].category if against else None
    if brief(writer, 0.15):
        question = f"{question} {writer.one_of('Answer yes or no.|Yes or no?')}"
        return Exchange(kind="yes_no", question=question, answer=key.capitalize(), key=key, topic=topic)
    if not against:
        fine = writer.one_of(f"yes|yes, it is|yes, it looks {adjective}|yes, I see nothing against it")
        return Exchange(kind="yes_no", question=question, answer=sentences(fine, instead(writer, sight)), key=key)
    found = defect_with_place(writer, against[0])
    part = sum(note.spot.share for note in against[0]) < 40
    no = writer.one_of(
        f"no, {defect_there(writer, against[0])}|no: {found}|not everywhere: {found}"
        if part
        else f"no, {defect_there(writer, against[0])}|no: {found}|no, it suffers from {graded(writer, against[0][0])}"
    )
    if no.startswith("not"):
        no = f"no, {no}"
    return Exchange(kind="yes_no", question=question, answer=sentences(no), key=key, topic=topic)


def either(writer: Writer, sight: Sight) -> Exchange:
    """Which of two opposite defects it has, or neither."""
    pair = _EITHER[int(writer.rng.integers(len(_EITHER)))]
    first, second = (pair[int(i)] for i in writer.rng.permutation(2))
    a, b = (ASKED[category].adjective(writer) for category in (first, second))
    question = sentence(writer.write(asking.OR, a=a, b=b, p=picture_word(writer)))
    there = [category for category in sight.by_category if category in pair]
    maybe = [category for category in sight.possible if category in pair]
    if there:
        found = there[0]
        key, name = found.value, a if found is first else b
        if brief(writer, 0.2):
            return Exchange(
                kind="either", question=briefly(writer, question), answer=name.capitalize(), key=key, topic=found
            )
        told = defect_with_place(writer, sight.by_category[found])
        answer = writer.one_of(f"it is {name}: {told}|{name}: {told}|{told}|the former: {told}").replace(
            "the former", "the former" if found is first else "the latter"
        )
        return Exchange(kind="either", question=question, answer=sentence(answer), key=key, topic=found)
    if maybe:
        name = a if maybe[0] is first else b
        answer = writer.one_of(f"if anything, {name}, but I am not certain|perhaps a little {name}; I am not sure")
        return Exchange(kind="either", question=question, answer=sentence(answer), key=maybe[0].value, topic=maybe[0])
    if brief(writer, 0.2):
        return Exchange(kind="either", question=briefly(writer, question), answer="Neither", key="none")
    answer = writer.one_of("neither|neither of the two|neither, as far as I can see")
    return Exchange(kind="either", question=question, answer=sentences(answer, instead(writer, sight)), key="none")


def is_clean(writer: Writer, sight: Sight) -> Exchange:
    """Whether anything is wrong at all."""
    faulty = chance(writer, 0.5)
    question = sentence(writer.write(asking.FAULTY if faulty else asking.CLEAN, p=picture_word(writer)))
    key = "yes" if bool(sight.notes) == faulty else "no"
    if brief(writer, 0.12):
        question = f"{question} {writer.one_of('Answer yes or no.|Yes or no?')}"
        return Exchange(kind="yes_no", question=question, answer=key.capitalize(), key=key)
    if not sight.notes:
        rest = unmarked(writer, sight, "it") or writer.one_of(
            "I see no defects|nothing is visibly wrong|it looks clean|I find nothing wrong with it"
        )
        return Exchange(kind="yes_no", question=question, answer=sentence(f"{key}, {rest}"), key=key)
    told = enumerate_words([str(defect_with_place(writer, notes)) for notes in list(sight.by_category.values())[:3]])
    first = defect_there(writer, next(iter(sight.by_category.values())))
    answer = f"{key}, {first}" if len(sight.by_category) == 1 and chance(writer, 0.6) else f"{key}: {told}"
    return Exchange(kind="yes_no", question=question, answer=sentence(answer), key=key, topic=sight.notes[0].category)


def is_at(writer: Writer, sight: Sight, *, present: bool) -> Exchange | None:
    """Whether a defect is at a named side or corner. None if the notes leave it open, as near a border."""
    if not sight.notes:
        return None
    note = sight.notes[int(writer.rng.integers(len(sight.notes)))]
    sides = _clear_sides(note.spot.place, note.spot.whole, present)
    among = [note] if present else sight.by_category[note.category]
    if not sides or (not present and len(among) > 1):
        return None
    where = sides[int(writer.rng.integers(len(sides)))]
    asked = ASKED[note.category]
    noun, adjective = asked.noun(writer), asked.adjective(writer)
    question = sentence(writer.write(asking.AT, where=where, a=adjective, n=noun, p=picture_word(writer)))
    key = "yes" if present else "no"
    if brief(writer, 0.1):
        question = f"{question} {writer.one_of('Answer yes or no.|Yes or no?')}"
        return Exchange(kind="yes_no", question=question, answer=key.capitalize(), key=key, topic=note.category)
    if present:
        answer = yes(writer, sight.by_category[note.category])
    else:
        here = graded(writer, note)
        elsewhere = places(writer, among)
        answer = writer.one_of(
            f"no, not there; the {noun} {noun:are} {elsewhere}|no, {here} {here:appear} {elsewhere}, not at the {where}"
        )
    return Exchange(kind="yes_no", question=question, answer=sentence(answer), key=key, topic=note.category)


def _clear_sides(place: Place, whole: bool, present: bool) -> Sequence[str]:
    """Sides and corners in which a place clearly lies, or, if not `present`, clearly does not."""
    if whole:
        return ("top", "bottom", "left", "right") if present else ()
    y, x = place.cell
    box, side = place.box, place.width
    if present:
        corner = [f"{y} {x}"] if "middle" not in (y, x) else []
        return corner + [word for word in (y, x) if word != "middle"]
    out = []
    if box.x0 > 0.5 * side:
        out.append("left")
    if box.x1 < 0.5 * side:
        out.append("right")
    if box.y0 > 0.5 * side:
        out.append("top")
    if box.y1 < 0.5 * side:
        out.append("bottom")
    return out
