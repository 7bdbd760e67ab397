"""Words that tell the state of a side of quality, as people write them in descriptions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from quibble.taxonomy import Category


class Side(StrEnum):
    """A side of quality that descriptions speak of."""

    SHARPNESS = "sharpness"
    NOISE = "noise"
    EXPOSURE = "exposure"
    CONTRAST = "contrast"
    COLOR = "color"
    ARTIFACTS = "artifacts"
    DETAIL = "detail"
    COMPOSITION = "composition"


@dataclass(frozen=True)
class Sign:
    """Words that tell the state of a side."""

    pattern: re.Pattern[str]
    side: Side
    good: bool
    value: str
    noun: str = ""
    category: Category | None = None


def _sign(
    pattern: str, side: Side, value: str, noun: str = "", category: Category | None = None, *, good: bool = False
) -> Sign:
    return Sign(re.compile(rf"\b(?:{pattern})", re.IGNORECASE), side, good, value, noun, category)


_S, _C = Side, Category
#: The first that matches at a place counts, so what is special comes before what is general.
SIGNS: Final = (
    _sign(r"(motion|directional)[- ]blur\w*|camera shake", _S.SHARPNESS, "blurred", "motion blur", _C.BLUR),
    _sign(r"(zoom|radial)[- ]?(zoom )?blur\w*", _S.SHARPNESS, "blurred", "zoom blur", _C.BLUR),
    _sign(
        r"(out[- ]of[- ]focus|defocus\w*|lens)( blur\w*)?|(not|poorly) (in focus|focused)|focus is (off|missed)",
        _S.SHARPNESS,
        "out of focus",
        "out-of-focus blur",
        _C.BLUR,
    ),
    _sign(
        r"(very |rather |quite |too )?(blur\w*|unsharp|fuzzy|not (very |quite |really )?(sharp|clear|crisp)\b|unclear|"
        r"lack(s|ing)? (of )?(sharpness|clarity)|low (sharpness|clarity)|"
        r"(sharpness|clarity)( of (the|this) [\w ]+?)? is (\w+ )?(low|poor|bad|insufficient))",
        _S.SHARPNESS,
        "blurred",
        "blur",
        _C.BLUR,
    ),
    _sign(r"(salt-and-pepper|impulse) noise", _S.NOISE, "noisy", "impulse noise", _C.NOISE),
    _sign(r"(colou?r(ed)?|chroma) noise", _S.NOISE, "noisy", "color noise", _C.NOISE),
    _sign(r"nois(e\b|y\b)|grain(y|iness)?\b|speckl\w+", _S.NOISE, "noisy", "noise", _C.NOISE),
    _sign(
        r"over-?expos\w*|(too|overly|excessively) bright|blown[- ]out|burn(ed|t)[- ]out|overbright\w*|"
        r"excessive brightness|too much light",
        _S.EXPOSURE,
        "overexposed",
        "overexposure",
        _C.BRIGHTEN,
    ),
    _sign(
        r"under-?expos\w*|(too|overly|very|rather|quite) (dark|dim)\b|(lack of|insufficient|poor|weak|low) "
        r"(light(ing)?|illumination|brightness)\b|poorly lit|dimly lit|excessive darkness|"
        r"(?<=is )dark\b|(?<=are )dark\b|(?<=looks )(dark|dim)\b|dim\b",
        _S.EXPOSURE,
        "underexposed",
        "underexposure",
        _C.DARKEN,
    ),
    _sign(
        r"(excessive|exaggerated|overdone|harsh|too much) contrast|too contrasty|excess of contrast|"
        r"contrast (is |exagg\w+|is )?(too (high|strong|harsh)|exagg\w+)|too high in contrast",
        _S.CONTRAST,
        "too high",
        "excessive contrast",
        _C.CONTRAST_STRENGTHEN,
    ),
    _sign(
        r"(low|poor|weak|little|insufficient|lack of|loss of|lacking in|low in) (in )?contrast|contrast is (too )?"
        r"(low|weak|poor|flat)|lacks contrast|flat contrast",
        _S.CONTRAST,
        "low",
        "low contrast",
        _C.CONTRAST_WEAKEN,
    ),
    _sign(
        r"over-?saturat\w*|(excess of|excessive) saturation|garish|gaudy|(too|overly) (vivid|saturated|colou?rful)",
        _S.COLOR,
        "oversaturated",
        "oversaturation",
        _C.SATURATE_STRENGTHEN,
    ),
    _sign(
        r"under-?saturat\w*|desaturat\w*|(loss|lack) of (saturation|colou?r)|(dull|faded|pale|washed-out|muted|drab) "
        r"colou?rs?|colou?rs? (is|are|look|looks) (rather |quite |very |too |somewhat )?(dull|faded|pale|washed out)",
        _S.COLOR,
        "dull",
        "undersaturation",
        _C.SATURATE_WEAKEN,
    ),
    _sign(r"JPEG\s?2000 (compression )?artifacts", _S.ARTIFACTS, "visible", "compression artifacts", _C.COMPRESSION),
    _sign(
        r"compression\b( (artifacts|damage))?|JPEG\b( (compression )?(artifacts|damage))?|over-?compress\w*|"
        r"block(y|ing)( artifacts)?",
        _S.ARTIFACTS,
        "visible",
        "compression artifacts",
        _C.COMPRESSION,
    ),
    _sign(r"pixelat\w*|mosaic\b", _S.ARTIFACTS, "pixelated", "pixelation", _C.PIXELATE),
    _sign(r"(colou?r )?banding\b|posteri[sz]\w*", _S.ARTIFACTS, "posterized", "color banding", _C.QUANTIZE),
    _sign(
        r"over-?sharpen\w*|(excessive|overdone|excess of) sharpening|halos? around",
        _S.SHARPNESS,
        "oversharpened",
        "oversharpening",
        _C.OVERSHARPEN,
    ),
    _sign(
        r"(details?|textures?)( \w+){0,2} (is|are|has been|have been) (\w+ )?(lost|missing|gone|destroyed|damaged|"
        r"smeared)|(loss|lack) of (fine )?(detail|texture)s?|lacks? (fine )?(detail|texture)s?",
        _S.DETAIL,
        "lost",
        "loss of detail",
    ),
    _sign(
        r"composition is (poor|bad|weak|messy|chaotic|cluttered)|(poor|bad|weak|messy) composition",
        _S.COMPOSITION,
        "poor",
        "poor composition",
    ),
    _sign(
        r"(rich|good|abundant|clear) (in )?(details?|textures?)\b(?! (is|are|has|have) (\w+ )?(lost|gone|missing|"
        r"smeared|hidden))|(details?|textures?)( \w+){0,3} (is|are) (\w+ )?(preserved|clear|rich|intact|kept|visible)",
        _S.DETAIL,
        "clear",
        good=True,
    ),
    _sign(
        r"(very |rather |quite |fairly )?(sharp|crisp)\b(?! (edge|transition|line|contour|outline|border|step)s?)|"
        r"in (sharp )?focus|well[- ]focused|(clarity|sharpness|focus) "
        r"is (\w+ )?(good|high|excellent|fine)|(good|high|excellent) (clarity|sharpness)|"
        r"((?<=is )|(?<=are ))(very |quite |fairly )?clear\b",
        _S.SHARPNESS,
        "sharp",
        good=True,
    ),
    _sign(
        r"(well|properly|correctly) (exposed|lit)|(exposure|brightness|lighting) (is|are|looks) (\w+ )?(good|fine|"
        r"balanced|moderate|adequate|right|excellent|sufficient)|(good|adequate|sufficient|balanced|soft|bright) "
        r"(exposure|lighting|light)",
        _S.EXPOSURE,
        "well balanced",
        good=True,
    ),
    _sign(
        r"contrast (is|looks) (\w+ )?(good|fine|balanced|natural|moderate)|(good|balanced|natural) contrast",
        _S.CONTRAST,
        "good",
        good=True,
    ),
    _sign(
        r"(rich|vivid|vibrant|bright|natural|accurate|beautiful|good) colou?rs?|colou?rs? (is|are|look|looks) (\w+ )?"
        r"(rich|vivid|vibrant|bright|natural|accurate|good|beautiful)",
        _S.COLOR,
        "rich",
        good=True,
    ),
    _sign(
        r"composition is (\w+ )?(good|fine|balanced|excellent|reasonable)|(good|balanced|excellent) composition|"
        r"well[- ]composed",
        _S.COMPOSITION,
        "good",
        good=True,
    ),
)
