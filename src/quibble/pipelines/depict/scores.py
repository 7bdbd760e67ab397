"""Pictures with people's scores, from any set, as pairs of which one is better. Source: DepictQA, section 5.2."""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np

from quibble.data import Role, samples
from quibble.errors import ArgumentError

#: Up to so many pairs are listed and drawn without repeating one; of more, repeats are as good as none.
_LISTED: Final = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A picture and how good people find it, 0 (the worst of the set) to 100 (its best)."""

    name: str
    file: Path
    score: float
    reference: Path | None = None


def read_scores(source: Path, *, images: Path | None = None, lower_is_better: bool = False) -> list[Scored]:
    """The pictures of a CSV file with the columns `file`, `score` and perhaps `reference`, or of a data set.

    images: the folder that the CSV's paths start from, by default its own. lower_is_better: as with DMOS. Scores are
    stretched to 0..100 over the set, for only their order and distances count. Raises ArgumentError naming file and
    line.
    """
    found = _of_records(source) if source.is_dir() else _of_table(source, images or source.parent)
    if len(found) < 2:
        raise ArgumentError(f"{source}: expected at least two pictures with scores, found {len(found)}")
    scores = [one.score for one in found]
    low, high = min(scores), max(scores)
    if low == high:
        raise ArgumentError(f"{source}: all {len(found)} scores are {low:g}, so that no picture is better than another")
    stretched = [100 * (score - low) / (high - low) for score in scores]
    return [
        Scored(
            name=one.name,
            file=one.file,
            reference=one.reference,
            score=100 - value if lower_is_better else value,
        )
        for one, value in zip(found, stretched, strict=True)
    ]


def fingerprint(items: Sequence[Scored]) -> str:
    """A hash of names, scores and references, to tell another table from this."""
    lines = "\n".join(f"{one.name} {one.score:.6f} {one.reference or ''}" for one in items)
    return hashlib.sha256(lines.encode()).hexdigest()


def draw_pairs(items: Sequence[Scored], count: int, *, margin: float, seed: int) -> list[tuple[Scored, Scored]]:
    """So many pairs, or all there are, whose scores differ by `margin` at least, in random order, each way round alike.

    Pictures with a reference are paired with others of the same one; those without, with one another. Raises
    ArgumentError if there is no such pair.
    """
    groups: dict[Path | None, list[Scored]] = {}
    for one in items:
        groups.setdefault(one.reference, []).append(one)
    rng = np.random.default_rng(seed)
    sizes = [math.comb(len(group), 2) for group in groups.values()]
    if sum(sizes) <= _LISTED:
        every = [pair for group in groups.values() for pair in combinations(group, 2) if _apart(pair) >= margin]
        chosen = [every[place] for place in rng.permutation(len(every))[:count].tolist()]
    else:
        chosen = _drawn(list(groups.values()), sizes, count, margin, rng)
    if not chosen:
        raise ArgumentError(
            f"found no two pictures whose scores differ by {margin:g} of 100"
            + (" and that have the same reference" if len(groups) > 1 else "")
        )
    return [(b, a) if rng.random() < 0.5 else (a, b) for a, b in chosen]


def _drawn(
    groups: Sequence[Sequence[Scored]], sizes: Sequence[int], count: int, margin: float, rng: np.random.Generator
) -> list[tuple[Scored, Scored]]:
    """Pairs drawn one by one, none twice; fewer where nearly all are too close."""
    shares = np.array(sizes) / sum(sizes)
    found: dict[tuple[int, int, int], tuple[Scored, Scored]] = {}
    for _ in range(50 * count):
        if len(found) == count:
            break
        group = int(rng.choice(len(groups), p=shares))
        first, second = sorted(rng.choice(len(groups[group]), 2, replace=False).tolist())
        pair = groups[group][first], groups[group][second]
        if _apart(pair) >= margin:
            found[group, first, second] = pair
    return list(found.values())


def _apart(pair: tuple[Scored, Scored]) -> float:
    return abs(pair[0].score - pair[1].score)


def _of_table(path: Path, images: Path) -> list[Scored]:
    found = []
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = csv.DictReader(stream)
            if missing := {"file", "score"} - set(rows.fieldnames or ()):
                raise ArgumentError(
                    f"{path}: expected the columns file and score, missing {', '.join(sorted(missing))}"
                )
            for number, row in enumerate(rows, start=2):
                found.append(_row(row, images, f"{path}, line {number}"))
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise ArgumentError(f"{path}: cannot be read as CSV ({error})") from error
    return found


def _row(row: Mapping[str, str | None], images: Path, where: str) -> Scored:
    name, score = row["file"] or "", row["score"] or ""
    try:
        value = float(score)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ArgumentError(f"{where}: expected a number as the score of {name!r}, found {score!r}")
    reference = row.get("reference")
    return Scored(name=name, file=images / name, score=value, reference=images / reference if reference else None)


def _of_records(folder: Path) -> list[Scored]:
    """The records of a data set that have a score and one picture, or one beside its reference."""
    found = []
    for sample in samples(folder):
        files = dict(zip((image.role for image in sample.record.images), sample.pictures, strict=True))
        picture, reference = files.get(Role.SINGLE), files.get(Role.REFERENCE)
        if sample.record.score is None or len(files) != len(sample.pictures) or not isinstance(picture, Path):
            continue
        found.append(
            Scored(
                name=sample.record.images[0].file,
                file=picture,
                score=sample.record.score,
                reference=reference if isinstance(reference, Path) else None,
            )
        )
    return found
