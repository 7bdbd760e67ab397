import numpy as np
import pytest

from quibble import tones

NAMES = ("inside", "rest", "differ", "around", "border")
EACH = 26


def parts(
    told: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    assert told.shape[1] == tones.COUNT
    return {name: told[:, i * EACH : (i + 1) * EACH] for i, name in enumerate(NAMES)}


def picture(height: int = 128, width: int = 160) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Grey to the left, clipped white to the right."""
    out = np.full((height, width, 3), 102, np.uint8)
    out[:, width // 2 :] = 255
    return out


def left(height: int = 128, width: int = 160) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    out = np.zeros((1, -(-height // 4), -(-width // 4)), bool)
    out[:, :, : width // 8] = True
    return out


@pytest.mark.parametrize(("height", "width"), [(128, 160), (64, 65), (203, 97)])
def test_maps_have_a_place_for_eight_pixels(height: int, width: int) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    maps = tones.tones_of(rgb)
    assert maps.shape == (8, -(-height // 8), -(-width // 8))
    assert maps.dtype == np.float32
    first = rgb[:8, :8].reshape(-1, 3)
    assert maps[0, 0, 0] == pytest.approx((first @ [0.299, 0.587, 0.114]).mean() / 255, abs=0.005)
    assert maps[4, 0, 0] == pytest.approx((first.max(axis=1) >= 250).mean(), abs=0.005)
    assert maps[5, 0, 0] == pytest.approx((first.max(axis=1) <= 8).mean(), abs=0.005)


def test_a_region_is_told_from_the_rest() -> None:
    told = parts(tones.told_of(tones.tones_of(picture()), left(), np.ones((32, 40), bool)))
    luma, light = slice(0, 7), 22
    np.testing.assert_allclose(told["inside"][0, luma], 0.4, atol=0.04)
    np.testing.assert_allclose(told["rest"][0, luma], 1.0, atol=0.04)
    np.testing.assert_allclose(told["differ"], told["inside"] - told["rest"], atol=1e-6)
    assert told["inside"][0, light] == pytest.approx(0, abs=1e-4)
    assert told["rest"][0, light] == pytest.approx(1, abs=1e-4)
    # Around it is white, and its border is grey.
    np.testing.assert_allclose(told["around"][0, luma], 1.0, atol=0.04)
    np.testing.assert_allclose(told["border"][0, luma], -0.6, atol=0.08)


def test_only_clean_places_are_the_rest() -> None:
    clean = np.zeros((32, 40), bool)
    told = tones.told_of(tones.tones_of(picture()), left(), clean)
    assert (parts(told)["rest"] == 0).all()
    assert told[0, -2] == 0


def test_percentiles_are_those_of_the_places() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    told = parts(tones.told_of(tones.tones_of(ramp), np.ones((1, 16, 64), bool), np.ones((16, 64), bool)))
    wanted = np.percentile(np.arange(3.5, 256, 8) / 255, (1, 5, 25, 50, 75, 95, 99))
    np.testing.assert_allclose(told["inside"][0, :7], wanted, atol=0.035)


def test_what_is_too_small_says_nothing_and_regions_do_not_disturb_each_other() -> None:
    regions = np.zeros((3, 32, 40), bool)
    regions[0, 5, 7] = True
    regions[1] = left()[0]
    regions[2, 10:30, 5:25] = True
    clean = np.ones((32, 40), bool)
    maps = tones.tones_of(np.random.default_rng(1).integers(0, 256, (128, 160, 3), dtype=np.uint8))
    together = tones.told_of(maps, regions, clean)
    assert (parts(together)["inside"][0] == 0).all()
    for number in range(3):
        np.testing.assert_allclose(
            tones.told_of(maps, regions[number : number + 1], clean)[0], together[number], atol=1e-5
        )
    assert np.isfinite(together).all()
