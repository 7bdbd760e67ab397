"""What only the pixels of a large picture show: noise, compression and blur that shrinking hides.

A picture is judged as people see it on a screen, at 768 pixels. From larger ones a few tiles are looked at as they
are, one in the middle of each cell of a grid, and what they show of three categories is brought into the view's maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.backends.base import Evidence, Reader, Readings, averages
from quibble.preprocess import LONG_SIDE
from quibble.taxonomy import Category

Picture = NDArray[np.uint8]

#: Pictures with a longer side than this get tiles: below it shrinking hides little.
FROM_SIDE: Final = 1152
TILE: Final = 224
#: Cells along the long and the short side.
GRID: Final = (3, 2)
#: Places at a tile's border, in maps at a quarter of it, that see too little around them to count.
_MARGIN: Final = 4
_LOCAL: Final = (Category.NOISE, Category.COMPRESSION)
_NUMBER: Final = {category: i for i, category in enumerate(Category)}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A tile's pixels, and the part of the picture it speaks for: x0, y0, x1, y1 as shares, 0..1."""

    pixels: Picture
    part: tuple[float, float, float, float]


def cells(image: Picture) -> list[Cell]:
    """Tiles of a picture, (H, W, 3) uint8; none of one whose long side is at most FROM_SIDE or that is very narrow."""
    height, width = image.shape[:2]
    if max(height, width) <= FROM_SIDE or min(height, width) < 2 * TILE:
        return []
    columns, rows = GRID if width >= height else GRID[::-1]
    found = []
    for row in range(rows):
        for column in range(columns):
            x = round((column + 0.5) * width / columns - TILE / 2)
            y = round((row + 0.5) * height / rows - TILE / 2)
            part = (column / columns, row / rows, (column + 1) / columns, (row + 1) / rows)
            # On the 8x8 grid of JPEG, whose phase is a trace of compression.
            x, y = x // 8 * 8, y // 8 * 8
            found.append(Cell(pixels=np.ascontiguousarray(image[y : y + TILE, x : x + TILE]), part=part))
    return found


def merge(view: Evidence, tiles: Sequence[tuple[Cell, Evidence]], *, long_side: int) -> Evidence:
    """The view's evidence with that of the tiles, which replaces it where it is stronger.

    Noise and compression count for the cell of their tile; blur only if no tile is sharp, and then for the whole
    picture, since a soft background is no defect. Severity shrinks with the square root of the scale at which the
    picture is seen.
    """
    if not tiles:
        return view
    categories, severities = view.categories.copy(), view.severities.copy()
    seen_at = min(1.0, LONG_SIDE / long_side) ** 0.5
    height, width = categories.shape[1:]
    for cell, evidence in tiles:
        x0, y0, x1, y1 = cell.part
        place = (slice(round(y0 * height), round(y1 * height)), slice(round(x0 * width), round(x1 * width)))
        for category in _LOCAL:
            probability, severity = _summary(evidence, category)
            _raise(categories, severities, category, place, probability, severity * seen_at)
    blurs = [_summary(evidence, Category.BLUR) for _, evidence in tiles]
    everywhere = (slice(None), slice(None))
    _raise(
        categories,
        severities,
        Category.BLUR,
        everywhere,
        min(probability for probability, _ in blurs),
        min(severity for _, severity in blurs) * seen_at,
    )
    reader = None if view.reader is None else _Raised(view.reader, view)
    return replace(view, categories=categories, severities=severities, reader=reader)


@dataclass(frozen=True)
class _Raised:
    """Reads the regions of a view that tiles added to: what they added counts where it is more than what is read."""

    reader: Reader
    view: Evidence

    def __call__(self, seen: Evidence, regions: NDArray[np.bool_]) -> Readings:
        read = self.reader(self.view, regions)
        before, after = averages(self.view, regions), averages(seen, regions)
        added = (after.presence > before.presence + 1e-3) & (after.presence > read.presence)
        return Readings(
            presence=np.where(added, after.presence, read.presence),
            extent=np.where(added, after.extent, read.extent),
            severities=np.where(added, after.severities, read.severities),
            kinds=read.kinds,
        )


def _summary(evidence: Evidence, category: Category) -> tuple[float, float]:
    """How present a category is in a tile, and how severe."""
    inner = np.zeros((1, *evidence.categories.shape[1:]), bool)
    inner[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = True
    read = evidence.read(inner)
    return float(read.presence[0, _NUMBER[category]]), float(read.severities[0, _NUMBER[category]])


def _raise(
    categories: NDArray[np.float32],
    severities: NDArray[np.float32],
    category: Category,
    place: tuple[slice, slice],
    probability: float,
    severity: float,
) -> None:
    number = _NUMBER[category]
    here = categories[number][place]
    weaker = here < probability
    here[weaker] = probability
    severities[number][place][weaker] = severity
