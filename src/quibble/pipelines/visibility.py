"""Whether a distortion can be seen where it was applied, and what it has visibly done there.

A region is looked at in cells of 8x8 pixels. For distortions of detail the change of a cell, as the root mean square
over luma and half of each chroma, is held against what the cell hides: a threshold that is lowest in mid-tones and
higher in the dark and the bright (after Chou and Li 1995, with less tolerance in the dark, as screens show it), plus a
share of the cell's own standard deviation, for texture masks. The share differs: lost texture is missed at once, noise
less, and coding errors are least seen in texture. At least half of the cells must be over their threshold. A change
that the whole region shares does not count: coarse coding can shift a flat surface, and leave it flat.

A change of tone or color is seen in every cell, but without the original it is recognised only by what it leads to. So
these are held against the region's mean, spread and chroma before and after. The figures were set by looking at some
300 regions beside their originals, near both sides of each threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quibble.errors import MissingExtraError
from quibble.taxonomy import Category
from quibble.text.scene import Fact

try:
    import cv2
except ImportError as error:
    raise MissingExtraError("opencv-python-headless", "data") from error

Floats = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]
_C = Category

CELL_PX: Final = 8
#: Share of a cell's standard deviation that is added to its threshold.
MASKING: Final = {_C.NOISE: 0.2, _C.COMPRESSION: 0.35, _C.OVERSHARPEN: 0.3}
MASKING_OTHERS: Final = 0.1
#: The same for a distortion on which another one was laid.
MASKING_BENEATH: Final = 0.45

#: Change of mean luma that is recognised as too bright or too dark, in 8-bit steps.
_LUMA_STEP: Final = 40.0
#: Mean luma that a region needs to be seen as darkened later.
_LEAST_LIGHT: Final = 90.0
#: Mean distance from gray that a region needs.
_LEAST_CHROMA: Final = {_C.SATURATE_WEAKEN: 14.0, _C.SATURATE_STRENGTHEN: 3.0}
#: Mean luma between which there is room for a change.
_ROOM: Final = {_C.DARKEN: (_LEAST_LIGHT, 255.0), _C.BRIGHTEN: (0.0, 235.0)}
_WHITE, _BLACK = 250, 6


@dataclass(frozen=True, eq=False)
class Patch:
    """The pixels of a region's bounding box, (h, w, 3) uint8, and which of them belong to the region."""

    pixels: Bytes
    inside: BoolArray

    @cached_property
    def ycc(self) -> Floats:
        """Y, Cr and Cb in 0..255. (h, w, 3)"""
        return cv2.cvtColor(self.pixels, cv2.COLOR_RGB2YCrCb).astype(np.float32)

    @cached_property
    def _cover(self) -> Floats:
        """Share of each cell that belongs to the region."""
        return self._shrunk(np.ones(self.inside.shape, np.float32))

    @cached_property
    def _used(self) -> BoolArray:
        """Cells of which at least half belong to the region; all that belong at all, if there is none."""
        used = self._cover >= 0.5
        return used if used.any() else self._cover > 0

    def _shrunk(self, values: Floats) -> Floats:
        height, width = self.inside.shape
        size = (max(1, round(width / CELL_PX)), max(1, round(height / CELL_PX)))
        weighed = values * self.inside if values.ndim == 2 else values * self.inside[..., None]
        return np.asarray(cv2.resize(weighed, size, interpolation=cv2.INTER_AREA))

    def cells(self, values: Floats) -> Floats:
        """Means of (h, w) or (h, w, c) over the cells that are used. (n,) or (n, c)"""
        used = self._used
        shrunk = self._shrunk(values)[used]
        cover = self._cover[used]
        out: Floats = shrunk / (cover if shrunk.ndim == 1 else cover[:, None])
        return out

    @cached_property
    def means(self) -> Floats:
        """Mean Y, Cr and Cb of each cell. (n, 3)"""
        return self.cells(self.ycc)

    @cached_property
    def deviation(self) -> Floats:
        """Standard deviation of Y in each cell. (n,)"""
        squares = self.cells(self.ycc[..., 0] ** 2)
        return np.asarray(np.sqrt(np.maximum(squares - self.means[:, 0] ** 2, 0)))

    @property
    def brightness(self) -> float:
        """Mean Y, 0..255."""
        return float(self.means[:, 0].mean())

    @cached_property
    def spread(self) -> float:
        """Standard deviation of Y between and in cells; the deviation in cells counts half, for it may be noise."""
        return float(np.sqrt(self.means[:, 0].var() + 0.5 * (self.deviation**2).mean()))

    @cached_property
    def chroma(self) -> float:
        """Mean distance of the cells' colors from gray."""
        return float(np.hypot(self.means[:, 1] - 128, self.means[:, 2] - 128).mean())

    def share(self, low: int, high: int) -> float:
        """Share of the region's pixels whose Y lies in low..high."""
        luma = self.ycc[..., 0][self.inside]
        return float(((luma >= low) & (luma <= high)).mean())

    @cached_property
    def white(self) -> float:
        return self.share(_WHITE, 255)

    @cached_property
    def black(self) -> float:
        return self.share(0, _BLACK)


def change(before: Patch, after: Patch, *, about_mean: bool = False) -> Floats:
    """Root mean square change of each cell, in 8-bit steps; `about_mean`, less what all of the region shares. (n,)"""
    difference = after.ycc - before.ycc
    if about_mean:
        difference = difference - before.cells(difference).mean(axis=0)
    squares = difference**2
    return np.asarray(np.sqrt(before.cells(squares[..., 0] + 0.5 * (squares[..., 1] + squares[..., 2]))))


def hidden(before: Patch, after: Patch, category: Category, *, beneath: bool = False) -> str | None:
    """Why a distortion that made `after` of `before` is not seen in a region, or None if it is.

    `beneath`: another distortion was laid on it; both patches then show that one too.
    """
    rule = _TONES.get(category)
    if rule is not None:
        return None if rule(before, after) else f"{category.value} does not show in this region's tones"
    masking = MASKING.get(category, MASKING_OTHERS)
    if beneath:
        masking = max(masking, MASKING_BENEATH)
    y = before.means[:, 0]
    dark = 10 * (1 - np.sqrt(np.clip(y, 0, 127) / 127))
    threshold = 3 + dark + np.maximum(y - 127, 0) * (3 / 128) + masking * before.deviation
    if np.median(change(before, after, about_mean=True) / threshold) < 1:
        return f"{category.value} is lost in this region's texture or finds none"
    if category is _C.QUANTIZE and not _only_steps(before, after):
        return "quantize changes this region's tones more than it shows steps"
    return None


def may_show(before: Patch, category: Category) -> bool:
    """Whether a distortion has a chance to be seen in a region, by what the rules ask of the region before it."""
    if category in (_C.BLUR, _C.PIXELATE, _C.OVERSHARPEN):
        return before.spread >= 10 or float(np.median(before.deviation)) >= 1
    floor, ceiling = _ROOM.get(category, (0.0, 255.0))
    if not floor <= before.brightness <= ceiling or before.chroma < _LEAST_CHROMA.get(category, 0.0):
        return False
    return category is not _C.CONTRAST_WEAKEN or _textured(before)


def _brightened(before: Patch, after: Patch) -> bool:
    rise = after.brightness - before.brightness
    burned = after.white - before.white >= 0.1 and rise >= 15
    return burned or (rise >= _LUMA_STEP and after.brightness >= 110)


def _darkened(before: Patch, after: Patch) -> bool:
    # What was dark before is taken for a dark thing, not for a thing in the dark.
    dark = after.brightness <= 100 and before.brightness >= _LEAST_LIGHT
    return dark and before.brightness - after.brightness >= _LUMA_STEP


def _strengthened(before: Patch, after: Patch) -> bool:
    return after.spread >= max(1.3 * before.spread, 42) and _same_brightness(before, after)


def _weakened(before: Patch, after: Patch) -> bool:
    return _textured(before) and after.spread <= 0.65 * before.spread and _same_brightness(before, after)


def _textured(before: Patch) -> bool:
    # A smooth gradient that gets flatter is missed; it takes texture or shapes in a good part of the cells.
    return before.spread >= 22 and float(np.quantile(before.deviation, 0.6)) >= 7


def _saturated(before: Patch, after: Patch) -> bool:
    return after.chroma - before.chroma >= 16 and after.chroma >= 26


def _desaturated(before: Patch, after: Patch) -> bool:
    colorful = before.chroma >= _LEAST_CHROMA[_C.SATURATE_WEAKEN]
    return colorful and after.chroma <= 0.6 * before.chroma and before.chroma - after.chroma >= 9


def _same_brightness(before: Patch, after: Patch) -> bool:
    """Stretched contrast can move a dark region's mean so far that it looks overexposed and nothing else."""
    return abs(after.brightness - before.brightness) <= _LUMA_STEP


def _only_steps(before: Patch, after: Patch) -> bool:
    """Quantizing by an equalised histogram can look like a change of exposure or of contrast."""
    ratio = after.spread / max(before.spread, 1.0)
    return abs(after.brightness - before.brightness) <= 25 and ratio <= 1.4


_TONES: Final = {
    _C.BRIGHTEN: _brightened,
    _C.DARKEN: _darkened,
    _C.CONTRAST_STRENGTHEN: _strengthened,
    _C.CONTRAST_WEAKEN: _weakened,
    _C.SATURATE_STRENGTHEN: _saturated,
    _C.SATURATE_WEAKEN: _desaturated,
}


def source_facts(patch: Patch, *, local: bool) -> frozenset[Fact]:
    """What is true of a region before anything is done to it; `local` unless it is the whole picture."""
    texture = float(np.median(patch.deviation))
    checks = {
        Fact.LOCAL: local,
        Fact.DETAILED: texture >= 10,
        Fact.SMOOTH: texture <= 4,
    }
    return frozenset(fact for fact, holds in checks.items() if holds)


def outcome_facts(before: Patch, after: Patch) -> frozenset[Fact]:
    """What is true of a region after everything was done to it, and was not before."""
    checks = {
        Fact.CLIPPED: after.white >= 0.05 and after.white - before.white >= 0.04,
        Fact.CRUSHED: after.black >= 0.08 and after.black - before.black >= 0.06,
        Fact.GRAY: after.chroma <= 4,
    }
    return frozenset(fact for fact, holds in checks.items() if holds)
