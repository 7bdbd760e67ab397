from dataclasses import replace

import numpy as np
import pytest

from quibble import native
from quibble.backends.base import Evidence, Readings
from quibble.taxonomy import Category

NUMBER = {category: i for i, category in enumerate(Category)}


def evidence(height: int, width: int, low: float = 0.1, **strong: tuple[float, float]) -> Evidence:
    """Maps of (height, width) with `low` everywhere, and (probability, severity) of the categories named."""
    categories, severities = np.full((13, height, width), low, np.float32), np.zeros((12, height, width), np.float32)
    for name, (probability, severity) in strong.items():
        categories[NUMBER[Category(name)]] = probability
        severities[NUMBER[Category(name)]] = severity
    return Evidence(
        categories=categories,
        severities=severities,
        kinds=np.zeros((35, height, width), np.float32),
        levels=np.full(5, 0.2, np.float32),
        spread=10.0,
        width=4 * width,
        height=4 * height,
    )


@pytest.mark.parametrize(("height", "width", "count"), [(768, 1152, 0), (900, 1200, 6), (1200, 900, 6), (300, 3000, 0)])
def test_only_large_pictures_have_tiles(height: int, width: int, count: int) -> None:
    found = native.cells(np.zeros((height, width, 3), np.uint8))
    assert len(found) == count
    assert all(cell.pixels.shape == (native.TILE, native.TILE, 3) for cell in found)


@pytest.mark.parametrize(("height", "width"), [(1500, 2000), (2000, 1500)])
def test_a_tile_lies_in_the_middle_of_the_part_it_speaks_for(height: int, width: int) -> None:
    y, x = np.mgrid[:height, :width]
    image = np.stack([x * 255 // width, y * 255 // height, 0 * x], axis=2).astype(np.uint8)
    parts = np.zeros((60, 60))
    for cell in native.cells(image):
        x0, y0, x1, y1 = cell.part
        red, green, _ = cell.pixels.reshape(-1, 3).mean(axis=0) / 255
        assert abs(red - (x0 + x1) / 2) < 0.02
        assert abs(green - (y0 + y1) / 2) < 0.02
        parts[round(60 * y0) : round(60 * y1), round(60 * x0) : round(60 * x1)] += 1
    assert (parts == 1).all()


def tiles(**of_first: tuple[float, float]) -> list[tuple[native.Cell, Evidence]]:
    found = native.cells(np.zeros((1536, 3072, 3), np.uint8))
    return [(cell, evidence(56, 56, 0.05, **(of_first if i == 0 else {}))) for i, cell in enumerate(found)]


def test_noise_counts_in_its_cell_and_less_from_afar() -> None:
    view = evidence(96, 192)
    merged = native.merge(view, tiles(noise=(0.9, 4.0)), long_side=3072)
    number = NUMBER[Category.NOISE]
    assert np.allclose(merged.categories[number, :48, :64], 0.9)
    assert np.allclose(merged.severities[number, :48, :64], 2.0)
    assert (merged.categories[number, 48:] == np.float32(0.1)).all()
    assert (merged.categories[number, :, 64:] == np.float32(0.1)).all()
    assert (view.categories[number] == np.float32(0.1)).all()


def test_what_the_view_shows_better_stays() -> None:
    view = evidence(96, 192, noise=(0.95, 3.0))
    merged = native.merge(view, tiles(noise=(0.9, 4.0)), long_side=3072)
    assert (merged.categories == view.categories).all()
    assert (merged.severities == view.severities).all()


def test_blur_counts_only_if_nothing_is_sharp() -> None:
    view, number = evidence(96, 192), NUMBER[Category.BLUR]
    one_soft = native.merge(view, tiles(blur=(0.9, 4.0)), long_side=3072)
    assert (one_soft.categories[number] == np.float32(0.1)).all()
    all_soft = [(cell, evidence(56, 56, 0.05, blur=(0.8, 3.0))) for cell, _ in tiles()]
    merged = native.merge(view, all_soft, long_side=3072)
    assert np.allclose(merged.categories[number], 0.8)
    assert np.allclose(merged.severities[number], 1.5)


def test_without_tiles_nothing_changes() -> None:
    view = evidence(96, 192)
    assert native.merge(view, [], long_side=900) is view


def test_what_tiles_show_counts_beside_what_is_read_of_the_view() -> None:
    def nothing(seen: Evidence, regions: np.ndarray) -> Readings:
        none = np.zeros((len(regions), 12), np.float32)
        return Readings(none, none, none, np.zeros((len(regions), 35), np.float32))

    view = replace(evidence(96, 192), reader=nothing)
    merged = native.merge(view, tiles(noise=(0.9, 4.0)), long_side=3072)
    regions = np.zeros((2, 96, 192), bool)
    regions[0, :48, :64] = True
    regions[1, 48:] = True
    read = merged.read(regions)
    noise = NUMBER[Category.NOISE]
    assert read.presence[:, noise].tolist() == [pytest.approx(0.9, abs=0.01), 0]
    assert read.severities[0, noise] == pytest.approx(2.0, abs=0.01)
    assert read.extent[0, noise] > 0.3
    assert (np.delete(read.presence[0], noise) == 0).all()
