from __future__ import annotations

import numpy as np
import pytest

from quibble.experts.reading import level_of, read
from quibble.pipelines.talk.describe import description
from quibble.pipelines.talk.exchange import Sight
from quibble.pipelines.talk.simulate import Simulator
from quibble.taxonomy import Category, Level
from quibble.text.grammar import Writer


def told(text: str) -> set[tuple[str, bool, str, str | None, str | None]]:
    return {(r.side.value, r.good, r.noun or r.value, r.severity, r.subject or r.place) for r in read(text).remarks}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The image is slightly blurred.", {("sharpness", False, "blur", "slight", None)}),
        (
            "The duck in the center is underexposed, while the background is out of focus.",
            {
                ("exposure", False, "underexposure", None, "the duck"),
                ("sharpness", False, "out-of-focus blur", None, "the background"),
            },
        ),
        ("There is obvious noise in the background.", {("noise", False, "noise", "obvious", "in the background")}),
        (
            "The colors are dull, but the composition is good.",
            {("color", False, "undersaturation", None, None), ("composition", True, "good", None, None)},
        ),
        (
            "The feathers of the bird are very sharp and the photo has rich colors.",
            {("sharpness", True, "sharp", None, "the feathers"), ("color", True, "rich", None, None)},
        ),
        (
            "The face of the woman is severely overexposed.",
            {("exposure", False, "overexposure", "serious", "the face")},
        ),
        ("There is no noise.", {("noise", True, "free of noise", None, None)}),
        ("The picture is free of visible noise.", {("noise", True, "free of noise", None, None)}),
        ("The main object is not in focus.", {("sharpness", False, "out-of-focus blur", None, "the main object")}),
        ("The blur is catastrophic.", {("sharpness", False, "blur", "catastrophic", None)}),
        ("Texture details are lost.", {("detail", False, "loss of detail", None, None)}),
        # What is in doubt, or said of something that has no short name, is left out.
        ("There may be some noise.", set()),
        ("Less certain is a serious lack of light on the left side.", set()),
        ("The thing that you can see behind it is blurred.", set()),
        # Two things said of one: one was misread.
        ("It is sharp. It is blurred.", {("sharpness", False, "blur", None, None)}),
        ("A cat sits on a wall.", set()),
        ("Light ripples accompany sharp edges.", set()),
    ],
)
def test_what_is_said(text: str, expected: set[tuple[str, bool, str, str | None, str | None]]) -> None:
    assert told(text) == expected


def test_what_holds_for_a_part_only() -> None:
    (remark,) = read("In a region at its edge the picture shows serious blur.").remarks
    assert remark.partial
    (remark,) = read("The whole picture shows serious blur.").remarks
    assert not remark.partial


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Overall, the quality of the image is poor.", Level.POOR),
        ("Therefore, the quality is very good.", Level.GOOD),
        ("The quality of this image is very poor.", Level.BAD),
        ("My verdict: excellent quality.", Level.EXCELLENT),
        ("It is of acceptable quality.", Level.FAIR),
        ("The quality is poor at first sight. All in all, the quality is fair.", Level.FAIR),
        ("The light is poor.", None),
    ],
)
def test_verdicts(text: str, level: Level | None) -> None:
    assert level_of(text) is level


def test_it_understands_what_quibble_writes() -> None:
    """All that 150 descriptions are sure of, and nothing else."""
    missed = found = levels = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        picture = Simulator(rng).picture()
        sight = Sight(picture)
        reading = read(description(Writer(rng), sight))
        read_there = {r.category for r in reading.remarks if not r.good and r.category}
        spoken_of = list(sight.by_category)[:5]
        assert read_there <= set(spoken_of)
        assert reading.named >= read_there
        sure = {category for category in spoken_of if sight.by_category[category][0].sure >= 5}
        missed += len(sure - read_there)
        found += len(sure & read_there)
        levels += reading.level is picture.level
    assert missed <= 0.01 * found
    assert levels >= 147


def test_places_are_no_subjects() -> None:
    (remark,) = read("Slightly left of the middle there is obvious pixelation.").remarks
    assert (remark.subject, remark.category) == (None, Category.PIXELATE)
    (remark,) = read("The upper left region suffers from motion blur.").remarks
    assert (remark.subject, remark.noun) == ("the upper left region", "motion blur")
