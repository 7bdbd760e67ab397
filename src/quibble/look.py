"""A picture that has been looked at, and a region of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quibble.backends.base import Evidence
from quibble.errors import ArgumentError, CapabilityError
from quibble.geometry import Box, Mask, Region


@dataclass(frozen=True, kw_only=True)
class Look:
    """A picture that has been looked at: everything else is read off it without running the vision model again.

    view: (h, w, 3) uint8, the picture as it was judged. seen: what nano saw; None for models that see for themselves.
    """

    image: str
    width: int
    height: int
    view: NDArray[np.uint8]
    seen: Evidence | None

    @classmethod
    def unseen(cls, name: str, picture: NDArray[np.uint8]) -> Look:
        """A picture that was only loaded."""
        return cls(image=name, width=picture.shape[1], height=picture.shape[0], view=picture, seen=None)

    @property
    def evidence(self) -> Evidence:
        """What nano saw. Raises CapabilityError if it was not asked."""
        if self.seen is None:
            raise CapabilityError("this picture was looked at for a model that sees for itself; look again with nano")
        return self.seen


Place = Region | Box | Mask


def name_of(image: Any) -> str:
    """What a picture is called in its report: its path, or "" for pixels without a name."""
    if isinstance(image, str | os.PathLike):
        return os.fspath(image)
    return str(getattr(image, "filename", "") or "")


def region_of(region: Place, look: Look) -> Region:
    """A region of a picture, checked. Raises ArgumentError if it is empty or not within the picture."""
    if isinstance(region, Mask):
        region = Region(mask=region)
    elif isinstance(region, Box):
        region = Region(box=region)
    mask, size = region.mask, f"{look.width} x {look.height}"
    if mask is not None and (mask.width, mask.height) != (look.width, look.height):
        raise ArgumentError(f"the region's mask is {mask.width} x {mask.height}, but the picture is {size}")
    if not region.to_mask(width=look.width, height=look.height).area:
        raise ArgumentError(f"the region has no pixel of the picture, which is {size}")
    bounds = region.bounds
    if bounds.clip(width=look.width, height=look.height) != bounds:
        raise ArgumentError(f"the region {bounds.to_list()} leaves the picture, which is {size}")
    return region
