"""The Assessor: everything that can be asked of a picture."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quibble import native, preprocess
from quibble.backends.base import Evidence, PerceptionBackend
from quibble.backends.onnx import OnnxPerception
from quibble.findings import find
from quibble.image import load
from quibble.results import Report, Score
from quibble.taxonomy import LEVEL_SCORES, Level

#: How many pictures are looked at together by `assess_many`: enough to group equal sizes, little to keep in memory.
_GROUP = 8


@dataclass(frozen=True, kw_only=True)
class Look:
    """A picture that has been looked at: everything else is read off it without running the vision model again."""

    image: str
    width: int
    height: int
    evidence: Evidence


class Assessor:
    """Judges pictures with the model that ships in the package, or with another export of the same form.

    threads: how many CPU threads a model run may take; 0 takes all cores. An Assessor may be shared by threads.

        >>> from quibble import Assessor
        >>> report = Assessor().assess("photo.jpg")
    """

    def __init__(self, backend: PerceptionBackend | None = None, *, threads: int = 0) -> None:
        self.backend: PerceptionBackend = backend or OnnxPerception(threads=threads)

    def look(self, image: Any, *, max_megapixels: float = 100.0, allow_truncated: bool = False) -> Look:
        """Look at a picture once; the result answers many questions. image: whatever quibble.image.load takes."""
        pixels = load(image, max_megapixels=max_megapixels, allow_truncated=allow_truncated)
        return self._looks([_name(image)], [pixels])[0]

    def score(self, image: Any) -> Score:
        """How good a picture is as a whole, 0 (bad) to 100 (excellent). image: as for look, or a Look."""
        look = image if isinstance(image, Look) else self.look(image)
        return self._score(look.evidence)

    def assess(self, image: Any) -> Report:
        """The score, and what is wrong where. image: as for look, or a Look."""
        look = image if isinstance(image, Look) else self.look(image)
        calibration = self.backend.calibration
        findings = find(
            look.evidence,
            width=look.width,
            height=look.height,
            threshold=calibration.threshold,
            slope=calibration.slope,
            offset=calibration.offset,
        )
        return Report(
            image=look.image,
            width=look.width,
            height=look.height,
            model=self.backend.name,
            score=self._score(look.evidence),
            findings=findings,
        )

    def assess_many(self, images: Iterable[Any]) -> Iterator[Report]:
        """Reports of many pictures, in order. Pictures of one size are run together, which is faster."""
        group: list[Any] = []
        for image in images:
            group.append(image)
            if len(group) == _GROUP:
                yield from self._assess_group(group)
                group = []
        yield from self._assess_group(group)

    def _assess_group(self, images: Sequence[Any]) -> Iterator[Report]:
        looks = self._looks([_name(image) for image in images], [load(image) for image in images])
        for look in looks:
            yield self.assess(look)

    def _looks(self, names: Sequence[str], pictures: Sequence[NDArray[np.uint8]]) -> list[Look]:
        evidence = self.backend.perceive([preprocess.view(picture) for picture in pictures])
        cells = [native.cells(picture) for picture in pictures]
        # As one call, so that the tiles of all pictures share batches.
        pixels = [cell.pixels for group in cells for cell in group]
        tiles = iter(self.backend.perceive(pixels) if pixels else ())
        evidence = [
            native.merge(seen, [(cell, next(tiles)) for cell in group], long_side=max(picture.shape[:2]))
            for seen, group, picture in zip(evidence, cells, pictures, strict=True)
        ]
        return [
            Look(image=name, width=picture.shape[1], height=picture.shape[0], evidence=seen)
            for name, picture, seen in zip(names, pictures, evidence, strict=True)
        ]

    def _score(self, evidence: Evidence) -> Score:
        probabilities = evidence.levels.astype(np.float64)
        probabilities /= probabilities.sum()
        value = float(probabilities @ np.array(list(LEVEL_SCORES.values())))
        reach = self.backend.calibration.interval * evidence.spread
        return Score(
            value=value,
            low=max(0.0, value - reach),
            high=min(100.0, value + reach),
            levels=dict(zip(Level, probabilities.tolist(), strict=True)),
        )


def _name(image: Any) -> str:
    """What a picture is called in its report: its path, or "" for pixels without a name."""
    if isinstance(image, str | os.PathLike):
        return os.fspath(image)
    return str(getattr(image, "filename", "") or "")
