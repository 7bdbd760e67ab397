"""What is wrong: the main defect, all of them, how many, and of which kind."""

from __future__ import annotations

from typing import Final

from quibble.pipelines.talk.exchange import Exchange, Sight, brief, briefly, chance, picture_word, there_are
from quibble.pipelines.talk.phrases import (
    all_defects,
    defect_with_place,
    names_only,
    reach,
    unmarked,
)
from quibble.pipelines.talk.words import (
    SHORT,
    effect,
    graded,
)
from quibble.taxonomy import Category
from quibble.text.evidence import Note
from quibble.text.grammar import Noun, Writer, pool, sentence, sentences
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
    "what is the worst thing about it?",
    "what is bad about this {p}?",
    "worst thing here?",
    "what lowers the quality of this {p} the most?",
    "what is the most annoying thing in this {p}?",
    "what hurts the quality?",
    "which flaw is the worst?",
    "what do you dislike most about the quality?",
    "what is not right with it?",
    "biggest problem?",
    "what isn't right [here|with it]?",
    "what is not OK here?",
    "what is not good about this {p}?",
    "what would a photographer [criticize|complain about]?",
    "what would you criticize [here|in this {p}|first]?",
    "where is the weak point?",
    "what is its weakest point?",
    "what did I do wrong?",
    "what would people complain about?",
    "does anything stand out as bad? What?",
    "what do you find fault with [first|most|here]?",
    "what is there to criticize [here|in it|]?",
    "what is there to complain about?",
    "what would you complain about [first|here|]?",
    "what do you criticize?",
    "what would [an editor|a critic|an expert|a teacher|a customer|a reviewer] "
    "[criticize|complain about|object to|find fault with|say is wrong]?",
    "what would [my boss|the client|viewers] dislike [about it|here|]?",
    "what do people notice first as bad?",
    "which fault is the most obvious?",
    "what is the chief problem?",
    "what is the key issue [here|with this {p}|]?",
    "what is the matter [here|with it|]?",
    "what is off [here|about it|about this {p}]?",
    "what's off?",
    "what looks wrong [here|to you|]?",
    "what seems to be the problem?",
    "what seems to be wrong?",
    "where does this {p} fall short?",
    "what does the {p} suffer from?",
    "what does it suffer from most?",
    "what is it that makes this {p} look bad?",
    "what makes it look [bad|odd|ugly|poor]?",
    "what degrades the quality the most?",
    "which impairment dominates?",
    "what is the dominant [defect|distortion|problem]?",
    "what is the primary [defect|issue|distortion]?",
    "the main defect, please.",
    "the worst problem?",
    "its biggest weakness?",
    "what is the weakest side of this {p}?",
    "what disturbs you [most|here|]?",
    "what is disturbing [here|in this {p}]?",
    "which distortion do you see?",
    "can you tell me what's wrong?",
    "could you tell me what is wrong with this {p}?",
    "do you know what is wrong with it?",
    "I wonder what is wrong with this {p}.",
    "something is wrong, but what?",
    "what ruins [it|this {p}]?",
    "what damaged this {p}?",
    "what kind of damage is this?",
    "what is broken?",
    "what would you fix?",
    "which problem is the most urgent one?",
    "where is the catch?",
    "diagnose [it|this {p}].",
    "your diagnosis?",
    "what is the most visible distortion?",
    "what needs fixing [most|first|]?",
    "what do I have to fix?",
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
    "tell me all the problems.",
    "tell me everything that is wrong [with it|].",
    "what are all the flaws?",
    "which [faults|imperfections|artifacts] do you see?",
    "what defects are in it?",
    "enumerate the defects.",
    "all defects, please.",
    "what all is wrong with this {p}?",
    "which distortions does it suffer from?",
    "list what is wrong.",
    "list everything you would criticize.",
    "what are the weak points?",
    "name all weak points.",
    "mention every problem.",
    "give me all the issues.",
    "which things are wrong with the {p}?",
    "what can be criticized?",
    "what problems does it have?",
    "which defects did you find?",
    "what did you find?",
)
_KIND: Final = pool(
    "talk.kind",
    "what kind of {n} is [it|this]?",
    "which type of {n} do you see?",
    "what sort of {n} is in the {p}?",
    "can you say what kind of {n} this is?",
    "what type of {n} {n:do} the {p} have?",
    "what {n} is it?",
    "which {n} is this exactly?",
    "be more precise: what kind of {n}?",
    "what sort of {n} is this?",
    "name the kind of {n}.",
    "where does the {n} come from?",
    "what caused the {n}?",
    "of which kind {n:are} the {n}?",
    "specify the type of {n}.",
    "do you know which kind of {n} it is?",
)
_COUNT: Final = pool(
    "talk.count",
    "how many [kinds of |]defects are there?",
    "how many problems do you see?",
    "how many different distortions does the {p} have?",
    "count the kinds of distortion.",
    "is there more than one problem?",
    "how many flaws does it have?",
    "how many things are wrong [with it|]?",
    "in how many ways is it damaged?",
    "number of defects?",
    "what is the number of defects?",
    "how many distortions did you find?",
    "do you see more than one defect?",
    "how many issues in total?",
    "how many faults are there?",
    "count the defects.",
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


def _detail(writer: Writer, note: Note) -> str:
    roll = writer.rng.random()
    return effect(writer, note) if roll < 0.4 else reach(writer, note) if roll < 0.55 else ""


def _others(writer: Writer, sight: Sight, without: Category) -> str:
    other = all_defects(writer, sight, without=without, most=2) if chance(writer, 0.35) else None
    return "" if other is None else writer.one_of(f"besides, {there_are(other)}|{there_are(other)} too")
