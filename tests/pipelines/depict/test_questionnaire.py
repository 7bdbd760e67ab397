from __future__ import annotations

import json
from typing import Any

import pytest

from quibble.errors import ArgumentError
from quibble.pipelines.depict.questionnaire import Aspect, Comparison, Damage, Degree, Overall, Questionnaire, Step
from quibble.taxonomy import Category, Texture

NONE = dict.fromkeys(Aspect, Degree.NONE)
ANSWERS = Questionnaire(
    texture=Texture.SKY,
    damage=Damage.BARELY,
    degrees=NONE | {Aspect.NOISE: Degree.MILD, Aspect.BLURRINESS: Degree.SEVERE},
    overall=Overall.SEVERE,
    remarks={Aspect.BLURRINESS: "motion blur"},
)
COMPARED = Comparison(steps=dict.fromkeys(Aspect, Step.EQUAL) | {Aspect.NOISE: Step.INFERIOR}, overall=Step.SUPERIOR)


def test_answers_survive_json() -> None:
    assert Questionnaire.from_dict(json.loads(json.dumps(ANSWERS.to_dict()))) == ANSWERS
    assert Comparison.from_dict(json.loads(json.dumps(COMPARED.to_dict()))) == COMPARED


def test_the_severe_ones_come_first() -> None:
    assert ANSWERS.distorted == (Aspect.BLURRINESS, Aspect.NOISE)


def test_every_category_belongs_somewhere() -> None:
    assert {Aspect.of(category) for category in Category} == set(Aspect)


def test_who_wins() -> None:
    assert [step.winner for step in Step] == ["A", "A", None, "B", "B"]
    assert [step.clear for step in Step] == [True, False, False, False, True]
    assert COMPARED.winner == "A"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"texture": "cheese"}, "cheese"),
        ({"degrees": {"noise": "mild"}}, "found none for artifacts"),
        ({"degrees": dict.fromkeys(Aspect, "awful")}, "awful"),
        ({"degrees": 3}, "a questionnaire"),
        ({"overall": None}, "a questionnaire"),
        ({"remarks": {"color": "faded"}}, "called undistorted"),
    ],
)
def test_what_is_no_questionnaire(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ArgumentError, match=reason):
        Questionnaire.from_dict(ANSWERS.to_dict() | change)


def test_what_is_no_comparison() -> None:
    for data in ({}, {"steps": {}, "overall": "superior"}, {"steps": COMPARED.to_dict()["steps"], "overall": "best"}):
        with pytest.raises(ArgumentError):
            Comparison.from_dict(data)
