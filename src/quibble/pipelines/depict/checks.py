"""Whether a text says what the questionnaire says: the faults that the correction step is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from quibble.experts.reading import read
from quibble.pipelines.depict.questionnaire import Aspect, Comparison, Damage, Degree, Overall, Questionnaire

#: Words that speak of an aspect.
_WORDS: Final[Mapping[Aspect, re.Pattern[str]]] = {
    aspect: re.compile(pattern, re.IGNORECASE)
    for aspect, pattern in {
        Aspect.BRIGHTNESS: r"\b(over|under)?(bright|dark|expos|light|contrast|luminan|tonal|tone)",
        Aspect.COLOR: r"\bcolou?r|\b(over|under|de)?saturat|\bhue",
        Aspect.NOISE: r"\bnois|\bgrain|\bspeck",
        Aspect.ARTIFACTS: r"\bart[ei]fact|\bcompress|\bblock|\bpixelat|\bband|\bposteri|\bhalo|\bring|\b(over)?sharpen",
        Aspect.BLURRINESS: r"\bblur|\bunsharp|\b(out of )?focus|\bsoft|\bsharp",
    }.items()
}
_SEVERE: Final = re.compile(
    r"\b(severe|serious|heav|strong|extreme|bad|massive|considerabl|drastic|poor)\w*", re.IGNORECASE
)
#: How a text says how much of the texture is left.
_DAMAGE: Final[Mapping[Damage, re.Pattern[str]]] = {
    Damage.CLEAR: re.compile(r"\b(clear|easily|well|readily|still|intact|preserved|plainly)\b", re.IGNORECASE),
    Damage.BARELY: re.compile(r"\b(barely|hardly|scarcely|difficult|hard to|just)\b", re.IGNORECASE),
    Damage.DESTROYED: re.compile(r"\b(destroyed|lost|gone|damaged|no longer|wiped|nothing|ruined)\b", re.IGNORECASE),
}
_OVERALL: Final[Mapping[Overall, re.Pattern[str]]] = {
    Overall.NONE: re.compile(
        r"\b(nearly|almost|hardly|practically|little|un)[ -]?(distort|damage|degrad|affect)", re.IGNORECASE
    ),
    Overall.MILD: re.compile(r"\b(mild|slight|moderate|minor|light|limited)", re.IGNORECASE),
    Overall.SEVERE: _SEVERE,
}
_BETTER: Final = (
    r"better|superior|preferable|preferred|wins|ahead|the winner|less (distorted|damaged|degraded)|higher (in "
    r")?quality|"
    r"to be chosen"
)
_WORSE: Final = r"worse|inferior|more (distorted|damaged|degraded)|lower (in )?quality|loses|behind"
_VERDICT: Final = re.compile(
    rf"\bImage (?P<first>[AB])\b(?:(?!\bImage [AB]\b)[^.;])*?\b(?:(?P<better>{_BETTER})|(?P<worse>{_WORSE}))\b"
    rf"|\b(?:prefer|choose|favou?rs?|goes to|for) Image (?P<chosen>[AB])\b",
    re.IGNORECASE,
)
_EQUAL: Final = re.compile(
    r"\b(roughly|about|nearly|almost|more or less|equally|much)? ?(equal|the same|on a "
    r"par|comparable|similar|alike|as good)\b"
    r"|\bneither\b|\bno clear (winner|difference)\b",
    re.IGNORECASE,
)
#: What only somebody writes who has a reference.
_REFERENCE: Final = re.compile(
    r"\b(reference|referenced|originals?|pristine|undistorted (version|image|picture)|unaltered|source (image|picture)|"
    r"ground[- ]truth)\b",
    re.IGNORECASE,
)
_ASKED: Final = re.compile(r"\b(questionnaires?|annotat\w+|survey|the answers?|participants?)\b", re.IGNORECASE)


def faults_of_description(text: str, answers: Questionnaire) -> list[str]:
    """Everything in which a description disagrees with the questionnaire, each as a sentence for whoever corrects "
    "it."""
    faults = _common(text)
    for aspect in answers.distorted:
        if not _WORDS[aspect].search(text):
            faults.append(f"it does not say that {aspect} is distorted ({answers.degrees[aspect]})")
    claimed = {Aspect.of(r.category) for r in read(text).remarks if not r.good and r.category is not None}
    for aspect in Aspect:
        if aspect in claimed and answers.degrees[aspect] is Degree.NONE:
            faults.append(f"it says that {aspect} is distorted, which it is not")
    severe = Degree.SEVERE in answers.degrees.values()
    if severe and not _SEVERE.search(text):
        faults.append("it does not say that a distortion is severe")
    if not _DAMAGE[answers.damage].search(text):
        faults.append(f"it does not say that the texture is {answers.damage}")
    close = _last_sentence(text)
    if not _OVERALL[answers.overall].search(close):
        faults.append(f"it does not end with the judgement that the image has or is {answers.overall}")
    return faults


def faults_of_reasoning(text: str, comparison: Comparison) -> list[str]:
    """Everything in which a comparison's text disagrees with its answers."""
    faults = _common(text)
    faults += [f"it does not mention Image {name}" for name in "AB" if f"image {name.lower()}" not in text.lower()]
    for aspect in Aspect:
        if comparison.steps[aspect].clear and not _WORDS[aspect].search(text):
            faults.append(f"it does not say that Image A is {comparison.steps[aspect]} in {aspect}")
    found = winner_of(text)
    if found != comparison.winner:
        said = {"A": "Image A is better", "B": "Image B is better", None: "they are roughly equal"}
        faults.append(f"it ends with the verdict that {said[found]}, and it should be that {said[comparison.winner]}")
    return faults


def winner_of(text: str) -> str | None:
    """Which image the end of a text says is better, "A" or "B"; None if it says neither."""
    close = _last_sentence(text)
    verdicts = list(_VERDICT.finditer(close))
    if not verdicts or (_EQUAL.search(close) and not re.search(r"\bbetter|superior\b", close, re.IGNORECASE)):
        return None
    last = verdicts[0]
    if last["chosen"]:
        return last["chosen"].upper()
    first = last["first"].upper()
    return first if last["better"] else "B" if first == "A" else "A"


def traces_of_reference(text: str) -> list[str]:
    """The words of a text that only somebody writes who has a reference."""
    return [match[0] for match in _REFERENCE.finditer(text)]


def _common(text: str) -> list[str]:
    faults = []
    words = len(text.split())
    if not 12 <= words <= 220:
        faults.append(f"it has {words} words, and it should have 40 to 110")
    if found := _ASKED.search(text):
        faults.append(f"it speaks of {found[0]!r}")
    return faults


def _last_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s+", text.strip())[-1]
