"""Small data sets in the package's own form, for what trains large models."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from quibble.data import ImageEntry, Record, RegionEntry, Role, Turn, write_jsonl
from quibble.geometry import Box, Mask
from quibble.image import save


def write_pictures(folder: Path, count: int, *, seed: int = 0, size: tuple[int, int] = (40, 56)) -> list[ImageEntry]:
    """Pictures with a dark left half, each another."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    entries = []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        rgb = rng.integers(0, 256, (5, 7, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)[: size[0], : size[1]].copy()
        rgb[:, : size[1] // 2] //= 4
        name = f"images/{seed}-{number}.png"
        save(rgb, folder / name)
        entries.append(ImageEntry(role=Role.SINGLE, file=name, width=size[1], height=size[0]))
    return entries


def write_words(folder: Path, count: int = 6, *, seed: int = 0, task: str = "global") -> Path:
    """Questions about single pictures."""
    records = [
        Record(
            id=f"w{n}",
            task=task,
            images=(entry,),
            turns=(
                Turn(question="How sharp is it?", answer="Sharp." if n % 2 else "Blurred."),
                Turn(question="Sure?", answer="Yes."),
            ),
        )
        for n, entry in enumerate(write_pictures(folder, count, seed=seed))
    ]
    write_jsonl(records, folder / "records.jsonl")
    return folder


def write_pairs(folder: Path, count: int = 4) -> Path:
    """Comparisons of two pictures with their original."""
    entries = write_pictures(folder, 3 * count, seed=1)
    roles = (Role.REFERENCE, Role.A, Role.B)
    records = [
        Record(
            id=f"p{n}",
            task="quality_compare",
            images=tuple(
                ImageEntry(role=role, file=e.file, width=e.width, height=e.height)
                for role, e in zip(roles, entries[3 * n : 3 * n + 3], strict=True)
            ),
            turns=(Turn(question="Which is better?", answer="Image A" if n % 2 else "Image B"),),
        )
        for n in range(count)
    ]
    write_jsonl(records, folder / "records.jsonl")
    return folder


def write_masks(folder: Path, count: int = 6) -> Path:
    """Pictures whose dark half is asked for."""
    records = []
    for n, entry in enumerate(write_pictures(folder, count, seed=2)):
        dark = Mask.from_box(Box.from_xywh(0, 0, 28, 40), width=entry.width, height=entry.height)
        records.append(
            Record(
                id=f"m{n}",
                task="grounding",
                images=(entry,),
                regions=(RegionEntry(image=0, mask=dark, label="low light"),),
                turns=(Turn(question="Where is it bad?", answer="Here:", regions=(0,)),),
                extra={"quality_text": "The left side is too dark."},
            )
        )
    write_jsonl(records, folder / "records.jsonl")
    return folder


def write_boxes(folder: Path, count: int = 4) -> Path:
    """Descriptions with a box in them."""
    records = [
        Record(
            id=f"b{n}",
            task="giqa_des",
            images=(entry,),
            regions=(RegionEntry(image=0, box=Box(x0=0, y0=0, x1=28, y1=40), label="the left side"),),
            turns=(Turn(question="Describe it.", answer="[The left side]<bbox> is dark.", regions=(0,)),),
        )
        for n, entry in enumerate(write_pictures(folder, count, seed=3))
    ]
    write_jsonl(records, folder / "records.jsonl")
    return folder
