"""Split BIQ2021's official Train list into our training and validation parts; the official Test list is not read.

    python scripts/split_biq2021.py "BIQ2021/Train (Images and MOS).csv" BIQ2021/Images split.json

Validation takes 1,000 photographs: 160 each of ss01 and ss02, 680 of ss03. Pictures whose perceptual hashes differ in
at most 10 of 64 bits are near-duplicates; groups of them stay on one side.
"""

from __future__ import annotations

import argparse
import csv
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn

WANTED = {"ss01": 160, "ss02": 160, "ss03": 680}
NEAR_BITS = 10
LARGEST_GROUP = 3


def perceptual_hash(file: Path) -> NDArray[np.int32]:
    """64 signs, -1 or 1: the low frequencies of a 32x32 shrunk grey picture against their median."""
    with Image.open(file) as picture:
        small = picture.convert("L").resize((32, 32), Image.Resampling.LANCZOS)
    low = dctn(np.asarray(small, dtype=np.float64), norm="ortho")[:8, :8].ravel()
    signs = np.where(low > np.median(low[1:]), 1, -1)
    signs[0] = -1
    return signs.astype(np.int32)


def group_near(hashes: NDArray[np.int32]) -> list[list[int]]:
    """Connected groups of near-duplicates, by number."""
    parent = list(range(len(hashes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for start in range(0, len(hashes), 1000):
        differing = (64 - hashes[start : start + 1000] @ hashes.T) // 2
        for i, j in zip(*np.nonzero(differing <= NEAR_BITS), strict=True):
            if start + i < j:
                parent[root(start + int(i))] = root(int(j))
    groups: dict[int, list[int]] = {}
    for i in range(len(hashes)):
        groups.setdefault(root(i), []).append(i)
    return [groups[number] for number in sorted(groups)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train_csv", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    with arguments.train_csv.open(newline="") as source:
        listed = [(row[0].strip(), float(row[1])) for row in list(csv.reader(source))[1:]]
    # One name differs in case between the list and the files.
    files = {file.name.lower(): file.name for file in arguments.images.iterdir()}
    rated = [(files[name.lower()], mos) for name, mos in listed]
    with ProcessPoolExecutor() as pool:
        paths = [arguments.images / name for name, _ in rated]
        hashes = np.stack(list(pool.map(perceptual_hash, paths, chunksize=100)))
    groups = group_near(hashes)
    np.random.default_rng(2021).shuffle(groups)
    missing, chosen = dict(WANTED), set[int]()
    for group in groups:
        subset = rated[group[0]][0][:4].lower()
        if len(group) <= LARGEST_GROUP and missing[subset] > 0:
            chosen.update(group)
            missing[subset] -= len(group)
    split = {
        "train": [pair for i, pair in enumerate(rated) if i not in chosen],
        "val": [pair for i, pair in enumerate(rated) if i in chosen],
    }
    arguments.out.write_text(json.dumps(split, indent=0) + "\n", encoding="utf-8")
    print(f"{len(split['train'])} for training, {len(split['val'])} for validation in {arguments.out}")


if __name__ == "__main__":
    main()
