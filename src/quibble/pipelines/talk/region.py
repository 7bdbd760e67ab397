"""Questions about a region that was pointed at: its notes are the only thing that is known of it."""

from __future__ import annotations

from typing import Final

from quibble.pipelines.talk.exchange import Exchange, chance, fresh, there_are
from quibble.pipelines.talk.words import ASKED, SHORT, effect, graded
from quibble.taxonomy import ORDERS, Category
from quibble.text.evidence import SHOWN, Note, RegionNotes
from quibble.text.grammar import Noun, Writer, enumerate_words, pool, sentence, sentences
from quibble.text.places import labelled
from quibble.text.pools import QUESTIONS

#: Where a question supposes a defect, the most probable one is named from this tenth on.
SUPPOSED: Final = 1

_THIS: Final = (
    "this region|this area|the marked region|the selected area|this part|the marked area|the selected region|"
    "the highlighted part|the region|the box|this spot|the area inside the box"
)
#: What data sets and people call things; answers never repeat them.
_THINGS: Final = (
    "sky|tree|person|man|woman|child|dog|cat|horse|bird|car|bus|truck|train|bicycle|boat|house|building|wall|floor|"
    "road|grass|water|sea|river|mountain|rock|sand|snow|flower|plant|table|chair|bed|sofa|window|door|sign|bottle|"
    "cup|plate|food|cake|fruit|bench|fence|bridge|tower|roof|field|bush|cloud|face|hand|shirt|hat|elephant|sheep|"
    "cow|bear|umbrella|bag|book|clock|lamp|screen|phone|laptop|kite|ball|surfboard|people|trees|flowers|leaves|"
    "background|foreground|ground|ceiling|curtain|carpet|light|statue|church|street|platform|shelf|toy|vase"
)
_SIDES: Final = (
    "|on the left|on the right|in the middle|at the top left|at the top right|at the bottom left|at the bottom right|"
    "at the top|at the bottom"
)

_SHORT: Final = pool(
    "talk.region_short",
    "what is wrong with {region}?",
    "what's wrong here?",
    "what defect is there?",
    "which distortion is it?",
    "name the problem of {region}.",
    "what's the matter with {region}?",
    "what do you see in {region}?",
    "which defect does {region} have?",
    "what happened to {region}?",
    "is something wrong with {region}?",
    "what is the problem here?",
    "what's wrong with [it|this]?",
    "what is wrong there?",
    "what is the main defect of {region}?",
    "what problem does {region} have?",
    "which problem do you see in {region}?",
    "what does {region} suffer from?",
    "what is off about {region}?",
    "what spoils {region}?",
    "tell me what is wrong with {region}.",
    "diagnose {region}.",
    "what damaged {region}?",
    "what has gone wrong in {region}?",
    "which flaw is in {region}?",
    "the problem of {region}?",
    "what do you criticize about {region}?",
)
_IS: Final = pool(
    "talk.region_is",
    "is {region} {a}?",
    "{n:are} there {n} in {region}?",
    "does {region} look {a}?",
    "do you see {n} here?",
    "is it {a} here?",
    "any {n} in {region}?",
    "would you call {region} {a}?",
    "does {region} suffer from {n}?",
    "{a}?",
    "is {region} {a}, yes or no?",
    "is there any {n} in {region}?",
    "can {n} be seen in {region}?",
    "do you find {region} {a}?",
    "do you see {n} in {region}?",
    "has {region} got {n}?",
    "is {region} affected by {n}?",
    "isn't {region} {a}?",
    "would you say {region} is {a}?",
    "check {region} for {n}.",
    "{n:are} {n} present in {region}?",
)
_CLEAN: Final = pool(
    "talk.region_clean",
    "no distortion can be made out there",
    "I see no visible defect in this region",
    "the region looks clean",
    "nothing is visibly wrong there",
    "this part is free of visible defects",
    "I find nothing to criticize there",
)
_OPEN: Final = pool(
    "talk.region_open",
    "the region suffers from {d}",
    "{there} there",
    "this part shows {d}",
    "I see {d}",
    "the main distortion is {d}",
    "it suffers from {d}",
    "what stands out is {d}",
    "the problem there is {d}",
    "{d} {d:affect} this region",
)
_MORE: Final = pool(
    "talk.region_more",
    "in addition, there {d:are} {d}",
    "there {d:are} also {d}",
    "besides, it shows {d}",
    "a second defect is {d}",
    "furthermore, {d} can be seen",
    "{d} {d:add} to this",
)
_LINK: Final = pool("talk.region_link", "{a}: {e}", "{a}, so {e}", "{a}. {E}", "{a}; {e}", "{a}, and {e}")


def region_name(writer: Writer) -> Noun:
    """What a question may call a region: a pointer, a place or a thing."""
    roll = writer.rng.random()
    if roll < 0.4:
        return Noun(writer.one_of(_THIS))
    if roll < 0.6:
        y, x = writer.one_of("top|bottom|upper|lower"), writer.one_of("left|right")
        return Noun(
            writer.one_of(f"the {y} {x} region|the {y} {x} area|the {y} {x} part|the region on the {x}|the {y} {x}")
        )
    thing = labelled(writer.one_of(_THINGS))
    return Noun(f"{thing} {writer.one_of(_SIDES)}".strip(), thing.plural or thing.text.endswith(("trees", "leaves")))


def notes_in(region: RegionNotes, least: int = SHOWN) -> list[Note]:
    """The defects that a region shows, the most probable first."""
    return [
        Note(category=category, distortion=None, severity=max(severity, 0.5), sure=number, spot=region.spot)
        for category, number, severity in region.shown(least)
    ]


def supposed(region: RegionNotes, count: int) -> list[Note]:
    """The one or two most probable defects that can go together, if there is anything to suppose them from."""
    notes = notes_in(region, SUPPOSED)
    if count == 1 or not notes:
        return notes[:1]
    first, *rest = notes
    fitting = [n for n in rest if n.category in ORDERS[first.category] or first.category in ORDERS[n.category]]
    return [first, *fitting[:1]]


def refer_short(writer: Writer, region: RegionNotes, *, count: int) -> Exchange:
    """The names of one or two defects."""
    kind = "refer_short_single" if count == 1 else "refer_short_double"
    plain = count == 1 and chance(writer, 0.4)
    name = region_name(writer)
    question = sentence(writer.write(_SHORT if plain else QUESTIONS[kind], region=name))
    notes = supposed(region, count)
    if plain and not notes_in(region):
        notes = []
    key = "+".join(sorted(note.category.value for note in notes)) or "none"
    if not notes:
        return Exchange(kind=kind, question=question, answer=sentence(writer.write(_CLEAN)), key="none")
    told = enumerate_words([SHORT[note.category] for note in notes])
    if plain and chance(writer, 0.5):
        d = graded(writer, notes[0])
        told = writer.one_of(f"{there_are(d)}|it shows {d}|{d}")
    if question.lower().startswith("is something"):
        told = f"yes, {told}"
    return Exchange(kind=kind, question=question, answer=sentence(told), key=key, topic=notes[0].category)


def refer_long(writer: Writer, region: RegionNotes, *, count: int) -> Exchange:
    """One or two defects with what they do."""
    kind = "refer_long_single" if count == 1 else "refer_long_double"
    question = sentence(writer.write(QUESTIONS[kind], region=region_name(writer)))
    notes = supposed(region, count)
    if not notes:
        return Exchange(kind=kind, question=question, answer=sentence(writer.write(_CLEAN)), key="none")
    key = "+".join(sorted(note.category.value for note in notes))
    return Exchange(kind=kind, question=question, answer=_told(writer, notes), key=key, topic=notes[0].category)


def local(writer: Writer, region: RegionNotes) -> Exchange:
    """A description of the region."""
    question = sentence(writer.write(QUESTIONS["local"], region=region_name(writer)))
    notes = notes_in(region)[:3]
    if not notes:
        answer = sentences(
            writer.write(_CLEAN), writer.one_of("|fine detail is kept|even tones are smooth|edges are well defined")
        )
        return Exchange(kind="local", question=question, answer=answer, key="none")
    answer = _told(writer, notes)
    if notes[0].severity >= 2.5 and chance(writer, 0.4):
        close = "this lowers the quality there clearly|the quality there is low|as a whole, it is clearly degraded"
        answer = f"{answer} {sentence(writer.one_of(close))}"
    key = "+".join(sorted(note.category.value for note in notes))
    return Exchange(kind="local", question=question, answer=answer, key=key, topic=notes[0].category)


def region_is(writer: Writer, region: RegionNotes, *, present: bool) -> Exchange | None:
    """Whether the region has a category of defect."""
    shown = notes_in(region)
    listed = {category for category, number, _ in region.found if number >= SUPPOSED}
    among = [n.category for n in shown] if present else [c for c in Category if c not in listed]
    if not among:
        return None
    category = among[int(writer.rng.integers(len(among)))]
    asked = ASKED[category]
    noun = asked.noun(writer)
    question = sentence(writer.write(_IS, region=region_name(writer), n=noun, a=asked.adjective(writer)))
    if present:
        note = next(n for n in shown if n.category is category)
        d = graded(writer, note)
        answer = writer.one_of(f"yes, {there_are(d)}|yes: {d}|yes, it shows {d}|yes")
    else:
        answer = writer.one_of(f"no, I see no {noun} there|no, there {noun:are} no {noun}|no, not that I can see|no")
        if shown and chance(writer, 0.4):
            d = graded(writer, shown[0])
            answer = f"{answer}. What I do see is {d}"
    key = "yes" if present else "no"
    return Exchange(kind="region_yes_no", question=question, answer=sentence(answer), key=key, topic=category)


def _told(writer: Writer, notes: list[Note]) -> str:
    told = []
    for number, note in enumerate(notes):
        d = graded(writer, note)
        clause = writer.write(fresh(writer, _MORE) if number else _OPEN, d=d, there=there_are(d))
        if number < 2:
            e = effect(writer, note)
            clause = writer.write(_LINK, a=clause, e=e, E=e[:1].upper() + e[1:])
        told.append(clause)
    return sentences(*told)
