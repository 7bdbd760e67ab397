"""How far people are of one mind about questionnaires: majorities, and Cohen's kappa between two of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from quibble.errors import ArgumentError
from quibble.pipelines.depict.questionnaire import Aspect, Comparison, Damage, Degree, Overall, Questionnaire, Step
from quibble.taxonomy import Texture

T = TypeVar("T")

#: The questions of each, with their answers in order: of textures, which have none, the page's.
QUESTIONS: Final[Mapping[type[Questionnaire | Comparison], Mapping[str, Sequence[str]]]] = {
    Questionnaire: {
        "texture": [texture.value for texture in Texture],
        "damage": [damage.value for damage in Damage],
        **{aspect.value: [degree.value for degree in Degree] for aspect in Aspect},
        "overall": [overall.value for overall in Overall],
    },
    Comparison: {name: [step.value for step in Step] for name in [*(aspect.value for aspect in Aspect), "overall"]},
}
#: Questions whose answers have no order.
NOMINAL: Final = frozenset({"texture"})


@dataclass(frozen=True, kw_only=True)
class Consensus:
    """What most people answered. answer: None unless there is a majority on every question; open: those without one.

    unanimous: whether everybody answered the same to everything.
    """

    answer: Questionnaire | Comparison | None
    open: tuple[str, ...]
    unanimous: bool


def answered(answer: Questionnaire | Comparison) -> dict[str, str]:
    """Each question's answer."""
    if isinstance(answer, Comparison):
        return {**{aspect.value: answer.steps[aspect].value for aspect in Aspect}, "overall": answer.overall.value}
    return {
        "texture": answer.texture.value,
        "damage": answer.damage.value,
        **{aspect.value: answer.degrees[aspect].value for aspect in Aspect},
        "overall": answer.overall.value,
    }


def majority(values: Sequence[T]) -> T | None:
    """What more than half say; None if nothing is."""
    return next((value for value, count in Counter(values).items() if 2 * count > len(values)), None)


def consensus(answers: Sequence[Questionnaire | Comparison]) -> Consensus:
    """What most people answered to the same item, question by question.

    A remark stands if it is of somebody who gave the answer that stands. Raises ArgumentError for no answer, or for
    answers of two kinds.
    """
    if not answers or len({type(answer) for answer in answers}) > 1:
        raise ArgumentError(f"consensus is of answers to one questionnaire, found {len(answers)} of no one kind")
    each = [answered(answer) for answer in answers]
    most = {name: majority([one[name] for one in each]) for name in QUESTIONS[type(answers[0])]}
    unanimous = all(one == each[0] for one in each)
    if left := tuple(name for name, value in most.items() if value is None):
        return Consensus(answer=None, open=left, unanimous=False)
    aspects = {aspect.value: most[aspect.value] for aspect in Aspect}
    if isinstance(answers[0], Comparison):
        agreed: Questionnaire | Comparison = Comparison.from_dict({"steps": aspects, "overall": most["overall"]})
    else:
        agreed = Questionnaire.from_dict(
            {
                "texture": most["texture"],
                "damage": most["damage"],
                "degrees": aspects,
                "overall": most["overall"],
                "remarks": _remarks(answers, aspects),
            }
        )
    return Consensus(answer=agreed, open=(), unanimous=unanimous)


def _remarks(answers: Sequence[Questionnaire | Comparison], degrees: Mapping[str, str | None]) -> dict[str, str]:
    """The first remark on each aspect by somebody whose degree stands."""
    found: dict[str, str] = {}
    for answer in answers:
        if isinstance(answer, Questionnaire):
            for aspect, text in answer.remarks.items():
                if answer.degrees[aspect].value == degrees[aspect.value]:
                    found.setdefault(aspect.value, text)
    return found
