from __future__ import annotations

from dataclasses import replace

import numpy as np

from quibble.geometry import Box, Mask, Point, grid_decode
from quibble.pointing import finding_at, phrases_in, plain, with_doubt
from quibble.results import Finding, Report, Score
from quibble.taxonomy import Category


def found(category: Category, x0: int, x1: int) -> Finding:
    inside = np.zeros((90, 120), bool)
    inside[:, x0:x1] = True
    box = Box(x0=x0, y0=0, x1=x1, y1=90)
    mask = Mask.from_array(inside)
    return Finding(
        category=category,
        distortion=None,
        severity=3,
        share=mask.share,
        confidence=0.8,
        position="",
        box=box,
        mask=mask,
    )


WHOLE, LEFT, STRIP = found(Category.NOISE, 0, 120), found(Category.BLUR, 0, 40), found(Category.DARKEN, 30, 38)


def test_of_several_the_smallest_is_meant_unless_another_is_named() -> None:
    point = Point(x=20, y=45)
    assert finding_at(point, [WHOLE, LEFT, STRIP], ()) is STRIP
    assert finding_at(point, [WHOLE, LEFT, STRIP], [Category.BLUR]) is LEFT
    assert finding_at(point, [WHOLE, LEFT, STRIP], [Category.NOISE, Category.BLUR]) is LEFT
    assert finding_at(point, [WHOLE, LEFT], [Category.PIXELATE]) is LEFT


def test_a_point_is_exact_to_half_a_third() -> None:
    assert finding_at(Point(x=58, y=1), [STRIP], ()) is None
    assert finding_at(Point(x=56, y=89), [STRIP], ()) is STRIP
    assert finding_at(Point(x=1, y=1), [], ()) is None


def report() -> Report:
    levels = dict.fromkeys(("excellent", "good", "fair", "poor", "bad"), 0.2)
    score = Score.from_dict({"value": 50, "low": 40, "high": 60, "levels": levels})
    return Report(image="a.png", width=200, height=100, model="test", score=score, findings=())


def test_a_phrase_may_have_several_boxes() -> None:
    text = "[The hands](63,148)(210,296) are blurred, [the cup](0,0) is not."
    assert plain(text) == "The hands are blurred, the cup is not."
    assert plain("[obvious blur](000,399).") == "Obvious blur."
    found = phrases_in(text, report())
    assert [phrase.text for phrase in found] == ["The hands", "The hands", "the cup"]
    assert found[1].box == grid_decode((210, 296), width=200, height=100)


def test_what_is_less_probable_than_not_is_told_with_doubt() -> None:
    sure, weak = LEFT, replace(STRIP, confidence=0.2)
    told = replace(report(), findings=(sure, weak))
    assert with_doubt("A slight lack of light.", [weak], told) == "Perhaps: a slight lack of light."
    assert with_doubt("Obvious blur.", [sure], told) == "Obvious blur."
    assert with_doubt("Blur, and less light.", [sure, weak], told) == "Blur, and less light."
    # What was only suspected has been told as such, and nowhere is nowhere.
    assert with_doubt("If at all, noise.", [replace(weak)], told) == "If at all, noise."
    assert with_doubt("Nowhere.", [], told) == "Nowhere."


def test_what_is_no_box_is_left_out() -> None:
    assert [phrase.text for phrase in phrases_in("[a](1,900)(2,3) [b](7)", report())] == ["a"]
