"""Distort a photograph in three regions, draw what was done, and make questions and answers about more: `make demo`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw
from skimage.data import astronaut

from quibble.data.sheet import sheet
from quibble.distort import Sequence, regional
from quibble.draw import overlay, side_by_side
from quibble.geometry import Mask, Region
from quibble.image import save
from quibble.pipelines.octopus import build
from quibble.pipelines.settings import Settings

OUT: Final = Path("demo")
#: What is done inside which outline, in the astronaut's pixels.
REGIONS: Final = {
    "blur.motion:3": (
        "200,12 255,12 292,38 306,80 300,118 278,138 268,165 245,192 215,192 190,170 175,135 154,100 152,70 170,35"
    ),
    "noise.gaussian_rgb:2": "392,0 440,0 458,60 460,200 472,272 420,286 362,272 352,215 376,130 382,50",
    "compression.jpeg:5": "285,440 300,395 335,360 385,343 440,352 480,385 500,430 511,470 511,511 280,511 278,470",
}


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "photos").mkdir(parents=True)
    photo = np.asarray(astronaut(), np.uint8)
    masks = [inside(outline, photo.shape) for outline in REGIONS.values()]
    plans = [Sequence.parse(step) for step in REGIONS]
    result = regional(photo, masks, plans, seed=0, feather_px=2)
    categories = [plan.steps[0].distortion.category for plan in plans]
    drawn = overlay(result.image, [Region(mask=mask) for mask in masks], labels=list(REGIONS), categories=categories)
    save(side_by_side([photo, result.image, drawn], ["as it was", "distorted", "where and how"]), OUT / "regions.png")
    print(f"A photograph, the same with three damaged regions, and where and how: {(OUT / 'regions.png').resolve()}")

    save(photo, OUT / "photos" / "astronaut.png")
    build(OUT / "photos", OUT / "data", Settings(records=24))
    page = sheet(OUT / "data", OUT / "index.html")
    print(f"Questions and answers about more such damage, to look through: {page.resolve()}")


def inside(outline: str, shape: tuple[int, ...]) -> Mask:
    canvas = Image.new("L", (shape[1], shape[0]))
    ImageDraw.Draw(canvas).polygon([tuple(map(int, corner.split(","))) for corner in outline.split()], fill=1)
    return Mask.from_array(np.asarray(canvas))


if __name__ == "__main__":
    main()
