from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from quibble.errors import ArgumentError
from quibble.experts.detector import Detector, open_detector
from quibble.geometry import Box


@pytest.fixture(scope="module")
def detector() -> Detector:
    return open_detector()


@pytest.fixture(scope="module")
def rgb() -> NDArray[np.uint8]:
    """A pale sky over grass, a red square on the left and a white one on the right."""
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[:110], picture[110:] = (190, 215, 240), (70, 130, 50)
    picture[70:140, 30:100] = (190, 30, 30)
    picture[70:140, 200:270] = 250
    return picture


@pytest.mark.parametrize(
    ("phrase", "box"),
    [
        ("the red box", (30, 70, 100, 140)),
        ("a white sign on the right", (200, 70, 270, 140)),
        ("the sky", (0, 0, 300, 110)),
        ("the blurry Grass", (0, 110, 300, 200)),
    ],
)
def test_words_choose_a_segment(
    detector: Detector, rgb: NDArray[np.uint8], phrase: str, box: tuple[int, int, int, int]
) -> None:
    best, *_ = detector.find(rgb, phrase)
    x0, y0, x1, y1 = box
    assert best.box.iou(Box(x0=x0, y0=y0, x1=x1, y1=y1)) > 0.6
    assert 0.3 <= best.score <= 1


def test_what_is_not_there_is_not_found(detector: Detector, rgb: NDArray[np.uint8]) -> None:
    assert detector.find(rgb, "the purple one") == []


def test_words_without_a_meaning_mean_the_middle(detector: Detector) -> None:
    picture = np.full((200, 200, 3), 30, np.uint8)
    picture[80:130, 70:140] = (90, 160, 200)
    best, *_ = detector.find(picture, "a quibble")
    assert best.box.iou(Box(x0=70, y0=80, x1=140, y1=130)) > 0.6


def test_it_says_what_it_is_and_checks_its_phrase(detector: Detector, rgb: NDArray[np.uint8]) -> None:
    assert detector.name == "stand-in/regions-1"
    with pytest.raises(ArgumentError, match="no words"):
        detector.find(rgb, " ")
