"""The stand-in's rules for this pipeline: objects and questions from what can be read in a description."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from quibble.experts.language_model import Request
from quibble.experts.reading import Remark, read
from quibble.experts.signs import Side
from quibble.experts.stand_in import Means, Rule
from quibble.pipelines.grounding_iqa.boxes import Tag
from quibble.pipelines.grounding_iqa.fusion import mention
from quibble.pipelines.grounding_iqa.prompts import PATCH, QUESTIONS, TAGS
from quibble.taxonomy import Category
from quibble.text.grammar import Noun, Writer, pool, sentence

#: A score, 0..100, from which on a patch of which nothing else is known is called good.
_GOOD: Final = 55

#: A place as descriptions write it, where they name no object: "the bottom right part", or only "the upper left".
_PLACE: Final = re.compile(
    r"\bthe\s+(?:(?:left|right|top|bottom|upper|lower|middle|central|far|very)[\s-]+){1,4}"
    r"(?:hand[\s-]+)?(?:part|region|area|side|half|corner)\b|\bthe\s+(?:background|foreground)\b|"
    r"\bthe\s+(?:(?:top|bottom|upper|lower)[\s-]+(?:left|right)|left|right|top|bottom|middle|cent(?:er|re))"
    r"(?=\s*(?:[,.;:]|$|of the (?:picture|image|photo|frame|shot)))",
    re.IGNORECASE,
)
#: Words behind an article that name nothing.
_NO_NAMES: Final = frozenset(("much", "many", "most", "few", "latter", "former", "rest", "others", "other", "same"))
_PICTURE: Final = re.compile(
    r"\b(?:the|this)\s+(?:whole\s+)?(?:picture|image|photo|photograph|frame|shot)\b", re.IGNORECASE
)

#: What speaks against praise of a side.
_BAD: Final[Mapping[Side, set[Category]]] = {
    Side.SHARPNESS: {Category.BLUR, Category.PIXELATE},
    Side.NOISE: {Category.NOISE},
    Side.EXPOSURE: {Category.BRIGHTEN, Category.DARKEN},
    Side.CONTRAST: {Category.CONTRAST_WEAKEN, Category.CONTRAST_STRENGTHEN},
    Side.COLOR: {Category.SATURATE_WEAKEN, Category.SATURATE_STRENGTHEN},
    Side.ARTIFACTS: {Category.COMPRESSION, Category.PIXELATE, Category.QUANTIZE},
    Side.DETAIL: {Category.BLUR, Category.PIXELATE, Category.COMPRESSION},
}
#: How an object is where a side of quality is good, and where it is not, for questions that are answered with no.
_STATES: Final[Mapping[Side, tuple[str, str]]] = {
    Side.SHARPNESS: ("sharp", "blurred"),
    Side.NOISE: ("free of noise", "noisy"),
    Side.EXPOSURE: ("well exposed", "badly exposed"),
    Side.CONTRAST: ("well balanced in contrast", "poor in contrast"),
    Side.COLOR: ("natural in color", "unnatural in color"),
    Side.ARTIFACTS: ("free of artifacts", "full of artifacts"),
    Side.DETAIL: ("rich in detail", "short of detail"),
    Side.COMPOSITION: ("well composed", "badly composed"),
}
#: Values of remarks that are adjectives of the object by themselves.
_ADJECTIVES: Final = frozenset(
    ("blurred", "out of focus", "sharp", "noisy", "overexposed", "underexposed", "oversaturated", "oversharpened")
)
_BEHIND: Final = re.compile(r"\s+(?:of|in|on|at|with|near|behind|wearing)\s+")
_SEVERAL: Final = frozenset("two three four both several many these those people men women children feet".split())  # noqa: SIM905
#: Sides of which one can ask how they are.
_SIDES: Final = (Side.SHARPNESS, Side.EXPOSURE, Side.CONTRAST, Side.COLOR, Side.COMPOSITION)

_IS: Final = pool(
    "giqa.is",
    "would you [say|agree] that {p} {p:look} {v}?",
    "in terms of quality, would one call {p} {v}?",
    "{p:do} {p} look {v} in this [picture|photo]?",
    "can one say that {p} {p:are} {v}?",
)
_SUFFERS: Final = pool(
    "giqa.suffers",
    "can {n} be seen in {p}?",
    "{p:do} {p} suffer from {n}?",
    "{p:are} {p} affected by {n}?",
)
_WHAT: Final = pool(
    "giqa.what",
    "what lowers the quality of {p}?",
    "what [distortion|defect] can be seen in {p}?",
    "what is the main problem with {p}?",
)
_WHICH: Final = pool(
    "giqa.which",
    "which part of this [picture|photo] is {v}?",
    "what in the [picture|image] looks {v}?",
    "which part of the [picture|scene] would you call {v}?",
)
_HOW: Final = pool(
    "giqa.how",
    "how is the {s} of {p}?",
    "how would you describe the {s} of {p}?",
    "how {p:do} {p} look in terms of {s}?",
)
_HOW_MUCH: Final = pool(
    "giqa.how_much",
    "how [strong|severe] is the {n} in {p}?",
    "how much {n} does one see in {p}?",
    "how serious is the {n} of {p}?",
)
_WHY_BAD: Final = pool(
    "giqa.why_bad",
    "why {p:do} {p} look poor?",
    "why is the quality of {p} low?",
    "why {p:do} {p} spoil the [picture|image]?",
)
_WHY_GOOD: Final = pool(
    "giqa.why_good",
    "why {p:do} {p} look good?",
    "why is the quality of {p} high?",
    "why {p:do} {p} help the [picture|image]?",
)


def tags(request: Request, means: Means) -> dict[str, Any]:
    """The objects that remarks are on; where they name none, the place, or the picture as a whole."""
    description: str = request.facts["description"]
    rows: dict[str, dict[str, str]] = {}
    for remark in read(description).remarks:
        phrase = _phrase(remark, description)
        if phrase is not None:
            effect = "positive" if remark.good else "negative"
            rows.setdefault(phrase.lower(), {"phrase": phrase, "quality": _state(remark), "effect": effect})
    return {"objects": list(rows.values())[:20]}


def _phrase(remark: Remark, description: str) -> str | None:
    """What a remark is on, in the description's own words."""
    if remark.subject is not None and remark.subject.split()[-1] not in _NO_NAMES:
        long = f"{remark.subject} {remark.place}" if remark.place else remark.subject
        found = mention(long, remark.sentence) or mention(remark.subject, remark.sentence)
        return found[0] if found else None
    found = (_PLACE if remark.partial else _PICTURE).search(remark.sentence)
    return found[0] if found else None


def patch(request: Request, means: Means) -> dict[str, str]:
    """What the bundled model finds in the patch, held against what was said."""
    report = means.look(request.pictures[0])
    remarks = read(f"The picture is {request.facts['quality']}.").remarks
    if not remarks:
        return {"answer": "yes" if report.score.value >= _GOOD else "no"}
    remark = remarks[0]
    wanted = {remark.category} if remark.category is not None else _BAD.get(remark.side, set())
    seen = any(finding.category in wanted for finding in report.findings)
    return {"answer": "yes" if seen != remark.good else "no"}


def questions(request: Request, means: Means) -> dict[str, Any]:
    """As many questions of either kind as are wanted, as far as the remarks on the objects give them."""
    description: str = request.facts["description"]
    wanted: Sequence[Tag] = request.facts["tags"]
    count: int = request.facts["count"]
    about: list[tuple[Tag, Remark]] = []
    for remark in read(description).remarks:
        phrase = (_phrase(remark, description) or "").lower()
        about += [(tag, remark) for tag in wanted if tag.phrase.lower() == phrase]
    # Which part is so can be asked only where one is.
    states = Counter(state for _, state in {(tag.phrase, _state(remark)) for tag, remark in about})
    closed = [list(_closed(means.writer, _noun(tag.phrase), remark)) for tag, remark in about]
    open_ = [
        list(_open(means.writer, _noun(tag.phrase), remark, alone=states[_state(remark)] == 1)) for tag, remark in about
    ]
    # By turns from every remark, so that no object has all the questions.
    return {"questions": [*_by_turns(closed)[:count], *_by_turns(open_)[:count]]}


def _state(remark: Remark) -> str:
    """How an object is, behind "is" or "looks"."""
    return remark.value if remark.value in _ADJECTIVES else _STATES[remark.side][not remark.good]


def _noun(phrase: str) -> Noun:
    """An object's name inside a sentence."""
    first, *rest = phrase.split()
    text = " ".join([first.lower(), *rest]) if first.lower() in {"the", "a", "an", "this", "these"} else phrase
    head = _BEHIND.split(text.lower())[0].split()
    several = bool(_SEVERAL.intersection(head)) or (head[-1].endswith("s") and not head[-1].endswith(("ss", "us")))
    return Noun(text, plural=several)


def _by_turns(piles: Sequence[Sequence[dict[str, str]]]) -> list[dict[str, str]]:
    longest = max(map(len, piles), default=0)
    return [pile[place] for place in range(longest) for pile in piles if place < len(pile)]


def _closed(writer: Writer, object: Noun, remark: Remark) -> Iterator[dict[str, str]]:
    opposite = _STATES[remark.side][remark.good]
    pairs = [(writer.write(_IS, p=object, v=_state(remark)), "Yes"), (writer.write(_IS, p=object, v=opposite), "No")]
    if writer.rng.integers(2):
        pairs.reverse()
    if remark.noun:
        pairs.append((writer.write(_SUFFERS, p=object, n=remark.noun), "Yes"))
    yield from ({"kind": "yes_no", "question": sentence(text), "answer": answer} for text, answer in pairs)


def _open(writer: Writer, object: Noun, remark: Remark, *, alone: bool) -> Iterator[dict[str, str]]:
    made = [("what", writer.write(_WHICH, v=_state(remark)), object.text)] if alone else []
    if remark.side in _SIDES:
        made.append(("how", writer.write(_HOW, p=object, s=remark.side.value), remark.value))
    if remark.noun:
        made += [
            ("what", writer.write(_WHAT, p=object), remark.noun),
            ("why", writer.write(_WHY_BAD, p=object), f"because of {remark.noun}"),
        ]
        if remark.severity is not None:
            made.append(("how", writer.write(_HOW_MUCH, p=object, n=remark.noun), remark.severity))
    elif remark.good:
        made.append(("why", writer.write(_WHY_GOOD, p=object), f"because {object:they} {object:are} {_state(remark)}"))
    for place in writer.rng.permutation(len(made)).tolist():
        kind, question, answer = made[place]
        yield {"kind": kind, "question": sentence(question), "answer": sentence(answer).rstrip(".")}


RULES: Final[Mapping[str, Rule]] = {TAGS: tags, PATCH: patch, QUESTIONS: questions}
