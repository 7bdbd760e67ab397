from __future__ import annotations

import pytest

from quibble.pipelines.depict.checks import (
    faults_of_description,
    faults_of_reasoning,
    traces_of_reference,
    winner_of,
)
from quibble.pipelines.depict.questionnaire import Aspect, Comparison, Damage, Degree, Overall, Questionnaire, Step
from quibble.taxonomy import Texture

ANSWERS = Questionnaire(
    texture=Texture.SKY,
    damage=Damage.BARELY,
    degrees=dict.fromkeys(Aspect, Degree.NONE) | {Aspect.BLURRINESS: Degree.SEVERE, Aspect.NOISE: Degree.MILD},
    overall=Overall.SEVERE,
)
RIGHT = (
    "Compared with the reference, the image is heavily blurred, and there is also some mild noise. The clouds can "
    "hardly "
    "be recognized. Overall, the distortion is severe."
)
COMPARED = Comparison(steps=dict.fromkeys(Aspect, Step.EQUAL) | {Aspect.NOISE: Step.SUPERIOR}, overall=Step.SUPERIOR)


def test_a_description_that_agrees() -> None:
    assert faults_of_description(RIGHT, ANSWERS) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (", and there is also some mild noise", "", "does not say that noise is distorted"),
        ("mild noise", "mild noise and oversaturation", "says that color is distorted, which it is not"),
        ("can hardly be recognized", "are white", "does not say that the texture is barely identifiable"),
        ("the distortion is severe", "it is nearly undistorted", "does not end with the judgement"),
        ("Overall, the distortion is severe.", "", "does not end with the judgement"),
        ("Compared with the reference", "As the annotators say", "speaks of 'annotators'"),
    ],
)
def test_a_description_that_does_not(old: str, new: str, fault: str) -> None:
    assert old in RIGHT
    faults = faults_of_description(RIGHT.replace(old, new), ANSWERS)
    assert any(fault in found for found in faults), faults


def test_a_text_of_a_few_words() -> None:
    assert faults_of_description("Bad.", ANSWERS)[0] == "it has 1 words, and it should have 40 to 110"


@pytest.mark.parametrize(
    ("close", "winner"),
    [
        ("Overall, Image A is clearly better than Image B.", "A"),
        ("Overall, Image B is superior.", "B"),
        ("So Image A is worse than Image B.", "B"),
        ("Taken together, Image B is less distorted than Image A.", "B"),
        ("I prefer Image A.", "A"),
        ("The better choice would be to choose Image B.", "B"),
        ("Overall, Image A and Image B are roughly equal in quality.", None),
        ("The quality of Image A is about the same as that of Image B.", None),
        ("Neither is better.", None),
        ("Both show a cat.", None),
    ],
)
def test_verdicts(close: str, winner: str | None) -> None:
    assert winner_of(f"Image A is better in terms of noise, Image B in sharpness. {close}") == winner


def test_a_comparison_that_agrees_and_some_that_do_not() -> None:
    right = (
        "Image A has much less noise than Image B, and otherwise they are equal. Overall, Image A is clearly better."
    )
    assert faults_of_reasoning(right, COMPARED) == []
    (fault,) = faults_of_reasoning(right.replace("noise", "of it"), COMPARED)
    assert fault == "it does not say that Image A is superior in noise"
    (fault,) = faults_of_reasoning(right.replace("Overall, Image A", "Overall, Image B"), COMPARED)
    assert fault == "it ends with the verdict that Image B is better, and it should be that Image A is better"
    assert "it does not mention Image B" in faults_of_reasoning(right.replace("Image B", "the other"), COMPARED)


def test_traces_of_a_reference() -> None:
    assert traces_of_reference("Next to the Reference, the original looks fine.") == ["Reference", "original"]
    assert traces_of_reference("The image is blurred; preferences differ.") == []
