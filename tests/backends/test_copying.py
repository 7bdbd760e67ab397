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
