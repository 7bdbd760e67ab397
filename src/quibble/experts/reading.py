"""Read a description of a picture's quality: which sides of quality it speaks of, how they are, where, and on what.

Rules for the stand-in, made for plain English sentences such as people and models write about quality. A statement
that is not understood, that is in doubt ("may be"), or whose subject is unclear is left out: what is returned is said
in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from quibble.experts.signs import SIGNS, Side
from quibble.taxonomy import Category, Level
from quibble.text.vocabulary import categories_named


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What a text says of one side of quality.

    good: whether it speaks well of it. value: the side's state in a word or two, such as "blurred" or "rich". noun: the
    defect's name, such as "motion blur"; empty for praise. severity: one of the five words, if a degree is given.
    subject: what is so, such as "the bird". place: such as "in the background". partial: whether it holds for a part of
    the picture only, even where neither of these was made out.
    """

    side: Side
    good: bool
    value: str
    noun: str = ""
    category: Category | None = None
    severity: str | None = None
    subject: str | None = None
    place: str | None = None
    partial: bool = False
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """All that was understood of a description.

    level: its verdict on the whole. named: every category that it names, also in doubt or to deny it.
    """

    remarks: tuple[Remark, ...]
    level: Level | None
    named: frozenset[Category]

    @property
    def defects(self) -> tuple[Remark, ...]:
        """The remarks on something bad that has a name."""
        return tuple(remark for remark in self.remarks if not remark.good and remark.noun)


_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+(?=[A-Z\[\"'(])|(?<=;)\s+|:\s+|\n+")
_CLAUSE: Final = re.compile(
    r",\s+(?:but|while|whereas|although|though|yet)\s+|\s+(?:but|while|whereas|although)\s+|"
    r",?\s+and\s+(?=the\s+(?:[a-z-]+\s+){1,6}?(?:is|are|looks?|appears?|seems?|has|have)\b)",
    re.IGNORECASE,
)
#: Before a sign in its clause, it turns the sign round, or takes it back.
_NO: Final = re.compile(
    r"\b(no|not|without|free (of|from)( visible| any)?|neither|nor|never|hardly any|cannot see|nothing)\b"
    r"(\W+\w+){0,4}\W*$",
    re.IGNORECASE,
)
_DOUBT: Final = re.compile(
    r"\b(may|might|possibly|perhaps|probably|could be|(not|less) (certain|sure)|unsure|uncertain)\b", re.IGNORECASE
)
_DEGREES: Final = (
    (r"catastroph\w+|extrem\w+", "catastrophic"),
    (r"serious\w*|severe\w*|heav(y|ily)|strong(ly)?|very", "serious"),
    (r"obvious\w*|clear(ly)?|noticeabl\w+|visibl[ye]|quite|pronounced", "obvious"),
    (r"moderate\w*|somewhat|rather|fairly", "moderate"),
    (r"slight(ly)?|a (little|bit)|mild(ly)?|minor|faint(ly)?|weak(ly)?", "slight"),
)
_DEGREE: Final = tuple((re.compile(rf"\b({words})\b", re.IGNORECASE), name) for words, name in _DEGREES)
_PLACE: Final = re.compile(
    r"\b((?:in|at|on|near|along|across|toward)\s+(?:the\s+)?(?:(?:upper|lower|top|bottom|left|right|middle|mid|center|"
    r"central|far)[\s-]*){0,3}(?:left|right|top|bottom|center|middle|background|foreground|corner|edge|half|side)s?)\b",
    re.IGNORECASE,
)
_PARTIAL: Final = re.compile(
    r"\b(parts?|regions?|areas?|patch(es)?|zones?|sections?|spots?|about the cent\w+|in places|toward|local\w*)\b",
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(
    r"\b(?P<det>the|this|that|these|both|some)\s+(?P<words>(?:[a-z][a-z'-]*\s+){0,6}?[a-z][a-z'-]*)\s+"
    r"(?:is|are|was|were|looks?|appears?|seems?|suffers?|shows?|has|have)\b",
    re.IGNORECASE,
)
_BEHIND: Final = re.compile(r"\s+(?:of|in|on|at|near|behind)\s+")
#: For a subject that cannot be named: what is said of it is not said of the whole picture.
_UNCLEAR: Final = ""
_OF: Final = re.compile(r"\bof\s+(?P<noun>the\s+(?:[a-z][a-z'-]*\s+){0,2}?[a-z][a-z'-]*)", re.IGNORECASE)
#: Nouns that are the picture itself or a side of its quality, so that they are no subject of their own.
_GENERAL: Final = frozenset(
    re.findall(
        r"\w+",
        """picture image photo photograph photos pictures images shot frame whole scene view quality overall noise blur
        brightness exposure lighting light contrast color colors colour colours saturation sharpness clarity focus
        detail details texture textures composition edges contours outlines tones rest damage defect defects distortion
        distortions problem artifacts surfaces result effect content level structures surface parts verdict rating""",
    )
)
#: Places are no subjects; a region with a place is ("the top left region").
_PLACES: Final = frozenset(
    re.findall(r"\w+", "left right top bottom upper lower middle center centre edge edges corner corners side sides")
)
_PARTS: Final = frozenset(re.findall(r"\w+", "region regions area areas part patch zone section"))
#: Words that a short noun phrase does not hold; one that does was cut out wrongly.
_NOT_IN_NAMES: Final = frozenset(
    re.findall(
        r"\w+",
        """and or but which that who what where when it its they them there here than as so if of to with for by from
        only most more less not no very too also just even one is are was were be been has have had does do did this in
        on at worst biggest other first second last same quality all entire""",
    )
)
_LEVELS: Final = {
    Level.EXCELLENT: r"excellent|outstanding|superb|perfect",
    Level.GOOD: r"(very |quite |fairly |rather )?(good|high)",
    Level.FAIR: r"fair|average|acceptable|medium|moderate|ordinary|mediocre",
    Level.POOR: r"(rather |quite |relatively |fairly )?(poor|low)",
    Level.BAD: r"(very |extremely )(poor|low|bad)|bad|terrible|awful",
}
_VERDICT: Final = tuple(
    (
        level,
        re.compile(
            rf"\b(?:quality (?:of [\w ]+? )?(?:is|can be called|as|would be|are)(?: therefore| still| overall)? "
            rf"(?:{words})|(?:of|has|have|makes for|my verdict:|is of) (?:{words}) (?:overall )?quality|"
            rf"rating for [\w ]+ is (?:{words})|as a whole (?:[\w ]+ )?(?:is|looks) (?:{words})|"
            rf"(?:{words}) quality overall|"
            rf"call [\w ]+? (?:{words})(?=[.,;]|$))\b",
            re.IGNORECASE,
        ),
    )
    for level, words in reversed(_LEVELS.items())
)


def read(text: str) -> Reading:
    """What a description says. Later remarks on the same side of the same thing are left out."""
    kept: dict[tuple[object, ...], Remark] = {}
    for sentence in _SENTENCE.split(" ".join(text.split(" "))):
        for clause in _CLAUSE.split(sentence):
            for remark in _remarks(clause.strip(" .;,"), sentence.strip()):
                kept.setdefault((remark.side, remark.category, remark.good, remark.subject, remark.place), remark)
    return Reading(remarks=_agreeing(list(kept.values())), level=level_of(text), named=categories_named(text))


def level_of(text: str) -> Level | None:
    """The verdict that a text gives on the quality as a whole, the last one; None if there is none."""
    found = [(match.end(), level) for level, pattern in _VERDICT for match in pattern.finditer(text)]
    return max(found, key=lambda item: item[0])[1] if found else None


def _remarks(clause: str, sentence: str) -> Iterator[Remark]:
    if not clause or _DOUBT.search(clause):
        return
    taken: list[tuple[int, int]] = []
    place = _PLACE.search(clause)
    subject = _subject(clause)
    if subject == _UNCLEAR:
        return
    for sign in SIGNS:
        for match in sign.pattern.finditer(clause):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            taken.append((start, end))
            denied = bool(_NO.search(clause[:start]))
            if denied and (sign.good or not sign.noun):
                continue
            yield Remark(
                side=sign.side,
                good=sign.good or denied,
                value=f"free of {sign.noun}" if denied else sign.value,
                noun="" if denied else sign.noun,
                category=sign.category,
                severity=None if denied or sign.good else _degree(clause, start, end),
                subject=subject,
                place=place[1].lower() if place else None,
                partial=bool(subject or place or _PARTIAL.search(clause)),
                sentence=sentence,
            )


def _degree(clause: str, start: int, end: int) -> str | None:
    """The degree that stands right before a sign, or as "X is serious" right behind it."""
    before = " ".join(clause[:start].split()[-3:])
    behind = re.match(r"\s+(is|are)\s+(\w+)", clause[end:])
    for where in (clause[start:end], before, behind[2] if behind else ""):
        for pattern, name in _DEGREE:
            if pattern.search(where):
                return name
    return None


def _subject(clause: str) -> str | None:
    """What the clause speaks of, if that is something in the picture; _UNCLEAR if it has no short name."""
    if found := _SUBJECT.search(clause):
        # "the feathers of the bird", "the duck in the center"
        whole = _BEHIND.split(f"{found['det']} {found['words']}")
        for phrase in whole[:2]:
            if name := _name(phrase):
                return name
        if whole[0].split()[-1].lower() not in _GENERAL | {"there"}:
            return _UNCLEAR
    for found in _OF.finditer(clause):
        if name := _name(found["noun"]):
            return name
    return None


def _name(phrase: str) -> str | None:
    words = phrase.lower().split()
    if len(words) < 2 or words[-1] in _GENERAL | _PLACES or _NOT_IN_NAMES & set(words[1:]):
        return None
    if words[-1] in _PARTS and not _PLACES & set(words):
        return None
    if any(sign.pattern.search(" ".join(words[1:])) for sign in SIGNS):
        return None
    return " ".join(["the", *words[1:]])


def _agreeing(remarks: list[Remark]) -> tuple[Remark, ...]:
    """Without praise of what is also found fault with in the same thing: one of the two was misread."""
    faults = {(remark.side, remark.subject) for remark in remarks if not remark.good}
    return tuple(remark for remark in remarks if not (remark.good and (remark.side, remark.subject) in faults))
