"""Time every distortion at level 3 on one core, and a region of a tenth beside the whole picture.

    python benchmarks/distort.py [--side 512] [--level 3] [--repeats 15]

Where the package imagecorruptions is installed, its counterparts are timed on the same picture at its severity 3.
It has pinned its ways to versions of numpy and scikit-image of 2019, so it may need an environment of its own.
"reference" is the public implementation of these 35 (XPixelGroup/DepictQA, build_datasets) as measured once on one core
of a server, 512x512 at level 3, for those that were noted; its 35 took 2.0 s together, 25 ms in the median.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from quibble.distort import apply, draw, regional
from quibble.geometry import Mask
from quibble.taxonomy import Distortion

Bytes = NDArray[np.uint8]

REFERENCE_MS = {
    Distortion.BLUR_ZOOM: 572,
    Distortion.QUANTIZE_OTSU: 213,
    Distortion.BLUR_GLASS: 166,
    Distortion.QUANTIZE_MEDIAN_CUT: 124,
    Distortion.COMPRESSION_JPEG_2000: 117,
    Distortion.NOISE_POISSON: 117,
    Distortion.BLUR_MOTION: 96,
    Distortion.BLUR_GAUSSIAN: 55,
    Distortion.NOISE_GAUSSIAN_RGB: 52,
    Distortion.COMPRESSION_JPEG: 4,
}
IMAGECORRUPTIONS = {
    Distortion.BLUR_GAUSSIAN: "gaussian_blur",
    Distortion.BLUR_MOTION: "motion_blur",
    Distortion.BLUR_GLASS: "glass_blur",
    Distortion.BLUR_LENS: "defocus_blur",
    Distortion.BLUR_ZOOM: "zoom_blur",
    Distortion.NOISE_GAUSSIAN_RGB: "gaussian_noise",
    Distortion.NOISE_SPECKLE: "speckle_noise",
    Distortion.NOISE_POISSON: "shot_noise",
    Distortion.NOISE_IMPULSE: "impulse_noise",
    Distortion.COMPRESSION_JPEG: "jpeg_compression",
    Distortion.BRIGHTEN_SHIFT_HSV: "brightness",
    Distortion.CONTRAST_WEAKEN_SCALE: "contrast",
    Distortion.SATURATE_STRENGTHEN_HSV: "saturate",
    Distortion.PIXELATE_BOX: "pixelate",
}


def milliseconds(function: Callable[[], Any], repeats: int) -> float:
    """Median over the repeats, after one call that is not counted."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1000 * median(times)


def tenth(side: int) -> Mask:
    """A disk over a tenth of a square picture, in its middle."""
    rows, columns = np.ogrid[:side, :side]
    squared = (rows - side / 2) ** 2 + (columns - side / 2) ** 2
    return Mask.from_array(squared <= 0.1 * side * side / np.pi)


def theirs(name: str, picture: Bytes, repeats: int) -> str:
    """Milliseconds of imagecorruptions, or why there are none."""
    try:
        corrupt = importlib.import_module("imagecorruptions").corrupt
    except ImportError:
        return "-"
    try:
        return f"{milliseconds(lambda: corrupt(picture, corruption_name=name, severity=3), min(repeats, 3)):.1f}"
    except (AttributeError, TypeError) as error:
        return type(error).__name__


def main() -> None:
    parser = argparse.ArgumentParser(description="Time every distortion on one core.")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--level", type=float, default=3)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    photographs: Any = data
    picture: Bytes = np.asarray(cv2.resize(photographs.astronaut(), (options.side, options.side)), np.uint8)
    mask = tenth(options.side)
    print(f"level {options.level:g}, {options.side} x {options.side}, one core, median of {options.repeats}, ms")
    print(f"{'distortion':<30}{'ours':>8}{'a tenth':>9}{'share':>7}{'reference':>11}{'imagecorruptions':>18}")
    whole, shares = [], []
    for kind in Distortion:
        degradation = draw(kind, options.level, np.random.default_rng(0))
        ours = milliseconds(lambda d=degradation: apply(picture, d), options.repeats)  # type: ignore[misc]
        part = milliseconds(lambda d=degradation: regional(picture, [mask], [(d,)]), options.repeats)  # type: ignore[misc]
        whole.append(ours)
        shares.append(part / ours)
        reference = REFERENCE_MS.get(kind, "-")
        peer = theirs(IMAGECORRUPTIONS[kind], picture, options.repeats) if kind in IMAGECORRUPTIONS else "-"
        print(f"{kind:<30}{ours:>8.2f}{part:>9.2f}{part / ours:>7.2f}{reference:>11}{peer:>18}")
    print(
        f"{len(whole)} together {sum(whole):.0f} ms (bar 400, aim 200), median {median(whole):.2f} ms (bar 5), "
        f"a region of a tenth costs {median(shares):.2f} of the whole in the median (bar 0.33)"
    )


if __name__ == "__main__":
    main()
