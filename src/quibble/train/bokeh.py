"""Sharp in front, soft behind: what a wide aperture makes of a photograph, and people do not call a defect.

A lens blurs by distance, so softness grows away from what is in focus and nothing of the sharp subject bleeds into
what lies behind it. Both tell bokeh from a region that was blurred afterwards.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from quibble.train.camera import Linear, Picture, as_bytes, encoded, faint_noise, filtered, linear

#: What is in focus covers from this to that share of the picture.
_SUBJECT: Final = (0.08, 0.65)
#: Radii of the blur disc where it is largest, as a share of the picture's shorter side.
_WIDEST: Final = (0.006, 0.035)
#: Planes of equal distance that are blurred each by itself.
_PLANES: Final = 5


def bokeh(rng: np.random.Generator, picture: Picture, labels: NDArray[np.uint8]) -> Picture:
    """A photograph, (H, W, 3) uint8, with a soft background. labels: (H, W), numbers of its parts.

    In focus are the parts that end inside the picture, or at its lower edge; if these are too little or too much of it,
    the photograph comes back as it is.
    """
    subject = _subject(labels)
    if not _SUBJECT[0] <= subject.mean() <= _SUBJECT[1]:
        return picture
    distance = _distance(rng, subject)
    widest = float(rng.uniform(*_WIDEST)) * min(picture.shape[:2])
    light, behind = linear(picture), (~subject).astype(np.float32)
    out = light.copy()
    for plane in range(1, _PLANES + 1):
        soft = _blurred(light, behind, widest * plane / _PLANES)
        # Each plane is mixed into the one before as the distance passes from one to the other.
        share = np.clip(distance * _PLANES - (plane - 1), 0, 1)[..., None]
        out += share * (soft - out)
    edge = cv2.GaussianBlur(subject.astype(np.float32), (0, 0), float(rng.uniform(0.5, 1.2)))[..., None]
    out += edge * (light - out)
    return faint_noise(rng, out) if rng.random() < 0.5 else as_bytes(encoded(out))


def _subject(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    edges = np.concatenate([labels[0], labels[: -labels.shape[0] // 4, 0], labels[: -labels.shape[0] // 4, -1]])
    inside = ~np.isin(labels, edges)
    # Specks of background between the parts of a person are in focus with them.
    return np.asarray(cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)) > 0)


def _distance(rng: np.random.Generator, subject: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How far behind the subject, 0..1: 0 on it, growing around it, mostly upwards, with some unevenness."""
    height, width = subject.shape
    around = cv2.distanceTransform((~subject).astype(np.uint8), cv2.DIST_L2, 3) / min(height, width)
    upwards = np.linspace(1, 0, height, dtype=np.float32)[:, None]
    uneven = cv2.GaussianBlur(rng.standard_normal(subject.shape, dtype=np.float32), (0, 0), 0.15 * min(height, width))
    steep, tilt = float(rng.uniform(0.5, 8)), float(rng.uniform(0, 0.6))
    depth = float(rng.uniform(0.1, 0.5)) + steep * around + tilt * upwards + 0.15 * uneven / (uneven.std() + 1e-6)
    return np.asarray(np.where(subject, 0, depth).clip(0, 1), np.float32)


def _blurred(light: Linear, behind: NDArray[np.float32], radius_px: float) -> Linear:
    """The background as a lens blurs it: nothing of the subject in front of it bleeds in."""
    reach = max(1, int(np.ceil(radius_px)))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius_px + 0.5 - np.hypot(x, y), 0, 1)
    there = filtered(behind[..., None].repeat(3, axis=2), disc)
    return np.asarray(filtered(light * behind[..., None], disc) / np.maximum(there, 1e-3), np.float32)
