"""Defects as cameras make them."""

import cv2
import numpy as np
import pytest
from skimage import data

from quibble.taxonomy import Category
from quibble.train.camera import missed


def detail(picture: np.ndarray) -> float:
    """What changes over a few pixels, without grain: of a picture at half its size."""
    small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float32)
    return float(np.abs(cv2.Laplacian(cv2.GaussianBlur(small, (0, 0), 0.8), cv2.CV_32F)).mean())


def test_blur_in_poor_light_takes_detail_and_may_leave_grain() -> None:
    photo = np.asarray(data.astronaut(), np.uint8)[:300, :300]
    made = [missed(np.random.default_rng(seed), photo) for seed in range(40)]
    assert {one.category for one in made} == {Category.BLUR}
    assert all(one.where.all() and 0.5 <= one.level <= 5 for one in made)
    assert all(one.picture.shape == photo.shape and one.picture.dtype == np.uint8 for one in made)
    kept = np.array([detail(one.picture) for one in made]) / detail(photo)
    assert kept.max() < 1
    assert np.median(kept) < 0.75
    rank = np.corrcoef(np.argsort(np.argsort(kept)), np.argsort(np.argsort([one.level for one in made])))[0, 1]
    assert rank < -0.5


@pytest.mark.parametrize("seed", range(3))
def test_defects_are_the_same_for_the_same_seed(seed: int) -> None:
    photo = np.asarray(data.coffee(), np.uint8)[:120, :160]
    one, two = (missed(np.random.default_rng(seed), photo) for _ in range(2))
    assert np.array_equal(one.picture, two.picture)
