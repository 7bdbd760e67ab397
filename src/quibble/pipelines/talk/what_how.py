"""What is wrong, how bad it is, how good the picture is, why, and what could be done."""

from __future__ import annotations

from typing import Final

from quibble.pipelines.talk.exchange import Exchange, Sight, brief, briefly, chance, picture_word, there_are
from quibble.pipelines.talk.phrases import (
    all_defects,
    defect_there,
    defect_with_place,
    good,
    instead,
    names_only,
    places,
    reach,
    unmarked,
)
from quibble.pipelines.talk.words import (
    ASKED,
    ASPECT_NAMES,
    ASPECTS,
    FINE,
    REMEDIES,
    SHORT,
    Aspect,
    adjective,
    effect,
    extent,
    graded,
)
from quibble.taxonomy import Category, Level
from quibble.text.evidence import Note
from quibble.text.grammar import Noun, Writer, enumerate_words, pool, sentence, sentences
from quibble.text.vocabulary import KIND_NAMES

_MAIN: Final = pool(
    "talk.main",
    "what is the main [problem|defect|flaw|issue] [of|in|with] [this|the] {p}?",
    "what's wrong [here|with this {p}|with it]?",
    "which defect is the most [striking|noticeable|important] one?",
    "what bothers you most about this {p}?",
    "what is the worst thing about the quality of this {p}?",
    "which distortion affects this {p} the most?",
    "what's the biggest quality issue?",
    "name the main distortion.",
    "what spoils this {p}?",
    "what is wrong with it?",
    "what has happened to this {p}?",
    "what kind of degradation does the {p} have?",
    "which quality problem stands out?",
    "what should I fix first?",
    "what's the matter with this {p}?",
    "why does it look strange?",
    "what is wrong?",
    "main problem?",
    "what's the worst defect [here|in it]?",
    "what is the biggest flaw of this {p}?",
    "what troubles this {p} most?",
    "what went wrong [here|with it|with this {p}]?",
    "what is the most serious defect?",
    "tell me what is wrong with this {p}.",
    "what harms the quality most?",
    "which defect would you name first?",
)

_LIST: Final = pool(
    "talk.list",
    "which defects does [this|the] {p} have?",
    "list all [defects|distortions|problems].",
    "what distortions can you find?",
    "name every defect [you see|in this {p}].",
    "which problems are there [in this {p}|]?",
    "what are the quality issues of this {p}?",
    "give me a list of the defects.",
    "what kinds of distortion are present?",
    "which flaws do you see?",
    "list the problems, please.",
)

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
)
_SCORE_10: Final = pool(
    "talk.score_10",
    "rate it out of 10.",
    "on a scale of 1 to 10, how good is this {p}?",
    "how many points out of ten?",
    "score this {p} from 1 to 10.",
    "what would you give it out of 10?",
)

_WHY: Final = pool(
    "talk.why",
    "why is the quality of this {p} [{q}|not better]?",
    "why do you say so?",
    "why?",
    "what are your reasons?",
    "why is it [only |]{q}?",
    "explain your rating.",
    "how did you come to that?",
    "what makes the quality {q}?",
    "what lowers the score?",
    "what is your verdict based on?",
)

_WHY_IS: Final = pool(
    "talk.why_is",
    "why is [this|the] {p} so {a}?",
    "why does [it|the {p}] look so {a}?",
    "why {n:are} there so much {n}?",
    "what makes it so {a}?",
    "why is my {p} {a}?",
    "how come it is {a}?",
    "describe the {n} in this {p}.",
    "tell me about the {n}.",
    "the {n} [really |]{n:spoil} this {p}, don't you think?",
    "how can one see that it is {a}?",
    "explain the {n} to me.",
)

_IMPROVE: Final = pool(
    "talk.improve",
    "how can I improve [this|the] {p}?",
    "what can I do to make it better?",
    "how could the quality be improved?",
    "any tips?",
    "how do I fix [this|it]?",
    "what should I do differently next time?",
    "can it be saved? How?",
    "what would you change [to get a better {p}|]?",
    "how would you repair this {p}?",
    "what would make this a better {p}?",
    "give me advice on how to improve the quality.",
    "how can I fix it?",
    "how can I fix this {p}?",
    "how to improve it?",
    "what can be done about it?",
    "how can this be repaired?",
    "what should I do about it?",
    "how could I make it better?",
    "how do I get rid of this?",
    "what would help?",
    "is there a way to fix it?",
    "which tool would help?",
    "what do you recommend?",
)

_USE: Final = pool(
    "talk.use",
    "is it good enough to [print|publish|put on a website]?",
    "can I use this {p} for [a poster|a large print|my website]?",
    "would you keep this {p} or delete it?",
    "is it worth keeping?",
    "can I print this [large|]?",
    "would you publish this {p}?",
    "should I retake it?",
    "is it usable?",
    "is the quality sufficient?",
    "good enough?",
)

_KIND: Final = pool(
    "talk.kind",
    "what kind of {n} is [it|this]?",
    "which type of {n} do you see?",
    "what sort of {n} is in the {p}?",
    "can you say what kind of {n} this is?",
    "what type of {n} {n:do} the {p} have?",
)

_SHARE: Final = pool(
    "talk.share",
    "how much of the {p} is {a}?",
    "how large is the area with {n}?",
    "is all of it {a}, or only a part?",
    "what share of the {p} is affected by {n}?",
    "{n:do} the {n} affect the whole {p} or only a part?",
    "how far {n:do} the {n} reach?",
)

_COUNT: Final = pool(
    "talk.count",
    "how many [kinds of |]defects are there?",
    "how many problems do you see?",
    "how many different distortions does the {p} have?",
    "count the kinds of distortion.",
    "is there more than one problem?",
)

_CLEAN: Final = pool(
    "talk.nothing",
    "I see no defects [in this {p}|]",
    "nothing is visibly wrong with [this|the] {p}",
    "the {p} looks clean to me",
    "I find no visible defects",
    "there is nothing to criticize: I see no defects",
    "none that I can see",
)

_KEEP: Final = {
    Level.EXCELLENT: "yes, the quality is excellent|yes: technically it is excellent|yes, for any use",
    Level.GOOD: "yes, the quality is good|yes, it is good enough for most uses|yes: the quality is good",
    Level.FAIR: "with some reservations: the quality is only fair|for small sizes, yes, as the quality is fair",
    Level.POOR: "rather not, as the quality is poor|only if you have nothing better: the quality is poor",
    Level.BAD: "no, the quality is bad|I would not, since the quality is bad",
}
_COUNTS: Final = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight")


def main_defect(writer: Writer, sight: Sight) -> Exchange:
    """What is wrong most of all."""
    p = picture_word(writer)
    question = sentence(writer.write(_MAIN, p=p))
    if not sight.notes and sight.likely:
        maybe = sight.likely[0]
        if brief(writer, 0.2):
            return Exchange(
                kind="what",
                question=briefly(writer, question),
                answer=f"Perhaps {SHORT[maybe]}",
                key=maybe.value,
                topic=maybe,
            )
        told = writer.one_of(
            f"nothing that I am certain of; there may be some {SHORT[maybe]}|I see no clear defect, only weak signs of "
            f"{SHORT[maybe]}|nothing certain, but perhaps some {SHORT[maybe]}"
        )
        return Exchange(kind="what", question=question, answer=sentence(told), key=maybe.value, topic=maybe)
    if not sight.notes:
        if brief(writer, 0.15):
            return Exchange(kind="what", question=briefly(writer, question), answer="Nothing", key="none")
        nothing = unmarked(writer, sight, f"the {p}") or writer.write(_CLEAN, p=p)
        return Exchange(kind="what", question=question, answer=sentence(nothing), key="none")
    note = sight.notes[0]
    key = "|".join(category.value for category in sight.mains)
    if brief(writer, 0.2):
        answer = SHORT[note.category].capitalize()
        return Exchange(kind="what", question=briefly(writer, question), answer=answer, key=key, topic=note.category)
    same = sight.by_category[note.category]
    d = defect_with_place(writer, same)
    opening = writer.one_of(
        f"the main problem is {d}|{there_are(d)}|it suffers from {d}|{d}|mainly {d}|the {p} shows {d}"
    )
    return Exchange(
        kind="what",
        question=question,
        answer=sentences(opening, _detail(writer, note), _others(writer, sight, note.category)),
        key=key,
        topic=note.category,
    )


def list_defects(writer: Writer, sight: Sight) -> Exchange:
    """All categories that were found."""
    p = picture_word(writer)
    question = sentence(writer.write(_LIST, p=p))
    key = "+".join(sorted(category.value for category in sight.by_category)) or "none"
    if not sight.notes:
        nothing = unmarked(writer, sight, f"the {p}") or writer.write(_CLEAN, p=p)
        return Exchange(kind="list", question=question, answer=sentence(nothing), key=key)
    if brief(writer, 0.4):
        return Exchange(kind="list", question=question, answer=sentence(names_only(sight)), key=key)
    told = all_defects(writer, sight, most=6)
    answer = writer.one_of(f"I see {told}|{told}|it has {told}|the {p} shows {told}")
    return Exchange(kind="list", question=question, answer=sentence(answer), key=key)


def count_defects(writer: Writer, sight: Sight) -> Exchange:
    """How many kinds of defects there are."""
    question = sentence(writer.write(_COUNT, p=picture_word(writer)))
    number = len(sight.by_category)
    word = _COUNTS[min(number, len(_COUNTS) - 1)]
    if "more than one" in question.lower():
        word = "yes" if number > 1 else "no"
    answer = f"{word}: {names_only(sight)}" if number else writer.one_of(f"{word}|{word}; I see no defects")
    return Exchange(kind="count", question=question, answer=sentence(answer), key=word)


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
    if sight.notes and chance(writer, 0.5):
        told = all_defects(writer, sight, most=2)
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


def why(writer: Writer, sight: Sight) -> Exchange:
    """The reasons for the verdict."""
    level = sight.picture.level
    question = sentence(writer.write(_WHY, p=picture_word(writer), q=level.value))
    if not sight.notes:
        told = writer.one_of(
            f"I see no defect, and my overall impression is {level.value}|no single defect stands out; the overall "
            f"impression is {level.value}"
        )
        return Exchange(kind="why", question=question, answer=sentence(told))
    told_all = all_defects(writer, sight)
    opening = (
        writer.one_of(
            f"because of {told_all}|mainly because of {told_all}|{there_are(told_all)}|"
            f"what counts against it is {told_all}"
        )
        if told_all
        else ""
    )
    if good(level):
        opening = (
            writer.one_of(
                f"the quality is {level.value}, in spite of {told_all}|it is {level.value} in spite of {told_all}"
            )
            if told_all
            else ""
        )
    return Exchange(
        kind="why",
        question=question,
        answer=sentences(opening, effect(writer, sight.notes[0])),
        topic=sight.notes[0].category,
    )


def why_is(writer: Writer, sight: Sight, *, present: bool) -> Exchange | None:
    """Why it is blurry and the like: said of a defect that is there, denied of one that is not."""
    among = list(sight.by_category) if present else sight.absent
    if not among:
        return None
    category = among[int(writer.rng.integers(len(among)))]
    asked, p = ASKED[category], picture_word(writer)
    noun, a = asked.noun(writer), asked.degree(writer)
    question = sentence(writer.write(_WHY_IS, n=noun, a=a, p=p)).replace("so much specks", "so many specks")
    if not present:
        by_adjective = f"|it is not {a}: I see no {noun}|it does not look {a} to me" if a in question else ""
        denial = writer.one_of(
            f"in fact, I see no {noun} in this {p}|there {noun:are} no {noun} that I can see|I find no {noun} here"
            + by_adjective
        )
        return Exchange(
            kind="leading",
            question=question,
            answer=sentences(denial, instead(writer, sight)),
            key="no",
            topic=category,
        )
    notes = sight.by_category[category]
    d = defect_with_place(writer, notes)
    opening = writer.one_of(f"I see {d}|{defect_there(writer, notes)}|it shows {d}")
    return Exchange(
        kind="leading",
        question=question,
        answer=sentences(opening, effect(writer, notes[0]), reach(writer, notes[0]) if chance(writer, 0.4) else ""),
        key="yes",
        topic=category,
    )


def improve(writer: Writer, sight: Sight) -> Exchange:
    """What could be done about the defects."""
    question = sentence(writer.write(_IMPROVE, p=picture_word(writer)))
    if not sight.notes:
        answer = unmarked(writer, sight, "it") or writer.one_of(
            "I see no defect that needs fixing|there is nothing to repair: I see no defects|nothing needs to be "
            "changed as far as I can see"
        )
        return Exchange(kind="improve", question=question, answer=sentence(answer))
    told = []
    for number, note in enumerate(sight.firsts[:3]):
        remedy = writer.write(REMEDIES[note.category])
        noun = Noun(SHORT[note.category], note.category is Category.COMPRESSION)
        start = "against the|for the|to get rid of the" if not number else "against the|as for the|to reduce the"
        told.append(f"{writer.one_of(start)} {noun}, {remedy}")
    return Exchange(kind="improve", question=question, answer=sentences(*told), topic=sight.notes[0].category)


def use(writer: Writer, sight: Sight) -> Exchange:
    """Whether it is good enough."""
    level = sight.picture.level
    question = sentence(writer.write(_USE, p=picture_word(writer)))
    text = writer.one_of(_KEEP[level])
    if "retake" in question:
        text = (
            f"no need: the quality is {level.value}"
            if good(level)
            else f"yes, if you can: the quality is {level.value}"
        )
    elif "keep" in question and "or delete" in question:
        text = (
            f"I would keep it: the quality is {level.value}"
            if good(level)
            else (f"I would keep it only for what it shows: the quality is {level.value}")
        )
    told = all_defects(writer, sight, most=2)
    extra = "" if told is None else writer.one_of(f"|mind {told}|it shows {told}|{there_are(told)}")
    return Exchange(kind="use", question=question, answer=sentences(text, extra))


def kind(writer: Writer, sight: Sight) -> Exchange | None:
    """What kind of blur, noise or compression it is; that this cannot be told, if it cannot."""
    among = [n for n in sight.firsts if n.category in (Category.BLUR, Category.NOISE, Category.COMPRESSION)]
    if not among:
        return None
    note = among[int(writer.rng.integers(len(among)))]
    noun = Noun("compression") if note.category is Category.COMPRESSION else Noun(SHORT[note.category])
    question = sentence(writer.write(_KIND, n=noun, p=picture_word(writer)))
    if note.distortion is None:
        answer = writer.one_of(
            f"I cannot tell the kind for certain; I only see {graded(writer, note)}|I am not sure which kind it is|"
            "hard to say: it could be of several kinds"
        )
        return Exchange(kind="kind", question=question, answer=sentence(answer), key="unknown", topic=note.category)
    names = KIND_NAMES[note.distortion]
    told = names[int(writer.rng.integers(len(names)))].noun
    answer = writer.one_of(f"{told}|it looks like {told}|I take it for {told}|it is {told}")
    answer = answer.replace("it is JPEG", "they are JPEG").replace("it is wavelet", "they are wavelet")
    return Exchange(
        kind="kind", question=question, answer=sentence(answer), key=note.distortion.value, topic=note.category
    )


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


def _detail(writer: Writer, note: Note) -> str:
    roll = writer.rng.random()
    return effect(writer, note) if roll < 0.4 else reach(writer, note) if roll < 0.55 else ""


def _others(writer: Writer, sight: Sight, without: Category) -> str:
    other = all_defects(writer, sight, without=without, most=2) if chance(writer, 0.35) else None
    return "" if other is None else writer.one_of(f"besides, {there_are(other)}|{there_are(other)} too")
