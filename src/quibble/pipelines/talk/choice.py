"""Multiple choice: two to four options, the wrong ones plausible but not supported by the notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quibble.pipelines.talk.exchange import Exchange, Sight, chance, picture_word
from quibble.pipelines.talk.words import ASKED, SHORT, Aspect
from quibble.taxonomy import SEVERITIES_5, Category, Level
from quibble.text.grammar import Writer, pool, sentence
from quibble.text.questions import offer

_MAIN: Final = pool(
    "talk.choose_main",
    "which of these is the main defect of the {p}?",
    "what is the main problem of this {p}?",
    "which distortion is the most apparent one?",
    "what kind of distortion does this {p} suffer from most?",
    "which quality issue stands out in this {p}?",
    "what spoils this {p} most?",
    "what is the most severe distortion in this {p}?",
    "which of the following affects the {p} the most?",
    "choose the main distortion.",
    "what degrades this {p}?",
    "which of these is the [biggest|worst] problem?",
    "what is wrong with this {p}?",
    "which of these defects dominates?",
    "what troubles this {p} the most?",
    "which one describes the main flaw?",
    "pick the main problem of the {p}.",
    "what is the primary distortion of this {p}?",
    "what mainly lowers the quality?",
    "which flaw is the most visible?",
    "what bothers the eye most here?",
)
_SEEN: Final = pool(
    "talk.choose_seen",
    "which of these can be seen in the {p}?",
    "which of the following is present?",
    "which defect does the {p} have?",
    "what can be found in this {p}?",
    "which of these problems do you see?",
    "which distortion is in this {p}?",
    "which of these does the {p} show?",
    "which one of these is there?",
    "which of these is true of the {p}?",
    "what do you see in the {p}?",
    "pick the defect that is there.",
    "which of these flaws is visible?",
    "which problem exists in this {p}?",
)
_SEVERITY: Final = pool(
    "talk.choose_severity",
    "how severe {n:are} the {n}?",
    "how {a} is the {p}?",
    "what is the degree of the {n}?",
    "how strong {n:are} the {n} in this {p}?",
    "how bad {n:are} the {n}?",
    "which word fits the {n} best?",
    "which level of {n} does the {p} have?",
    "to what degree is it {a}?",
    "rate the {n}.",
    "how would you grade the {n}?",
    "how clearly visible {n:are} the {n}?",
    "how much {n} {n:do} the {p} show?",
    "how serious {n:are} the {n} here?",
)
_LEVEL: Final = pool(
    "talk.choose_level",
    "how would you rate the quality of this {p}?",
    "how is the overall quality?",
    "what is the quality of this {p}?",
    "which level of quality does the {p} have?",
    "how good is this {p}?",
    "how would you describe the quality of the {p}?",
    "which grade does this {p} deserve?",
    "which word describes the quality best?",
    "rate the {p}.",
    "what is your verdict on the quality?",
    "pick the quality level.",
    "how do you judge the quality of this {p}?",
    "what level of quality is this?",
    "how would people rate this {p}?",
)
_PLACE: Final = pool(
    "talk.choose_place",
    "where {n:are} the {n}?",
    "in which part of the {p} {n:are} there {n}?",
    "which part of the {p} is {a}?",
    "where is the {p} {a}?",
    "which region shows {n}?",
    "where can {n} be seen?",
    "what part of the {p} shows {n}?",
    "where would you look for {n}?",
    "where does the {p} look {a}?",
    "name the area with {n}.",
    "which area is {a}?",
    "the {n} {n:are} where?",
    "where exactly is it {a}?",
)
_ASPECT: Final = pool(
    "talk.choose_aspect",
    "how is the {s} of this {p}?",
    "what about the {s}?",
    "how would you describe the {s} of the {p}?",
    "which describes the {s} best?",
    "how does the {s} of the {p} look?",
    "what can be said about the {s} of this {p}?",
    "how do you judge the {s}?",
    "how is the {s}?",
    "what is the {s} like?",
    "what is true of the {s}?",
    "rate the {s} of this {p}.",
    "which word fits the {s}?",
    "the {s} of the {p} is what?",
    "how would you rate the {s}?",
)
_YES_NO: Final = pool(
    "talk.choose_yes",
    "is this {p} {a}?",
    "{n:are} there {n} in this {p}?",
    "does the {p} look {a}?",
    "can {n} be seen?",
    "is it {a}?",
    "does the {p} suffer from {n}?",
    "do you see {n}?",
    "would you call the {p} {a}?",
    "is the {p} affected by {n}?",
    "does it look {a}?",
    "{n:are} {n} present?",
    "is any part {a}?",
    "do you find it {a}?",
)
_NAMED: Final = pool(
    "talk.choose_named",
    "which of these is {o}?",
    "which option says {o}?",
    "where do you read {o}?",
    "which one is called {o}?",
    "find {o}.",
    "which letter stands for {o}?",
    "under which letter is {o}?",
)
_READ: Final = pool(
    "talk.read_option",
    "what does {l} say?",
    "what is option {l}?",
    "read out {l}.",
    "what stands behind {l}?",
    "repeat option {l}.",
    "what does the letter {l} stand for?",
)
LETTER: Final = pool(
    "talk.letter",
    "Answer with the letter.",
    "Answer with the option's letter from the given choices directly.",
    "Just the letter.",
    "Reply with the letter of the right option.",
    "Choose one letter.",
    "Which letter?",
)

_PLACES: Final = ("the top left", "the top right", "the bottom left", "the bottom right", "the whole picture")
#: Options of a side of quality: (categories, what then holds); the last entry holds if none of them was found.
_SIDES: Final[dict[Aspect, tuple[tuple[tuple[Category, ...], str], ...]]] = {
    Aspect.SHARPNESS: (
        ((Category.BLUR,), "blurred|blurry"),
        ((Category.OVERSHARPEN,), "oversharpened"),
        ((), "sharp|fine"),
    ),
    Aspect.EXPOSURE: (
        ((Category.BRIGHTEN,), "overexposed|too bright"),
        ((Category.DARKEN,), "underexposed|too dark"),
        ((), "balanced|good|fine"),
    ),
    Aspect.CONTRAST: (
        ((Category.CONTRAST_STRENGTHEN,), "too high|excessive"),
        ((Category.CONTRAST_WEAKEN,), "too low|low"),
        ((), "normal|good|balanced"),
    ),
    Aspect.COLOR: (
        ((Category.SATURATE_STRENGTHEN,), "oversaturated|too strong"),
        ((Category.SATURATE_WEAKEN,), "undersaturated|too weak"),
        ((), "natural|normal"),
    ),
    Aspect.NOISE: (((Category.NOISE,), "noisy|clearly visible"), ((), "none visible|clean")),
}
_SIDE_NAMES: Final = {
    Aspect.SHARPNESS: "sharpness",
    Aspect.EXPOSURE: "exposure|brightness",
    Aspect.CONTRAST: "contrast",
    Aspect.COLOR: "color|saturation",
    Aspect.NOISE: "noise",
}


def choose_main(writer: Writer, sight: Sight) -> Exchange | None:
    """The main defect, or one that is there, among some that are not; from hints if nothing was found."""
    hints = [hint.category for hint in sight.picture.hints]
    if not sight.notes and not hints:
        return None
    right = sight.notes[0].category if sight.notes else hints[0]
    question = writer.write(_MAIN, p=picture_word(writer))
    if sight.notes and len(sight.by_category) > 1 and chance(writer, 0.4):
        right = list(sight.by_category)[int(writer.rng.integers(len(sight.by_category)))]
        question = writer.write(_SEEN, p=picture_word(writer))
    unlikely = [c for c in sight.absent if c is not right]
    return _offered(
        writer,
        "choice_what",
        question,
        SHORT[right],
        _some(writer, [SHORT[c] for c in unlikely]),
        topic=right,
    )


def choose_severity(writer: Writer, sight: Sight) -> Exchange | None:
    """The severity word of a defect."""
    if not sight.notes:
        return None
    notes = list(sight.by_category.values())[int(writer.rng.integers(len(sight.by_category)))]
    asked, right = ASKED[notes[0].category], notes[0].word
    question = writer.write(_SEVERITY, n=asked.noun(writer), a=asked.degree(writer), p=picture_word(writer))
    wrong = [word for word in SEVERITIES_5 if word != right]
    return _offered(
        writer,
        "choice_how",
        question,
        right,
        _some(writer, wrong),
        order=SEVERITIES_5,
        topic=notes[0].category,
    )


def choose_level(writer: Writer, sight: Sight) -> Exchange:
    """The quality level."""
    right = sight.picture.level.value
    levels = [level.value for level in Level]
    question = writer.write(_LEVEL, p=picture_word(writer))
    wrong = [word for word in levels if word != right]
    return _offered(writer, "choice_how", question, right, _some(writer, wrong), order=levels)


def choose_place(writer: Writer, sight: Sight) -> Exchange | None:
    """The corner or the whole, for a defect with one region that is clearly in one."""
    among = [notes[0] for notes in sight.by_category.values() if len(notes) == 1]
    among = [n for n in among if n.spot.whole or "middle" not in n.spot.place.cell]
    if not among:
        return None
    note = among[int(writer.rng.integers(len(among)))]
    right = "the whole picture" if note.spot.whole else "the {} {}".format(*note.spot.place.cell)
    asked = ASKED[note.category]
    question = writer.write(_PLACE, n=asked.noun(writer), a=asked.adjective(writer), p=picture_word(writer))
    wrong = _some(writer, [p for p in _PLACES if p != right])
    return _offered(writer, "choice_where", question, right, wrong, topic=note.category)


def choose_aspect(writer: Writer, sight: Sight) -> Exchange:
    """What holds for a side of quality."""
    sides = list(_SIDES)
    side = sides[int(writer.rng.integers(len(sides)))]
    there = [*sight.by_category, *sight.possible]
    held = [any(c in there for c in categories) for categories, _ in _SIDES[side]]
    words = [writer.one_of(text) for _, text in _SIDES[side]]
    found = [i for i, is_held in enumerate(held) if is_held]
    right = found[0] if found else len(words) - 1
    if len(found) > 1:
        right = min(found, key=lambda i: there.index(_SIDES[side][i][0][0]))
    wrong = [word for i, word in enumerate(words) if i != right and i not in found]
    question = writer.write(_ASPECT, s=writer.one_of(_SIDE_NAMES[side]), p=picture_word(writer))
    return _offered(writer, "choice_how", question, words[right], wrong)


def choose_yes(writer: Writer, sight: Sight, *, present: bool) -> Exchange | None:
    """Yes and no as options."""
    among = [*sight.by_category, *sight.possible] if present else sight.absent
    if not among:
        return None
    category = among[int(writer.rng.integers(len(among)))]
    asked = ASKED[category]
    question = writer.write(_YES_NO, n=asked.noun(writer), a=asked.adjective(writer), p=picture_word(writer))
    right, wrong = ("yes", "no") if present else ("no", "yes")
    return _offered(writer, "choice_yes_no", question, right, [wrong], topic=category)


def named_option(writer: Writer, sight: Sight) -> Exchange:
    """Which letter an option has that the question names: what letters are, without anything to judge."""
    right, *wrong = _any_options(writer)
    question = writer.write(_NAMED, o=right)
    return _offered(writer, "choice_named", question, right, _some(writer, wrong))


def read_option(writer: Writer, sight: Sight) -> Exchange:
    """What a letter stands for."""
    options = _any_options(writer)[: int(writer.rng.integers(2, 5))]
    at = int(writer.rng.integers(len(options)))
    lines = [f"{chr(65 + number)}. {option}" for number, option in enumerate(options)]
    question = writer.one_of("\n| |; ").join([sentence(writer.write(_READ, l=chr(65 + at))), *lines])
    return Exchange(kind="option", question=question, answer=options[at], key=options[at])


def _any_options(writer: Writer) -> list[str]:
    """Options of one kind, in random order."""
    kinds = ([*SHORT.values()], [*SEVERITIES_5], [level.value for level in Level], list(_PLACES))
    options = kinds[int(writer.rng.integers(len(kinds)))]
    return [options[int(i)] for i in writer.rng.permutation(len(options))]


def _offered(
    writer: Writer,
    kind: str,
    question: str,
    right: str,
    wrong: Sequence[str],
    *,
    order: Sequence[str] | None = None,
    topic: Category | None = None,
) -> Exchange:
    """The question with its options in random order, now and then in their own, and the answer as it is asked for."""
    options = [right, *wrong]
    options = [options[int(i)] for i in writer.rng.permutation(len(options))]
    if order is not None and chance(writer, 0.5):
        options.sort(key=order.index)
    if chance(writer, 0.3):
        options = [option[:1].upper() + option[1:] for option in options]
    at = next(i for i, option in enumerate(options) if option.lower() == right.lower())
    letter = chr(65 + at)
    question = sentence(question)
    roll = writer.rng.random()
    if roll < 0.15:
        named = " or ".join([", ".join(options[:-1]), options[-1]]).lower()
        answer = sentence(right)
        return Exchange(kind=kind, question=f"{question[:-1]}: {named}?", answer=answer, key=right, topic=topic)
    if roll < 0.5:
        return Exchange(kind=kind, question=offer(question, options), answer=letter, key=letter, topic=topic)
    mark = writer.one_of("{}.|{})|({})")
    gap = writer.one_of("\n| |\n|; ")
    lines = [f"{mark.format(chr(65 + i))} {option}" for i, option in enumerate(options)]
    text = question + ("\n" if gap == "\n" else " ") + gap.join(lines)
    if chance(writer, 0.4):
        return Exchange(kind=kind, question=f"{text}\n{writer.write(LETTER)}", answer=letter, key=letter, topic=topic)
    return Exchange(kind=kind, question=text, answer=f"{letter}. {options[at]}", key=letter, topic=topic)


def _some(writer: Writer, wrong: Sequence[str]) -> list[str]:
    """One to three of the wrong options."""
    count = min(len(wrong), int(writer.rng.choice([1, 2, 3], p=[0.15, 0.15, 0.7])))
    return [wrong[int(i)] for i in writer.rng.permutation(len(wrong))[:count]]
