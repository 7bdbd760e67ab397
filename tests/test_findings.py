from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from quibble.backends.base import Evidence
from quibble.candidates import label
from quibble.findings import CATEGORIES, DISTORTIONS, find, suspicions, traced
from quibble.geometry import Box, Mask
from quibble.taxonomy import Category, Distortion

THRESHOLD = (0.5,) * 12


def evidence(height: int = 30, width: int = 40) -> Evidence:
    categories = np.full((13, height, width), 0.02, np.float32)
    categories[12] = 0.9
    return Evidence(
        categories=categories,
        severities=np.full((12, height, width), 1.0, np.float32),
        kinds=np.zeros((35, height, width), np.float32),
        levels=np.full(5, 0.2, np.float32),
        spread=10.0,
        width=4 * width,
        height=4 * height,
    )


@given(st.integers(1, 30), st.integers(1, 30), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_regions_are_those_of_scipy(height: int, width: int, share: float, seed: int) -> None:
    marked = np.random.default_rng(seed).random((height, width)) < share
    labels, count = label(marked)
    expected, expected_count = ndimage.label(marked)
    assert count == expected_count
    assert ((labels > 0) == marked).all()
    pairs = set(zip(labels.ravel().tolist(), np.asarray(expected).ravel().tolist(), strict=True))
    assert len(pairs) == count + (not marked.all())


def test_a_clean_picture_has_no_findings() -> None:
    assert find(evidence(), width=160, height=120, threshold=THRESHOLD) == ()


def test_a_finding_says_what_where_and_how_badly() -> None:
    seen = evidence()
    blur = CATEGORIES.index(Category.BLUR)
    seen.categories[blur, 5:15, 20:35] = 0.9
    seen.severities[blur, 5:15, 20:35] = 3.5
    seen.kinds[DISTORTIONS.index(Distortion.BLUR_MOTION)] = 6
    (finding,) = find(seen, width=160, height=120, threshold=THRESHOLD)
    assert (finding.category, finding.distortion) == (Category.BLUR, Distortion.BLUR_MOTION)
    assert finding.position == "top right"
    assert abs(finding.severity - 3.5) < 1e-5
    assert abs(finding.share - 150 / 1200) < 0.02
    assert finding.confidence > 0.8
    box = finding.box
    assert max(abs(a - b) for a, b in zip(box.to_list(), [80, 20, 140, 60], strict=True)) <= 3
    assert finding.mask.box == box


def test_suspicions_are_the_likeliest_places_of_categories_the_most_probable_first() -> None:
    seen = evidence()
    seen.categories[CATEGORIES.index(Category.NOISE), 10:20, 20:35] = 0.4
    seen.categories[CATEGORIES.index(Category.BLUR), 2:12, 2:12] = 0.6
    asked = (Category.NOISE, Category.BLUR)
    told = list(suspicions(seen, asked, width=160, height=120, slope=1.0, offset=0.0))
    assert [finding.category for finding, _ in told] == [Category.BLUR, Category.NOISE]
    assert [presence for _, presence in told] == pytest.approx([0.6, 0.4], abs=0.08)
    for (finding, _), box in zip(told, ([8, 8, 48, 48], [80, 40, 140, 80]), strict=True):
        assert max(abs(a - b) for a, b in zip(finding.box.to_list(), box, strict=True)) <= 4
    clean = evidence()
    clean.categories[12] = 0.95
    assert list(suspicions(clean, asked, width=160, height=120, slope=1.0, offset=0.0)) == []


def test_a_suspicion_has_the_likeliest_outline_and_is_as_probable_as_its_heart() -> None:
    seen = evidence()
    noise = CATEGORIES.index(Category.NOISE)
    seen.categories[noise, 10:20, 20:35] = 0.4
    seen.categories[noise, 12:17, 22:28] = 0.9
    ((finding, presence),) = suspicions(seen, [Category.NOISE], width=160, height=120, slope=1.0, offset=0.0)
    assert max(abs(a - b) for a, b in zip(finding.box.to_list(), [80, 40, 140, 80], strict=True)) <= 4
    assert finding.confidence < 0.6 < 0.75 < presence


def several(seen: Evidence, *named: Category) -> list[tuple[str, str]]:
    found = find(seen, width=160, height=120, threshold=(0.7,) * 12, several=named)
    return [(finding.category.value, finding.position) for finding in found]


def test_of_what_is_said_to_be_in_several_places_a_second_one_is_looked_for() -> None:
    seen = evidence()
    noise, blur = CATEGORIES.index(Category.NOISE), CATEGORIES.index(Category.BLUR)
    seen.categories[noise, 2:12, 2:12] = 0.9
    seen.categories[noise, 20:28, 28:38] = 0.15
    seen.categories[blur, 2:12, 28:38] = 0.25
    seen.categories[12] = 0.99
    assert several(seen, Category.NOISE) == [("noise", "top left"), ("noise", "bottom right")]
    # Blur is too improbable to begin with.
    assert several(seen, Category.BLUR) == [("noise", "top left")]
    seen.categories[noise, 20:28, 28:38] = 0.05
    assert several(seen, Category.NOISE) == [("noise", "top left")]
    assert several(evidence(), *Category) == []


def test_without_a_name_less_sure_damage_counts_where_there_are_no_two_places() -> None:
    seen = evidence()
    seen.categories[CATEGORIES.index(Category.NOISE), 2:12, 2:12] = 0.9
    seen.categories[CATEGORIES.index(Category.BLUR), 20:28, 28:38] = 0.65
    assert several(seen) == [("noise", "top left"), ("blur", "bottom right")]
    seen.categories[CATEGORIES.index(Category.DARKEN), 2:12, 28:38] = 0.9
    assert sorted(several(seen)) == [("darken", "top right"), ("noise", "top left")]


def test_a_ranker_says_which_two_places_are_meant() -> None:
    seen = evidence()
    noise, blur = CATEGORIES.index(Category.NOISE), CATEGORIES.index(Category.BLUR)
    for box, severity in (((2, 12, 2, 12), 4.0), ((20, 28, 28, 38), 2.0), ((20, 28, 2, 10), 2.5)):
        place = (slice(*box[:2]), slice(*box[2:]))
        seen.categories[(noise, *place)] = 0.9
        seen.severities[(noise, *place)] = severity
        seen.categories[(12, *place)] = 0.1
    asked = []

    def by_severity(
        told: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        asked.append(told[:, -13:].argmax(axis=1).tolist())
        large = told[:, 5] > 0.01
        return np.stack([told[:, 2] / 20 + large, large - told[:, 2] / 20], axis=1)

    ranked = replace(seen, ranker=by_severity)
    assert several(ranked, Category.NOISE) == [("noise", "top left"), ("noise", "bottom right")]
    assert set(asked[0]) == {noise}
    # Without a name all damage counts, and what is not among the two is left out.
    seen.categories[blur, 2:12, 2:12] = 0.9
    assert sorted(several(ranked)) == [("blur", "top left"), ("noise", "bottom right"), ("noise", "top left")]
    assert set(asked[-1]) == {len(CATEGORIES)}
    # It is not asked where nothing is possible, nor believed where the worst is no worse.
    calls = len(asked)
    assert several(replace(evidence(), ranker=by_severity), Category.NOISE) == []
    assert len(asked) == calls
    seen.severities[noise] = 3.0
    assert [name for name, _ in several(ranked, Category.NOISE)].count("noise") == 3


def test_masks_have_the_size_of_the_picture() -> None:
    seen = evidence(144, 192)
    seen.categories[1, :72] = 0.95
    (finding,) = find(seen, width=4000, height=3000, threshold=THRESHOLD)
    assert (finding.mask.width, finding.mask.height) == (4000, 3000)
    assert abs(finding.share - 0.5) < 0.01


def test_separate_regions_are_separate_findings_and_specks_none() -> None:
    seen = evidence()
    seen.categories[2, 2:10, 2:10] = 0.9
    seen.categories[2, 20:28, 30:38] = 0.9
    seen.categories[2, 15, 20] = 1.0
    found = find(seen, width=160, height=120, threshold=THRESHOLD)
    assert [f.category for f in found] == [Category.COMPRESSION] * 2
    assert {f.position for f in found} == {"top left", "bottom right"}


def test_the_kind_is_left_open_when_none_stands_out() -> None:
    seen = evidence()
    seen.categories[0] = 0.9
    (finding,) = find(seen, width=160, height=120, threshold=THRESHOLD)
    assert finding.distortion is None
    assert finding.position == "whole picture"


def test_worse_comes_first() -> None:
    seen = evidence()
    seen.categories[0, :, :20] = 0.9
    seen.categories[1, :, 20:] = 0.9
    seen.severities[1] = 4
    found = find(seen, width=160, height=120, threshold=THRESHOLD)
    assert [f.category for f in found] == [Category.NOISE, Category.BLUR]


def test_mirrored_margins_of_tiny_pictures_are_not_reported() -> None:
    seen = evidence(16, 16)
    seen.categories[0, :, 8:] = 0.95
    assert find(seen, width=24, height=64, threshold=THRESHOLD) == ()


@pytest.mark.parametrize("offset", [-2.0, 0.0, 2.0])
def test_calibration_moves_confidence(offset: float) -> None:
    seen = evidence()
    seen.categories[0] = 0.75
    (finding,) = find(seen, width=160, height=120, threshold=THRESHOLD, slope=2.0, offset=offset)
    assert abs(finding.confidence - 1 / (1 + np.exp(-(2 * np.log(3) + offset)))) < 1e-4


def test_a_drawn_mask_is_a_finding_as_sure_as_the_evidence_there() -> None:
    seen = evidence()
    number = CATEGORIES.index(Category.NOISE)
    seen.categories[number, 10:20, 10:30] = 0.8
    seen.severities[number] = 4.0
    logits = np.full((30, 40), -6.0, np.float32)
    logits[10:20, 10:30] = 6
    (noise,) = traced(seen, logits, [Category.NOISE], width=160, height=120)
    box = Box(x0=40, y0=40, x1=120, y1=80)
    assert noise.mask.iou(Mask.from_box(box, width=160, height=120)) > 0.95
    assert (noise.category, round(noise.severity)) == (Category.NOISE, 4)
    assert noise.confidence > 0.6
    (likeliest,) = traced(seen, logits, [], width=160, height=120)
    assert likeliest.category is Category.NOISE
    noise, blur = traced(seen, logits, [Category.NOISE, Category.BLUR], width=160, height=120)
    assert blur.mask == noise.mask
    assert blur.confidence < 0.1
    assert traced(seen, np.full((30, 40), -1.0, np.float32), [Category.NOISE], width=160, height=120) == ()


def test_a_mask_drawn_over_the_margin_of_a_small_picture_ends_with_the_picture() -> None:
    seen = evidence(16, 16)
    (found,) = traced(seen, np.full((16, 16), 6.0, np.float32), [Category.BLUR], width=64, height=32)
    assert found.mask.share == 1
    outside = np.full((16, 16), -6.0, np.float32)
    outside[8:] = 6
    assert traced(seen, outside, [Category.BLUR], width=64, height=32) == ()
