from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skimage import data
from skimage.metrics import structural_similarity

from quibble import noting
from quibble.assessor import Assessor
from quibble.backends.base import Maps
from quibble.distort import Sequence
from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask, Region
from quibble.look import Look
from quibble.taxonomy import Category
from quibble.text.conversation import Features
from tests.fake_backend import FakeBackend

BRIGHT, DARK = np.full((128, 160, 3), 200, np.uint8), np.full((128, 160, 3), 40, np.uint8)


def look(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Look:
    """Without a gauge."""
    seen = Assessor(FakeBackend()).look(picture)
    return replace(seen, seen=replace(seen.evidence, gauge=None))


def test_notes_of_a_picture_are_its_findings() -> None:
    seen = look(BRIGHT)
    notes = noting.picture_notes(Assessor(FakeBackend()).assess(seen), seen.evidence)
    assert [note.category for note in notes.notes] == [Category.BLUR]
    assert notes.hints == ()


def test_of_what_is_asked_about_a_hint_is_noted_though_others_are_likelier() -> None:
    seen = look(BRIGHT)
    likely = [Category.NOISE, Category.COMPRESSION, Category.PIXELATE, Category.QUANTIZE]
    for place, category in enumerate(likely):
        seen.evidence.categories[list(Category).index(category), 8 * place : 8 * place + 8, -10:] = 0.45 - 0.05 * place
    report = Assessor(FakeBackend()).assess(seen)
    usual = noting.picture_notes(report, seen.evidence).hints
    asked = noting.picture_notes(report, seen.evidence, asked=[Category.QUANTIZE]).hints
    assert [hint.category for hint in usual] == likely[:3]
    assert [hint.category for hint in asked] == [*likely[:2], Category.QUANTIZE]
    # A place that is asked for is a question too; what is not even possible is no hint.
    query = noting.picture_notes(report, seen.evidence, "Where is the banding?").hints
    assert query == asked
    assert noting.picture_notes(report, seen.evidence, asked=[Category.DARKEN]).hints == usual


def test_how_damaged_a_region_is_counts_what_was_not_sure_enough_for_a_finding() -> None:
    seen = look(BRIGHT)
    seen.evidence.categories[1, :, :20] = 0.4
    report = Assessor(FakeBackend()).assess(seen)
    assert [finding.category for finding in report.findings] == [Category.BLUR]
    (total,) = noting.picture_notes(report, seen.evidence).totals
    # Of blur and noise; ten others are hardly there.
    assert total == pytest.approx((0.9 + 0.4 + 10 * 0.01) * 3.2, abs=0.2)
    assert noting.picture_notes(report, seen.evidence, "Where is the blur worst?").totals == (0.0,)


def test_what_lies_around_something_else_is_another_region() -> None:
    seen = look(BRIGHT)
    inside = np.zeros((32, 40), bool)
    inside[6:26, 8:32] = True
    for number, place in ((0, inside), (1, ~inside)):
        seen.evidence.categories[number] = np.where(place, 0.9, 0.01)
    report = Assessor(FakeBackend()).assess(seen)
    assert sorted(finding.category for finding in report.findings) == [Category.BLUR, Category.NOISE]
    notes = noting.picture_notes(report, seen.evidence)
    assert notes.apart == ((0, 1),)
    assert len(notes.clusters) == 2
    assert len(replace(notes, apart=()).clusters) == 1
    assert noting.picture_notes(report, seen.evidence, "Where is the blur worst?").apart == ((0, 1),)


def test_notes_of_a_region_are_what_is_inside_it() -> None:
    seen = look(BRIGHT)
    for left, tenths in ((0, 9), (100, 0)):
        region = Region(box=Box(x0=left, y0=0, x1=left + 50, y1=100))
        notes = noting.region_notes(seen.evidence, region, width=160, height=128)
        assert {c: n for c, n, _ in notes.found}.get(Category.BLUR, 0) in (tenths, tenths - 1)
        assert notes.clean == (0 if tenths else 9)


def test_a_region_of_one_pixel_has_notes() -> None:
    region = Region(box=Box(x0=3, y0=3, x1=4, y1=4))
    notes = noting.region_notes(look(BRIGHT).evidence, region, width=160, height=128)
    assert notes.found[0][0] is Category.BLUR


class Dark:
    """A gauge for which what is dark is damaged, against the original only where it was not."""

    slopes = (0.1, 0.5)

    def __init__(self) -> None:
        self.structures: list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = []

    def __call__(self, features: Features, original: Features | None = None, structure: Maps | None = None) -> float:
        if original is None:
            return float(100 * (1 - features.maps[0].mean()))
        assert structure is not None
        self.structures.append(structure)
        return float(100 * (original.maps[0].mean() - features.maps[0].mean()))


def gauged(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], gauge: Dark) -> Look:
    (evidence,) = FakeBackend().perceive([picture], features=True)
    return replace(look(picture), seen=replace(evidence, gauge=gauge))


RAMP = np.tile(np.linspace(180, 60, 160)[None, :, None], (128, 1, 3)).astype(np.uint8)


def test_damage_is_what_the_gauge_says_alone_or_against_the_reference() -> None:
    gauge = Dark()
    dark, light = gauged(RAMP // 2, gauge), gauged(RAMP, gauge)
    alone = noting.damage(dark)
    assert alone == pytest.approx(100 * (1 - (RAMP // 2).mean() / 255), abs=0.5)
    assert noting.damage(dark, dark) == pytest.approx(0)
    assert noting.damage(dark, light) == pytest.approx(100 * (RAMP.mean() - (RAMP // 2).mean()) / 255, abs=0.5)
    np.testing.assert_allclose(gauge.structures[0], 0, atol=1e-6)
    np.testing.assert_array_equal(gauge.structures[1], noting.structures_lost(RAMP // 2, RAMP))
    with pytest.raises(ArgumentError, match="size"):
        noting.damage(dark, gauged(RAMP[:100], gauge))
    assert noting.damage(look(RAMP)) is None


def test_of_versions_of_a_scene_damage_and_score_decide_and_beside_the_original_damage_alone() -> None:
    gauge = Dark()
    dark, light, gap = gauged(RAMP // 2, gauge), gauged(RAMP, gauge), (RAMP.mean() - (RAMP // 2).mean()) / 2.55
    better = noting.probability_better(light, dark, score_a=20, score_b=60)
    assert better == pytest.approx(1 / (1 + np.exp(-0.1 * (gap - 40) / 2)), abs=0.02)
    assert noting.probability_better(light, dark, score_a=40, score_b=40) > 0.7
    assert noting.probability_better(dark, light, score_a=60, score_b=20) == pytest.approx(1 - better)
    against = noting.probability_better(light, dark, light, score_a=20, score_b=60)
    assert against == pytest.approx(1 / (1 + np.exp(-0.5 * gap)), abs=0.02)


def test_the_better_scored_of_two_scenes_is_better_whatever_the_damage() -> None:
    gauge = Dark()
    dark, mirrored = gauged(RAMP // 2, gauge), gauged(np.ascontiguousarray(RAMP[:, ::-1]), gauge)
    assert noting.probability_better(mirrored, dark, score_a=20, score_b=60) < 0.1
    assert noting.probability_better(dark, mirrored, score_a=60, score_b=20) > 0.9


def test_without_a_gauge_scores_decide_and_structure_beside_a_reference() -> None:
    clean, other = look(RAMP), look(RAMP // 2)
    assert noting.probability_better(clean, other, score_a=20, score_b=60) < 0.1
    assert noting.probability_better(clean, other, score_a=40, score_b=40) == 0.5
    speckled = look((RAMP.astype(int) + np.random.default_rng(0).integers(0, 60, RAMP.shape)).astype(np.uint8))
    assert noting.probability_better(clean, speckled, clean, score_a=40, score_b=40) > 0.9


def test_fine_damage_is_lost_in_smaller_versions() -> None:
    grain = np.random.default_rng(0).integers(-20, 20, RAMP.shape)
    full, half, quarter = noting.structures_lost(np.clip(RAMP + grain, 0, 255).astype(np.uint8), RAMP)
    assert 1 > full > half > quarter > 0
    coarse = np.kron(grain[::16, ::16], np.ones((16, 16, 1)))[:128, :160]
    losses = noting.structures_lost(np.clip(RAMP + coarse, 0, 255).astype(np.uint8), RAMP)
    assert losses[2] > losses[0]
    assert noting.structures_lost(RAMP[:9, :9], RAMP[:9, :9]).tolist() == pytest.approx([0, 0, 0], abs=1e-6)


def test_versions_of_a_photograph_are_told_from_other_photographs() -> None:
    coffee, cat = (np.asarray(photo, np.uint8) for photo in (data.coffee(), data.chelsea()))
    for steps in (("blur.gaussian:4", "noise.poisson:3"), ("darken.gamma_rgb:3",), ("compression.jpeg:5",)):
        assert noting.same_scene(coffee, Sequence.parse(*steps).apply(coffee, seed=1))
    assert noting.same_scene(coffee, coffee[::2, ::2])
    assert not noting.same_scene(coffee, cat)
    assert not noting.same_scene(BRIGHT, BRIGHT)


def test_structure_is_the_known_similarity() -> None:
    rng = np.random.default_rng(1)
    reference = rng.integers(0, 256, (40, 50, 3)).astype(np.uint8)
    picture = np.clip(reference + rng.normal(0, 30, reference.shape), 0, 255).astype(np.uint8)
    lumas = [image @ np.array([0.299, 0.587, 0.114]) for image in (picture, reference)]
    # It needs odd windows, so the window is set to one for this.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noting, "WINDOW", 7)
        ours = noting.structure_lost(picture, reference)
    theirs = structural_similarity(*lumas, data_range=255, win_size=7, use_sample_covariance=False)
    assert ours == pytest.approx(1 - theirs, abs=1e-6)
    assert noting.structure_lost(reference, reference) == pytest.approx(0)


def test_where_one_has_more_leaves_out_where_both_have_as_much() -> None:
    seen = look(BRIGHT)
    severities = seen.evidence.severities.copy()
    severities[:, :16] = 4.8
    worse = replace(seen, seen=replace(seen.evidence, severities=severities))
    findings = Assessor(FakeBackend()).assess(worse).findings
    (finding,) = findings
    where = noting.where_more(Category.BLUR, worse, seen, findings)
    assert where is not None
    upper = Mask.from_box(Box(x0=0, y0=0, x1=160, y1=64), width=160, height=128).to_array()
    assert where.iou(Mask.from_array(finding.mask.to_array() & upper)) > 0.9
    assert noting.where_more(Category.NOISE, worse, seen, findings) is None
    assert noting.where_more(Category.BLUR, seen, worse, findings) is None


def test_the_coverage_of_a_mask_counts_every_pixel_and_no_margin() -> None:
    seen = look(BRIGHT)
    pixels = np.zeros((128, 160), bool)
    pixels[:64, 10:50] = True
    share = noting.coverage(seen.evidence, Mask.from_array(pixels))
    assert share.shape == (32, 40)
    assert share.sum() * 16 == pytest.approx(pixels.sum(), rel=1e-3)
    assert share[0, 2] == pytest.approx(0.5)
    small = Assessor(FakeBackend()).look(BRIGHT[:32, :64])
    share = noting.coverage(small.evidence, Mask.from_array(np.ones((32, 64))))
    assert share.shape == (16, 16)
    assert share[:8].min() == 1
    assert share[8:].max() == 0
