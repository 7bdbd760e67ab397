"""Descriptions of a whole picture, and of a region in it."""

from __future__ import annotations

from typing import Final

from quibble.pipelines.talk.exchange import BRIEF, Exchange, Sight, chance, fresh, picture_word
from quibble.pipelines.talk.phrases import UNSURE, dull, good, places, verdict
from quibble.pipelines.talk.words import adjective, effect, extent, far, graded
from quibble.text.evidence import Note
from quibble.text.grammar import Noun, Writer, enumerate_words, pool, sentence, sentences, when
from quibble.text.pools import GLOBAL

#: Beside the questions of quibble.text.pools, what people type.
ASK: Final = pool(
    "talk.describe",
    "describe the quality of [this|the] {p}.",
    "describe [it|this].",
    "what do you see?",
    "tell me about [this|the] {p}.",
    "assess [this|the] {p}.",
    "what can you say about this {p}?",
    "analyze this {p}.",
    "evaluate it.",
    "what do you think [of this {p}|]?",
    "give me a short description of the quality.",
    "can you describe the quality of the {p}?",
    "review this {p}.",
    "thoughts?",
    "please comment on this {p}.",
    "describe the {p}.",
    "how does this {p} look?",
    "give [me |]an assessment [of this {p}|].",
    "give [me |]a critique [of this {p}|].",
    "critique [it|this {p}].",
    "appraise this {p}.",
    "analyse this {p}.",
    "assess how good this {p} is, in a few sentences.",
    "your assessment [of this {p}|]?",
    "write an assessment of the {p}.",
    "describe how it looks technically.",
    "describe what is good and bad about it.",
    "describe the technical state of this {p}.",
    "describe its quality.",
    "describe the {p} in terms of quality.",
    "a description of the quality, please.",
    "write about the quality of the {p}.",
    "write a [short |]review [of this {p}|].",
    "a review, please.",
    "examine this {p}.",
    "inspect [it|this {p}].",
    "check this {p}.",
    "take a look at this {p}.",
    "have a look. What do you say?",
    "what do you make of [it|this {p}]?",
    "what is your impression [of this {p}|]?",
    "what are your thoughts on this {p}?",
    "what's your opinion [of this {p}|]?",
    "your opinion?",
    "your impressions?",
    "tell me what you see.",
    "tell me how this {p} looks.",
    "tell me what you think of it.",
    "talk about the quality of this {p}.",
    "report on this {p}.",
    "give me a report.",
    "give me feedback [on this {p}|].",
    "feedback?",
    "any feedback on this {p}?",
    "comments?",
    "say something about this {p}.",
    "summarize the quality.",
    "sum up the quality of this {p}.",
    "explain the quality of this {p}.",
    "what can be said about the quality?",
    "what is the state of this {p}?",
    "judge this {p} for me.",
    "please judge it.",
    "could you [review|assess|judge|check] this {p}?",
    "can you [review|assess|judge|check] this {p} for me?",
    "I'd like a description of the quality.",
    "I want to hear your opinion of this {p}.",
    "let me know what you think.",
    "quality report, please.",
    "give me your view of this {p}.",
    "share your opinion on the quality.",
    "share what you notice [in this {p}|].",
    "what do you notice [in this {p}|]?",
    "what strikes you about this {p}?",
    "go over this {p} for me.",
    "study this {p} and report.",
    "look it over.",
    "how would you describe this {p}?",
    "how would you describe the quality?",
    "a few words on this {p}, please.",
    "write a few sentences about the quality.",
    "give a technical assessment [of this {p}|].",
    "give a professional opinion on this {p}.",
    "as an expert, what do you say about this {p}?",
    "a brief description of the quality, please.",
    "give me a brief description.",
    "describe the quality in a few words.",
    "describe the quality in one or two sentences.",
    "short description, please.",
    "what can you see here?",
    "tell me what stands out.",
    "tell me about the quality.",
    "tell me more about this {p}.",
    "evaluate this {p} for me.",
    "run a quality check.",
    "do a quality check on this {p}.",
    "diagnose this {p}.",
    "what is your diagnosis?",
    "characterize the quality.",
    "comment on the quality.",
    "say what you see.",
    "I'd like to know what you see.",
    "I'd like an assessment.",
    "give me the details.",
)

#: For the form with boxes.
BOXES: Final = pool(
    "talk.boxes",
    "Give the boxes.",
    "Mark what you mention with boxes.",
    "Add the coordinates.",
    "With boxes, please.",
    "Attach a box to each defect.",
    "Include the position of each defect as a box.",
    "Say where, with grid coordinates.",
    "Give coordinates for all you name.",
    "Put a box behind each defect.",
    "Ground your answer with boxes.",
    "With coordinates, please.",
    "Add boxes.",
    "Add a box to each.",
    "Please give boxes too.",
    "Show the boxes as well.",
    "Say where with boxes.",
    "And give the boxes of all of them.",
    "Use boxes.",
    "Include boxes.",
)

_WHOLE: Final = pool(
    "talk.whole",
    "the whole {p} suffers from {d}",
    "{d} {d:run} through the whole {p}",
    "{d} {d:affect} the whole {p}",
    "the {p} is {adjective} all over",
    "everywhere in the {p} there {d:are} {d}",
    "the {p} shows {d} throughout",
    "{d} {d:cover} the entire {p}",
    "{d} {d:spoil} the {p} as a whole",
)
_PART: Final = pool(
    "talk.part",
    "there {d:are} {d} {where}",
    "{where}, the {p} is {adjective}",
    "{where}, there {d:are} {d}",
    "the {p} shows {d} {where}",
    "{d} can be seen {where}",
    "one sees {d} {where}",
    "{where} one finds {d}",
    "the {p} suffers from {d} {where}",
    "{d} {d:affect} the {p} {where}",
)
_MORE: Final = pool(
    "talk.more",
    "in addition, there {d:are} {d} {where}",
    "there {d:are} also {d} {where}",
    "besides, there {d:are} {d} {where}",
    "{where}, one also finds {d}",
    "{d} can be seen {where} as well",
    "furthermore, {d} {d:show} {where}",
    "{d} {d:add} to this {where}",
)
_MAYBE: Final = pool(
    "talk.maybe",
    "there may also be {d} {where}",
    "possibly, there {d:are} {d} {where} too",
    "{where}, there might be {d}, though I am not certain",
    "less certain {d:are} {d} {where}",
    "I am less sure of {d} {where}",
)
_LINK: Final = pool(
    "talk.link",
    "{a}: {e}",
    "{a}, so {e}",
    "{a}. As a result, {e}",
    "{a}; {e}",
    "{a}, and {e}",
    "{a}. One can see that {e}",
)
_CLEAN: Final = pool(
    "talk.clean",
    "the {p} looks clean",
    "no distortion can be made out in the {p}",
    "I see no visible defects in the {p}",
    "nothing is visibly wrong with the {p}",
    "the {p} is free of visible defects",
    "the {p} shows no trace of degradation",
    "I find nothing to criticize in the {p}",
)
_CLEAN_MORE: Final = pool(
    "talk.clean_more",
    "fine detail is well preserved",
    "edges are well defined and even tones are smooth",
    "brightness and contrast are well balanced",
    "small structures are rendered cleanly",
    "transitions between tones are gradual",
    "no part of it looks damaged",
    "",
)
_REST: Final = pool(
    "talk.rest",
    "the rest of the {p} looks clean",
    "elsewhere, the {p} is in good order",
    "the remaining parts are free of visible defects",
    "outside of that, nothing disturbs the eye",
    when("apart from that, the {p} is clean"),
    "no other part is visibly affected",
)


def describe(writer: Writer, sight: Sight) -> Exchange:
    """The quality of the whole picture in a few sentences."""
    p = picture_word(writer)
    casual = chance(writer, 0.5)
    question = sentence(writer.write(ASK, p=p)) if casual else writer.vary(writer.choose(GLOBAL).text)
    boxes = chance(writer, 0.15)
    if boxes:
        question = f"{question} {writer.write(BOXES)}"
    return Exchange(kind="describe", question=question, answer=description(writer, sight, boxes=boxes))


def description(writer: Writer, sight: Sight, *, boxes: bool = False) -> str:
    """A description of all that was found, the most important first, and the verdict."""
    p = writer.one_of("picture|image|photo")
    if not sight.notes:
        if impression := dull(writer, sight, f"the {p}"):
            return sentences(impression)
        clean = writer.write(_CLEAN, p=p)
        return sentences(clean, writer.write(_CLEAN_MORE), verdict(writer, sight.picture, f"the {p}"))
    told = []
    groups = list(sight.by_category.values())[:5]
    for number, notes in enumerate(groups):
        clause = _clause(writer, notes, p, first=not number, boxes=boxes)
        if number < 2 and not boxes and chance(writer, 0.8 - 0.3 * number):
            e = effect(writer, notes[0])
            clause = writer.write(_LINK, a=clause, e=e)
        told.append(clause)
    rest = ""
    if max(note.spot.share for note in sight.notes) < 50 and len(groups) < 4 and chance(writer, 0.6):
        rest = writer.write(_REST, p=p)
    close = verdict(writer, sight.picture, f"the {p}")
    if good(sight.picture.level) and chance(writer, 0.5):
        close = writer.one_of(f"even so, {close}|still, {close}") if not close.startswith("taken") else close
    return sentences(*told, rest, _after_break(close))


def _after_break(text: str) -> str:
    """A clause behind "even so" keeps its own opening words only if they do not repeat it."""
    for opening in ("overall, ", "all in all, ", "on the whole, ", "in sum, "):
        text = text.replace(f"even so, {opening}", "even so, ").replace(f"still, {opening}", "still, ")
    return text


def _clause(writer: Writer, notes: list[Note], p: str, *, first: bool, boxes: bool) -> str:
    """A clause on the notes of one category."""
    note = notes[0]
    if boxes:
        told = [f"[{graded(writer, n)}]{n.spot.code}" for n in notes[:3]]
        d = Noun(enumerate_words(told), len(told) > 1 or graded(writer, note).plural)
        where = "" if len(notes) > 1 else places(writer, notes)
        return writer.write(_PART[:1] + _PART[3:5] if first else _MORE[:3], d=d, where=where, p=p, adjective="")
    d = graded(writer, note)
    more = _MAYBE if note.sure < UNSURE else _MORE
    templates = (_WHOLE if note.spot.whole else _PART) if first else fresh(writer, more)
    return writer.write(templates, d=d, where=_where(writer, notes), p=p, adjective=adjective(writer, note))


def _where(writer: Writer, notes: list[Note]) -> str:
    if len(notes) == 1 and not notes[0].spot.whole:
        if chance(writer, 0.2):
            return f"{far(writer, notes[0].spot)}"
        if notes[0].spot.share < 60 and chance(writer, 0.2):
            return f"{places(writer, notes)}, over {extent(notes[0].spot)}"
    return places(writer, notes)


def brief_description(writer: Writer, sight: Sight) -> Exchange:
    """One sentence: level and names."""
    p = picture_word(writer)
    short = writer.one_of("One sentence.|Keep it short.|In one sentence, please.|Briefly.")
    question = f"{sentence(writer.write(ASK, p=p))} {short}"
    level = sight.picture.level.value
    if not sight.notes:
        return Exchange(
            kind="describe",
            question=question,
            answer=sentence(f"the quality is {level}, and I see no defects"),
        )
    told = enumerate_words(
        [f"{graded(writer, notes[0])} {places(writer, notes)}" for notes in list(sight.by_category.values())[:3]]
    )
    return Exchange(kind="describe", question=question, answer=sentence(f"the quality is {level}, with {told}"))


#: Questions of this module's own, for checks.
POOLS: Final = (ASK, BOXES, BRIEF)
