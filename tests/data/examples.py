"""Small data sets for tests: pictures on disk and sound records about them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from quibble.data import ImageEntry, Record, RegionEntry, Role, Turn, write_jsonl
from quibble.degradation import Degradation
from quibble.geometry import Box, Mask
from quibble.taxonomy import Distortion

WIDTH, HEIGHT = 16, 12


def mask(x0: int, y0: int, x1: int, y1: int) -> Mask:
    return Mask.from_box(Box(x0=x0, y0=y0, x1=x1, y1=y1), width=WIDTH, height=HEIGHT)


def picture(path: Path, *, shade: int = 0, size: tuple[int, int] = (WIDTH, HEIGHT)) -> str:
    """Write a PNG and return the hash of its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((size[1], size[0], 3), shade, np.uint8)
    pixels[::2] = 255 - shade
    Image.fromarray(pixels).save(path)
    return sha256(path.read_bytes()).hexdigest()


def record(name: str = "r0", **changes: Any) -> Record:
    """A record with everything that a record can have."""
    noise = Degradation(distortion=Distortion.NOISE_POISSON, level=2, parameters={"photons": 60, "seed": 7})
    blur = Degradation(distortion=Distortion.BLUR_GAUSSIAN, level=3.5, parameters={"sigma_px": 3.5})
    values: dict[str, Any] = {
        "id": name,
        "task": "grounding",
        "images": (ImageEntry(role=Role.SINGLE, file=f"images/{name}.png", width=WIDTH, height=HEIGHT),),
        "turns": (
            Turn(question="Which part is worst?", answer="The dog, then the sky.", regions=(1, 0)),
            Turn(question="Why?", answer="It is blurred."),
        ),
        "regions": (
            RegionEntry(image=0, mask=mask(0, 0, 16, 4), label="sky", degradations=(noise,)),
            RegionEntry(image=0, box=Box(x0=2, y0=4.5, x1=9, y1=12), label="dog", degradations=(blur, noise)),
        ),
        "score": 61.5,
        "source": "photo.jpg",
        "split": "train",
        "licence": "CC0-1.0",
        "seed": 3,
        "extra": {"note": ["free", 1]},
    }
    return Record(**(values | changes))


def folder(root: Path, count: int = 3) -> list[Record]:
    """A sound data set with `count` records, each with a picture of its own."""
    items = []
    for index in range(count):
        name = f"r{index}"
        digest = picture(root / f"images/{name}.png", shade=index)
        entry = ImageEntry(role=Role.SINGLE, file=f"images/{name}.png", width=WIDTH, height=HEIGHT, sha256=digest)
        items.append(record(name, images=(entry,), source=f"photo-{index}.jpg"))
    write_jsonl(items, root / "records.jsonl")
    return items
