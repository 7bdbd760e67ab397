"""A soft background behind a sharp subject."""

import cv2
import numpy as np
import pytest

from quibble.train.bokeh import bokeh


def scene(share: float = 0.25) -> tuple[np.ndarray, np.ndarray]:
    """Noise everywhere, and the label map of a square in the middle of it that covers a share of the picture."""
    picture = np.random.default_rng(0).integers(60, 200, (160, 200, 3), dtype=np.uint8)
    labels = np.zeros((160, 200), np.uint8)
    side = int((share * labels.size) ** 0.5)
    top, left = (160 - side) // 2, (200 - side) // 2
    labels[top : top + side, left : left + side] = 3
    return picture, labels


@pytest.mark.parametrize("seed", range(6))
def test_the_subject_stays_sharp_and_the_rest_softens_with_distance(seed: int) -> None:
    picture, labels = scene()
    soft = bokeh(np.random.default_rng(seed), picture, labels)
    assert soft.shape == picture.shape
    assert soft.dtype == np.uint8
    inside = cv2.erode(labels, np.ones((13, 13), np.uint8)) > 0
    assert np.abs(soft[inside].astype(int) - picture[inside]).mean() < 5
    roughness = np.abs(cv2.Laplacian(soft, cv2.CV_32F)).mean(axis=2)
    before = np.abs(cv2.Laplacian(picture, cv2.CV_32F)).mean(axis=2)
    far = np.zeros_like(inside)
    far[:10] = far[:, :10] = True
    near = (cv2.dilate(labels, np.ones((21, 21), np.uint8)) > 0) & (cv2.dilate(labels, np.ones((9, 9), np.uint8)) == 0)
    assert roughness[far].mean() < 0.75 * before[far].mean()
    assert roughness[far].mean() <= 1.1 * roughness[near].mean()


def test_nothing_of_the_subject_bleeds_into_the_background() -> None:
    _, labels = scene()
    picture = np.repeat(np.where(labels > 0, 255, 20).astype(np.uint8)[..., None], 3, axis=2)
    apart = cv2.dilate(labels, np.ones((11, 11), np.uint8)) == 0
    for seed in range(6):
        assert bokeh(np.random.default_rng(seed), picture, labels)[apart].max() < 40


@pytest.mark.parametrize("share", [0.02, 0.75])
def test_without_a_subject_the_photograph_comes_back(share: float) -> None:
    picture, labels = scene(share)
    assert bokeh(np.random.default_rng(0), picture, labels) is picture
    assert bokeh(np.random.default_rng(0), picture, np.zeros_like(labels)) is picture


def test_what_goes_out_of_the_picture_at_the_top_or_the_sides_is_background() -> None:
    picture, labels = scene()
    for rows, columns in (
        (slice(0, 90), slice(60, 150)),
        (slice(40, 110), slice(0, 90)),
        (slice(40, 110), slice(110, 200)),
    ):
        moved = np.zeros_like(labels)
        moved[rows, columns] = 1
        assert bokeh(np.random.default_rng(0), picture, moved) is picture
    moved = np.zeros_like(labels)
    moved[70:, 60:150] = 1
    assert bokeh(np.random.default_rng(0), picture, moved) is not picture
