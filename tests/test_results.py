from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask
from quibble.results import Answer, Comparison, Finding, Grounding, Phrase, Ranked, Report, Score
from quibble.taxonomy import Category, Distortion, Level

SHARES = (0.1, 0.2, 0.4, 0.25, 0.05)


def score(**changes: Any) -> Score:
    parts: dict[str, Any] = {
        "value": 51.25,
        "low": 40.5,
        "high": 62.25,
        "levels": dict(zip(Level, SHARES, strict=True)),
    }
    return Score(**parts | changes)


def finding(**changes: Any) -> Finding:
    array = np.zeros((20, 30), bool)
    array[5:10, 3:17] = True
    parts: dict[str, Any] = {
        "category": Category.NOISE,
        "distortion": Distortion.NOISE_POISSON,
        "severity": 3.25,
        "share": 0.1167,
        "confidence": 0.875,
        "position": "top left",
        "box": Box(x0=3, y0=5, x1=17, y1=10),
        "mask": Mask.from_array(array),
    }
    return Finding(**parts | changes)


def report() -> Report:
    findings = (finding(), finding(distortion=None, severity=0))
    return Report(image="a.jpg", width=30, height=20, model="nano", score=score(), findings=findings)


def comparison(**changes: Any) -> Comparison:
    parts: dict[str, Any] = {
        "winner": "A",
        "probability": 0.75,
        "differences": {Category.BLUR: 1.5, Category.NOISE: -0.25},
        "text": "A is sharper.",
    }
    return Comparison(**parts | changes)


RESULTS = [
    score(),
    finding(),
    finding(distortion=None),
    report(),
    Answer(text="Yes.", options={"yes": 0.9, "no": 0.1}),
    Answer(text="A tree."),
    Answer(text="[Blur](000,021).", phrases=(Phrase(text="Blur", box=Box(x0=0, y0=0, x1=4, y1=4)),)),
    Grounding(text="Blur.", findings=(finding(),)),
    Grounding(text="Nowhere.", findings=()),
    Ranked(image="a.jpg", number=1, votes=0.75, score=score()),
    comparison(),
    comparison(where={Category.BLUR: Mask.from_array(np.eye(3))}),
]


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: type(result).__name__)
def test_round_trip_through_json(result: Any) -> None:
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    again = type(result).from_dict(data)
    assert again == result
    assert again.to_dict() == data


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: type(result).__name__)
def test_results_can_be_copied_and_sent_to_other_processes(result: Any) -> None:
    assert pickle.loads(pickle.dumps(result)) == result
    assert copy.deepcopy(result) == result
    with pytest.raises(AttributeError):
        result.text = "changed"


@pytest.mark.parametrize("result", [score(), Answer(text="", options={"a": 1.0}), comparison()])
def test_mappings_cannot_be_changed(result: Any) -> None:
    for name in ("levels", "options", "differences"):
        if hasattr(result, name):
            mapping = getattr(result, name)
            with pytest.raises(TypeError):
                mapping[next(iter(mapping))] = 0.5


@settings(deadline=None, database=None)
@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100), st.lists(st.floats(0.01, 1), min_size=5, max_size=5))
def test_rounding_never_breaks_a_score(a: float, b: float, c: float, weights: list[float]) -> None:
    low, value, high = sorted((a, b, c))
    levels = {level: weight / sum(weights) for level, weight in zip(Level, weights, strict=True)}
    data = Score(value=value, low=low, high=high, levels=levels).to_dict()
    again = Score.from_dict(data)
    assert again.to_dict() == data | {"level": again.level.value}
    assert again.value == pytest.approx(value, abs=0.005)


def test_a_scores_level_and_range() -> None:
    assert score().level is Level.FAIR
    assert score().to_dict()["level"] == "fair"
    assert Score.RANGE == (0.0, 100.0)
    assert Score.HIGHER_IS_BETTER is True


@pytest.mark.parametrize(
    "changes",
    [
        {"value": 70},
        {"low": -1},
        {"high": 101},
        {"value": float("nan")},
        {"levels": {}},
        {"levels": dict.fromkeys(Level, 0.3)},
        {"levels": dict.fromkeys(Level, float("nan"))},
        {"levels": dict(zip(Level, (-0.5, 0.5, 0.5, 0.25, 0.25), strict=True))},
    ],
)
def test_wrong_scores(changes: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="a score needs"):
        score(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"severity": 5.1}, r"severity lies in 0\.\.5"),
        ({"severity": -0.1}, r"severity lies in 0\.\.5"),
        ({"share": 1.1}, r"share lies in 0\.\.1"),
        ({"confidence": float("nan")}, r"confidence lies in 0\.\.1"),
        ({"distortion": Distortion.BLUR_LENS}, "blur.lens is no kind of noise"),
    ],
)
def test_wrong_findings(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        finding(**changes)


def test_severity_words_of_findings() -> None:
    assert finding(severity=0).severity_word == "slight"
    assert finding(severity=3.25).severity_word == "obvious"
    assert finding(severity=5).severity_word == "catastrophic"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"winner": "C"}, "'A' or 'B'"),
        ({"probability": 0.4}, r"0\.5\.\.1"),
        ({"probability": 1.1}, r"0\.5\.\.1"),
        ({"probability": float("nan")}, r"0\.5\.\.1"),
    ],
)
def test_wrong_comparisons(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        comparison(**changes)


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: type(result).__name__)
def test_malformed_json_is_an_error_that_says_what_is_wrong(result: Any) -> None:
    optional = {"level", "options"}  # the level follows from the value
    data = result.to_dict()
    for field in data.keys() - optional:
        with pytest.raises(ArgumentError, match=f"needs the field '{field}'"):
            type(result).from_dict({name: value for name, value in data.items() if name != field})
    malformed: list[Any] = [None, 7, "text", []]
    for wrong in malformed:
        with pytest.raises(ArgumentError, match="malformed"):
            type(result).from_dict(wrong)


@pytest.mark.parametrize(
    ("result", "changes"),
    [
        (score(), {"value": "high"}),
        (score(), {"levels": {"superb": 1.0}}),
        (score(), {"levels": [1, 2]}),
        (finding(), {"category": "dirt"}),
        (finding(), {"distortion": "noise.dirt"}),
        (finding(), {"box": ["a", 0, 1, 1]}),
        (finding(), {"box": 5}),
        (finding(), {"mask": "3"}),
        (report(), {"findings": 3}),
        (report(), {"findings": [{}]}),
        (report(), {"score": None}),
        (comparison(), {"differences": {"dirt": 1}}),
        (comparison(), {"probability": "sure"}),
    ],
)
def test_malformed_fields_are_argument_errors(result: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        type(result).from_dict(result.to_dict() | changes)
