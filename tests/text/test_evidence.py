from __future__ import annotations

import re
from dataclasses import replace

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
    # The first noise and the blur have one region, the two others their own.
    assert [part.partition(" sure")[0] for part in told[1:]] == [
        "noise moderate 2.2 worst",
        "blur motion obvious 3.1 worst",
        "noise serious 4.0 most",
        "noise slight 1.1 least mildest",
    ]
    alike = PictureNotes(score=43, notes=(noise[0], replace(noise[0]))).encode()
    assert not any(mark in alike for mark in ("most", "least", "worst", "mildest"))


def test_regions_go_by_what_is_known_of_them_if_that_is_more_than_their_findings() -> None:
    several = (note(), note(Category.NOISE, 1.2), replace(note(), severity=2.0))
    assert PictureNotes(score=43, notes=several).clusters[0].notes == several[:2]
    told = PictureNotes(score=43, notes=several, totals=(3.0, 3.5, 6.0)).encode()
    assert re.findall("worst|mildest", told) == ["mildest", "mildest", "worst"]
    told = PictureNotes(score=43, notes=several, totals=(3.0, 3.5, 6.0)).trimmed().encode()
    assert re.findall("worst|mildest", told) == ["mildest", "mildest", "worst"]
    assert re.findall("worst|mildest", PictureNotes(score=43, notes=several).encode()) == ["worst", "worst", "mildest"]


def test_findings_that_are_apart_are_of_two_regions_whatever_their_boxes() -> None:
    one = PictureNotes(score=43, notes=(note(), note(Category.NOISE, 1.2)))
    assert len(one.clusters) == 1
    two = replace(one, apart=((0, 1),))
    assert [cluster.notes for cluster in two.clusters] == [one.notes[:1], one.notes[1:]]
    assert re.findall("worst|mildest", two.encode()) == ["worst", "mildest"]
    assert re.findall("worst|mildest", two.trimmed().encode()) == ["worst", "mildest"]


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
