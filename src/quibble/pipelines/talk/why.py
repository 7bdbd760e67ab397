"""Why it is so, what could be done about it, and what the picture is good enough for."""

from __future__ import annotations

from typing import Final

from quibble.pipelines.talk.exchange import Exchange, Sight, chance, picture_word, there_are
from quibble.pipelines.talk.phrases import (
    all_defects,
    defect_there,
    defect_with_place,
    good,
    instead,
    reach,
    unmarked,
)
from quibble.pipelines.talk.words import (
    ASKED,
    REMEDIES,
    SHORT,
    effect,
)
from quibble.taxonomy import Category, Level
from quibble.text.grammar import Noun, Writer, pool, sentence, sentences

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
    "why that rating?",
    "why do you think so?",
    "why do you rate it [so|{q}]?",
    "why is that?",
    "what is the reason?",
    "for what reason?",
    "what speaks against it?",
    "give me the reasons.",
    "give reasons [for your verdict|].",
    "justify your rating.",
    "justify that.",
    "can you explain that?",
    "how do you know?",
    "what makes you say that?",
    "what makes you think so?",
    "on what grounds?",
    "how do you arrive at {q}?",
    "what led to this verdict?",
    "what costs it points?",
    "why not more points?",
    "why not a better rating?",
    "what keeps the score down?",
    "what would it need for a better score?",
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
    "why does it have so much {n}?",
    "why is everything so {a}?",
    "what is the reason that it is so {a}?",
    "what causes the {n}?",
    "what can you tell me about the {n}?",
    "comment on the {n}.",
    "how did it get so {a}?",
    "why did it come out so {a}?",
    "why is the {p} this {a}?",
    "what's up with the {n}?",
    "the {n} {n:are} awful, don't you think?",
    "the {n} {n:bother} me. What do you say?",
    "why do I see so much {n}?",
    "it is terribly {a}, why?",
    "I hate how {a} it is.",
    "can you describe the {n}?",
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
    "how can the {p} be improved?",
    "how could one improve this {p}?",
    "how can I make it look better?",
    "how can it be made better?",
    "how can this be corrected?",
    "how do I correct [this|it]?",
    "what must I do to improve it?",
    "what do I need to change?",
    "what needs to be changed?",
    "what editing would you advise?",
    "which edits does it need?",
    "what would you advise?",
    "your advice?",
    "advice, please.",
    "any advice?",
    "any suggestions?",
    "suggest improvements.",
    "suggest a fix.",
    "how should I edit it?",
    "how should this {p} be edited?",
    "how would an expert repair it?",
    "can you tell me how to fix [it|this]?",
    "is it fixable, and how?",
    "what can be improved?",
    "what should be improved?",
    "what could be better?",
    "help me fix it.",
    "help me improve this {p}.",
    "what would you do to save it?",
    "how can I rescue this {p}?",
    "how to repair this?",
    "how do I make my {p} better?",
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
    "is it good enough for [a magazine|a book|a cover|a wall]?",
    "can I print it in A[3|4]?",
    "is it fit for [print|the web|an exhibition]?",
    "is this a good {p} for [a magazine cover|my portfolio|an advertisement]?",
    "would it do for [a calendar|a flyer|social media]?",
    "could I sell this {p}?",
    "is it suitable for [print|publication|the web|a poster]?",
    "can it be published?",
    "can I show this to [a client|people|my boss]?",
    "may I publish it?",
    "is it OK for [a website|a brochure|a blog]?",
    "would you hang it on a wall?",
    "would you accept this {p}?",
    "would an agency accept it?",
    "would a magazine take it?",
    "should I use it?",
    "should I keep it?",
    "keep it?",
    "is it presentable?",
    "is it good enough?",
    "can I hand it in [like this|]?",
    "does it do for [print|a book|a slide]?",
    "is it acceptable?",
    "is the quality acceptable?",
    "is the quality good enough for [print|a poster|the web]?",
)
_KEEP: Final = {
    Level.EXCELLENT: "yes, the quality is excellent|yes: technically it is excellent|yes, for any use",
    Level.GOOD: "yes, the quality is good|yes, it is good enough for most uses|yes: the quality is good",
    Level.FAIR: "with some reservations: the quality is only fair|for small sizes, yes, as the quality is fair",
    Level.POOR: "rather not, as the quality is poor|only if you have nothing better: the quality is poor",
    Level.BAD: "no, the quality is bad|I would not, since the quality is bad",
}


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
