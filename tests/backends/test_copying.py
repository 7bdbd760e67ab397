from __future__ import annotations

import pytest

from quibble.backends.copying import Codes
from quibble.taxonomy import Category
from quibble.text.conversation import Conversation
from quibble.text.evidence import Note, PictureNotes, Spot
from quibble.text.tokenizer import nano


def codes(*cells: tuple[int, int]) -> Codes:
    notes = tuple(
        Note(category=Category.BLUR, distortion=None, severity=3, sure=9, spot=Spot(cells=pair, share=9))
        for pair in cells
    )
    return Codes(Conversation.about(PictureNotes(score=50, notes=notes)), nano())


def several(question: str = "What is wrong?") -> Codes:
    found = ((Category.BLUR, (140, 295)), (Category.NOISE, (236, 379)), (Category.BLUR, (151, 399)))
    notes = [
        Note(category=category, distortion=None, severity=3, sure=9, spot=Spot(cells=cells, share=9))
        for category, cells in found
    ]
    hint = Note(category=Category.DARKEN, distortion=None, severity=2, sure=3, spot=Spot(cells=(21, 63), share=4))
    about = Conversation.about(PictureNotes(score=50, notes=tuple(notes), hints=(hint,)))
    return Codes(about.saying(question), nano())


def signs(of: Codes, answer: str) -> set[str] | None:
    allowed = of.allowed(nano().encode(answer))
    return None if allowed is None else {nano().decode([token]) for token in allowed}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("There is [obvious blur](", {"1", "2"}),
        ("There is [obvious blur](1", {"4"}),
        ("There is [obvious blur](2", {"3", "9"}),
        ("There is [obvious blur](29", {"4"}),
        ("There is [obvious blur](294", {","}),
        ("There is [obvious blur](294,3", {"9"}),
        ("There is [obvious blur](294,399", None),
        ("There is [obvious blur](294,399)(", {"1", "2"}),
        ("(", {"1", "2"}),
        ("(23", {"6"}),
        ("", None),
        ("There is obvious blur", None),
        ("There is obvious blur (", None),
        ("The quality is fair, about 53 out of 100, by what is seen all in all (", None),
        ("(A", None),
    ],
)
def test_a_box_goes_on_as_one_of_the_evidence_does(answer: str, expected: set[str] | None) -> None:
    assert signs(codes((140, 295), (236, 379), (294, 399)), answer) == expected


def test_where_the_evidence_has_no_box_nothing_is_ruled_out() -> None:
    assert signs(codes(), "There is [obvious blur](") is None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("There is [obvious blur](", {"1"}),
        ("There is [obvious blur](1", {"4", "5"}),
        ("There is [obvious blur](140,295)(", {"1"}),
        ("Perhaps [a moderate lack of light](0", {"2"}),
        ("[obvious blur](140,295) and [serious image noise](", {"2"}),
        (
            "[serious image noise](236,379) beside [obvious motion blur in a large part of all that is to be seen](",
            {"1"},
        ),
        # Neither names what has a box: any.
        ("The worst of it is [here](", {"0", "1", "2"}),
        ("[obvious banding](", {"0", "1", "2"}),
        ("(", {"0", "1", "2"}),
    ],
)
def test_a_phrase_has_a_box_of_the_defect_that_it_names(answer: str, expected: set[str]) -> None:
    assert signs(several(), answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"), [("(", {"2"}), ("It is [here](", {"0", "1", "2"}), ("[obvious blur](", {"1"})]
)
def test_a_box_alone_is_of_the_defect_that_was_asked_for(answer: str, expected: set[str]) -> None:
    assert signs(several("Where is the noise? Only the box, please."), answer) == expected
