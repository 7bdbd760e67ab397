from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quibble import Assessor, Level
from quibble.backends.base import EVEN_PAINT
from quibble.errors import ImageError
from quibble.image import save
from quibble.taxonomy import Category
from tests.fake_backend import FakeBackend


def halves(left: int, right: int, height: int = 120, width: int = 160) -> np.ndarray:
    image = np.full((height, width, 3), right, np.uint8)
    image[:, : width // 2] = left
    return image


@pytest.fixture
def assessor() -> Assessor:
    return Assessor(FakeBackend())


def test_a_report_says_everything(assessor: Assessor, tmp_path: Path) -> None:
    path = tmp_path / "halves.png"
    save(halves(255, 0), path)
    report = assessor.assess(path)
    assert (report.image, report.width, report.height, report.model) == (str(path), 160, 120, "fake")
    assert abs(report.score.value - 50) < 0.01
    assert (report.score.low, report.score.high) == pytest.approx((40, 60))
    assert report.score.level is Level.FAIR
    (finding,) = report.findings
    assert finding.category is Category.BLUR
    assert finding.position == "top left" if finding.box.center.y < 60 else "bottom left"
    assert finding.severity == pytest.approx(3.2)


def test_every_pixel_has_a_category_or_is_clean(assessor: Assessor) -> None:
    shown = assessor.segment(halves(255, 0))
    assert shown.shape == (120, 160)
    assert shown.dtype == np.uint8
    blur = list(Category).index(Category.BLUR)
    assert (shown[:, :70] == blur).mean() > 0.9
    assert (shown[:, 90:] == len(Category)).all()


@pytest.mark.parametrize(("cut", "blurred"), [(0.8, True), (0.95, False)])
def test_a_map_has_what_the_calibration_has_it_paint(cut: float, *, blurred: bool) -> None:
    backend = FakeBackend()
    backend.calibration = replace(FakeBackend.calibration, paint=(cut, *EVEN_PAINT[1:]))
    shown = Assessor(backend).segment(halves(255, 0))
    assert (shown[:, :70] == 0).mean() == pytest.approx(float(blurred), abs=0.1)


def test_the_interval_stays_on_the_scale(assessor: Assessor) -> None:
    assert assessor.score(halves(255, 255)).high == 100
    assert assessor.score(halves(0, 0)).low == 0


def test_one_look_answers_several_questions(assessor: Assessor) -> None:
    look = assessor.look(halves(200, 10))
    assert assessor.score(look) == assessor.assess(look).score
    assert assessor.backend.runs == [1]  # type: ignore[attr-defined]


def test_many_pictures_keep_their_order(assessor: Assessor) -> None:
    pictures = [halves(v, v) for v in range(0, 250, 13)]
    reports = list(assessor.assess_many(iter(pictures)))
    values = [report.score.value for report in reports]
    assert values == sorted(values)
    assert len(values) == len(pictures)
    assert max(assessor.backend.runs) > 1  # type: ignore[attr-defined]


def test_large_pictures_get_masks_of_their_own_size(assessor: Assessor) -> None:
    report = assessor.assess(halves(255, 0, 1500, 2000))
    assert (report.findings[0].mask.height, report.findings[0].mask.width) == (1500, 2000)
    assert abs(report.findings[0].share - 0.5) < 0.01


def test_what_is_no_picture_is_an_image_error(assessor: Assessor, tmp_path: Path) -> None:
    with pytest.raises(ImageError):
        assessor.assess(tmp_path / "missing.jpg")
