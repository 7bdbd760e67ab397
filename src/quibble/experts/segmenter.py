"""What cuts a picture into segments: the protocol, and the choice between a model and its stand-in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from quibble.errors import ArgumentError
from quibble.geometry import Mask, Point
from quibble.image import ImageArray

#: The name by which people ask for the segmenter that needs no weights.
STAND_IN: Final = "stand-in"


class Segmenter(Protocol):
    """Cuts pictures, (H, W, 3) uint8, into segments. `name` says which model it is, for records."""

    @property
    def name(self) -> str: ...

    def segments(self, rgb: ImageArray) -> list[Mask]:
        """Everything that is a segment, the largest first; segments may overlap. Raises ImageError for no picture."""
        ...

    def at(self, rgb: ImageArray, points: Sequence[Point], labels: Sequence[bool]) -> Mask:
        """The segment that the points mean: a label says whether its point is inside. It may come out empty.

        Raises ArgumentError for a point beyond the picture, without a point inside, or for another number of labels.
        """
        ...


def open_segmenter(model: str = STAND_IN, *, device: str = "cpu") -> Segmenter:
    """A segmenter by name: "stand-in", or a SAM or SAM 2 of transformers as a folder or an id of its hub.

    Raises ModelError if there is no such model, MissingExtraError if what runs it is not installed.
    """
    if model == STAND_IN:
        from quibble.experts.felzenszwalb import Felzenszwalb

        return Felzenszwalb()
    from quibble.experts.sam import Sam

    return Sam(model, device=device)


def check_points(rgb: ImageArray, points: Sequence[Point], labels: Sequence[bool]) -> None:
    """Raise ArgumentError unless the points lie in the picture, each has a label, and one is inside."""
    height, width = rgb.shape[:2]
    if len(points) != len(labels):
        raise ArgumentError(f"expected a label for each point, found {len(points)} points and {len(labels)} labels")
    if not any(labels):
        raise ArgumentError("expected a point inside what is to be segmented, found none")
    for point in points:
        if not (0 <= point.x < width and 0 <= point.y < height):
            raise ArgumentError(f"expected points in a picture of {width} x {height}, found ({point.x}, {point.y})")
