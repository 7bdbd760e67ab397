from __future__ import annotations

import pytest

from quibble.errors import ArgumentError
from quibble.geometry import Box
from quibble.taxonomy import Category, Distortion, Level
from quibble.text.evidence import ComparisonNotes, Note, PictureNotes, RegionNotes, Spot, differences, tenth


def note(category: Category = Category.BLUR, severity: float = 3.1) -> Note:
    spot = Spot.of(Box(x0=10, y0=20, x1=100, y1=90), share=0.157, width=200, height=200)
    kind = Distortion.BLUR_MOTION if category is Category.BLUR else None
    return Note(category=category, distortion=kind, severity=severity, sure=9, spot=spot)


def test_a_picture_in_its_code() -> None:
    notes = PictureNotes(score=43, notes=(note(),), hints=(note(Category.NOISE, 1.3),))
    assert notes.level is Level.FAIR
    assert notes.encode() == (
        "score 43 fair; blur motion obvious 3.1 sure 9 at top left share 16 box (041,190); "
        "hint noise 9 slight 1.3 at top left share 16 box (041,190)"
    )


def test_the_worst_and_the_mildest_of_several_are_marked() -> None:
    noise = [note(Category.NOISE, severity) for severity in (2.2, 4.0, 1.1)]
    told = PictureNotes(score=43, notes=(noise[0], note(), *noise[1:])).encode().split("; ")
    assert [part.partition(" sure")[0] for part in told[1:]] == [
        "noise moderate 2.2",
        "blur motion obvious 3.1",
        "noise serious 4.0 most",
        "noise slight 1.1 least",
    ]
    alike = PictureNotes(score=43, notes=(noise[0], noise[0])).encode()
    assert "most" not in alike
    assert "least" not in alike


def test_nothing_found() -> None:
    assert PictureNotes(score=88, notes=()).encode() == "score 88 excellent; nothing"


@pytest.mark.parametrize(
    ("box", "share", "terms"),
    [
        ((0, 0, 400, 400), 0.98, "all"),
        ((0, 0, 400, 400), 0.5, "full bottom full right"),
        ((150, 10, 230, 90), 0.04, "top mid left"),
        ((300, 300, 390, 390), 0.05, "bottom right"),
    ],
)
def test_where_it_is(box: tuple[float, ...], share: float, terms: str) -> None:
    spot = Spot.of(Box.from_list(list(box)), share=share, width=400, height=400)
    assert spot.encode() == f"at {terms} share {round(100 * share)}"


def test_a_region_in_its_code() -> None:
    found = ((Category.BLUR, 9, 3.2), (Category.NOISE, 2, 1.0))
    region = RegionNotes(spot=note().spot, found=found, clean=0)
    assert region.encode() == "region at top left share 16; blur 9 obvious 3.2; noise 2 slight 1.0; clean 0"


def test_a_comparison_in_its_code() -> None:
    a, b = PictureNotes(score=40, notes=(note(),)), PictureNotes(score=70, notes=(note(Category.NOISE, 0.8),))
    compared = ComparisonNotes.of(a, b, a_better=0.18)
    assert compared.encode() == "compare B 82; blur A 3.1; noise B 0.8"
    assert compared.loser == "A"
    assert differences(a, a) == ()


def test_only_a_or_b_can_win() -> None:
    with pytest.raises(ArgumentError, match="'A' or 'B'"):
        ComparisonNotes(winner="C", sure=50, differences=())


def test_tenths() -> None:
    assert [tenth(p) for p in (0, 0.1, 0.99, 1)] == [0, 1, 9, 9]
