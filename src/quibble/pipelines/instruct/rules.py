"""The stand-in's rules for the tasks of this pipeline: it reads a feedback and writes what can be told from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from quibble.errors import ReplyError
from quibble.experts.language_model import Request
from quibble.experts.reading import Reading, Remark, read
from quibble.experts.signs import Side
from quibble.experts.stand_in import Means, Rule
from quibble.pipelines.instruct.prompts import CONVERSATION, FEEDBACK, WHAT_HOW, YES_NO
from quibble.pipelines.instruct.rules_conversation import conversation
from quibble.pipelines.talk.describe import description
from quibble.pipelines.talk.exchange import Sight
from quibble.pipelines.talk.phrases import verdict
from quibble.pipelines.talk.words import SHORT
from quibble.taxonomy import SEVERITIES_5, Category, Level
from quibble.text.evidence import PictureNotes
from quibble.text.grammar import Writer, pool, sentence, sentences

Item = dict[str, Any]

#: The states of a side of quality; one is right, and those others that are no near miss are wrong.
_STATES: Final[Mapping[Side, tuple[str, ...]]] = {
    Side.SHARPNESS: ("sharp", "blurred", "oversharpened"),
    Side.EXPOSURE: ("overexposed", "underexposed", "well balanced"),
    Side.CONTRAST: ("low", "good", "too high"),
    Side.COLOR: ("rich", "dull", "oversaturated"),
    Side.DETAIL: ("clear", "lost"),
    Side.COMPOSITION: ("good", "poor"),
}
_NEAR: Final = {"blurred": {"out of focus"}, "out of focus": {"blurred"}}
#: What is easily taken for what, so that neither is a fair wrong option where the other is right.
_ALIKE: Final = (
    {Category.BLUR, Category.PIXELATE, Category.COMPRESSION},
    {Category.NOISE, Category.OVERSHARPEN},
    {Category.BRIGHTEN, Category.CONTRAST_WEAKEN},
    {Category.DARKEN, Category.CONTRAST_STRENGTHEN},
    {Category.SATURATE_WEAKEN, Category.CONTRAST_WEAKEN},
    {Category.PIXELATE, Category.QUANTIZE, Category.COMPRESSION},
)
_HOW_SIDE: Final[Mapping[Side, str]] = {
    Side.SHARPNESS: "how [clear|sharp] is {s}?",
    Side.EXPOSURE: "how is the [exposure|brightness|lighting] of {s}?",
    Side.CONTRAST: "how is the contrast of {s}?",
    Side.COLOR: "how [are the colors|is the color] of {s}?",
    Side.DETAIL: "how [are the details|is the fine detail] of {s}?",
    Side.COMPOSITION: "how is the composition of {s}?",
}
_WHICH_DEFECT: Final = pool(
    "instruct.which_defect",
    "what is the most [noticeable|apparent|striking] [problem|defect|distortion] of this {p}?",
    "what [distortion|quality problem] does this {p} suffer from most?",
    "what lowers the quality of this {p} the most?",
    "what is the main quality issue of this {p}?",
    "what kind of distortion stands out in this {p}?",
)
_WHICH_ONLY: Final = pool(
    "instruct.which_only",
    "what [distortion|quality problem] can be seen in this {p}?",
    "what kind of [degradation|distortion] does this {p} have?",
    "what is wrong with the quality of this {p}?",
    "what spoils this {p}?",
)
_WHICH_THERE: Final = pool(
    "instruct.which_there",
    "what [distortion|quality problem] affects {s}?",
    "what is wrong with {s}?",
    "what kind of degradation does one see in {s}?",
    "what lowers the quality of {s}?",
)
_WHICH_AT: Final = pool(
    "instruct.which_at",
    "what [distortion|quality problem] can be seen {at}?",
    "what is wrong {at}?",
    "what kind of degradation is visible {at} of the {p}?",
    "what lowers the quality {at} of the {p}?",
)
_WHICH_PART: Final = pool(
    "instruct.which_part",
    "what part of the {p} is {v}?",
    "what in this {p} is {v}?",
    "which part of this {p} is {v}?",
)
_HOW_SEVERE: Final = pool(
    "instruct.how_severe",
    "how [severe|strong|serious] {are} the {n} {at}?",
    "how [bad|visible] {are} the {n} {at}?",
    "how would you grade the {n} {at}?",
)
_HOW_GOOD: Final = pool(
    "instruct.how_good",
    "how is the [overall |]quality of this {p}?",
    "how would you rate the [overall |]quality of this {p}?",
    "how good is this {p}[ as a whole| overall|]?",
)
_IS: Final = pool(
    "instruct.is",
    "{is} {s} {v}?",
    "{do} {s} look {v}?",
    "would you say that {s} {is} {v}?",
)
_IS_THERE: Final = pool(
    "instruct.is_there",
    "{are} there {n} {at}?",
    "can {n} be seen {at}?",
    "does {p} suffer from {n} {at}?",
)
_IS_QUALITY: Final = pool(
    "instruct.is_quality",
    "is the [overall |]quality of {p} {q}?",
    "would you call the quality of {p} {q}?",
    "is {p} of {q} quality?",
)


def write_feedback(request: Request, means: Means) -> Item:
    """Looks with the bundled model, and says what it found."""
    report = means.look(request.pictures[0])
    sight = Sight(PictureNotes.of(report))
    told = description(means.writer, sight)
    close = sentence(verdict(means.writer, sight.picture, "the picture"))
    # The description ends with a verdict of its own, which moves into the conclusion.
    body = [text for text in told.replace("? ", ". ").split(". ") if read(f"{text}.").level is None]
    if not body or len(" ".join(body).split()) < 6:
        body.append(
            means.writer.one_of("I looked at edges, even tones and colors alike|I find nothing else to remark on")
        )
    return {"description": sentences(*(text.rstrip(".") for text in body)), "conclusion": close}


def write_what_how(request: Request, means: Means) -> Item:
    """Questions on what and how with their answers and wrong options, half of either where there are enough."""
    reading, writer = _read(request), means.writer
    count = request.facts["count"]
    what = _some(writer, _what(writer, reading), -(-count // 2))
    return {"questions": [*what, *_some(writer, _how(writer, reading), count - len(what))]}


def write_yes_no(request: Request, means: Means) -> Item:
    """Questions for yes and no, as many of each."""
    reading, writer = _read(request), means.writer
    made = _yes_no(writer, reading)
    half = -(-request.facts["count"] // 2)
    yes, no = ([item for item in made if item["answer"] == answer] for answer in ("yes", "no"))
    return {"questions": [*_some(writer, yes, half), *_some(writer, no, half)]}


def write_conversation(request: Request, means: Means) -> Item:
    """Two to five turns; see quibble.pipelines.instruct.rules_conversation."""
    return {"turns": conversation(means.writer, _read(request))}


RULES: Final[Mapping[str, Rule]] = {
    FEEDBACK: write_feedback,
    WHAT_HOW: write_what_how,
    YES_NO: write_yes_no,
    CONVERSATION: write_conversation,
}


def _read(request: Request) -> Reading:
    reading = read(request.facts["feedback"])
    if not reading.remarks and reading.level is None:
        raise ReplyError("nothing understood", request.facts["feedback"])
    return reading


def _what(writer: Writer, reading: Reading) -> list[Item]:
    """Which distortion the picture, a thing or a place has; which thing is so."""
    made = []
    whole = [remark for remark in reading.defects if not remark.partial and remark.category]
    named = {remark.category for remark in reading.defects}
    if len(named) == 1 and reading.defects[0].category:
        made.append(_noun(writer, reading, reading.defects[0], writer.write(_WHICH_ONLY, p=_p(writer)), context=False))
    elif whole and (main := _main(reading, whole)):
        made.append(_noun(writer, reading, main, writer.write(_WHICH_DEFECT, p=_p(writer)), context=False))
    for remark in reading.defects:
        if remark.category is None:
            continue
        here = {r.category for r in reading.defects if (r.subject, r.place) == (remark.subject, remark.place)}
        if remark.subject and len(here) == 1:
            question = writer.write(_WHICH_THERE, s=remark.subject)
            made.append(_noun(writer, reading, remark, question, context=True))
        elif remark.place and not remark.subject and len(here) == 1:
            question = writer.write(_WHICH_AT, at=remark.place, p=_p(writer))
            made.append(
                _noun(writer, reading, remark, question.replace("of the picture of the", "of the"), context=True)
            )
        alike = [r for r in reading.remarks if r.side is remark.side and not r.good]
        if remark.subject and len(alike) == 1 and (wrong := _other_subjects(writer, reading, remark)):
            question = writer.write(_WHICH_PART, p=_p(writer), v=_adjective(remark))
            made.append(_item("what", question, remark.subject, wrong, context=True))
    return made


def _how(writer: Writer, reading: Reading) -> list[Item]:
    """How severe a defect is, how a side of quality is, how good the picture is."""
    made = []
    for remark in reading.remarks:
        nouns = [other for other in reading.remarks if other.noun == remark.noun]
        if remark.severity and remark.noun and remark.category and len(nouns) == 1:
            question = writer.write(_HOW_SEVERE, n=remark.noun, are=_are(remark.noun), at=_at(remark))
            made.append(
                _item(
                    "how",
                    question,
                    remark.severity,
                    _far(writer, SEVERITIES_5, remark.severity),
                    context=bool(_at(remark)),
                )
            )
        states = _STATES.get(remark.side)
        same = [r for r in reading.remarks if r.side is remark.side and (r.partial or not remark.partial)]
        known = remark.subject or not remark.partial
        if states and known and len({r.value for r in same}) == 1 and not remark.value.startswith("free of"):
            wrong = [state for state in states if state != remark.value and state not in _NEAR.get(remark.value, ())]
            question = writer.vary(_HOW_SIDE[remark.side]).format(s=remark.subject or f"this {_p(writer)}")
            if remark.side is Side.COMPOSITION and remark.subject:
                continue
            made.append(_item("how", question, remark.value, wrong, context=bool(remark.subject)))
    if reading.level is not None:
        levels = tuple(level.value for level in Level)
        wrong = _far(writer, levels, reading.level.value)
        made.append(_item("how", writer.write(_HOW_GOOD, p=_p(writer)), reading.level.value, wrong, context=False))
    return made


def _yes_no(writer: Writer, reading: Reading) -> list[Item]:
    made = []
    for remark in reading.remarks:
        if remark.side in (Side.DETAIL, Side.COMPOSITION) or (remark.partial and not (remark.subject or remark.place)):
            continue
        said = [r for r in reading.remarks if r.side is remark.side]
        s = remark.subject or f"this {_p(writer)}"
        context = remark.partial
        if remark.noun and remark.category:
            there = writer.write(
                _IS_THERE, n=remark.noun, are=_are(remark.noun), at=_at(remark), p=f"this {_p(writer)}"
            )
            made.append({"question": _asked(there), "answer": "yes", "context": context})
        if remark.place and not remark.subject:
            continue
        if not remark.value.startswith("free of") and remark.side is not Side.ARTIFACTS:
            made.append({"question": _is(writer, s, _adjective(remark)), "answer": "yes", "context": context})
        opposites = _opposites(remark)
        if len({r.good for r in said}) == 1 and len({r.value for r in said}) == 1 and opposites:
            opposite = opposites[int(writer.rng.integers(len(opposites)))]
            made.append({"question": _is(writer, s, opposite), "answer": "no", "context": context})
    if (level := reading.level) is not None:
        p = f"this {_p(writer)}"
        made.append(
            {"question": sentence(writer.write(_IS_QUALITY, p=p, q=level.value)), "answer": "yes", "context": False}
        )
        far = _far(writer, tuple(level.value for level in Level), level.value)[0]
        made.append({"question": sentence(writer.write(_IS_QUALITY, p=p, q=far)), "answer": "no", "context": False})
    return made


def _opposites(remark: Remark) -> tuple[str, ...]:
    """What is not so if the remark is right."""
    return {
        "free of noise": ("noisy",),
        "free of blur": ("blurred",),
        "sharp": ("blurred", "out of focus"),
        "blurred": ("sharp", "in focus", "crisp"),
        "out of focus": ("sharp", "in focus"),
        "noisy": ("free of noise",),
        "overexposed": ("underexposed", "too dark", "well exposed"),
        "underexposed": ("overexposed", "too bright", "well exposed"),
        "well balanced": ("overexposed", "underexposed"),
        "rich": ("dull in color",),
        "dull": ("rich in color", "oversaturated"),
        "oversaturated": ("dull in color", "natural in color"),
        "pixelated": ("free of pixelation",),
        "posterized": ("free of banding",),
        "visible": ("free of artifacts",),
        "low": ("rich in contrast",),
        "too high": ("low in contrast",),
        "good": ("low in contrast",),
    }.get(remark.value, ())


def _adjective(remark: Remark) -> str:
    """The state as it stands behind "is"."""
    if remark.side is Side.CONTRAST:
        return {"low": "low in contrast", "too high": "too contrasty"}.get(remark.value, "well balanced in contrast")
    if remark.side is Side.COLOR and remark.value in ("rich", "dull"):
        return f"{remark.value} in color"
    if remark.side is Side.EXPOSURE and remark.good:
        return "well exposed"
    if remark.side is Side.ARTIFACTS and remark.value == "visible":
        return "damaged by compression"
    if remark.side is Side.DETAIL:
        return "rich in detail" if remark.good else "lacking in detail"
    return remark.value


def _noun(writer: Writer, reading: Reading, remark: Remark, question: str, *, context: bool) -> Item:
    """A question whose answer is a defect's name; wrong are defects that are neither named nor easily taken for it."""
    alike = {c for group in _ALIKE if remark.category in group for c in group}
    wrong = [SHORT[c] for c in Category if c not in reading.named and c not in alike]
    return _item("what", question, remark.noun, _some(writer, wrong, 3), context=context)


def _main(reading: Reading, whole: list[Remark]) -> Remark | None:
    """The defect of the whole picture that is said to be the most severe, if it is one."""
    if any(r.severity is None for r in whole):
        return None
    ranked = sorted(reading.defects, key=lambda r: -SEVERITIES_5.index(r.severity or "slight"))
    first = ranked[0]
    clear = len(ranked) == 1 or SEVERITIES_5.index(ranked[1].severity or "slight") < SEVERITIES_5.index(
        first.severity or "slight"
    )
    return first if clear and not first.partial and first.category else None


def _other_subjects(writer: Writer, reading: Reading, remark: Remark) -> list[str]:
    """Things of which the feedback says something else, and the usual parts of a picture."""
    told = [
        r.subject for r in reading.remarks if r.subject and r.side is not remark.side and r.subject != remark.subject
    ]
    usual = [
        part for part in ("the background", "the foreground", "the sky", "the lower part") if part != remark.subject
    ]
    bad = {r.subject for r in reading.remarks if r.side is remark.side and not r.good}
    taken = " ".join(filter(None, (r.subject for r in reading.remarks)))
    options = [*dict.fromkeys(told), *(part for part in usual if part.split()[-1] not in taken)]
    return [option for option in options if option not in bad][:3]


def _far(writer: Writer, scale: tuple[str, ...], right: str) -> list[str]:
    """Two or three steps of a scale that are no neighbours of the right one."""
    place = scale.index(right)
    return _some(writer, [step for number, step in enumerate(scale) if abs(number - place) > 1], 3)


def _item(kind: str, question: str, answer: str, wrong: list[str], *, context: bool) -> Item:
    return {"kind": kind, "question": _asked(question), "answer": answer, "wrong": wrong, "context": context}


def _is(writer: Writer, s: str, adjective: str) -> str:
    plural = _plural(s)
    return sentence(
        writer.write(_IS, s=s, v=adjective, **{"is": "are" if plural else "is", "do": "do" if plural else "does"})
    )


def _asked(text: str) -> str:
    """A question as it is written, whatever slots of it are empty."""
    return sentence(text).replace(" ?", "?")


def _at(remark: Remark) -> str:
    """Where a defect is, for a question that does not name its subject otherwise."""
    if remark.subject:
        return f"in {remark.subject}"
    return remark.place or ""


def _are(noun: str) -> str:
    return "are" if noun.endswith("artifacts") else "is"


def _plural(subject: str) -> bool:
    last = subject.split()[-1]
    return last.endswith("s") and not last.endswith(("ss", "us", "is"))


def _p(writer: Writer) -> str:
    return writer.one_of("picture|image|photo")


def _some(writer: Writer, items: list[Any], most: int) -> list[Any]:
    """At most so many of the items, drawn without order among equals but kept in their order."""
    if len(items) <= most:
        return items
    chosen = np.sort(writer.rng.permutation(len(items))[:most]).tolist()
    return [items[index] for index in chosen]
