"""What people call defects and the sides of quality when they ask, and short names to answer with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from quibble.taxonomy import Category, Distortion
from quibble.text.effects import SPACE_EFFECTS
from quibble.text.evidence import Note, Spot
from quibble.text.grammar import Noun, Template, Writer, pool, when
from quibble.text.places import share_words, where
from quibble.text.scene import Fact
from quibble.text.tones import TONE_EFFECTS
from quibble.text.vocabulary import (
    ADJECTIVES,
    GRADED_NAMES,
    KIND_NAMES,
    SEVERITY_ADVERBS,
    Name,
    severity_number,
)

_C, _D = Category, Distortion


@dataclass(frozen=True)
class Asked:
    """How people name a category.

    adjectives: "is it ...?"; nouns: "any ...?", * marks a plural; degrees: "how ...?".
    """

    adjectives: str
    nouns: str
    degrees: str

    def noun(self, writer: Writer) -> Noun:
        text = writer.one_of(self.nouns)
        return Noun(text.lstrip("*"), text.startswith("*"))

    def adjective(self, writer: Writer) -> str:
        return writer.one_of(self.adjectives)

    def degree(self, writer: Writer) -> str:
        """An adjective that can stand behind "how", "so" and "more"."""
        return writer.one_of(self.degrees)


ASKED: Final[Mapping[Category, Asked]] = MappingProxyType(
    {
        _C.BLUR: Asked(
            "blurry|blurry|blurred|out of focus|unsharp|fuzzy|soft",
            "blur|blur|blurriness|softness",
            "blurry|blurred|out of focus|unsharp|fuzzy|soft",
        ),
        _C.NOISE: Asked(
            "noisy|noisy|grainy|full of noise", "noise|noise|grain|graininess|*specks|image noise", "noisy|noisy|grainy"
        ),
        _C.COMPRESSION: Asked(
            "overcompressed|compressed too much|damaged by compression|too compressed",
            "*compression artifacts|*compression artifacts|*JPEG artifacts|compression damage|compression",
            "compressed|damaged by compression|overcompressed",
        ),
        _C.BRIGHTEN: Asked(
            "overexposed|overexposed|too bright|too light|brighter than it should be",
            "overexposure|overexposure|excessive brightness",
            "overexposed|overexposed|overbright",
        ),
        _C.DARKEN: Asked(
            "underexposed|underexposed|too dark|too dark|dark|too dim|darker than it should be",
            "underexposure|underexposure|excessive darkness|lack of light",
            "underexposed|underexposed|dark",
        ),
        _C.CONTRAST_STRENGTHEN: Asked(
            "too contrasty|too high in contrast|over-contrasted",
            "excessive contrast|exaggerated contrast|overdone contrast",
            "contrasty|harsh in contrast",
        ),
        _C.CONTRAST_WEAKEN: Asked(
            "low in contrast|low in contrast|flat|lacking in contrast|dull in contrast",
            "low contrast|low contrast|loss of contrast|lack of contrast|flat contrast",
            "flat|low in contrast",
        ),
        _C.SATURATE_STRENGTHEN: Asked(
            "oversaturated|oversaturated|too colorful|too vivid|too saturated",
            "oversaturation|oversaturation|excessive saturation|excessive color",
            "oversaturated|garish",
        ),
        _C.SATURATE_WEAKEN: Asked(
            "undersaturated|undersaturated|desaturated|too pale in color|lacking in color|faded in color",
            "undersaturation|desaturation|loss of color|lack of saturation|loss of saturation",
            "undersaturated|pale in color|desaturated",
        ),
        _C.OVERSHARPEN: Asked(
            "oversharpened|oversharpened|over-sharpened|sharpened too much",
            "oversharpening|oversharpening|excessive sharpening|*sharpening halos",
            "oversharpened",
        ),
        _C.PIXELATE: Asked(
            "pixelated|pixelated|pixelly|full of big pixels",
            "pixelation|pixelation|*big square pixels",
            "pixelated|pixelly",
        ),
        _C.QUANTIZE: Asked(
            "posterized|posterized|full of banding|reduced to too few colors",
            "banding|color banding|color banding|posterization|*steps in the gradients",
            "posterized|banded",
        ),
    }
)

#: The opposite of categories: "is it ...?" is answered with no where one of them was found.
OPPOSITES: Final[tuple[tuple[str, frozenset[Category]], ...]] = (
    ("sharp|sharp|in focus|crisp|in sharp focus", frozenset({_C.BLUR, _C.PIXELATE})),
    ("free of noise|noise-free|free of grain", frozenset({_C.NOISE})),
    ("well exposed|properly exposed|correctly exposed", frozenset({_C.BRIGHTEN, _C.DARKEN})),
    ("free of compression artifacts|cleanly compressed", frozenset({_C.COMPRESSION})),
    ("natural in color|true in its colors", frozenset({_C.SATURATE_STRENGTHEN, _C.SATURATE_WEAKEN, _C.QUANTIZE})),
    ("well balanced in contrast|normal in contrast", frozenset({_C.CONTRAST_STRENGTHEN, _C.CONTRAST_WEAKEN})),
    ("bright enough|light enough", frozenset({_C.DARKEN})),
    ("free of banding", frozenset({_C.QUANTIZE})),
)


class Aspect(StrEnum):
    """A side of quality that people ask about."""

    SHARPNESS = "sharpness"
    NOISE = "noise"
    EXPOSURE = "exposure"
    CONTRAST = "contrast"
    COLOR = "color"
    ARTIFACTS = "artifacts"


ASPECTS: Final[Mapping[Aspect, tuple[Category, ...]]] = MappingProxyType(
    {
        Aspect.SHARPNESS: (_C.BLUR, _C.OVERSHARPEN, _C.PIXELATE),
        Aspect.NOISE: (_C.NOISE,),
        Aspect.EXPOSURE: (_C.BRIGHTEN, _C.DARKEN),
        Aspect.CONTRAST: (_C.CONTRAST_STRENGTHEN, _C.CONTRAST_WEAKEN),
        Aspect.COLOR: (_C.SATURATE_STRENGTHEN, _C.SATURATE_WEAKEN, _C.QUANTIZE),
        Aspect.ARTIFACTS: (_C.COMPRESSION, _C.PIXELATE, _C.QUANTIZE),
    }
)

#: What a side of quality is called in a question, always in the singular.
ASPECT_NAMES: Final[Mapping[Aspect, str]] = MappingProxyType(
    {
        Aspect.SHARPNESS: "sharpness|focus",
        Aspect.NOISE: "noise level|noise level|noise",
        Aspect.EXPOSURE: "exposure|brightness|lighting",
        Aspect.CONTRAST: "contrast|tonal contrast",
        Aspect.COLOR: "color|color rendering|saturation",
        Aspect.ARTIFACTS: "artifact level|compression quality",
    }
)

#: What to say of a side of quality on which nothing was found.
FINE: Final[Mapping[Aspect, str]] = MappingProxyType(
    {
        Aspect.SHARPNESS: "the sharpness is fine|the picture is sharp enough|I see no problem with the sharpness",
        Aspect.NOISE: "there is no visible noise|the picture is free of visible noise|I see no noise",
        Aspect.EXPOSURE: "the exposure is fine|the exposure looks right|neither too dark nor too bright",
        Aspect.CONTRAST: "the contrast is fine|the contrast looks natural|I see no problem with the contrast",
        Aspect.COLOR: "the colors look natural|the color is fine|I see no problem with the color",
        Aspect.ARTIFACTS: "I see no artifacts|there are no visible artifacts|the picture is free of visible artifacts",
    }
)

#: One short name a category for options, lists and single-word answers.
SHORT: Final[Mapping[Category, str]] = MappingProxyType(
    {
        _C.BLUR: "blur",
        _C.NOISE: "noise",
        _C.COMPRESSION: "compression artifacts",
        _C.BRIGHTEN: "overexposure",
        _C.DARKEN: "underexposure",
        _C.CONTRAST_STRENGTHEN: "excessive contrast",
        _C.CONTRAST_WEAKEN: "low contrast",
        _C.SATURATE_STRENGTHEN: "oversaturation",
        _C.SATURATE_WEAKEN: "undersaturation",
        _C.OVERSHARPEN: "oversharpening",
        _C.PIXELATE: "pixelation",
        _C.QUANTIZE: "color banding",
    }
)

#: How it could have been avoided or can be mended.
REMEDIES: Final[Mapping[Category, tuple[Template, ...]]] = MappingProxyType(
    {
        category: pool(f"remedy.{category.value}", *texts)
        for category, texts in {
            _C.BLUR: (
                "use a faster shutter speed or a tripod, and check the focus",
                "hold the camera steadier and focus on the subject",
                "a little careful sharpening may help, but lost detail will not come back, so retake it if you can",
                "check the focus and shorten the exposure",
                "focus again and keep the camera still",
            ),
            _C.NOISE: (
                "use a lower ISO and more light",
                "run a gentle noise reduction over it",
                "give it a longer exposure at a lower ISO",
                "light the scene better, or denoise it afterward",
                "apply noise reduction, or shoot at a lower ISO",
            ),
            _C.COMPRESSION: (
                "save it again from the original at a higher quality setting",
                "go back to the original file and compress it less",
                "use a higher JPEG quality or a lossless format",
                "export it with less compression",
                "ask for the original file, since what compression took away is gone",
            ),
            _C.BRIGHTEN: (
                "lower the exposure",
                "reduce the exposure and pull down the highlights",
                "expose for the highlights next time, and darken it now",
                "bring the brightness down",
                "use a shorter exposure or a smaller aperture",
            ),
            _C.DARKEN: (
                "raise the exposure",
                "lift the shadows and the overall brightness",
                "give it more light or a longer exposure",
                "brighten it in an editor",
                "use a longer exposure or a wider aperture",
            ),
            _C.CONTRAST_STRENGTHEN: (
                "lower the contrast",
                "soften the tone curve",
                "take the contrast down until highlights and shadows show detail again",
                "use a flatter tone curve",
                "reduce the contrast setting",
            ),
            _C.CONTRAST_WEAKEN: (
                "raise the contrast",
                "set the black and white points anew",
                "give the tone curve a gentle S shape",
                "stretch the tones with a levels adjustment",
                "increase the contrast a little",
            ),
            _C.SATURATE_STRENGTHEN: (
                "lower the saturation",
                "take the colors back a good deal",
                "reduce the saturation until the colors look natural",
                "turn the saturation down",
                "use a more neutral color profile",
            ),
            _C.SATURATE_WEAKEN: (
                "raise the saturation",
                "give the colors more strength",
                "increase the saturation or the vibrance",
                "turn the saturation up a little",
                "bring the colors back with some more saturation",
            ),
            _C.OVERSHARPEN: (
                "sharpen it less",
                "go back to the version before sharpening",
                "lower the sharpening amount and its radius",
                "turn the sharpening down",
                "leave out the sharpening, or mask it to the edges",
            ),
            _C.PIXELATE: (
                "use a version with a higher resolution",
                "go back to the full-size original",
                "enlarge it from the original with smooth interpolation",
                "avoid enlarging it so much",
                "get a file with more pixels",
            ),
            _C.QUANTIZE: (
                "save it with more colors",
                "use a format with more color depth",
                "go back to the original and keep its full color depth",
                "avoid reducing the palette, or use dithering",
                "export it with more bits a color",
            ),
        }.items()
    }
)

#: Where the kind of distortion is not known, clauses that are true of every kind of the category.
_ANY_KIND: Final[Mapping[Category, tuple[Template, ...]]] = MappingProxyType(
    {
        _C.BLUR: pool(
            "any.blur",
            when("edges look [a little|slightly] soft", 1, 1),
            when("edges and outlines look soft", 2, 3),
            when("fine detail is [smeared|softened]", 2, 5),
            when("fine structures can hardly be told apart", 3, 5),
            when("only larger shapes remain clear", 4, 5),
            when("the finest detail is [slightly|a little] softened", 1, 2),
            when("[hardly|scarcely] any fine detail survives", 5, 5),
        ),
        _C.NOISE: pool(
            "any.noise",
            when("a [faint|fine] grain lies over [even tones|the surface]", 1, 2),
            when("random specks disturb even tones", 2, 4),
            when("fine detail is [roughened|unsettled] by random specks", 2, 4),
            when("fine texture is hard to tell from the specks", 3, 5),
            when("fine detail is [buried|drowned] in random specks", 4, 5),
            when("even tones look rough", 2, 4),
        ),
        _C.COMPRESSION: pool(
            "any.compression",
            when("the finest texture is [slightly|a little] coarsened", 1, 1),
            when("fine texture is coarsened or smeared", 2, 4),
            when("edges are unsettled by ripples", 2, 4),
            when("weak detail has been thrown away", 2, 5),
            when("[large parts|whole patches] have lost their texture", 4, 5),
            when("around edges there are traces of coding", 1, 3),
        ),
    }
)

#: What motion does whichever way it runs, which notes do not say.
_MOTION: Final = pool(
    "any.motion",
    when("fine detail is [slightly|a little] drawn out in one direction", 1, 2),
    when("it looks as if the camera had moved during the exposure", 2, 5),
    when("edges are smeared in one direction", 2, 5),
    when("small details have turned into streaks", 3, 5),
    when("[long streaks|streaks] take the place of the fine detail", 4, 5),
    when("fine structures trail off in one direction", 1, 3),
)
_EFFECTS: Final = {**SPACE_EFFECTS, **TONE_EFFECTS}


def effect(writer: Writer, note: Note) -> str:
    """A clause on what a defect does: true of its severity and of what is known of its kind, with no facts assumed."""
    kind = note.distortion or next(d for d in Distortion if d.category is note.category)
    if kind is Distortion.BLUR_MOTION and note.distortion is not None:
        templates = _MOTION
    elif note.distortion is None and note.category in _ANY_KIND:
        templates = _ANY_KIND[note.category]
    else:
        templates = _EFFECTS[kind]
    facts = frozenset() if note.spot.share >= 60 else frozenset({Fact.LOCAL})
    severity = severity_number(note.severity)
    # Tone has no clauses at severity 1, which cannot be seen without the original; perception may say 1 all the same.
    levels = sorted(range(1, 6), key=lambda level: abs(level - severity))
    fitting = next(found for level in levels if (found := [t for t in templates if t.fits(level, facts)]))
    return writer.vary(writer.choose(fitting).text)


def name(writer: Writer, note: Note) -> Name:
    """One of the names of a noted defect that read well behind a severity; its kind's where that is known."""
    kinds = KIND_NAMES.get(note.distortion, ()) if note.distortion is not None else ()
    names = kinds if kinds and writer.rng.random() < 0.5 else GRADED_NAMES[note.category]
    return names[int(writer.rng.integers(len(names)))]


def graded(writer: Writer, note: Note) -> Noun:
    """A defect with its severity: "serious blur", "a slight loss of contrast"."""
    return name(writer, note).graded(note.word)


def adjective(writer: Writer, note: Note) -> str:
    """What a picture with this defect is: "seriously blurred"."""
    return f"{SEVERITY_ADVERBS[note.word]} {writer.one_of(ADJECTIVES[note.category])}"


def spot(writer: Writer, at: Spot) -> str:
    """A short phrase for a place: "at the top left", "across the whole picture"."""
    if at.whole:
        return writer.one_of("all over the picture|across the whole picture|everywhere in the picture|throughout")
    y, x = at.place.cell
    if at.place.wide and at.place.tall:
        return writer.one_of("in large parts of the picture|across much of the picture")
    if at.place.wide:
        return f"across the {y}"
    if at.place.tall:
        return "down the middle" if x == "middle" else f"along the {x} side"
    if (y, x) == ("middle", "middle"):
        return writer.one_of("in the center|in the middle|near the center")
    if y == "middle":
        return writer.one_of(f"on the {x}|on the {x} side|at the {x}")
    if x == "middle":
        return f"at the {y}"
    high = "upper" if y == "top" else "lower"
    return writer.one_of(f"at the {y} {x}|in the {y} {x}|in the {high} {x}|at the {y} {x}")


def far(writer: Writer, at: Spot) -> str:
    """A place with left or right and top or bottom in it (IQA-Octopus eq. 1), for answers that point."""
    if at.whole:
        return spot(writer, at)
    if at.place.wide and at.place.tall:
        return writer.one_of(
            "almost everywhere, from left to right and top to bottom|in most parts, left and right, top and bottom"
        )
    return where(writer, at.place)


def extent(at: Spot) -> str:
    """How much of the picture: "about a fifth of the picture"."""
    return "the whole picture" if at.whole else f"about {share_words(at.share / 100)} of the picture"
