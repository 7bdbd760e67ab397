from __future__ import annotations

from collections.abc import Mapping

import pytest

from quibble.errors import ArgumentError
from quibble.taxonomy import (
    DISTINGUISHABLE_ORDERS,
    INVISIBLE_AT_LEVEL_1,
    LEVEL_PARAMETERS,
    LEVEL_SCORES,
    ORDERS,
    SEVERITIES_3,
    SEVERITIES_5,
    Category,
    Distortion,
    Level,
    QGroundClass,
    Texture,
    level_parameters,
    parse_category,
    qground_class,
    severity_word,
)

#: Short names as the tables of the papers use them.
SHORT = {
    "blur": Category.BLUR,
    "noise": Category.NOISE,
    "compression": Category.COMPRESSION,
    "brighten": Category.BRIGHTEN,
    "darken": Category.DARKEN,
    "contrast+": Category.CONTRAST_STRENGTHEN,
    "contrast-": Category.CONTRAST_WEAKEN,
    "saturate+": Category.SATURATE_STRENGTHEN,
    "saturate-": Category.SATURATE_WEAKEN,
    "oversharpen": Category.OVERSHARPEN,
    "pixelate": Category.PIXELATE,
    "quantize": Category.QUANTIZE,
}

#: DepictQA-Wild's rule: first → what may follow.
FOLLOWERS = {
    "blur": "brighten compression contrast+ contrast- darken noise quantize saturate+ saturate-",
    "brighten": "blur compression noise pixelate quantize",
    "compression": "blur brighten contrast+ contrast- darken noise saturate+ saturate-",
    "contrast+": "blur compression noise pixelate quantize",
    "contrast-": "blur compression noise pixelate quantize",
    "darken": "blur compression noise pixelate quantize",
    "noise": "blur brighten compression contrast+ contrast- darken oversharpen pixelate saturate+ saturate-",
    "oversharpen": "brighten",
    "pixelate": "brighten contrast+ contrast- darken noise oversharpen quantize saturate+ saturate-",
    "quantize": "brighten contrast+ contrast- darken noise oversharpen pixelate saturate+ saturate-",
    "saturate+": "blur compression noise oversharpen pixelate quantize",
    "saturate-": "blur compression noise oversharpen pixelate quantize",
}

#: IQA-Octopus, table 8.
TOLD_APART = {
    "blur": "compression noise",
    "compression": "blur noise",
    "contrast-": "noise blur compression contrast- pixelate saturate-",
    "pixelate": "noise",
    "saturate-": "noise",
}

PARAMETERS = {
    "blur.gaussian": {"sigma_px": "1 2 3 4 5"},
    "blur.motion": {"radius_px": "5 10 15 15 20", "sigma_px": "3 5 7 9 12"},
    "blur.glass": {"sigma_px": ".7 .9 1.2 1.4 1.6", "shift_px": "1 2 2 3 4", "iterations": "1 1 2 2 2"},
    "blur.lens": {"radius_px": "2 3 4 6 8"},
    "blur.zoom": {"factor": "1.03 1.06 1.10 1.15 1.21"},
    "blur.jitter": {"shift_px": "1 2 3 4 5"},
    "noise.gaussian_rgb": {"sigma": ".05 .1 .15 .2 .25"},
    "noise.gaussian_ycrcb": {"sigma_y": ".05 .06 .07 .08 .09", "chroma_ratio": "1 1.45 1.9 2.35 2.8"},
    "noise.speckle": {"sigma": ".14 .21 .28 .35 .42"},
    "noise.spatially_correlated": {"sigma": ".08 .11 .14 .18 .22"},
    "noise.poisson": {"photons": "80 60 40 25 15"},
    "noise.impulse": {"amount": ".01 .03 .05 .07 .10"},
    "compression.jpeg": {"quality": "25 18 12 8 5"},
    "compression.jpeg_2000": {"psnr_db": "29 27.5 26 24.5 23"},
    "brighten.shift_hsv": {"shift": ".1 .2 .3 .4 .5"},
    "brighten.shift_rgb": {"shift": ".1 .15 .2 .27 .35"},
    "brighten.gamma_hsv": {"gamma": ".7 .58 .47 .36 .25"},
    "brighten.gamma_rgb": {"gamma": ".8 .7 .6 .45 .3"},
    "darken.shift_hsv": {"shift": ".1 .2 .3 .4 .5"},
    "darken.shift_rgb": {"shift": ".1 .15 .2 .27 .35"},
    "darken.gamma_hsv": {"gamma": "1.5 1.8 2.2 2.7 3.5"},
    "darken.gamma_rgb": {"gamma": "1.4 1.7 2.1 2.6 3.2"},
    "contrast_strengthen.scale": {"factor": "1.4 1.7 2.1 2.6 4"},
    "contrast_strengthen.stretch": {"factor": "2 4 6 8 10"},
    "contrast_weaken.scale": {"factor": ".75 .6 .45 .3 .2"},
    "contrast_weaken.stretch": {"factor": "1 .9 .8 .6 .4"},
    "saturate_strengthen.hsv": {"factor": "3 6 12 20 64"},
    "saturate_strengthen.ycrcb": {"factor": "2 3 5 8 16"},
    "saturate_weaken.hsv": {"factor": ".7 .55 .4 .2 0"},
    "saturate_weaken.ycrcb": {"factor": ".6 .4 .2 .1 0"},
    "oversharpen.unsharp": {"amount": "2 2.8 4 6 8"},
    "pixelate.box": {"scale": ".5 .4 .3 .25 .2"},
    "quantize.otsu": {"classes": "15 11 8 5 3"},
    "quantize.median_cut": {"colors": "20 15 10 6 3"},
    "quantize.histogram": {"bins": "24 16 8 6 4"},
}


def test_there_are_12_categories_and_35_distortions() -> None:
    assert list(Category) == list(SHORT.values())
    assert [d.value for d in Distortion] == list(PARAMETERS)
    assert len(Category) == 12
    assert len(Distortion) == 35
    counts = {category: sum(d.category is category for d in Distortion) for category in Category}
    assert list(counts.values()) == [6, 6, 2, 4, 4, 2, 2, 2, 2, 1, 1, 3]
    assert Distortion("noise.gaussian_rgb").kind == "gaussian_rgb"


@pytest.mark.parametrize("distortion", list(Distortion))
def test_level_parameters_are_those_of_the_table(distortion: Distortion) -> None:
    table = {name: [float(v) for v in values.split()] for name, values in PARAMETERS[distortion.value].items()}
    assert {name: list(values) for name, values in LEVEL_PARAMETERS[distortion].items()} == table
    for level in range(1, 6):
        assert level_parameters(distortion, level) == {name: values[level - 1] for name, values in table.items()}


def test_between_two_levels_parameters_are_interpolated() -> None:
    assert level_parameters(Distortion.BLUR_MOTION, 2.5) == {"radius_px": 12.5, "sigma_px": 6.0}
    assert level_parameters(Distortion.SATURATE_STRENGTHEN_HSV, 4.25) == {"factor": 31.0}
    assert level_parameters(Distortion.COMPRESSION_JPEG, 1.5) == {"quality": 21.5}
    for distortion in Distortion:
        for name, values in LEVEL_PARAMETERS[distortion].items():
            for low in range(1, 5):
                middle = level_parameters(distortion, low + 0.5)[name]
                assert middle == pytest.approx((values[low - 1] + values[low]) / 2)


@pytest.mark.parametrize("level", [0, 0.99, 5.01, -1, float("nan"), float("inf")])
def test_levels_end_at_1_and_5(level: float) -> None:
    with pytest.raises(ArgumentError, match=r"1\.\.5"):
        level_parameters(Distortion.BLUR_GAUSSIAN, level)


@pytest.mark.parametrize(
    ("table", "expected"), [(ORDERS, FOLLOWERS), (DISTINGUISHABLE_ORDERS, TOLD_APART)], ids=["orders", "told apart"]
)
def test_order_tables(table: Mapping[Category, frozenset[Category]], expected: dict[str, str]) -> None:
    assert dict(table) == {
        SHORT[first]: frozenset(SHORT[name] for name in followers.split()) for first, followers in expected.items()
    }


def test_level_1_that_cannot_be_seen() -> None:
    assert set(Category) - INVISIBLE_AT_LEVEL_1 == {
        Category.BLUR,
        Category.NOISE,
        Category.COMPRESSION,
        Category.PIXELATE,
    }


def test_severity_words() -> None:
    assert SEVERITIES_5 == ("slight", "moderate", "obvious", "serious", "catastrophic")
    assert SEVERITIES_3 == ("slight", "obvious", "serious")
    assert [severity_word(level) for level in (1, 2, 3, 4, 5)] == list(SEVERITIES_5)
    assert [severity_word(level) for level in (0.1, 1.49, 1.5, 2.5, 4.49, 4.5)] == [
        "slight", "slight", "moderate", "obvious", "serious", "catastrophic",
    ]  # fmt: skip
    assert [severity_word(level, words=3) for level in (0.1, 1.6, 1.7, 3.3, 3.4, 5)] == [
        "slight", "slight", "obvious", "obvious", "serious", "serious",
    ]  # fmt: skip
    for severity in (0, -1, 5.01, float("nan")):
        with pytest.raises(ArgumentError, match="severity"):
            severity_word(severity)
    with pytest.raises(ArgumentError, match="3 or 5"):
        severity_word(2, words=4)


def test_quality_levels() -> None:
    assert [level.value for level in Level] == ["excellent", "good", "fair", "poor", "bad"]
    assert [level.value_100 for level in Level] == [100, 75, 50, 25, 0]
    assert [Level.of(score) for score in (0, 12.4, 12.5, 37.5, 50, 62.6, 87.4, 87.5, 100)] == [
        Level.BAD, Level.BAD, Level.POOR, Level.FAIR, Level.FAIR, Level.GOOD, Level.GOOD, Level.EXCELLENT,
        Level.EXCELLENT,
    ]  # fmt: skip
    for score in (-0.1, 100.1, float("nan")):
        with pytest.raises(ArgumentError, match=r"0\.\.100"):
            Level.of(score)
    assert set(LEVEL_SCORES) == set(Level)


def test_the_other_words() -> None:
    assert len(Texture) == 11
    assert [c.value for c in QGroundClass] == ["jitter", "noise", "overexposure", "blur", "low light"]
    assert len({category.words for category in Category}) == 12


def test_qground_classes() -> None:
    assert qground_class(Distortion.BLUR_MOTION) is QGroundClass.JITTER
    assert qground_class(Distortion.BLUR_JITTER) is QGroundClass.JITTER
    assert qground_class(Distortion.BLUR_GAUSSIAN) is QGroundClass.BLUR
    assert qground_class(Category.BLUR) is QGroundClass.BLUR
    assert qground_class(Distortion.NOISE_POISSON) is QGroundClass.NOISE
    assert qground_class(Category.BRIGHTEN) is QGroundClass.OVEREXPOSURE
    assert qground_class(Distortion.DARKEN_GAMMA_RGB) is QGroundClass.LOW_LIGHT
    assert qground_class(Category.PIXELATE) is None


def test_unknown_names_are_answered_with_the_nearest() -> None:
    assert Distortion.parse("blur.gaussian") is Distortion.BLUR_GAUSSIAN
    with pytest.raises(ArgumentError, match=r"no distortion is called 'blur.gausian'; did you mean blur\.gaussian"):
        Distortion.parse("blur.gausian")
    assert parse_category("noise") is Category.NOISE
    with pytest.raises(ArgumentError, match="no category is called 'nois'; did you mean noise"):
        parse_category("nois")
    with pytest.raises(ArgumentError, match=r"blur.*quantize"):
        parse_category("")
