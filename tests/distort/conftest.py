from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

Bytes = NDArray[np.uint8]


def _shrunk(image: Bytes, side: int) -> Bytes:
    """A crop of the middle, made smaller, so that a small picture holds objects and not one surface."""
    height, width = image.shape[:2]
    edge = min(height, width)
    y, x = (height - edge) // 2, (width - edge) // 2
    crop = np.ascontiguousarray(image[y : y + edge, x : x + edge, :3])
    return np.asarray(cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.fixture(scope="session")
def photos() -> list[Bytes]:
    """Four photographs of 128x128: a portrait, a cat, a cup, a rocket."""
    photographs: Any = data
    return [_shrunk(getattr(photographs, name)(), 128) for name in ("astronaut", "chelsea", "coffee", "rocket")]


@pytest.fixture(scope="session")
def photo(photos: list[Bytes]) -> Bytes:
    """A portrait of 128 x 120 pixels; read-only, so a test that changes it fails."""
    out = np.ascontiguousarray(photos[0][:, :120])
    out.flags.writeable = False
    return out


@pytest.fixture
def noise() -> Bytes:
    """All colours, 61 x 83 pixels without any order."""
    return np.random.default_rng(7).integers(0, 256, (61, 83, 3), dtype=np.uint8)
