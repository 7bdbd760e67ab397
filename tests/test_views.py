from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quibble.errors import ArgumentError
from quibble.views import PADDING, choose_tiles, look_at, square, square_mask, unsquare

TILES = ((1, 2), (2, 1), (2, 2), (3, 1), (1, 3))
SIZES = [(50, 90), (90, 50), (64, 64), (31, 200), (301, 203)]


def picture(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_a_cropped_picture_is_what_clips_processor_makes(height: int, width: int) -> None:
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    processor: Any = CLIPImageProcessorPil(
        size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}, do_normalize=False, do_rescale=False
    )
    expected = processor(picture(height, width), return_tensors="np")["pixel_values"][0]
    np.testing.assert_array_equal(square(picture(height, width), 28, "crop").transpose(2, 0, 1), expected)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_tiles_are_those_of_llava_next(height: int, width: int) -> None:
    from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil

    processor: Any = LlavaNextImageProcessorPil(
        size={"shortest_edge": 28},
        crop_size={"height": 28, "width": 28},
        image_grid_pinpoints=[[28 * rows, 28 * columns] for rows, columns in TILES],
        do_normalize=False,
        do_rescale=False,
    )
    expected = processor(picture(height, width), return_tensors="np")["pixel_values"][0]
    views = look_at(picture(height, width), side=28, fit="pad", tiles=TILES)
    assert len(views.pictures) == 1 + views.rows * views.columns
    np.testing.assert_array_equal(views.pictures.transpose(0, 3, 1, 2), expected)


def test_the_tiles_fit_the_picture() -> None:
    assert choose_tiles(100, 100, 28, TILES) == (2, 2)
    assert choose_tiles(100, 300, 28, TILES) == (1, 3)
    assert choose_tiles(300, 100, 28, TILES) == (3, 1)


def test_the_tiles_are_chosen_as_llava_next_does() -> None:
    from transformers.image_processing_utils import select_best_resolution

    choose: Any = select_best_resolution
    rng = np.random.default_rng(0)
    for _ in range(300):
        height, width = (int(n) for n in rng.integers(5, 400, 2))
        expected = choose((height, width), [[28 * rows, 28 * columns] for rows, columns in TILES])
        assert tuple(n // 28 for n in expected) == choose_tiles(height, width, 28, TILES), (height, width)


def test_padding_is_around_the_picture_and_of_the_mean_colour() -> None:
    white = np.full((20, 40, 3), 255, np.uint8)
    padded = square(white, 40, "pad")
    assert (padded[10:30] == 255).all()
    assert (padded[:10] == PADDING).all()
    assert (padded[30:] == PADDING).all()


@pytest.mark.parametrize("fit", ["pad", "stretch", "crop"])
@pytest.mark.parametrize(("height", "width"), [(60, 100), (100, 60), (80, 80)])
def test_a_mask_goes_onto_the_square_and_back(fit: str, height: int, width: int) -> None:
    mask = np.zeros((height, width), bool)
    mask[height // 3 : height // 2, width // 3 : width // 2] = True
    there = square_mask(mask, 64, fit)
    assert there.shape == (64, 64)
    back = unsquare(there, height=height, width=width, fit=fit) > 0.5
    assert back.shape == mask.shape
    assert (back & mask).sum() / (back | mask).sum() > 0.75


def test_another_fit_is_refused() -> None:
    with pytest.raises(ArgumentError, match="'pad', 'crop' or 'stretch'"):
        square(picture(30, 30), 28, "squeeze")
