import numpy as np
import pytest
from PIL import Image

from quibble.preprocess import LONG_SIDE, SHORT_SIDE, view


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(("height", "width"), [(512, 512), (768, 64), (100, 768), (64, 64)])
def test_pictures_that_fit_keep_their_pixels(height: int, width: int) -> None:
    image = picture(height, width)
    assert np.array_equal(view(image), image)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(3000, 4000, (576, 768)), (4000, 3000, (768, 576)), (769, 500, (768, 499)), (20_000, 100, (768, SHORT_SIDE))],
)
def test_large_pictures_are_shrunk_to_the_long_side(height: int, width: int, expected: tuple[int, int]) -> None:
    seen = view(np.full((height, width, 3), 90, np.uint8))
    assert seen.shape == (*expected, 3)
    assert max(seen.shape) == LONG_SIDE
    assert (seen == 90).all()
    assert seen.flags.c_contiguous


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 200), (63, 64), (10, 10)])
def test_small_pictures_are_mirrored_outwards(height: int, width: int) -> None:
    image = picture(height, width)
    seen = view(image)
    assert seen.shape[0] >= SHORT_SIDE
    assert seen.shape[1] >= SHORT_SIDE
    assert np.array_equal(seen[:height, :width], image)
    assert set(np.unique(seen)) == set(np.unique(image))


def test_dark_and_bright_pictures_stay_different() -> None:
    image = np.asarray(Image.fromarray(picture(30, 40)).resize((1600, 1200), Image.Resampling.BICUBIC))
    dark = (image * 0.25).astype(np.uint8)
    assert view(image).mean() - view(dark).mean() > 60
    assert abs(view(dark).mean() - dark.mean()) < 1
