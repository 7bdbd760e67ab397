"""The model in the package, through the front door."""

from pathlib import Path

import numpy as np
import pytest
from skimage import data

from quibble import Assessor, noting
from quibble.backends.weights import NANO
from quibble.distort import Sequence, distort, regional
from quibble.taxonomy import Category


@pytest.fixture(scope="module")
def assessor() -> Assessor:
    return Assessor(threads=1)


def test_the_package_stays_small() -> None:
    assert sum(file.stat().st_size for file in NANO.rglob("*")) < 40e6


@pytest.mark.parametrize(
    ("step", "category"), [("noise.poisson:4", Category.NOISE), ("compression.jpeg:4", Category.COMPRESSION)]
)
def test_strong_damage_in_a_region_is_found_there(assessor: Assessor, step: str, category: Category) -> None:
    photo = np.asarray(data.astronaut(), np.uint8)
    mask = np.zeros(photo.shape[:2], bool)
    mask[40:240, 40:260] = True
    damaged = regional(photo, [mask], [Sequence.parse(step)], seed=0)
    found = [f for f in assessor.assess(damaged.image).findings if f.category is category]
    assert len(found) == 1
    assert found[0].mask.iou(damaged.masks[0]) > 0.75
    assert found[0].severity > 2
    assert not [f for f in assessor.assess(photo).findings if f.category is category]


@pytest.mark.parametrize(("name", "least"), [("astronaut", 65), ("chelsea", 70), ("rocket", 70)])
def test_good_photographs_are_called_good(assessor: Assessor, name: str, least: float) -> None:
    report = assessor.assess(np.asarray(getattr(data, name)(), np.uint8))
    assert report.score.value > least
    assert not report.findings


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket"])
def test_of_two_versions_the_less_damaged_one_is_better(assessor: Assessor, name: str) -> None:
    photo = np.asarray(getattr(data, name)(), np.uint8)
    pairs = (("blur.gaussian", 1, 4), ("noise.poisson", 2, 5), ("compression.jpeg", 1, 5), ("darken.gamma_rgb", 1, 4))
    original = assessor.look(photo)
    for distortion, little, much in pairs:
        better, worse = (assessor.look(distort(photo, distortion, level=level)) for level in (little, much))
        scores = {"score_a": assessor.score(better).value, "score_b": assessor.score(worse).value}
        for reference in (None, original):
            assert noting.probability_better(better, worse, reference, **scores) > 0.75
        damage = [noting.damage(look, original) or 0.0 for look in (original, better, worse)]
        assert damage == sorted(damage)


@pytest.mark.parametrize("distortion", ["blur.gaussian", "noise.gaussian_rgb", "compression.jpeg", "darken.shift_hsv"])
@pytest.mark.parametrize("name", ["coffee", "rocket"])
def test_the_score_falls_with_damage(assessor: Assessor, name: str, distortion: str) -> None:
    photo = np.asarray(getattr(data, name)(), np.uint8)
    scores = [assessor.score(distort(photo, distortion, level=level)).value for level in (1, 3, 5)]
    # A known weakness, in the model card: the rocket at night gains 2.1 points from level 3 to 5.
    slack = 3 if (name, distortion) == ("rocket", "darken.shift_hsv") else 2
    assert assessor.score(photo).value + 1 > scores[0] > scores[1] > scores[2] - slack
    assert scores[1] < 45


def test_a_score_is_the_same_in_company_and_alone(assessor: Assessor) -> None:
    photo = np.asarray(data.astronaut(), np.uint8)
    pictures = [photo, *(np.roll(photo, 31 * i, axis=1) for i in range(1, 16))]
    together = [report.score.value for report in assessor.assess_many(pictures)]
    for i in (0, 7, 15):
        assert abs(assessor.score(pictures[i]).value - together[i]) < 1e-2


def test_every_size_is_judged(assessor: Assessor, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for height, width in ((1, 1), (7, 300), (64, 64), (63, 1000), (1500, 900)):
        report = assessor.assess(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
        assert (report.height, report.width) == (height, width)
        for finding in report.findings:
            assert (finding.mask.height, finding.mask.width) == (height, width)
