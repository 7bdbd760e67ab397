"""Comparisons against a reference: BAPPS as distributed, and DepictQA's JSON (M-BAPPS, DQ-495K)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from quibble.bench.item import Item, Kind
from quibble.bench.objects import Object, below, pick, read_objects
from quibble.errors import ArgumentError, RecordError

BAPPS: Final = "download the 2AFC validation sets of BAPPS with github.com/richzhang/PerceptualSimilarity"
DEPICTQA: Final = (
    "download the data of github.com/XPixelGroup/DepictQA and put its metas/test_*.json and the pictures they name"
)

#: The folders of BAPPS's validation set in the two groups of DepictQA's table 2a, and the rest.
GROUPS: Final[Mapping[str, str]] = {
    "traditional": "traditional",
    "cnn": "cnn",
    "superres": "real",
    "deblur": "real",
    "color": "real",
    "frameinterp": "real",
}


def read_bapps(folder: Path) -> Iterator[Item]:
    """BAPPS: 2afc/val/GROUP/{ref,p0,p1}/NAME.png and judge/NAME.npy, the share of people who find p1 nearer to ref."""
    root = folder
    for part in ("2afc", "val"):
        root = root / part if (root / part).is_dir() else root
    groups = [name for name in GROUPS if (root / name / "judge").is_dir()]
    if not groups:
        raise ArgumentError(f"{folder} lacks 2afc/val/traditional and the like: {BAPPS}, and put it there")
    for group in groups:
        place = root / group
        for judged in sorted((place / "judge").glob("*.npy")):
            share = np.load(judged, allow_pickle=False).reshape(-1)
            if share.size != 1 or not 0 <= share[0] <= 1:
                raise RecordError(f"expected one share in 0..1, found {share.tolist()!r:.60}", file=str(judged))
            yield Item(
                id=f"{group}/{judged.stem}",
                kind=Kind.COMPARE,
                images=tuple(place / part / f"{judged.stem}.png" for part in ("ref", "p0", "p1")),
                reference=True,
                share_b=float(share[0]),
                labels={"group": GROUPS[group], "set": group},
            )


def read_depictqa(folder: Path) -> Iterator[Item]:
    """DepictQA's test files, metas/test_*.json: {id, image_ref, image_A, image_B, task_type, query, answer}.

    A comparison is one whose true answer is "Image A" or "Image B"; all others are descriptions.
    """
    metas = below(folder, "metas", get=DEPICTQA)
    files = sorted(metas.glob("test_*.json"))
    if not files:
        raise ArgumentError(f"{metas} lacks test_*.json: {DEPICTQA} there")
    for path in files:
        for index, item in enumerate(read_objects(path)):
            yield _depictqa(item, folder, path, index)


def _depictqa(item: Object, folder: Path, path: Path, index: int) -> Item:
    file = str(path)
    names = [item.get(field) for field in ("image_ref", "image_A", "image_B")]
    answer = str(pick(item, ["answer"], file=file, index=index)).strip()
    compares = names[2] is not None and answer.rstrip(".") in ("Image A", "Image B")
    return Item(
        id=f"{path.stem}:{pick(item, ['id'], file=file, index=index)}",
        kind=Kind.COMPARE if compares else Kind.DESCRIBE,
        images=tuple(folder / str(name) for name in names if name is not None),
        reference=names[0] is not None,
        question=str(pick(item, ["query"], file=file, index=index)),
        share_b=float(answer.startswith("Image B")) if compares else None,
        answer=None if compares else answer,
        labels={"task_type": str(item.get("task_type", "")), "file": path.stem},
    )
