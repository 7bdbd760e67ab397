"""Measure the strengths that quibble.distort.opinion goes by: KADID-10k's types and ours on the same pictures.

    python scripts/measure_opinion.py FOLDER [--count 100]

Prints mean absolute changes (0..1) by level, and the root mean square error of KADID's JPEG 2000 ratios. The
types are written anew from their formulas and the levels in the code published with KADIS-700k.
"""

from __future__ import annotations

import argparse
import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.interpolate import CubicSpline
from skimage import color

from quibble.distort import distort
from quibble.distort.opinion import CHANGES

Floats = NDArray[np.float64]
Change = Callable[[Floats, float], Floats]


def through(x: list[float], y: list[float], values: Floats) -> Floats:
    """The cubic spline through points (a parabola through three), clipped to 0..1."""
    return np.asarray(np.clip(CubicSpline(x, y)(values), 0, 1))


def brighten(image: Floats, amount: float) -> Floats:
    """Type 16: two thirds of a curve on RGB, one third of the same curve on the L of Lab."""
    points = [0, 0.5, 1], [0, 0.5 + amount / 2, 1]
    lab = color.rgb2lab(image)
    lab[..., 0] = 100 * through(*points, lab[..., 0] / 100)
    return np.asarray((2 * through(*points, image) + color.lab2rgb(lab)) / 3)


def darken(image: Floats, amount: float) -> Floats:
    """Type 17."""
    return through([0, 0.5, 1], [0, 0.5 - amount / 2, 1], image)


def shift(image: Floats, amount: float) -> Floats:
    """Type 18."""
    return np.asarray(np.clip(image + amount, 0, 1))


def contrast(image: Floats, amount: float) -> Floats:
    """Type 25."""
    return through([0, 0.3, 0.5, 0.7, 1], [0, 0.25 - amount / 4, 0.5, 0.75 + amount / 4, 1], image)


def saturate(image: Floats, factor: float) -> Floats:
    """Type 8."""
    lab = color.rgb2lab(image)
    lab[..., 1:] *= factor
    return np.asarray(color.lab2rgb(lab))


def sharpen(image: Floats, amount: float) -> Floats:
    """Type 24: an unsharp mask of sigma 3 on the L of Lab."""
    lab = color.rgb2lab(image)
    lab[..., 0] += amount * (lab[..., 0] - cv2.GaussianBlur(lab[..., 0], (13, 13), 3, borderType=cv2.BORDER_REPLICATE))
    return np.asarray(color.lab2rgb(lab))


def jpeg_2000(image: Floats, ratio: float) -> Floats:
    """Type 9."""
    code = io.BytesIO()
    picture = Image.fromarray(np.rint(image * 255).astype(np.uint8))
    picture.save(code, "JPEG2000", quality_mode="rates", quality_layers=[ratio], irreversible=True, mct=1)
    return np.asarray(Image.open(code)) / 255


TYPES: dict[str, tuple[Change, tuple[float, ...]]] = {
    "16 brighten": (brighten, (0.1, 0.2, 0.4, 0.7, 1.1)),
    "17 darken": (darken, (0.05, 0.1, 0.2, 0.4, 0.8)),
    "18 mean shift": (shift, (0.15, 0.08, 0, -0.08, -0.15)),
    "25 contrast change": (contrast, (0.3, 0.15, 0, -0.4, -0.6)),
    "8 saturation in Lab": (saturate, (1, 2, 3, 6, 9)),
    "24 high sharpen": (sharpen, (1, 2, 3, 6, 12)),
}


def pictures(folder: Path, count: int) -> Iterator[NDArray[np.uint8]]:
    files = sorted(folder.iterdir())
    for file in files[:: max(len(files) // count, 1)][:count]:
        yield np.asarray(Image.open(file).convert("RGB"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure KADID-10k's types and ours on the same pictures.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message="Conversion from CIE-LAB")
    photos = list(pictures(options.folder, options.count))

    def mean(measure: Callable[[NDArray[np.uint8]], Any]) -> float:
        return float(np.mean([measure(photo) for photo in photos]))

    def change(photo: NDArray[np.uint8], out: Floats) -> float:
        return float(np.abs(out - photo / 255).mean())

    for name, (function, amounts) in TYPES.items():
        changes = [mean(lambda p, a=a: change(p, function(p / 255, a))) for a in amounts]  # type: ignore[misc]  # noqa: B023
        print(f"{name:<28}", *(f"{c:.4f}" for c in changes))
    errors = [mean(lambda p, r=r: np.std(jpeg_2000(p / 255, r) - p / 255)) for r in (16, 32, 45, 120, 400)]  # type: ignore[misc]
    print(f"{'9 JPEG 2000, error':<28}", *(f"{error:.4f}" for error in errors))
    for kind in CHANGES:
        changes = [mean(lambda p, n=n: change(p, distort(p, kind, level=n) / 255)) for n in range(1, 6)]  # type: ignore[misc]  # noqa: B023
        print(f"{kind:<28}", *(f"{c:.4f}" for c in changes))


if __name__ == "__main__":
    main()
