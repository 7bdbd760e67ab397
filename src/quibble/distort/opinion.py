"""How good people still find a distorted picture: 0 bad .. 100 as good as the clean one.

Facts: KADID-10k (Lin, Hosu, Saupe 2019), mean score on 1 (bad) .. 5 (imperceptible) of 81 pictures a type and level;
the parameters of its types are those of the code published with KADIS-700k. A mean m becomes
100 (m - 1) / (4.6 - 1), for 4.6 is what its people gave to pictures without any change (type 18 with a shift of 0).

A type's means hang on a strength that is 0 without distortion; ours is expressed by the same strength and read
off, log(m - 1) linear between two points. Beyond KADID's strongest level its last two levels are continued: a guess.
"Measured" strengths are means over 100 photographs (scripts/measure_opinion.py).

| ours | KADID's type | strength |
| --- | --- | --- |
| blur.gaussian | 1 gaussian blur | sigma |
| blur.lens | 2 lens blur | radius |
| blur.motion | 3 motion blur | length of the uniform trail with the same variance as half a Gaussian: 2.09 sigma |
| blur.zoom | none; 3 motion blur | trail at the mean distance from the middle of 512x384 pixels: 168 (factor - 1) |
| blur.glass | none; 1 gaussian blur | sigma of the two blurs and the exchanges together |
| blur.jitter | 19 jitter | standard deviation of a pixel's way: KADID's five normal steps, our two exchanges |
| noise.gaussian_rgb | 11 white noise | sigma |
| noise.gaussian_ycrcb | 12 white noise in chroma | sigma as it arrives in RGB |
| noise.speckle | 14 multiplicative noise | sigma |
| noise.spatially_correlated | none; 11 and 1 | a third of sigma as white noise, with the box's blur (sigma 0.82) |
| noise.poisson | none; 11 white noise | sigma at the mean value of photographs, 0.45 |
| noise.impulse | 13 impulse noise | amount |
| compression.jpeg | 10 JPEG | 50 / quality, the scale of libjpeg's quantisation |
| compression.jpeg_2000 | 9 JPEG 2000 | root mean square error, of KADID's compression ratios measured |
| brighten.*, darken.* | 16 brighten, 17 darken | mean absolute change, measured |
| the two shift_rgb | 18 mean shift up to 0.15, beyond it 16, 17 | the same |
| contrast_strengthen.*, contrast_weaken.* | 25 contrast change, levels 1..3 and 4..5 | the same |
| saturate_strengthen.ycrcb | 8 saturation in Lab | factor - 1 |
| saturate_strengthen.hsv | 8 saturation in Lab | mean absolute change, measured |
| saturate_weaken.* | 7 saturation in HSV | 1 - factor |
| oversharpen.unsharp | 24 high sharpen | mean absolute change, measured |
| pixelate.box | 21 pixelate | side of a block - 1 |
| quantize.otsu, .median_cut | 22 quantization | 1 / number of values |
| quantize.histogram | 22, and 16 for its change of tone | 1 / bins, and the mean absolute change, measured |

KADID's colour diffusion, colour shift, colour quantization with dither, denoise, patches and colour blocks (4, 5, 6,
15, 20, 23) have no counterpart among ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np

from quibble.distort.engine import distortions_of
from quibble.errors import ArgumentError
from quibble.taxonomy import Category, Distortion, level_parameters, parse_category

_D = Distortion
_Parameters = Mapping[str, float]

#: What people give to a picture without any change.
IMPERCEPTIBLE: Final = 4.6
#: By which impairments add up: about 2 in de Ridder 1992, "Minkowski-metrics as a combination rule for
#: digital-image-coding impairments".
EXPONENT: Final = 2

_Knots = tuple[tuple[float, float], ...]
_BLUR: Final[_Knots] = ((0.1, 4.61), (0.5, 4.38), (1, 2.91), (2, 1.87), (5, 1.30))
_LENS: Final[_Knots] = ((1, 3.86), (2, 2.65), (4, 1.76), (6, 1.44), (8, 1.30))
_MOTION: Final[_Knots] = ((1, 4.60), (2, 4.10), (4, 2.85), (6, 2.18), (10, 1.67))
_JITTER: Final[_Knots] = ((0.11, 4.42), (0.22, 4.09), (0.45, 3.24), (1.12, 1.85), (2.24, 1.34))
_WHITE_NOISE: Final[_Knots] = ((0.0316, 3.89), (0.0447, 3.39), (0.0548, 3.05), (0.0707, 2.71), (0.1, 2.30))
#: Its sigmas .01 .0224 .0316 .0447 .0548 on YCbCr of 16..235, 1.96 times as much in RGB (root mean square).
_CHROMA_NOISE: Final[_Knots] = ((0.0196, 4.47), (0.0438, 3.68), (0.0619, 3.17), (0.0875, 2.69), (0.107, 2.38))
_SPECKLE: Final[_Knots] = ((0.0316, 4.40), (0.0707, 3.58), (0.1, 3.08), (0.1414, 2.64), (0.2236, 2.12))
_IMPULSE: Final[_Knots] = ((0.001, 3.58), (0.005, 2.93), (0.01, 2.61), (0.02, 2.31), (0.03, 2.13))
_JPEG: Final[_Knots] = ((50 / 43, 4.34), (50 / 36, 4.25), (50 / 24, 3.87), (50 / 7, 1.95), (50 / 4, 1.35))
#: Compression ratios 16, 32, 45, 120, 400.
_JPEG_2000: Final[_Knots] = ((0.0154, 4.55), (0.0262, 4.20), (0.0321, 3.87), (0.0497, 2.44), (0.0743, 1.39))
_BRIGHTEN: Final[_Knots] = ((0.0359, 4.51), (0.0718, 4.29), (0.1437, 3.63), (0.2467, 2.70), (0.3368, 1.81))
_DARKEN: Final[_Knots] = ((0.0176, 4.60), (0.0351, 4.53), (0.0702, 4.23), (0.1405, 3.53), (0.2652, 2.22))
_SHIFT_UP: Final[_Knots] = ((0.0780, 4.52), (0.1433, 4.22), (0.2467, 2.70), (0.3368, 1.81))
_SHIFT_DOWN: Final[_Knots] = ((0.0765, 4.37), (0.1381, 3.90), (0.2652, 2.22))
_CONTRAST_UP: Final[_Knots] = ((0.0367, 4.29), (0.0642, 3.86), (0.0902, 3.42))
_CONTRAST_DOWN: Final[_Knots] = ((0.0367, 4.14), (0.0734, 3.32))
_SATURATE_LAB: Final[_Knots] = ((1, 3.33), (2, 2.65), (5, 1.82), (8, 1.52))
#: The same means over the mean absolute change.
_SATURATE_CHANGE: Final[_Knots] = ((0.0520, 3.33), (0.0887, 2.65), (0.1536, 1.82), (0.1921, 1.52))
_DESATURATE: Final[_Knots] = ((0.6, 2.75), (0.8, 2.33), (0.9, 2.26), (1.0, 2.24))
_SHARPEN: Final[_Knots] = ((0.0387, 3.58), (0.0689, 2.64), (0.0929, 2.14), (0.1431, 1.61), (0.1987, 1.34))
#: Its pictures are 0.887, 0.784, 0.699, 0.569 and 0.290 times as large in between.
_PIXELATE: Final[_Knots] = ((0.127, 3.89), (0.275, 3.10), (0.43, 2.90), (0.757, 2.79), (2.446, 1.50))
_QUANTIZE: Final[_Knots] = ((1 / 20, 4.17), (1 / 16, 3.93), (1 / 13, 3.69), (1 / 10, 3.37), (1 / 7, 2.80))

#: Mean absolute change of the five levels (0..1), measured.
CHANGES: Final[Mapping[Distortion, tuple[float, ...]]] = {
    _D.BRIGHTEN_SHIFT_HSV: (0.0799, 0.1540, 0.2206, 0.2793, 0.3294),
    _D.BRIGHTEN_SHIFT_RGB: (0.0971, 0.1424, 0.1878, 0.2470, 0.3075),
    _D.BRIGHTEN_GAMMA_HSV: (0.0744, 0.1105, 0.1479, 0.1900, 0.2376),
    _D.BRIGHTEN_GAMMA_RGB: (0.0599, 0.0951, 0.1347, 0.2049, 0.2906),
    _D.DARKEN_SHIFT_HSV: (0.0814, 0.1584, 0.2286, 0.2905, 0.3429),
    _D.DARKEN_SHIFT_RGB: (0.0944, 0.1373, 0.1788, 0.2314, 0.2828),
    _D.DARKEN_GAMMA_HSV: (0.0888, 0.1281, 0.1698, 0.2096, 0.2551),
    _D.DARKEN_GAMMA_RGB: (0.0887, 0.1374, 0.1867, 0.2314, 0.2701),
    _D.CONTRAST_STRENGTHEN_SCALE: (0.0616, 0.0934, 0.1242, 0.1512, 0.1946),
    _D.CONTRAST_STRENGTHEN_STRETCH: (0.0987, 0.1315, 0.1659, 0.1906, 0.2086),
    _D.CONTRAST_WEAKEN_SCALE: (0.0500, 0.0800, 0.1100, 0.1400, 0.1600),
    _D.CONTRAST_WEAKEN_STRETCH: (0.1268, 0.1342, 0.1421, 0.1600, 0.1804),
    _D.SATURATE_STRENGTHEN_HSV: (0.0779, 0.1163, 0.1441, 0.1582, 0.1741),
    _D.OVERSHARPEN_UNSHARP: (0.0438, 0.0580, 0.0766, 0.1019, 0.1224),
    _D.QUANTIZE_HISTOGRAM: (0.1234, 0.1274, 0.1400, 0.1531, 0.1723),
}


def _glass_sigma(p: _Parameters) -> float:
    return math.sqrt(2 * p["sigma_px"] ** 2 + p["iterations"] * _exchange_variance(p["shift_px"]))


def _exchange_variance(shift_px: float) -> float:
    """Of a pixel's way in x after a round of exchanges: on average it takes part in two, uniform in -shift..shift."""
    return 2 * shift_px * (shift_px + 1) / 3


def _ycrcb_sigma(p: _Parameters) -> float:
    """Root mean square over R, G and B of the noise that sigma_y and the chroma ratio make there."""
    return p["sigma_y"] * math.sqrt(1 + 1.913 * p["chroma_ratio"] ** 2)


#: distortion → (type's means, our strength at the level's parameters). What is not here goes by its measured change.
_BY_PARAMETER: Final[Mapping[Distortion, tuple[tuple[_Knots, Callable[[_Parameters], float]], ...]]] = {
    _D.BLUR_GAUSSIAN: ((_BLUR, lambda p: p["sigma_px"]),),
    _D.BLUR_LENS: ((_LENS, lambda p: p["radius_px"]),),
    _D.BLUR_MOTION: ((_MOTION, lambda p: 2.09 * p["sigma_px"]),),
    _D.BLUR_ZOOM: ((_MOTION, lambda p: 168 * (p["factor"] - 1)),),
    _D.BLUR_GLASS: ((_BLUR, _glass_sigma),),
    _D.BLUR_JITTER: ((_JITTER, lambda p: math.sqrt(_exchange_variance(p["shift_px"]))),),
    _D.NOISE_GAUSSIAN_RGB: ((_WHITE_NOISE, lambda p: p["sigma"]),),
    _D.NOISE_GAUSSIAN_YCRCB: ((_CHROMA_NOISE, _ycrcb_sigma),),
    _D.NOISE_SPECKLE: ((_SPECKLE, lambda p: p["sigma"]),),
    _D.NOISE_SPATIALLY_CORRELATED: ((_WHITE_NOISE, lambda p: p["sigma"] / 3), (_BLUR, lambda p: 0.82)),
    _D.NOISE_POISSON: ((_WHITE_NOISE, lambda p: math.sqrt(0.45 / p["photons"])),),
    _D.NOISE_IMPULSE: ((_IMPULSE, lambda p: p["amount"]),),
    _D.COMPRESSION_JPEG: ((_JPEG, lambda p: 50 / p["quality"]),),
    _D.COMPRESSION_JPEG_2000: ((_JPEG_2000, lambda p: 10 ** (-p["psnr_db"] / 20)),),
    _D.SATURATE_STRENGTHEN_YCRCB: ((_SATURATE_LAB, lambda p: p["factor"] - 1),),
    _D.SATURATE_WEAKEN_HSV: ((_DESATURATE, lambda p: 1 - p["factor"]),),
    _D.SATURATE_WEAKEN_YCRCB: ((_DESATURATE, lambda p: 1 - p["factor"]),),
    _D.PIXELATE_BOX: ((_PIXELATE, lambda p: 1 / p["scale"] - 1),),
    _D.QUANTIZE_OTSU: ((_QUANTIZE, lambda p: 1 / p["classes"]),),
    _D.QUANTIZE_MEDIAN_CUT: ((_QUANTIZE, lambda p: 1 / p["colors"]),),
    _D.QUANTIZE_HISTOGRAM: ((_QUANTIZE, lambda p: 1 / p["bins"]),),
}

_BY_CHANGE: Final[Mapping[Category, _Knots]] = {
    Category.BRIGHTEN: _BRIGHTEN,
    Category.DARKEN: _DARKEN,
    Category.CONTRAST_STRENGTHEN: _CONTRAST_UP,
    Category.CONTRAST_WEAKEN: _CONTRAST_DOWN,
    Category.SATURATE_STRENGTHEN: _SATURATE_CHANGE,
    Category.OVERSHARPEN: _SHARPEN,
    Category.QUANTIZE: _BRIGHTEN,
}


def opinion(target: Distortion | Category | str, level: float) -> float:
    """How good people find a picture with one distortion at a level in 1..5, 0..100; falls with the level.

    Of a category it is the mean over its distortions. Raises ArgumentError for an unknown name or another level.
    """
    if "." in target:
        return _opinion_of(Distortion.parse(target), level)
    kinds = distortions_of(parse_category(target))
    return sum(_opinion_of(kind, level) for kind in kinds) / len(kinds)


def combine_opinions(opinions: Iterable[float], shares: Iterable[float] | None = None) -> float:
    """One opinion, 0..100, for several distortions of the same pixels, or for parts of a picture with shares of 0..1.

    What is lacking to 100 adds up by squares, with each square weighted by its share: two distortions are worse than
    one but less than both, and a distortion of a tenth of the picture costs a third of one of the whole. Nested calls
    agree: parts with several distortions each are combined first by distortion, then by share. 100 for nothing.
    """
    scores = list(opinions)
    weights = [1.0] * len(scores) if shares is None else list(shares)
    if len(weights) != len(scores):
        raise ArgumentError(f"each opinion needs a share, found {len(scores)} opinions and {len(weights)} shares")
    if not all(0 <= score <= 100 for score in scores) or not all(0 <= weight <= 1 for weight in weights):
        raise ArgumentError(f"opinions lie in 0..100 and shares in 0..1, found {scores} and {weights}")
    total = sum(weight * (100 - score) ** EXPONENT for score, weight in zip(scores, weights, strict=True))
    return max(100 - float(total ** (1 / EXPONENT)), 0.0)


def _opinion_of(distortion: Distortion, level: float) -> float:
    parameters = level_parameters(distortion, level)
    opinions = [_read(knots, strength(parameters)) for knots, strength in _BY_PARAMETER.get(distortion, ())]
    if distortion in CHANGES:
        shifts = {_D.BRIGHTEN_SHIFT_RGB: _SHIFT_UP, _D.DARKEN_SHIFT_RGB: _SHIFT_DOWN}
        knots = shifts.get(distortion, _BY_CHANGE.get(distortion.category, ()))
        opinions.append(_read(knots, float(np.interp(level, range(1, 6), CHANGES[distortion]))))
    return combine_opinions(opinions)


def _read(knots: _Knots, strength: float) -> float:
    """The opinion at a strength, from a type's strengths and means."""
    strengths = np.array([0, *(s for s, _ in knots)])
    logs = np.log([IMPERCEPTIBLE - 1, *(min(mean, IMPERCEPTIBLE) - 1 for _, mean in knots)])
    log = float(np.interp(strength, strengths, logs))
    if strength > strengths[-1]:
        log += (logs[-1] - logs[-2]) / (strengths[-1] - strengths[-2]) * (strength - strengths[-1])
    return 100 * math.exp(log) / (IMPERCEPTIBLE - 1)
