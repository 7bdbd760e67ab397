"""The names of defects, severities and quality levels as parts of speech.

A category's first name is the taxonomy's own; every other name is unmistakably of the same category, so that a
description can be checked against the truth by the names in it (`categories_named`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from quibble.taxonomy import SEVERITIES_5, Category, Distortion, severity_word
from quibble.text.grammar import Noun

_C, _D = Category, Distortion


@dataclass(frozen=True, slots=True)
class Name:
    """A defect's name. A countable one ("loss of contrast") takes an article behind a severity."""

    noun: Noun
    countable: bool = False

    def graded(self, severity: str) -> Noun:
        """With a severity word: "serious blur", "a serious loss of contrast", "serious compression artifacts"."""
        words = f"{severity} {self.noun}"
        return Noun(f"a {words}" if self.countable else words, self.noun.plural)


def _names(names: str) -> tuple[Name, ...]:
    """From "name|@name|*name": @ marks a countable name, * a plural."""
    return tuple(Name(Noun(name.lstrip("@*"), name.startswith("*")), name.startswith("@")) for name in names.split("|"))


#: Names that read well behind a severity; also used alone.
GRADED_NAMES: Final[Mapping[Category, tuple[Name, ...]]] = MappingProxyType(
    {
        _C.BLUR: _names("blur|blurring|blurriness"),
        _C.NOISE: _names("noise|image noise"),
        _C.COMPRESSION: _names("*compression artifacts|compression damage"),
        _C.BRIGHTEN: _names("overexposure|overbrightening"),
        _C.DARKEN: _names("underexposure|@lack of light"),
        _C.CONTRAST_STRENGTHEN: _names("@excess of contrast|contrast exaggeration"),
        _C.CONTRAST_WEAKEN: _names("@loss of contrast|@lack of contrast"),
        _C.SATURATE_STRENGTHEN: _names("oversaturation|color oversaturation|@excess of saturation"),
        _C.SATURATE_WEAKEN: _names("undersaturation|desaturation|@loss of saturation"),
        _C.OVERSHARPEN: _names("oversharpening|@excess of sharpening"),
        _C.PIXELATE: _names("pixelation|mosaic-like pixelation"),
        _C.QUANTIZE: _names("color banding|banding|posterization"),
    }
)

#: Names that read well alone, the taxonomy's own first.
PLAIN_NAMES: Final[Mapping[Category, tuple[Name, ...]]] = MappingProxyType(
    {
        category: (Name(Noun(category.words, category is _C.COMPRESSION)), *_names(more))
        for category, more in {
            _C.BLUR: "blurriness|blurring",
            _C.NOISE: "image noise",
            _C.COMPRESSION: "compression damage",
            _C.BRIGHTEN: "excessive brightness|overbrightening",
            _C.DARKEN: "excessive darkness|lack of light",
            _C.CONTRAST_STRENGTHEN: "exaggerated contrast|overdone contrast",
            _C.CONTRAST_WEAKEN: "loss of contrast|lack of contrast",
            _C.SATURATE_STRENGTHEN: "excessive saturation|color oversaturation",
            _C.SATURATE_WEAKEN: "desaturation|loss of saturation",
            _C.OVERSHARPEN: "excessive sharpening|overdone sharpening",
            _C.PIXELATE: "mosaic-like pixelation|blocky pixelation",
            _C.QUANTIZE: "color banding|posterization",
        }.items()
    }
)

#: Names that say which kind it is, where the kind can be seen.
KIND_NAMES: Final[Mapping[Distortion, tuple[Name, ...]]] = MappingProxyType(
    {
        _D.BLUR_GAUSSIAN: _names("soft blur|smooth blur"),
        _D.BLUR_MOTION: _names("motion blur|directional blur|motion blurring"),
        _D.BLUR_GLASS: _names("frosted-glass blur|blur as if behind frosted glass"),
        _D.BLUR_LENS: _names("defocus blur|lens blur|out-of-focus blur"),
        _D.BLUR_ZOOM: _names("zoom blur|radial zoom blur"),
        _D.BLUR_JITTER: _names("jitter blur|blur from jittered pixels"),
        _D.NOISE_GAUSSIAN_RGB: _names("colored noise|random color noise"),
        _D.NOISE_GAUSSIAN_YCRCB: _names("chroma noise|color noise"),
        _D.NOISE_SPECKLE: _names("speckle noise|multiplicative noise"),
        _D.NOISE_SPATIALLY_CORRELATED: _names("blotchy noise|coarse noise"),
        _D.NOISE_POISSON: _names("shot noise|photon noise"),
        _D.NOISE_IMPULSE: _names("impulse noise|salt-and-pepper noise"),
        _D.COMPRESSION_JPEG: _names("*JPEG artifacts|*JPEG compression artifacts|JPEG compression damage"),
        _D.COMPRESSION_JPEG_2000: _names("*JPEG 2000 artifacts|*wavelet compression artifacts"),
    }
)

#: What a region or a picture is, behind a severity's adverb: "slightly ...".
ADJECTIVES: Final[Mapping[Category, str]] = MappingProxyType(
    {
        _C.BLUR: "blurred|blurry",
        _C.NOISE: "noisy",
        _C.COMPRESSION: "overcompressed|damaged by compression",
        _C.BRIGHTEN: "overexposed|too bright",
        _C.DARKEN: "underexposed|too dark",
        _C.CONTRAST_STRENGTHEN: "too contrasty|too high in contrast",
        _C.CONTRAST_WEAKEN: "low in contrast|lacking in contrast",
        _C.SATURATE_STRENGTHEN: "oversaturated",
        _C.SATURATE_WEAKEN: "undersaturated|desaturated",
        _C.OVERSHARPEN: "oversharpened",
        _C.PIXELATE: "pixelated",
        _C.QUANTIZE: "posterized",
    }
)

#: A severity word as an adverb.
SEVERITY_ADVERBS: Final[Mapping[str, str]] = MappingProxyType(
    {word: f"{word}ally" if word.endswith("ic") else f"{word}ly" for word in SEVERITIES_5}
)

#: A category's mark in running text. Every name above matches its own category's pattern and no other.
_MARKS: Final[Mapping[Category, re.Pattern[str]]] = MappingProxyType(
    {
        category: re.compile(pattern, re.IGNORECASE)
        for category, pattern in {
            _C.BLUR: r"\bblur",
            _C.NOISE: r"\bnois",
            _C.COMPRESSION: r"\b(over)?compress|\bJPEG",
            _C.BRIGHTEN: r"\boverexpos|\bexcessive brightness|\boverbright|\btoo bright",
            _C.DARKEN: r"\bunderexpos|\bexcessive darkness|\black of light|\btoo dark",
            _C.CONTRAST_STRENGTHEN: r"\b(exce(ss of|ssive)|exaggerated|overdone|high in) contrast|\bcontrast(y| exagg)",
            _C.CONTRAST_WEAKEN: r"\b(low|low in|lacking in|loss of|lack of) contrast",
            _C.SATURATE_STRENGTHEN: r"\boversaturat|\b(excessive|excess of) saturation",
            _C.SATURATE_WEAKEN: r"\bundersaturat|\bdesaturat|\bloss of saturation",
            _C.OVERSHARPEN: r"\boversharpen|\b(excessive|overdone|excess of) sharpening",
            _C.PIXELATE: r"\bpixelat",
            _C.QUANTIZE: r"\bbanding|\bposteriz",
        }.items()
    }
)


def categories_named(text: str) -> frozenset[Category]:
    """The categories whose defects a text names."""
    return frozenset(category for category, mark in _MARKS.items() if mark.search(text))


def severity_number(level: float) -> int:
    """The place 1..5 of the severity word that names a level."""
    return SEVERITIES_5.index(severity_word(level)) + 1
