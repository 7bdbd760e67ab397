"""Time building octopus records: whole builds by worker processes, and where the time of one process goes.

    python benchmarks/octopus.py [--photos DIR] [--records 256] [--side 512] [--workers 2]

Without --photos five photographs that scikit-image ships are cut into squares of --side, enlarged where they are
smaller. The processor time a record is printed beside the records a second, which other programs disturb much more.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from skimage import data

from quibble.pipelines.octopus import build, drafted, encode, worded
from quibble.pipelines.photos import Photos
from quibble.pipelines.settings import Settings


def squares(folder: Path, side: int) -> None:
    """Write squares of scikit-image's photographs, enlarged where they are smaller."""
    for name in ("astronaut", "chelsea", "coffee", "motorcycle", "rocket"):
        picture = data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(data, name)()
        height, width = picture.shape[:2]
        scale = max(side / min(height, width), 1)
        size = (max(side, round(width * scale)), max(side, round(height * scale)))
        large = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
        for index, x in enumerate(range(0, large.shape[1] - side + 1, side // 2)):
            Image.fromarray(large[:side, x : x + side]).save(folder / f"{name}-{index}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--records", type=int, default=256)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.photos
        if folder is None:
            folder = Path(scratch, "photos")
            folder.mkdir()
            squares(folder, options.side)
        settings = Settings(records=options.records, long_side=options.side)
        photos = Photos(folder, long_side=options.side)
        rejects: list[str] = []
        start = time.process_time()
        count = size = 0
        for item in worded(drafted(range(options.records), photos, settings, rejects.append), photos, settings):
            count, size = count + 1, size + len(item.picture)
        each = (time.process_time() - start) / count
        print(f"{count} records of {len(photos.names)} photographs: {each * 1000:.0f} ms of processor time each")
        print(f"{len(rejects) / count:.1f} rejects and {size / count / 1024:.0f} KiB of pictures a record")
        noise = np.random.default_rng(0).integers(0, 256, (options.side, options.side, 3), np.uint8)
        start = time.process_time()
        encode(noise)
        took = time.process_time() - start
        print(f"a picture of noise coded without loss: {took * 1000:.0f} ms")
        start = time.perf_counter()
        build(folder, Path(scratch, "out"), settings, workers=options.workers)
        took = time.perf_counter() - start
        print(f"a build with {options.workers} workers: {options.records / took:.1f} records a second")


if __name__ == "__main__":
    main()
