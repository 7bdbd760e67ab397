"""Saturation, stronger or weaker: the S of HSV or the Cr and Cb of YCrCb times a factor. Source: DepictQA-Wild."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from quibble.distort.pixels import LUMA, Frame, Pixels, cv2, settle, strips, top, widen


def hsv(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Multiply S by `factor`, up to 1; hue and value stay.

    x becomes V - (V - x) S' / S for every channel x, so no colour space is visited.
    """
    out = np.empty_like(image)
    for rows in strips(image.shape):
        out[rows] = _scale_saturation(image[rows], p["factor"])
    return out


def _scale_saturation(image: Pixels, factor: float) -> Pixels:
    red, green, blue = cv2.split(image)
    value = cv2.max(cv2.max(red, green), blue)
    if factor <= 1:
        out: Pixels = cv2.addWeighted(image, factor, cv2.merge((value, value, value)), 1 - factor, 0)
        return out
    least = cv2.min(cv2.min(red, green), blue)
    span = widen(value) - widen(least)
    # Grey has a span of 0 and no colour to strengthen: its gain is the factor, and meets a difference of 0.
    gain = np.minimum(widen(value) / np.maximum(span, np.float32(1e-6)), np.float32(factor))
    gains, values = cv2.merge((gain, gain, gain)), widen(cv2.merge((value, value, value)))
    return settle(values - (values - widen(image)) * gains, image)


def ycrcb(image: Pixels, p: Mapping[str, float], frame: Frame) -> Pixels:
    """Multiply Cr and Cb, which end at +-0.5, by `factor`."""
    factor = p["factor"]
    if factor <= 1:
        # Nothing meets the ends, so that all is linear: x becomes Y + factor (x - Y).
        matrix = factor * np.eye(3) + (1 - factor) * np.array(LUMA)
        return settle(cv2.transform(widen(image), matrix), image)
    out = np.empty_like(image)
    for rows in strips(image.shape):
        out[rows] = _strengthen_chroma(image[rows], factor)
    return out


def _strengthen_chroma(image: Pixels, factor: float) -> Pixels:
    white = np.float32(top(image))
    luma, *chroma = cv2.split(cv2.cvtColor(widen(image) / white, cv2.COLOR_RGB2YCrCb))
    stronger = [np.clip((part - np.float32(0.5)) * np.float32(factor) + np.float32(0.5), 0, 1) for part in chroma]
    return settle(cv2.cvtColor(cv2.merge((luma, *stronger)), cv2.COLOR_YCrCb2RGB) * white, image)
