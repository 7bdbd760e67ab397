"""How fast and how large: cold command line, warm assess, many pictures, memory.

    python benchmarks/assess.py [--threads 2]

Pictures are made here: noise shaped like photographs, so that JPEG files have a usual size. Each figure is the median
of several runs, except for the cold start, which is the best: it measures the program and not the disk.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble import Assessor


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Soft shapes with some grain. (height, width, 3) uint8"""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(20, 236, (height // 40 + 2, width // 40 + 2, 3), dtype=np.uint8))
    smooth = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
    grain = rng.integers(-6, 7, (height, width, 1), dtype=np.int16)
    return np.asarray(np.clip(smooth + grain, 0, 255), dtype=np.uint8)


def seconds(work: Callable[[], object], runs: int) -> float:
    """Median seconds of a run, after one to warm up."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def cold_seconds(file: Path, threads: int) -> float:
    command = [sys.executable, "-m", "quibble.cli", str(file), "--json", "--threads", str(threads)]
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return min(times)


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    threads = parser.parse_args().threads
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.jpg", Path(folder) / "large.jpg"
        Image.fromarray(picture(512, 512)).save(small, quality=90)
        Image.fromarray(picture(3000, 4000)).save(large, quality=90)
        print(f"cold quibble photo.jpg --json, 512x512     {cold_seconds(small, threads):8.2f} s")
        assessor = Assessor(threads=threads)
        print(f"warm assess, 512x512, from a JPEG file     {1000 * seconds(lambda: assessor.assess(small), 9):8.0f} ms")
        print(f"warm assess, 12 megapixels, from JPEG      {1000 * seconds(lambda: assessor.assess(large), 5):8.0f} ms")
        print(f"peak memory until here                     {peak_megabytes():8.0f} MB")
        many = [picture(512, 512, seed) for seed in range(16)]
        rate = len(many) / seconds(lambda: list(assessor.assess_many(many)), 3)
        print(f"many pictures, 512x512                     {rate:8.1f} pictures/s")
    print(f"peak memory of all                         {peak_megabytes():8.0f} MB")


if __name__ == "__main__":
    main()
