from __future__ import annotations

import numpy as np
import pytest

from quibble.geometry import Box, Mask
from quibble.pipelines.ground.people import join
from quibble.pipelines.ground.wording import answer_one, ask_all, ask_one
from quibble.taxonomy import QGroundClass
from quibble.text.grammar import Writer


def box(x: float, y: float, width: float, height: float) -> Mask:
    return Mask.from_box(Box.from_xywh(x, y, width, height), width=100, height=100)


@pytest.fixture(params=range(8))
def writer(request: pytest.FixtureRequest) -> Writer:
    return Writer(np.random.default_rng([request.param, 1]))


def test_an_answer_says_what_and_where(writer: Writer) -> None:
    said = answer_one(writer, QGroundClass.LOW_LIGHT, box(0, 0, 30, 30)).lower()
    assert "low light" in said
    assert "top" in said
    assert "left" in said
    assert said.endswith(".")


def test_of_a_mask_in_pieces_each_place_is_named(writer: Writer) -> None:
    corners = join([box(0, 0, 30, 30), box(70, 70, 30, 30), box(50, 50, 1, 1)])
    said = answer_one(writer, QGroundClass.NOISE, corners)
    assert {"top", "left", "bottom", "right"} <= set(said.lower().replace(",", " ").replace(".", " ").split())
    assert " and " in said


def test_the_whole_and_nothing(writer: Writer) -> None:
    everywhere = answer_one(writer, QGroundClass.BLUR, box(0, 0, 100, 95)).lower()
    assert any(word in everywhere for word in ("whole", "all over", "everywhere", "every part"))
    nowhere = answer_one(writer, QGroundClass.BLUR, None).lower()
    assert any(word in nowhere for word in ("no ", "nowhere", "none"))


def test_questions_name_their_class(writer: Writer) -> None:
    for name in QGroundClass:
        assert name.value in ask_one(writer, name)
    assert ask_all(writer)[-1] in ".?"
