"""Brighten and darken: a shift or a gamma, of the value in HSV or of red, green and blue.

Hue and saturation fixed, a changed value V is a common gain V' / V of the three channels, so no colour space is
visited. A shift may raise V above 1; the channels are clipped afterwards, as in DepictQA-Wild.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from quibble.distort.pixels import Curve, Frame, Pixels, curve, cv2, settle, strips


def brighten_shift_hsv(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Add `shift` to V."""
    return _change_value(image, lambda v: v + p["shift"])


def brighten_shift_rgb(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Add `shift` to red, green and blue."""
    return curve(image, lambda x: x + p["shift"])


def darken_shift_hsv(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Take `shift` from V."""
    return _change_value(image, lambda v: np.maximum(v - p["shift"], 0))


def darken_shift_rgb(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Take `shift` from red, green and blue."""
    return curve(image, lambda x: x - p["shift"])


def gamma_hsv(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Raise V to the power of `gamma`: below 1 brightens, above darkens."""
    return _change_value(image, lambda v: v ** p["gamma"])


def gamma_rgb(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Raise red, green and blue to the power of `gamma`: below 1 brightens, above darkens."""
    if image.dtype == np.uint8:
        return curve(image, lambda x: x ** p["gamma"])
    return settle(cv2.pow(image, p["gamma"]), image)


def _change_value(image: Pixels, function: Curve) -> Pixels:
    """Map V = max(R, G, B) by a function of 0..1, hue and saturation fixed. Black becomes grey."""
    out = np.empty_like(image)
    for rows in strips(image.shape):
        out[rows] = _change_rows(image[rows], function)
    return out


def _change_rows(image: Pixels, function: Curve) -> Pixels:
    red, green, blue = cv2.split(image)
    value = cv2.max(cv2.max(red, green), blue)
    steps = np.arange(256) / 255.0 if image.dtype == np.uint8 else value
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(steps > 0, function(steps) / steps, 0).astype(np.float32)
    if image.dtype == np.uint8:
        gain = cv2.LUT(value, gain)
        out: Pixels = cv2.multiply(image, cv2.merge((gain, gain, gain)), dtype=cv2.CV_8U)
    else:
        out = settle(image * gain[..., None], image)
    black = function(np.zeros(1))
    if black[0] > 0:
        out[value == 0] = curve(np.zeros((1, 1, 3), image.dtype), lambda x: x + black)[0, 0]
    return out
