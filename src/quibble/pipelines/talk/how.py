"""How bad, how good and how much: severities, sides of quality, the level, the score, shares."""

from __future__ import annotations

from typing import Final

from quibble.pipelines.talk.exchange import Exchange, Sight, brief, briefly, chance, picture_word, there_are
from quibble.pipelines.talk.phrases import (
    all_defects,
    defect_there,
    defect_with_place,
    good,
    instead,
    places,
    reach,
)
from quibble.pipelines.talk.words import (
    ASKED,
    ASPECT_NAMES,
    ASPECTS,
    FINE,
    SHORT,
    Aspect,
    adjective,
    effect,
    extent,
    graded,
)
from quibble.text.evidence import Note
from quibble.text.grammar import Writer, enumerate_words, pool, sentence, sentences

_HOW_BAD: Final = pool(
    "talk.how_bad",
    "how {a} is [it|this {p}|the {p}]?",
    "how [bad|severe|strong|serious] {n:are} the {n}?",
    "how much {n} {n:do} the {p} have?",
    "to what degree is the {p} {a}?",
    "how strong {n:are} the {n} [here|in this {p}]?",
    "what is the severity of the {n}?",
    "how would you rate the {n}?",
    "how [visible|disturbing] {n:are} the {n}?",
    "is the {p} slightly or seriously {a}?",
    "tell me how {a} it is.",
    "how severe would you say the {n} {n:are}?",
    "how {a} would you say it is?",
    "how bad is it with the {n}?",
    "how serious {n:are} the {n} [really|here|]?",
    "to what extent is it {a}?",
    "how far is the {p} {a}?",
    "how pronounced {n:are} the {n}?",
    "how heavy {n:are} the {n}?",
    "how much {n} [is|are] there?",
    "is it very {a} or only a little?",
    "is it a little {a} or very {a}?",
    "what degree of {n} do you see?",
    "{n}: how bad?",
    "grade the {n}.",
    "how noticeable {n:are} the {n}?",
    "how obvious {n:are} the {n} to you?",
    "please rate how {a} the {p} is.",
)
_ASPECT: Final = pool(
    "talk.aspect",
    "how is the {s} [of this {p}|]?",
    "what about the {s}?",
    "how good is the {s} [of the {p}|here]?",
    "what do you say about the {s}?",
    "is the {s} all right?",
    "comment on the {s}.",
    "how would you judge the {s} [of this {p}|]?",
    "tell me about the {s}.",
    "{s}?",
    "and the {s}?",
    "does anything speak against the {s}?",
    "is the {s} good?",
    "is anything wrong with the {s}?",
    "what is the {s} like?",
    "the {s}, is it fine?",
    "judge the {s}.",
    "how does the {s} look [to you|]?",
    "check the {s}, please.",
    "are you happy with the {s}?",
    "any problem with the {s}?",
    "say something about the {s}.",
    "is the {s} fine?",
    "the {s}: good or bad?",
    "is the {s} as it should be?",
    "does the {s} look right?",
    "how well does the {s} hold up?",
    "how do you find the {s}?",
    "how do you like the {s}?",
    "is the {s} okay?",
    "is the {s} in order?",
    "is the {s} correct?",
    "is the {s} satisfactory?",
    "what do you think of the {s}?",
    "what is your opinion of the {s}?",
    "assess the {s}.",
    "evaluate the {s} [of this {p}|].",
    "rate the {s}.",
    "describe the {s} [of the {p}|].",
    "are there problems with the {s}?",
    "do you have something against the {s}?",
    "can I be happy with the {s}?",
    "would you change the {s}?",
    "does the {s} need work?",
    "does the {s} seem natural?",
    "focus on the {s}: what do you see?",
    "let's talk about the {s}.",
    "how is it with regard to {s}?",
    "regarding {s}, how is it?",
    "as to the {s}: good or bad?",
    "how good or bad is the {s}?",
    "{s}: OK?",
)
_HOW_GOOD: Final = pool(
    "talk.how_good",
    "how good is [this|the] {p}?",
    "how would you rate the quality [of this {p}|]?",
    "what is the [overall |]quality of [this|the] {p}?",
    "rate the quality of this {p}.",
    "rate [this|it].",
    "is this a good {p} [or a bad one|technically|]?",
    "what do you think of the quality?",
    "how's the quality?",
    "can you evaluate the quality of the {p}?",
    "what quality level does this {p} have?",
    "would you say the quality is excellent, good, fair, poor or bad?",
    "how does the quality of this {p} rate, in one word?",
    "is the quality good?",
    "assess the quality of this {p} [briefly|]?",
    "quality?",
    "how good is it?",
    "what is the quality level?",
    "which quality level would you give [it|this {p}]?",
    "is the quality all right?",
    "quality level?",
    "what about the quality?",
    "overall quality?",
    "judge the quality of this {p}.",
    "is it any good?",
    "how would you grade this {p}?",
    "what grade does it get?",
    "grade [it|this {p}].",
    "[picture|image] quality?",
    "which level?",
    "how high is the quality?",
    "what rating would you give it?",
    "your verdict on the quality?",
    "quality rating, please.",
    "tell me how good it is.",
    "what level is the quality?",
    "is the quality high or low?",
    "how do you find the quality?",
    "the quality, please.",
    "quality in a word?",
    "how good or bad is it?",
    "what would you say about the overall quality?",
    "which of the five levels fits [it|this {p}]?",
    "how good would people find [it|this {p}]?",
    "how would people rate this {p}?",
    "in which quality class does it fall?",
    "classify the quality.",
    "what class of quality is it?",
    "is this {p} any good technically?",
    "is it good, fair or bad?",
    "good or bad?",
    "is this high quality?",
    "how is it overall?",
    "how good is the {p} overall?",
    "how good is it as a whole?",
    "what is your overall rating?",
    "what is your rating [of this {p}|]?",
    "your overall judgment?",
    "please rate the quality.",
    "please rate the {p}.",
    "give it a rating.",
    "give a quality level.",
    "the level of quality, please.",
    "state the quality level.",
    "what quality does it have?",
    "determine the quality.",
    "how decent is it?",
    "how excellent or how bad would you call it?",
    "how well did this {p} turn out technically?",
    "would you call this a good {p}?",
    "do you consider this a good {p}?",
    "do you rate it as good?",
    "how would you sum up the quality in a word?",
)
_SCORE: Final = pool(
    "talk.score",
    "what score would you give [it|this {p}] [out of 100|from 0 to 100]?",
    "score this {p} [out of 100|from 0 to 100].",
    "how many points out of 100?",
    "rate it from 0 to 100.",
    "on a scale of 0 to 100, how good is the {p}?",
    "give me a number from 0 to 100.",
    "what's the score?",
    "your score for this {p}?",
    "how many points does it get?",
    "put a number on the quality.",
    "how many points of 100?",
    "how many of 100 points would you give?",
    "from 0 to 100, how good is it?",
    "between 0 and 100, where is it?",
    "where is it on a scale from 0 to 100?",
    "on a scale from zero to a hundred, how is the quality?",
    "on a scale from 0 to 100, what is the quality?",
    "on a 100 point scale?",
    "in percent, how good is it?",
    "quality from 0 to 100?",
    "quality score?",
    "what is the quality score?",
    "what score does it get?",
    "which score does it have?",
    "score it.",
    "the score, please.",
    "give it a score [from 0 to 100|].",
    "give me the score.",
    "tell me the score.",
    "how high is the score?",
    "what number would you put on it?",
    "as a number?",
    "what is its mark out of 100?",
    "give it a mark from 0 to 100.",
    "rate this {p} with a number from 0 to 100.",
    "how much out of 100?",
)
_SCORE_10: Final = pool(
    "talk.score_10",
    "rate it out of 10.",
    "on a scale of 1 to 10, how good is this {p}?",
    "how many points out of ten?",
    "score this {p} from 1 to 10.",
    "what would you give it out of 10?",
    "out of ten?",
    "from 1 to 10, how good is it?",
    "on a ten point scale?",
    "how good is it from 1 to 10?",
    "between 1 and 10, what would it be?",
    "give it points from 1 to 10.",
    "what is it out of ten?",
    "rate this {p} from one to ten.",
    "on a scale from 1 to 10?",
    "score out of 10?",
)
_SHARE: Final = pool(
    "talk.share",
    "how much of the {p} is {a}?",
    "how large is the area with {n}?",
    "is all of it {a}, or only a part?",
    "what share of the {p} is affected by {n}?",
    "{n:do} the {n} affect the whole {p} or only a part?",
    "how far {n:do} the {n} reach?",
    "how much of it is {a}?",
    "how big is the {a} part?",
    "what percentage of the {p} is {a}?",
    "how big is the area with {n}?",
    "which share has {n}?",
    "what fraction of the {p} shows {n}?",
    "how widespread {n:are} the {n}?",
    "over how much of the {p} {n:do} the {n} extend?",
    "is the whole {p} {a} or just a part?",
    "how large is the part that is {a}?",
)


def how_bad(writer: Writer, sight: Sight, *, present: bool) -> Exchange | None:
    """How severe a category is; that it is absent, if it is."""
    among = list(sight.by_category) if present else sight.absent
    if not among:
        return None
    category = among[int(writer.rng.integers(len(among)))]
    asked, p = ASKED[category], picture_word(writer)
    noun, a = asked.noun(writer), asked.degree(writer)
    question = sentence(writer.write(_HOW_BAD, n=noun, a=a, p=p))
    if not present:
        answer = writer.one_of(
            f"not at all: I see no {noun}|there {noun:are} no visible {noun}|I see no {noun} [here|in this {p}]|"
            f"it is not {a}"
        )
        told = sentences(answer, instead(writer, sight))
        return Exchange(kind="how", question=question, answer=told, key="none", topic=category)
    notes = sight.by_category[category]
    note = notes[0]
    if brief(writer, 0.2):
        return Exchange(
            kind="how",
            question=briefly(writer, question),
            answer=note.word.capitalize(),
            key=note.word,
            topic=category,
        )
    grade = graded(writer, note)
    answer = writer.one_of(
        f"the {noun} {noun:are} {note.word}|{note.word}|{there_are(grade)} {places(writer, notes)}|"
        f"it is {adjective(writer, note)} {places(writer, notes)}|{note.word}, at about {note.severity:.1f} out of 5"
    )
    extra = writer.one_of(f"|{reach(writer, note)}|{effect(writer, note)}")
    return Exchange(kind="how", question=question, answer=sentences(answer, extra), key=note.word, topic=category)


def aspect(writer: Writer, sight: Sight) -> Exchange:
    """How a side of quality is."""
    side = list(Aspect)[int(writer.rng.integers(len(Aspect)))]
    p = picture_word(writer)
    question = sentence(writer.write(_ASPECT, s=writer.one_of(ASPECT_NAMES[side]), p=p))
    groups = [notes for category, notes in sight.by_category.items() if category in ASPECTS[side]]
    if brief(writer, 0.1):
        key = groups[0][0].category if groups else None
        told = SHORT[key].capitalize() if key else "Fine"
        return Exchange(
            kind="aspect",
            question=briefly(writer, question),
            answer=told,
            key=key.value if key else "none",
            topic=key,
        )
    if not groups:
        return Exchange(kind="aspect", question=question, answer=sentence(writer.one_of(FINE[side])), key="none")
    told = enumerate_words([str(defect_with_place(writer, notes)) for notes in groups])
    first = groups[0][0]
    answer = (
        writer.one_of(f"not good: {told}|I see {told}|{told}|it suffers from {told}")
        if len(groups) > 1
        else (writer.one_of(f"I see {told}|{defect_there(writer, groups[0])}|it suffers from {told}|{told}"))
    )
    extra = effect(writer, first) if chance(writer, 0.4) else ""
    return Exchange(
        kind="aspect",
        question=question,
        answer=sentences(answer, extra),
        key=first.category.value,
        topic=first.category,
    )


def how_good(writer: Writer, sight: Sight) -> Exchange:
    """The quality level, one of five words."""
    p, level = picture_word(writer), sight.picture.level.value
    question = sentence(writer.write(_HOW_GOOD, p=p))
    if brief(writer, 0.25):
        return Exchange(kind="level", question=briefly(writer, question), answer=level.capitalize(), key=level)
    clause = writer.one_of(
        f"the quality of the {p} is {level}|the quality is {level}|{level}|I would call the quality {level}|"
        f"the quality is {level}, about {sight.picture.score} out of 100"
    )
    reason = ""
    # Who asks how good a picture is wants to know what spoils it.
    if sight.strong or (sight.notes and (not good(sight.picture.level) or chance(writer, 0.5))):
        told = all_defects(writer, sight, most=max(2, len(sight.strong)))
        reason = writer.one_of(f"I see {told}|the main reason is {told}|{there_are(told)}") if told else ""
        if good(sight.picture.level):
            reason = writer.one_of(f"I do see {told}, though|still, {there_are(told)}") if told else ""
    return Exchange(kind="level", question=question, answer=sentences(clause, reason), key=level)


def score(writer: Writer, sight: Sight) -> Exchange:
    """The score as a number."""
    p, value = picture_word(writer), sight.picture.score
    if chance(writer, 0.2):
        tens = str(max(1, round(value / 10)))
        question = sentence(writer.write(_SCORE_10, p=p))
        answer = writer.one_of(f"about {tens} out of 10|{tens} out of 10|I would give it {tens} out of 10")
        return Exchange(kind="score", question=question, answer=sentence(answer), key=tens)
    question = sentence(writer.write(_SCORE, p=p))
    if brief(writer, 0.15):
        question = f"{question} {writer.one_of('Just the number.|Only the number, please.|Reply with a number only.')}"
        return Exchange(kind="score", question=question, answer=str(value), key=str(value))
    answer = writer.one_of(
        f"about {value} out of 100|{value} out of 100|I would give it {value} out of 100|"
        f"{value} out of 100, which is {sight.picture.level.value}"
    )
    return Exchange(kind="score", question=question, answer=sentence(answer), key=str(value))


def share(writer: Writer, sight: Sight) -> Exchange | None:
    """How much of the picture a defect takes up."""
    if not sight.notes:
        return None
    notes = list(sight.by_category.values())[int(writer.rng.integers(len(sight.by_category)))]
    if len(notes) > 1:
        return None
    note: Note = notes[0]
    asked = ASKED[note.category]
    question = sentence(writer.write(_SHARE, n=asked.noun(writer), a=asked.adjective(writer), p=picture_word(writer)))
    where = places(writer, notes)
    if note.spot.whole:
        answer = writer.one_of("all of it|the whole picture|it runs through the whole picture|practically all of it")
    else:
        answer = writer.one_of(
            f"{extent(note.spot)}, {where}|only a part: {extent(note.spot)}, {where}|{extent(note.spot)}"
        )
        if note.spot.share > 60:
            answer = f"{extent(note.spot)}"
    return Exchange(kind="share", question=question, answer=sentence(answer), topic=note.category)
