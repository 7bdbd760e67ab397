import numpy as np
import pytest
from numpy.typing import NDArray

from quibble import streaks

Luma = NDArray[np.float32]


def texture(height: int = 160, width: int = 200) -> Luma:
    """Soft noise, the same in all directions."""
    noise = np.random.default_rng(4).random((height + 2, width + 2), dtype=np.float32)
    soft: Luma = np.mean([noise[y : y + height, x : x + width] for y in range(3) for x in range(3)], axis=0)
    return soft


def trailed(luma: Luma, length: int = 9) -> Luma:
    """Smeared to the side."""
    smeared: Luma = np.mean([np.roll(luma, shift, axis=1) for shift in range(length)], axis=0)
    return smeared


def told(luma: NDArray[np.floating]) -> Luma:
    maps = streaks.streaks_of(luma, 8)
    means: Luma = maps.reshape(len(maps), -1).mean(axis=1)[None]
    return np.asarray(streaks.told_of(means)[0])


@pytest.mark.parametrize(("height", "width"), [(64, 80), (61, 83), (8, 200), (3, 4)])
def test_maps_have_a_place_for_eight_pixels(height: int, width: int) -> None:
    maps = streaks.streaks_of(texture(height, width), 8)
    assert maps.shape == (streaks.MAPS, -(-height // 8), -(-width // 8))
    assert np.isfinite(maps).all()


def test_a_place_holds_its_mean_difference() -> None:
    ramp = np.repeat(np.arange(64, dtype=np.float32)[None] / 100, 48, axis=0)
    maps = streaks.streaks_of(ramp, 8)
    # Steps of (2, 0), (0, 2) and (-2, 2), and the long ones of (5, 0).
    for number, step in ((0, 2), (4, 0), (6, 2), (8, 5)):
        assert maps[number, 2, 3] == pytest.approx(step / 100, abs=1e-6)


def test_a_trail_is_told_from_softness_in_all_directions() -> None:
    along, across = 0, streaks._FOLDED - 1
    plain, smeared = told(texture()), told(trailed(texture()))
    assert plain[across] - plain[along] < 0.15
    assert smeared[across] - smeared[along] > 0.3


def test_the_direction_itself_is_not_told() -> None:
    smeared = trailed(texture(200, 200))
    np.testing.assert_allclose(told(smeared), told(np.ascontiguousarray(smeared.T)), atol=0.05)
    np.testing.assert_allclose(told(smeared), told(np.ascontiguousarray(smeared[:, ::-1])), atol=0.05)


def test_a_flat_region_has_finite_numbers() -> None:
    assert np.isfinite(told(np.full((40, 40), 0.5, np.float32))).all()
