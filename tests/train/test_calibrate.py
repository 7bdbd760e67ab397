import numpy as np
import pytest

from quibble.backends.base import Evidence
from quibble.taxonomy import Distortion
from quibble.train.calibrate import expected_calibration_error, fit_confidence, fit_interval, fit_thresholds, judged
from quibble.train.validation import CLEAN, Truth, measure_dense, opinion_figures
from tests.fake_backend import FakeBackend


def look(picture: np.ndarray) -> Evidence:
    return FakeBackend().perceive([picture])[0]


def truth(left: int, *, blurred: bool) -> Truth:
    rgb = np.full((80, 120, 3), 10, np.uint8)
    rgb[:, :60] = left
    category = np.full((80, 120), CLEAN)
    kind = np.full((80, 120), -1)
    mask = np.zeros((80, 120), bool)
    mask[:, :60] = True
    if blurred:
        category[mask] = 0
        kind[mask] = 0
    return Truth(rgb, category, kind, [(mask, Distortion.BLUR_GAUSSIAN, 3)] if blurred else [])


def test_confidence_learns_the_share_that_is_right() -> None:
    rng = np.random.default_rng(0)
    raw = rng.uniform(0.3, 0.99, 5000)
    right = rng.random(5000) < raw**2
    slope, offset = fit_confidence(raw.tolist(), right.tolist())
    calibrated = 1 / (1 + np.exp(-(slope * np.log(raw / (1 - raw)) + offset)))
    assert expected_calibration_error(calibrated.tolist(), right.tolist()) < 0.03
    assert expected_calibration_error(raw.tolist(), right.tolist()) > 0.1


def test_calibration_error_by_hand() -> None:
    # Two in the bin of 0.9 with one right, two in the bin of 0.1 with none: (0.5 * 0.4 + 0.5 * 0.1).
    assert expected_calibration_error([0.9, 0.9, 0.1, 0.1], [True, False, False, False]) == pytest.approx(0.25)


def test_the_interval_covers_what_it_says() -> None:
    rated = [
        (np.full((64, 64, 3), v, np.uint8), 100 * v / 255 + e) for v, e in zip(range(50, 60), range(10), strict=True)
    ]
    # Errors are 0..9 points and the spread is 5: the 80% quantile of 0, .2, .. 1.8.
    assert fit_interval(look, rated) == pytest.approx(np.quantile(np.arange(10) / 5, 0.8), abs=0.02)


def test_thresholds_rise_until_false_alarms_are_rare() -> None:
    # The fake sees blur at 0.9 wherever the left is bright, also on this clean picture.
    clean = [np.full((80, 120, 3), 255, np.uint8), *[np.zeros((80, 120, 3), np.uint8)] * 9]
    truths = [truth(250, blurred=True), truth(20, blurred=False)]
    loose = fit_thresholds(look, clean, truths, false_findings=12.0)
    strict = fit_thresholds(look, clean, truths, false_findings=0.05)
    assert loose[0] <= 0.9
    assert strict[0] > 0.9


def test_findings_are_judged_by_what_is_under_them() -> None:
    from quibble.findings import find

    for blurred in (True, False):
        case = truth(250, blurred=blurred)
        found = find(look(case.rgb), width=120, height=80, threshold=(0.5,) * 12)
        assert [right for _, right in judged(case, found)] == [blurred]


def test_dense_figures_of_a_model_that_is_right_and_of_one_that_is_wrong() -> None:
    right = measure_dense(look, iter([truth(250, blurred=True), truth(20, blurred=False)]))
    wrong = measure_dense(look, iter([truth(20, blurred=True), truth(250, blurred=False)]))
    assert right["iou/blur"] == pytest.approx(1, abs=0.1)
    assert right["refer"] == 1
    assert wrong["iou/blur"] == 0
    assert right["miou"] > wrong["miou"]


def test_opinion_figures_are_by_subset() -> None:
    values = [10.0, 60, 120, 200, 240]
    names = ["ss01 a", "ss01 b", "ss01 c", "ss02 a", "ss02 b"]
    figures = opinion_figures([2, 30, 41, 60, 99], [5] * 5, names, values)
    assert figures["srcc"] == pytest.approx(1)
    assert figures["srcc/ss01"] == pytest.approx(1)
    assert "srcc/ss02" not in figures
    swapped = opinion_figures([2, 30, 41, 60, 99], [5] * 5, names, [240.0, 200, 120, 60, 10])
    assert swapped["srcc"] == pytest.approx(-1)
