from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from quibble.distort import distort, sheet
from quibble.errors import ArgumentError, ImageError
from quibble.taxonomy import Distortion

Bytes = NDArray[np.uint8]


def test_a_sheet_shows_the_clean_picture_and_every_level(photo: Bytes) -> None:
    kinds = (Distortion.BLUR_GAUSSIAN, Distortion.NOISE_POISSON)
    page = sheet(photo, distortions=kinds, levels=(1, 4.5), tile_px=128, seed=2)
    height, width = photo.shape[:2]
    assert page.dtype == np.uint8
    assert page.shape == (24 + 2 * (height + 4), 150 + 3 * (width + 4), 3)
    for row, kind in enumerate(kinds):
        shown = [photo, *(distort(photo, kind, level=level, seed=2) for level in (1, 4.5))]
        for column, tile in enumerate(shown):
            y, x = 24 + row * (height + 4), 150 + column * (width + 4)
            np.testing.assert_array_equal(page[y : y + height, x : x + width], tile)
    # Names and levels are written in black on white.
    assert (page[24:, :150] < 128).any()
    assert (page[:24, 150:] < 128).any()


def test_all_35_at_five_levels(photo: Bytes) -> None:
    page = sheet(photo.astype(np.float32) / 255, tile_px=32)
    assert page.shape == (24 + 35 * 36, 150 + 6 * 34, 3)


def test_mistakes_are_named(photo: Bytes) -> None:
    with pytest.raises(ArgumentError, match="0, 5 and 160"):
        sheet(photo, distortions=())
    with pytest.raises(ArgumentError, match="tiles of 16"):
        sheet(photo, tile_px=4)
    with pytest.raises(ImageError):
        sheet(photo[..., 0])
