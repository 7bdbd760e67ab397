from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from quibble.pipelines.photos import Photos

LONG_SIDE = 320


@pytest.fixture(scope="session")
def photos_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four of scikit-image's photographs, one with a label map, and a manifest."""
    folder = tmp_path_factory.mktemp("photos")
    (folder / "img").mkdir()
    (folder / "mask").mkdir()
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        picture = Image.fromarray(getattr(data, name)())
        picture.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
        picture.save(folder / "img" / f"{name}.png")
    with Image.open(folder / "img" / "coffee.png") as coffee:
        width, height = coffee.size
    labels = np.zeros((height, width), np.uint8)
    labels[:, : width // 2] = 1
    labels[height // 2 :, width // 3 :] = 2
    labels[: height // 3, 2 * width // 3 :] = 3
    Image.fromarray(labels).save(folder / "mask" / "coffee.png")
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("file", "set", "licence"), ("coffee.png", "skimage", "CC0"), ("rocket.png", "skimage", "")])
    return folder


@pytest.fixture(scope="session")
def photos(photos_folder: Path) -> Photos:
    return Photos(photos_folder, long_side=LONG_SIDE)
