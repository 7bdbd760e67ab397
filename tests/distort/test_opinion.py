from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from quibble.distort import combine_opinions, opinion
from quibble.errors import ArgumentError
from quibble.taxonomy import Category, Distortion


@pytest.mark.parametrize("target", [*Distortion, *Category])
def test_opinion_falls_with_the_level(target: Distortion | Category) -> None:
    opinions = [opinion(target, level) for level in np.arange(1, 5.01, 0.25)]
    assert all(0 <= o <= 100 for o in opinions)
    assert all(a >= b for a, b in pairwise(opinions))
    assert opinions[0] > opinions[-1] + 10


@pytest.mark.parametrize(
    ("distortion", "level", "mean"),
    [
        (Distortion.BLUR_GAUSSIAN, 1, 2.91),
        (Distortion.BLUR_GAUSSIAN, 5, 1.30),
        (Distortion.BLUR_LENS, 3, 1.76),
        (Distortion.NOISE_GAUSSIAN_RGB, 2, 2.30),
        (Distortion.NOISE_IMPULSE, 2, 2.13),
        (Distortion.SATURATE_STRENGTHEN_YCRCB, 2, 2.65),
        (Distortion.SATURATE_WEAKEN_YCRCB, 3, 2.33),
    ],
)
def test_equal_parameters_have_kadids_mean(distortion: Distortion, level: float, mean: float) -> None:
    assert opinion(distortion, level) == pytest.approx(100 * (mean - 1) / 3.6, abs=0.01)


def test_a_category_is_the_mean_of_its_distortions() -> None:
    mean = (opinion("compression.jpeg", 2) + opinion("compression.jpeg_2000", 2)) / 2
    assert opinion("compression", 2) == pytest.approx(mean)
    assert opinion(Category.COMPRESSION, 2) == pytest.approx(mean)


def test_people_mind_blur_more_than_a_little_light() -> None:
    assert opinion(Category.BLUR, 3) < opinion(Category.COMPRESSION, 3) < opinion(Category.BRIGHTEN, 3)


def test_combining() -> None:
    assert combine_opinions([]) == 100
    assert combine_opinions([70]) == pytest.approx(70)
    assert combine_opinions([70, 60]) == pytest.approx(50)
    assert combine_opinions([0, 0]) == 0
    assert combine_opinions([40], [0.25]) == pytest.approx(70)
    assert combine_opinions([40], [0]) == 100
    # First by distortion and then by share, or all at once.
    nested = combine_opinions([combine_opinions([80, 50]), 30], [0.1, 0.3])
    assert nested == pytest.approx(combine_opinions([80, 50, 30], [0.1, 0.1, 0.3]))


def test_mistakes_are_named() -> None:
    with pytest.raises(ArgumentError, match="level"):
        opinion(Distortion.BLUR_LENS, 6)
    with pytest.raises(ArgumentError, match="did you mean"):
        opinion("blurr", 2)
    with pytest.raises(ArgumentError, match="2 opinions and 1 shares"):
        combine_opinions([1, 2], [0.5])
    with pytest.raises(ArgumentError, match=r"0\.\.1"):
        combine_opinions([1], [1.5])
    with pytest.raises(ArgumentError, match=r"0\.\.100"):
        combine_opinions([101])
