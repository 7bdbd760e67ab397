"""Defects as cameras and people make them, and looks that are no defects, for training and validation.

The 35 distortions of the engine are clean-cut; photographs are not. Noise comes before denoising and JPEG, a missed
focus has noise on top of the blur, shake follows a crooked path, exposure clips in linear light. Severities are on
the engine's scale: what equally strong distortions of the engine have as their level.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from quibble.taxonomy import Category

Picture = NDArray[np.uint8]
Linear = NDArray[np.float32]

_GAMMA: Final = 2.2
#: Change of luma (of 1) from which exposure counts at a place.
_EXPOSED: Final = 0.03


class Damaged(NamedTuple):
    """picture (H, W, 3) uint8; where (H, W) bool; level about 0.5..5."""

    picture: Picture
    category: Category
    level: float
    where: NDArray[np.bool_]


def damage(rng: np.random.Generator, picture: Picture) -> Damaged:
    """One defect over a picture, (H, W, 3) uint8, often saved as JPEG afterwards."""
    makers: tuple[_Maker, ...] = (noisy, noisy, out_of_focus, shaken, enlarged, overexposed, underexposed, resaved)
    made = makers[int(rng.integers(len(makers)))](rng, picture)
    if made.category is not Category.COMPRESSION and rng.random() < 0.6:
        made = made._replace(picture=jpeg(made.picture, int(rng.integers(75, 97))))
    return made


def look(rng: np.random.Generator, picture: Picture) -> Picture:
    """A look that photographers choose: black and white, a tone, fine film grain. Not a defect."""
    kind = rng.random()
    out = picture.astype(np.float32)
    if kind < 0.35:
        weights = rng.dirichlet((3, 5, 2)).astype(np.float32)
        out = np.repeat((out @ weights)[..., None], 3, axis=2)
        if rng.random() < 0.3:
            out *= np.array([1.0, rng.uniform(0.9, 1), rng.uniform(0.75, 0.95)], np.float32)
    elif kind < 0.65:
        out *= rng.uniform(0.9, 1.05, 3).astype(np.float32)
    if kind < 0.15 or kind >= 0.65:
        grain = rng.standard_normal(picture.shape[:2], dtype=np.float32)
        grain = _soft(grain, float(rng.uniform(0.4, 0.9)))
        middle = 1 - np.abs(out.mean(axis=2) / 127.5 - 1)
        out += (float(rng.uniform(1.5, 4.5)) * grain / grain.std() * (0.4 + 0.6 * middle))[..., None]
    return as_bytes(out / 255)


def noisy(rng: np.random.Generator, picture: Picture) -> Damaged:
    """Sensor noise that grows with the signal, blurred by demosaicing, perhaps denoised too much or too little."""
    out = _grained(rng, picture, shot=(-3.2, -1.4), read=(-2.6, -1.6), soft=0.7, softest=0.9)
    way = rng.random()
    if way < 0.2:
        out = _picture(cv2.bilateralFilter(out, 5, float(rng.uniform(10, 40)), 3))
    elif way < 0.35:
        out = _picture(cv2.medianBlur(out, 3))
    elif way < 0.55:
        out = _smooth_chroma(out, float(rng.uniform(1, 3)))
    rms = float(np.sqrt(np.mean((out.astype(np.float32) - picture) ** 2))) / 255
    return Damaged(out, Category.NOISE, _scale(rms, (0.012, 0.05, 0.15, 0.25), (0.6, 1, 3, 5)), _all(picture))


def out_of_focus(rng: np.random.Generator, picture: Picture) -> Damaged:
    """The blur disc of a lens in linear light, a little sensor noise on top."""
    radius = float(np.exp(rng.uniform(np.log(1.2), np.log(8))))
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    out = faint_noise(rng, filtered(linear(picture), disc))
    return Damaged(out, Category.BLUR, _scale(radius, (1.2, 2, 4, 8), (0.6, 1, 3, 5)), _all(picture))


def shaken(rng: np.random.Generator, picture: Picture) -> Damaged:
    """The crooked path of a hand during the exposure."""
    extent = float(np.exp(rng.uniform(np.log(1.0), np.log(6))))
    direction = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.12, 64))
    speed = rng.gamma(4, 1, 64)
    path = np.cumsum(np.stack([np.cos(direction), np.sin(direction)]) * speed, axis=1)
    path -= path.mean(axis=1, keepdims=True)
    path *= extent / np.sqrt((path**2).sum(axis=0).mean())
    reach = int(np.ceil(np.abs(path).max())) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    for dx, dy in path.T:
        x, y = int(np.floor(dx)), int(np.floor(dy))
        fx, fy = dx - x, dy - y
        for i, j, share in ((0, 0, (1 - fx) * (1 - fy)), (1, 0, fx * (1 - fy)), (0, 1, (1 - fx) * fy), (1, 1, fx * fy)):
            kernel[y + j + reach, x + i + reach] += share
    out = faint_noise(rng, filtered(linear(picture), kernel))
    return Damaged(out, Category.BLUR, _scale(extent, (1, 1.5, 3.5, 6), (0.6, 1, 3, 5)), _all(picture))


def missed(rng: np.random.Generator, picture: Picture) -> Damaged:
    """A missed focus or a shake in poor light, or both: the grain that lies over the blur is as sharp as ever."""
    made = out_of_focus(rng, picture) if rng.random() < 0.6 else shaken(rng, picture)
    if rng.random() < 0.5:
        # Two blurs are more than one: by how much is not known well.
        made = out_of_focus(rng, made.picture)._replace(level=min(5.0, 1.25 * made.level))
    out = made.picture
    if rng.random() < 0.75:
        out = _grained(rng, out, shot=(-3.6, -2.3), read=(-2.9, -2.0), soft=0.8, softest=1.1)
    if rng.random() < 0.7:
        out = jpeg(out, int(rng.integers(55, 95)))
    return made._replace(picture=out)


def enlarged(rng: np.random.Generator, picture: Picture) -> Damaged:
    """A small picture blown up: too few pixels for its size."""
    factor = float(np.exp(rng.uniform(np.log(1.7), np.log(6))))
    height, width = picture.shape[:2]
    small = cv2.resize(
        picture, (max(8, round(width / factor)), max(8, round(height / factor))), interpolation=cv2.INTER_AREA
    )
    if rng.random() < 0.5:
        small = jpeg(_picture(small), int(rng.integers(70, 96)))
    way = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)[int(rng.integers(3))]
    out = _picture(cv2.resize(small, (width, height), interpolation=way))
    return Damaged(out, Category.BLUR, _scale(factor, (1.7, 2.5, 4, 6), (0.6, 1.2, 2.8, 4.5)), _all(picture))


def overexposed(rng: np.random.Generator, picture: Picture) -> Damaged:
    """Too much light, with a soft or a hard shoulder: bright parts clip first."""
    light = linear(picture) * float(np.exp2(rng.uniform(0.5, 2.4)))
    out = 1 - np.exp(-1.6 * light) if rng.random() < 0.4 else light
    return _exposed(picture, as_bytes(encoded(out)), Category.BRIGHTEN)


def underexposed(rng: np.random.Generator, picture: Picture) -> Damaged:
    """Too little light: murky, a little warm, noisy in the shadows."""
    light = linear(picture) * float(np.exp2(-rng.uniform(1, 4)))
    warm = float(rng.uniform(0, 0.3))
    light *= np.array([1, 1 - 0.4 * warm, 1 - warm], np.float32)
    light += float(rng.uniform(0, 0.004)) * rng.standard_normal(picture.shape, dtype=np.float32)
    return _exposed(picture, as_bytes(encoded(light)), Category.DARKEN)


def resaved(rng: np.random.Generator, picture: Picture) -> Damaged:
    """Saved as JPEG several times, shifted against the block grid in between."""
    worst = int(rng.integers(6, 40))
    out = picture
    for i in range(int(rng.integers(1, 4))):
        shift = tuple(int(v) for v in rng.integers(0, 8, 2))
        quality = worst if i == 0 else int(rng.integers(worst, 90))
        out = np.roll(jpeg(np.roll(out, shift, (0, 1)), quality), (-shift[0], -shift[1]), (0, 1))
    level = _scale(worst, (5, 12, 25, 40), (5, 3, 1, 0.6))
    return Damaged(out, Category.COMPRESSION, level, _all(picture))


def jpeg(picture: Picture, quality: int) -> Picture:
    """Saved as JPEG of a quality of 1..100 and read again."""
    coded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(_picture(cv2.imdecode(coded, cv2.IMREAD_COLOR))[..., ::-1])


_Maker = Callable[[np.random.Generator, Picture], Damaged]


def _exposed(before: Picture, after: Picture, category: Category) -> Damaged:
    change = np.abs(after.astype(np.float32).mean(axis=2) - before.astype(np.float32).mean(axis=2)) / 255
    where = cv2.blur(change, (9, 9)) > _EXPOSED
    level = _scale(float(change[where].mean()) if where.any() else 0.0, (0.04, 0.1, 0.2, 0.35), (0.5, 1, 3, 5))
    return Damaged(after, category, level, where)


def faint_noise(rng: np.random.Generator, light: Linear) -> Picture:
    """Linear light as a good sensor records it, (H, W, 3) uint8."""
    noise = rng.standard_normal(light.shape, dtype=np.float32) * np.sqrt(light.clip(0) + 0.002, dtype=np.float32)
    return as_bytes(encoded(light + float(rng.uniform(0, 0.012)) * noise))


def filtered(light: Linear, kernel: NDArray[np.float64]) -> Linear:
    """Light spread by a kernel of any sum."""
    normal = (kernel / kernel.sum()).astype(np.float32)
    return np.asarray(cv2.filter2D(light, -1, normal, borderType=cv2.BORDER_REFLECT), np.float32)


def _grained(
    rng: np.random.Generator,
    picture: Picture,
    *,
    shot: tuple[float, float],
    read: tuple[float, float],
    soft: float,
    softest: float,
) -> Picture:
    """A sensor's noise in linear light. shot, read: powers of ten of how much it grows with the light and of its
    deviation in the dark; soft: how often demosaicing has blurred it, up to softest pixels."""
    light = linear(picture)
    by_light, in_dark = 10 ** rng.uniform(*shot), 10 ** rng.uniform(*read)
    deviation = np.sqrt(by_light * light + in_dark**2, dtype=np.float32)
    noise = rng.standard_normal(picture.shape, dtype=np.float32)
    if rng.random() < soft:
        noise = _soft(noise, float(rng.uniform(0.4, softest)))
        noise /= noise.std()
    return as_bytes(encoded(light + deviation * noise))


def _soft(values: Linear, sigma_px: float) -> Linear:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma_px), np.float32)


def _smooth_chroma(picture: Picture, sigma_px: float) -> Picture:
    parts = cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)
    parts[..., 1:] = cv2.GaussianBlur(parts[..., 1:], (0, 0), sigma_px)
    return _picture(cv2.cvtColor(parts, cv2.COLOR_YCrCb2RGB))


def linear(picture: Picture) -> Linear:
    """Bytes of a picture as light, 0..1."""
    return np.asarray((picture.astype(np.float32) / 255) ** _GAMMA, np.float32)


def encoded(light: Linear) -> Linear:
    """Light as values of a picture, 0..1."""
    return np.asarray(light.clip(0, 1) ** (1 / _GAMMA), np.float32)


def as_bytes(values: NDArray[np.floating]) -> Picture:
    """Values of a picture, 0..1, as bytes."""
    return np.asarray((values * 255 + 0.5).clip(0, 255), np.uint8)


def _picture(array: object) -> Picture:
    return np.asarray(array, dtype=np.uint8)


def _all(picture: Picture) -> NDArray[np.bool_]:
    return np.ones(picture.shape[:2], bool)


def _scale(value: float, known: tuple[float, ...], levels: tuple[float, ...]) -> float:
    return float(np.interp(value, known, levels))
