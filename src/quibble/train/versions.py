"""Versions of photographs that a damage gauge learns from, and what it is given of them."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from quibble import distort
from quibble.backends.base import Evidence, FeatureBackend
from quibble.distort import combine_opinions, opinion
from quibble.model.gauge import DamageGauge
from quibble.noting import structures_lost
from quibble.train.sources import Picture

#: Versions of one photograph, beside itself.
EACH = 5
#: The long side of a photograph is drawn from these, in pixels; no side is made shorter than the least.
_LONG, _LEAST = (352, 769), 96
#: Share of versions of which only a part is damaged, and the shares of its sides.
_PARTLY, _SIDES = 0.2, (0.3, 0.9)


class Version(NamedTuple):
    """A picture and what people would think of it, 0..100; of the photograph itself 100."""

    rgb: Picture
    opinion: float


class Versions(NamedTuple):
    """Of N photographs: told (N, 1 + EACH, inputs), of itself first, and opinion (N, 1 + EACH), 0..100, as if it were
    clean; against the photograph apart (N, EACH, channels) and structure (N, EACH, 3), see DamageGauge. told, apart:
    half precision. base: (N,), people's opinion of it, 100 of a clean one."""

    told: Tensor
    opinion: Tensor
    apart: Tensor
    structure: Tensor
    base: Tensor


def versions(photo: Picture, rng: np.random.Generator) -> list[Version]:
    """A photograph at some size, and versions of it with one or two distortions, most of them all over."""
    side = int(rng.integers(*_LONG))
    scale = min(1.0, side / max(photo.shape[:2]))
    height, width = (max(_LEAST, round(length * scale)) for length in photo.shape[:2])
    clean = np.asarray(cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return [Version(clean, 100.0), *(_damaged(clean, rng) for _ in range(EACH))]


def described(made: list[Version], perception: FeatureBackend, base: float = 100.0) -> Versions:
    """What the gauge is given of the versions of one photograph, which is the first."""
    features = [_features(perception.perceive([version.rgb], features=True)[0]) for version in made]
    apart = [DamageGauge.apart(scales, features[0]) for scales in features[1:]]
    structure = [structures_lost(version.rgb, made[0].rgb) for version in made[1:]]
    return Versions(
        told=torch.stack([DamageGauge.told(scales) for scales in features]).half().unsqueeze(0),
        opinion=torch.tensor([[version.opinion for version in made]]),
        apart=torch.stack(apart).half().unsqueeze(0),
        structure=torch.from_numpy(np.stack(structure)).float().unsqueeze(0),
        base=torch.tensor([base]),
    )


def _damaged(photo: Picture, rng: np.random.Generator) -> Version:
    count = int(rng.integers(1, 3))
    # Levels between those of the table too.
    levels = tuple(np.round(rng.uniform(1, 5, 2), 2).tolist()) if rng.random() < 0.5 else (1, 2, 3, 4, 5)
    plan = distort.Sequence.random(rng, count=count, levels=levels)
    rated = combine_opinions(opinion(step.distortion, step.level) for step in plan.steps)
    rgb = plan.apply(photo, seed=int(rng.integers(2**31)))
    if rng.random() < _PARTLY:
        part = _rectangle(rng, photo.shape[:2])
        rgb, rated = np.where(part[..., None], rgb, photo), combine_opinions([rated], [float(part.mean())])
    return Version(np.ascontiguousarray(rgb), rated)


def _rectangle(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    height, width = (int(side * rng.uniform(*_SIDES)) for side in shape)
    y, x = int(rng.integers(0, shape[0] - height + 1)), int(rng.integers(0, shape[1] - width + 1))
    out = np.zeros(shape, bool)
    out[y : y + height, x : x + width] = True
    return out


def _features(seen: Evidence) -> list[Tensor]:
    assert seen.features is not None
    return [torch.from_numpy(np.ascontiguousarray(scale, np.float32)) for scale in seen.features.maps]
