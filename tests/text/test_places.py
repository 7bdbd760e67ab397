from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quibble.geometry import Box, Mask, Region, position_terms
from quibble.text.grammar import Noun, Writer
from quibble.text.places import Place, labelled, look, names, share_words, stand_in, where
from tests.text.scenes import HEIGHT, WIDTH, region


def writer(seed: int = 0) -> Writer:
    return Writer(np.random.default_rng(seed))


def place(x: float, y: float, width: float, height: float, label: str | None = None) -> Place:
    return Place(region=region(x, y, width, height, label), width=WIDTH, height=HEIGHT)


@st.composite
def places(draw: st.DrawFn) -> Place:
    width, height = draw(st.integers(2, 40)), draw(st.integers(2, 40))
    x0, y0 = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    x1, y1 = draw(st.integers(x0 + 1, width)), draw(st.integers(y0 + 1, height))
    box = Box(x0=x0, y0=y0, x1=x1, y1=y1)
    mask = Mask.from_box(box, width=width, height=height)
    return Place(region=Region(mask=mask, box=box), width=width, height=height)


@settings(max_examples=300, deadline=None)
@given(places(), st.integers(0, 1000))
def test_a_phrase_for_a_place_holds_the_terms_of_equation_1(spot: Place, seed: int) -> None:
    phrase = where(writer(seed), spot)
    horizontal, vertical = position_terms(spot.box, width=spot.width, height=spot.height)
    words = set(re.findall(r"[a-z]+", phrase))
    assert {horizontal, vertical} <= words, phrase
    assert not re.search(r"[{}\[\]|]|  | ,", phrase), phrase


@pytest.mark.parametrize(
    ("spot", "wanted", "unwanted"),
    [
        (place(0, 0, 0.2, 0.2), {"top", "left"}, {"bottom", "right", "middle"}),
        (place(0.7, 0.7, 0.3, 0.3), {"bottom", "right"}, {"top", "left", "middle"}),
        (place(0, 0, 1, 0.3), {"top", "left", "right"}, {"bottom"}),
        (place(0.75, 0, 0.25, 1), {"right", "top", "bottom"}, {"left"}),
        (place(0.25, 0.25, 0.5, 0.5), {"left", "right", "top", "bottom", "center"}, set[str]()),
        (place(0, 0, 1, 1), {"left", "right", "top", "bottom"}, set[str]()),
    ],
)
def test_where(spot: Place, wanted: set[str], unwanted: set[str]) -> None:
    for seed in range(40):
        words = set(re.findall(r"[a-z]+", where(writer(seed), spot)))
        assert wanted <= words
        assert not unwanted & words


def test_a_region_off_the_middle_is_not_said_to_be_in_a_corner() -> None:
    slightly_left = place(0.25, 0.05, 0.4, 0.2)
    phrases = {where(writer(seed), slightly_left) for seed in range(60)}
    assert all(re.search(r"slightly|little|just|touch|bit", phrase) for phrase in phrases), phrases


class TestNames:
    def name(self, *regions: Region, others: tuple[Region, ...] = (), seed: int = 0) -> list[str | None]:
        found = names(writer(seed), regions, others, width=WIDTH, height=HEIGHT)
        return [str(noun) if noun is not None else None for noun in found]

    def test_a_label_that_is_alone_is_enough(self) -> None:
        assert self.name(region(0, 0, 0.3, 0.3, "dog"), region(0.6, 0, 0.3, 0.3, "cat")) == ["the dog", "the cat"]

    def test_two_of_a_kind_are_told_apart_by_their_places(self) -> None:
        dogs = region(0, 0.4, 0.2, 0.2, "dog"), region(0.8, 0.4, 0.2, 0.2, "dog")
        assert self.name(*dogs) == ["the dog on the left", "the dog on the right"]

    def test_a_thing_amid_more_of_the_same_has_no_name(self) -> None:
        piece, around = region(0.3, 0.1, 0.2, 0.2, "tree"), region(0, 0, 1, 0.9, "tree")
        assert self.name(piece, others=(around,)) == [None]
        assert self.name(region(0.3, 0.1, 0.2, 0.2), others=(region(0, 0, 1, 0.9),)) != [None]

    def test_neighbours_in_one_place_have_no_names(self) -> None:
        here = region(0, 0, 0.2, 0.2), region(0.2, 0.05, 0.15, 0.2)
        assert self.name(*here) == [None, None]
        assert self.name(here[0], others=(here[1],)) == [None]

    def test_a_small_bystander_does_not_matter(self) -> None:
        (name,) = self.name(region(0, 0, 0.3, 0.3), others=(region(0.3, 0, 0.05, 0.1),))
        assert name is not None
        assert "left" in name

    def test_what_is_everywhere_has_no_place(self) -> None:
        assert self.name(region(0, 0, 1, 0.95)) == [None]

    def test_an_unlabelled_region_is_named_by_its_place_only(self) -> None:
        expected = {
            (0.0, 0.0): r"(top|upper) left|at the top left",
            (0.4, 0.8): r"bottom center",
            (0.8, 0.4): r"right",
            (0.4, 0.4): r"center|central|middle",
        }
        for (x, y), pattern in expected.items():
            for seed in range(20):
                (name,) = self.name(region(x, y, 0.2, 0.2), seed=seed)
                assert name is not None
                assert re.search(pattern, name), name
                assert name.startswith("the ")

    def test_spans(self) -> None:
        for seed in range(20):
            (band,) = self.name(region(0, 0.8, 1, 0.2), seed=seed)
            (strip,) = self.name(region(0, 0, 0.2, 1), seed=seed)
            assert "bottom" in str(band)
            assert "left side" in str(strip)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("dog", Noun("the dog")),
        ("tree-merged", Noun("the tree area")),
        ("wall-brick", Noun("the brick wall")),
        ("sky-other-merged", Noun("the sky")),
        ("window-blind", Noun("the window blind")),
        ("scissors", Noun("the scissors", plural=True)),
        ("stairs", Noun("the stairs", plural=True)),
        ("people", Noun("the people", plural=True)),
        ("bus", Noun("the bus")),
        ("grass-merged", Noun("the grass")),
        ("wine glass", Noun("the wine glass")),
        ("light_pole", Noun("the light pole")),
    ],
)
def test_labels_become_nouns(label: str, expected: Noun) -> None:
    assert labelled(label) == expected


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.01, "a thirtieth"), (0.1, "a tenth"), (0.24, "a quarter"), (0.5, "half"), (1, "nine tenths")],
)
def test_shares(share: float, words: str) -> None:
    assert share_words(share) == words


def test_a_look_says_size_share_and_edges_as_they_are() -> None:
    for seed in range(40):
        corner = str(look(writer(seed), place(0, 0, 0.2, 0.2)))
        assert re.match(r"a (small|compact) (region|area|patch|part) ", corner)
        assert "fifth" not in corner
        assert not re.search(r"right|bottom", corner)
        inside = str(look(writer(seed), place(0.3, 0.3, 0.5, 0.5)))
        assert "a quarter" in inside
        assert not re.search(r"left|right|top|bottom|small", inside)


def test_a_stand_in_is_the_label_where_there_is_one() -> None:
    assert str(stand_in(writer(), place(0, 0, 0.2, 0.2, "dog"))) == "the dog"
    assert str(stand_in(writer(), place(0, 0, 0.2, 0.2))).startswith("a ")
