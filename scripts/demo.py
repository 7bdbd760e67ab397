"""Damage a photograph, let quibble look at it before and after, and make questions and answers: `make demo`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw
from rich.console import Console
from skimage.data import astronaut

from quibble import Assessor, Report
from quibble.commands.assess import drawn, show
from quibble.data.sheet import sheet
from quibble.distort import Sequence, regional
from quibble.draw import overlay, side_by_side
from quibble.geometry import Mask, Region
from quibble.image import ImageArray, save
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
    shutil.rmtree(OUT / "data", ignore_errors=True)
    (OUT / "photos").mkdir(parents=True, exist_ok=True)
    photo = np.asarray(astronaut(), np.uint8)
    damaged = make_damage(photo)
    save(photo, OUT / "photos" / "astronaut.png")
    save(damaged, OUT / "damaged.png")
    assessor = Assessor()
    before, after = (assessor.assess(OUT / name) for name in ("photos/astronaut.png", "damaged.png"))
    console = Console(highlight=False, soft_wrap=True)
    for report in (before, after):
        show(report, console)
    titles = [f"as it was: {said(before)}", f"damaged: {said(after)}"]
    save(side_by_side([drawn(photo, before), drawn(damaged, after)], titles), OUT / "found.png")
    build(OUT / "photos", OUT / "data", Settings(records=24))
    page = sheet(OUT / "data", OUT / "index.html")
    console.print(f"\nWhat was done, where and how:     {(OUT / 'regions.png').resolve()}")
    console.print(f"What quibble found:               {(OUT / 'found.png').resolve()}")
    console.print(f"Questions and answers made of it: {page.resolve()}")


def make_damage(photo: ImageArray) -> ImageArray:
    """The photograph with three damaged regions; regions.png shows which."""
    masks = [inside(outline, photo.shape) for outline in REGIONS.values()]
    plans = [Sequence.parse(step) for step in REGIONS]
    result = regional(photo, masks, plans, seed=0, feather_px=2)
    categories = [plan.steps[0].distortion.category for plan in plans]
    outlined = overlay(result.image, [Region(mask=mask) for mask in masks], labels=list(REGIONS), categories=categories)
    titles = ["as it was", "distorted", "where and how"]
    save(side_by_side([photo, result.image, outlined], titles), OUT / "regions.png")
    return result.image


def inside(outline: str, shape: tuple[int, ...]) -> Mask:
    canvas = Image.new("L", (shape[1], shape[0]))
    ImageDraw.Draw(canvas).polygon([tuple(map(int, corner.split(","))) for corner in outline.split()], fill=1)
    return Mask.from_array(np.asarray(canvas))


def said(report: Report) -> str:
    count = len(report.findings)
    return f"{report.score.value:.0f} of 100, {count} finding{'' if count == 1 else 's'}"


if __name__ == "__main__":
    main()
