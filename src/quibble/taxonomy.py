"""The words of the field: what can be wrong with a picture, how badly, where, and on what.

Everything else takes its names from here. Level parameters and the order table of two distortions are
those of DepictQA-Wild (DQ-495K); the table of orders that can be told apart is IQA-Octopus, table 8;
the five classes are Q-Ground's (section 3.2); textures are DepictQA's (section 3, task 1); the five quality
levels are the ITU's as used by Q-Align.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from quibble.errors import ArgumentError


class Category(StrEnum):
    """The 12 kinds of degradation. The order is the channel order of the dense heads: never change it."""

    BLUR = "blur"
    NOISE = "noise"
    COMPRESSION = "compression"
    BRIGHTEN = "brighten"
    DARKEN = "darken"
    CONTRAST_STRENGTHEN = "contrast_strengthen"
    CONTRAST_WEAKEN = "contrast_weaken"
    SATURATE_STRENGTHEN = "saturate_strengthen"
    SATURATE_WEAKEN = "saturate_weaken"
    OVERSHARPEN = "oversharpen"
    PIXELATE = "pixelate"
    QUANTIZE = "quantize"

    @property
    def words(self) -> str:
        """The category as it is written in a sentence, such as "low contrast"."""
        return _CATEGORY_WORDS[self]


class Distortion(StrEnum):
    """The 35 distortions, each named `category.kind`."""

    BLUR_GAUSSIAN = "blur.gaussian"
    BLUR_MOTION = "blur.motion"
    BLUR_GLASS = "blur.glass"
    BLUR_LENS = "blur.lens"
    BLUR_ZOOM = "blur.zoom"
    BLUR_JITTER = "blur.jitter"
    NOISE_GAUSSIAN_RGB = "noise.gaussian_rgb"
    NOISE_GAUSSIAN_YCRCB = "noise.gaussian_ycrcb"
    NOISE_SPECKLE = "noise.speckle"
    NOISE_SPATIALLY_CORRELATED = "noise.spatially_correlated"
    NOISE_POISSON = "noise.poisson"
    NOISE_IMPULSE = "noise.impulse"
    COMPRESSION_JPEG = "compression.jpeg"
    COMPRESSION_JPEG_2000 = "compression.jpeg_2000"
    BRIGHTEN_SHIFT_HSV = "brighten.shift_hsv"
    BRIGHTEN_SHIFT_RGB = "brighten.shift_rgb"
    BRIGHTEN_GAMMA_HSV = "brighten.gamma_hsv"
    BRIGHTEN_GAMMA_RGB = "brighten.gamma_rgb"
    DARKEN_SHIFT_HSV = "darken.shift_hsv"
    DARKEN_SHIFT_RGB = "darken.shift_rgb"
    DARKEN_GAMMA_HSV = "darken.gamma_hsv"
    DARKEN_GAMMA_RGB = "darken.gamma_rgb"
    CONTRAST_STRENGTHEN_SCALE = "contrast_strengthen.scale"
    CONTRAST_STRENGTHEN_STRETCH = "contrast_strengthen.stretch"
    CONTRAST_WEAKEN_SCALE = "contrast_weaken.scale"
    CONTRAST_WEAKEN_STRETCH = "contrast_weaken.stretch"
    SATURATE_STRENGTHEN_HSV = "saturate_strengthen.hsv"
    SATURATE_STRENGTHEN_YCRCB = "saturate_strengthen.ycrcb"
    SATURATE_WEAKEN_HSV = "saturate_weaken.hsv"
    SATURATE_WEAKEN_YCRCB = "saturate_weaken.ycrcb"
    OVERSHARPEN_UNSHARP = "oversharpen.unsharp"
    PIXELATE_BOX = "pixelate.box"
    QUANTIZE_OTSU = "quantize.otsu"
    QUANTIZE_MEDIAN_CUT = "quantize.median_cut"
    QUANTIZE_HISTOGRAM = "quantize.histogram"

    @property
    def category(self) -> Category:
        return Category(self.value.partition(".")[0])

    @property
    def kind(self) -> str:
        """The part behind the dot, such as "gaussian_rgb"."""
        return self.value.partition(".")[2]

    @classmethod
    def parse(cls, name: str) -> Distortion:
        """Find a distortion by name. Raises ArgumentError with the nearest names if there is none."""
        try:
            return cls(name)
        except ValueError:
            raise ArgumentError(_unknown("distortion", name, [d.value for d in cls])) from None


class Level(StrEnum):
    """The five quality levels, best first."""

    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    BAD = "bad"

    @property
    def value_100(self) -> float:
        """The level as a score: 100, 75, 50, 25, 0."""
        return LEVEL_SCORES[self]

    @classmethod
    def of(cls, score: float) -> Level:
        """The level nearest to a score in 0..100; a score half-way between two belongs to the better one."""
        if not 0 <= score <= 100:
            raise ArgumentError(f"a score lies in 0..100, found {score!r}")
        return min(cls, key=lambda level: (abs(LEVEL_SCORES[level] - score), -LEVEL_SCORES[level]))


class Texture(StrEnum):
    """The 11 textures of DepictQA's questionnaire."""

    OBJECT_EDGES = "object edges"
    BRICKS = "bricks"
    FABRICS = "fabrics"
    PLANTS = "plants or foliage"
    ARCHITECTURES = "architectures"
    ARTIFICIAL_STRIPS = "artificial strips"
    HAIRS = "hairs or furs"
    FACES = "faces"
    SKY = "sky or clouds"
    STONES = "stones or ground"
    WATER = "water surface"


class QGroundClass(StrEnum):
    """Q-Ground's five classes, in the order of its tables."""

    JITTER = "jitter"
    NOISE = "noise"
    OVEREXPOSURE = "overexposure"
    BLUR = "blur"
    LOW_LIGHT = "low light"


LEVEL_SCORES: Final[Mapping[Level, float]] = MappingProxyType(
    dict(zip(Level, (100.0, 75.0, 50.0, 25.0, 0.0), strict=True))
)

SEVERITIES_5: Final = ("slight", "moderate", "obvious", "serious", "catastrophic")
SEVERITIES_3: Final = ("slight", "obvious", "serious")

HORIZONTAL: Final = ("left", "right")
VERTICAL: Final = ("top", "bottom")
WHOLE_PICTURE: Final = "whole picture"

_CATEGORY_WORDS: Final[Mapping[Category, str]] = MappingProxyType(
    {
        Category.BLUR: "blur",
        Category.NOISE: "noise",
        Category.COMPRESSION: "compression artifacts",
        Category.BRIGHTEN: "overexposure",
        Category.DARKEN: "underexposure",
        Category.CONTRAST_STRENGTHEN: "excessive contrast",
        Category.CONTRAST_WEAKEN: "low contrast",
        Category.SATURATE_STRENGTHEN: "oversaturation",
        Category.SATURATE_WEAKEN: "undersaturation",
        Category.OVERSHARPEN: "oversharpening",
        Category.PIXELATE: "pixelation",
        Category.QUANTIZE: "banding from too few colors",
    }
)

_D = Distortion
_HSV_OR_RGB_SHIFT: Final = ((0.1, 0.2, 0.3, 0.4, 0.5), (0.1, 0.15, 0.2, 0.27, 0.35))

#: Parameters of the five levels: distortion → parameter → values at levels 1..5.
LEVEL_PARAMETERS: Final[Mapping[Distortion, Mapping[str, tuple[float, float, float, float, float]]]] = MappingProxyType(
    {
        _D.BLUR_GAUSSIAN: {"sigma_px": (1, 2, 3, 4, 5)},
        _D.BLUR_MOTION: {"radius_px": (5, 10, 15, 15, 20), "sigma_px": (3, 5, 7, 9, 12)},
        _D.BLUR_GLASS: {
            "sigma_px": (0.7, 0.9, 1.2, 1.4, 1.6),
            "shift_px": (1, 2, 2, 3, 4),
            "iterations": (1, 1, 2, 2, 2),
        },
        _D.BLUR_LENS: {"radius_px": (2, 3, 4, 6, 8)},
        _D.BLUR_ZOOM: {"factor": (1.03, 1.06, 1.10, 1.15, 1.21)},
        _D.BLUR_JITTER: {"shift_px": (1, 2, 3, 4, 5)},
        _D.NOISE_GAUSSIAN_RGB: {"sigma": (0.05, 0.10, 0.15, 0.20, 0.25)},
        _D.NOISE_GAUSSIAN_YCRCB: {
            "sigma_y": (0.05, 0.06, 0.07, 0.08, 0.09),
            "chroma_ratio": (1, 1.45, 1.9, 2.35, 2.8),
        },
        _D.NOISE_SPECKLE: {"sigma": (0.14, 0.21, 0.28, 0.35, 0.42)},
        _D.NOISE_SPATIALLY_CORRELATED: {"sigma": (0.08, 0.11, 0.14, 0.18, 0.22)},
        _D.NOISE_POISSON: {"photons": (80, 60, 40, 25, 15)},
        _D.NOISE_IMPULSE: {"amount": (0.01, 0.03, 0.05, 0.07, 0.10)},
        _D.COMPRESSION_JPEG: {"quality": (25, 18, 12, 8, 5)},
        _D.COMPRESSION_JPEG_2000: {"psnr_db": (29, 27.5, 26, 24.5, 23)},
        _D.BRIGHTEN_SHIFT_HSV: {"shift": _HSV_OR_RGB_SHIFT[0]},
        _D.BRIGHTEN_SHIFT_RGB: {"shift": _HSV_OR_RGB_SHIFT[1]},
        _D.BRIGHTEN_GAMMA_HSV: {"gamma": (0.7, 0.58, 0.47, 0.36, 0.25)},
        _D.BRIGHTEN_GAMMA_RGB: {"gamma": (0.8, 0.7, 0.6, 0.45, 0.3)},
        _D.DARKEN_SHIFT_HSV: {"shift": _HSV_OR_RGB_SHIFT[0]},
        _D.DARKEN_SHIFT_RGB: {"shift": _HSV_OR_RGB_SHIFT[1]},
        _D.DARKEN_GAMMA_HSV: {"gamma": (1.5, 1.8, 2.2, 2.7, 3.5)},
        _D.DARKEN_GAMMA_RGB: {"gamma": (1.4, 1.7, 2.1, 2.6, 3.2)},
        _D.CONTRAST_STRENGTHEN_SCALE: {"factor": (1.4, 1.7, 2.1, 2.6, 4.0)},
        _D.CONTRAST_STRENGTHEN_STRETCH: {"factor": (2, 4, 6, 8, 10)},
        _D.CONTRAST_WEAKEN_SCALE: {"factor": (0.75, 0.6, 0.45, 0.3, 0.2)},
        _D.CONTRAST_WEAKEN_STRETCH: {"factor": (1.0, 0.9, 0.8, 0.6, 0.4)},
        _D.SATURATE_STRENGTHEN_HSV: {"factor": (3, 6, 12, 20, 64)},
        _D.SATURATE_STRENGTHEN_YCRCB: {"factor": (2, 3, 5, 8, 16)},
        _D.SATURATE_WEAKEN_HSV: {"factor": (0.7, 0.55, 0.4, 0.2, 0.0)},
        _D.SATURATE_WEAKEN_YCRCB: {"factor": (0.6, 0.4, 0.2, 0.1, 0.0)},
        _D.OVERSHARPEN_UNSHARP: {"amount": (2, 2.8, 4, 6, 8)},
        _D.PIXELATE_BOX: {"scale": (0.5, 0.4, 0.3, 0.25, 0.2)},
        _D.QUANTIZE_OTSU: {"classes": (15, 11, 8, 5, 3)},
        _D.QUANTIZE_MEDIAN_CUT: {"colors": (20, 15, 10, 6, 3)},
        _D.QUANTIZE_HISTOGRAM: {"bins": (24, 16, 8, 6, 4)},
    }
)


def level_parameters(distortion: Distortion, level: float) -> dict[str, float]:
    """Parameters at a level in [1, 5]; between two levels they are interpolated linearly.

    Raises ArgumentError outside [1, 5]. Distortions round those that must be whole when they are applied.
    """
    if not 1 <= level <= 5:
        raise ArgumentError(f"a level lies in 1..5, found {level!r}; for no distortion leave the step out")
    low = min(int(level), 4)
    share = level - low
    return {
        name: values[low - 1] + share * (values[low] - values[low - 1])
        for name, values in LEVEL_PARAMETERS[distortion].items()
    }


def severity_word(severity: float, *, words: int = 5) -> str:
    """The word for a severity in (0, 5]: of five words the rounded level's, of three the thirds of the range."""
    if not 0 < severity <= 5:
        raise ArgumentError(f"a severity to be named lies in (0, 5], found {severity!r}")
    if words == 5:
        return SEVERITIES_5[max(1, min(5, int(severity + 0.5))) - 1]
    if words == 3:
        return SEVERITIES_3[min(2, int(severity * 3 / 5))]
    raise ArgumentError(f"severity has 3 or 5 words, found words={words!r}")


_C = Category

#: first category → categories that may follow it (DepictQA-Wild). Asymmetric on purpose: what would hide or undo
#: the first is left out.
ORDERS: Final[Mapping[Category, frozenset[Category]]] = MappingProxyType(
    {
        _C.BLUR: frozenset(Category) - {_C.BLUR, _C.OVERSHARPEN, _C.PIXELATE},
        _C.NOISE: frozenset(Category) - {_C.NOISE, _C.QUANTIZE},
        _C.COMPRESSION: frozenset(Category) - {_C.COMPRESSION, _C.OVERSHARPEN, _C.PIXELATE, _C.QUANTIZE},
        **dict.fromkeys(
            (_C.BRIGHTEN, _C.DARKEN, _C.CONTRAST_STRENGTHEN, _C.CONTRAST_WEAKEN),
            frozenset({_C.BLUR, _C.COMPRESSION, _C.NOISE, _C.PIXELATE, _C.QUANTIZE}),
        ),
        **dict.fromkeys(
            (_C.SATURATE_STRENGTHEN, _C.SATURATE_WEAKEN),
            frozenset({_C.BLUR, _C.COMPRESSION, _C.NOISE, _C.OVERSHARPEN, _C.PIXELATE, _C.QUANTIZE}),
        ),
        _C.OVERSHARPEN: frozenset({_C.BRIGHTEN}),
        _C.PIXELATE: frozenset(Category) - {_C.PIXELATE, _C.BLUR, _C.COMPRESSION},
        _C.QUANTIZE: frozenset(Category) - {_C.QUANTIZE, _C.BLUR, _C.COMPRESSION},
    }
)

#: first category → categories whose order after it the eye can tell (IQA-Octopus, table 8).
DISTINGUISHABLE_ORDERS: Final[Mapping[Category, frozenset[Category]]] = MappingProxyType(
    {
        _C.BLUR: frozenset({_C.COMPRESSION, _C.NOISE}),
        _C.COMPRESSION: frozenset({_C.BLUR, _C.NOISE}),
        _C.CONTRAST_WEAKEN: frozenset(
            {_C.NOISE, _C.BLUR, _C.COMPRESSION, _C.CONTRAST_WEAKEN, _C.PIXELATE, _C.SATURATE_WEAKEN}
        ),
        _C.PIXELATE: frozenset({_C.NOISE}),
        _C.SATURATE_WEAKEN: frozenset({_C.NOISE}),
    }
)

#: Level 1 of these cannot be seen without the original, so data without a reference leaves it out.
INVISIBLE_AT_LEVEL_1: Final = frozenset(
    {
        _C.BRIGHTEN,
        _C.DARKEN,
        _C.CONTRAST_STRENGTHEN,
        _C.CONTRAST_WEAKEN,
        _C.SATURATE_STRENGTHEN,
        _C.SATURATE_WEAKEN,
        _C.QUANTIZE,
        _C.OVERSHARPEN,
    }
)


#: Where the kinds of blur are among the distortions: they come first.
BLURS: Final = slice(0, sum(kind.category is Category.BLUR for kind in Distortion))


def qground_class(target: Distortion | Category) -> QGroundClass | None:
    """Q-Ground's class for a distortion or a category; None where its five classes have no counterpart.

    Q-Ground's "jitter" is what camera shake does, so motion blur and the pixel-shuffling jitter belong to it
    and every other blur is "blur". A category alone cannot tell them apart and gives "blur".
    """
    if target in (_D.BLUR_MOTION, _D.BLUR_JITTER):
        return QGroundClass.JITTER
    category = target.category if isinstance(target, Distortion) else target
    return {
        _C.BLUR: QGroundClass.BLUR,
        _C.NOISE: QGroundClass.NOISE,
        _C.BRIGHTEN: QGroundClass.OVEREXPOSURE,
        _C.DARKEN: QGroundClass.LOW_LIGHT,
    }.get(category)


def parse_category(name: str) -> Category:
    """Find a category by name. Raises ArgumentError with the nearest names if there is none."""
    try:
        return Category(name)
    except ValueError:
        raise ArgumentError(_unknown("category", name, [c.value for c in Category])) from None


def _unknown(what: str, name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3, cutoff=0.4) or known
    return f"no {what} is called {name!r}; did you mean {', '.join(near)}?"
