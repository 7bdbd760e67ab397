from pathlib import Path

import numpy as np

from quibble.train.kept import KeptPerception
from tests.fake_backend import FakeBackend


def views() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (height, width, 3), np.uint8) for height, width in ((64, 96), (96, 64), (64, 96))]


def test_a_view_is_looked_at_once_even_by_another_run(tmp_path: Path) -> None:
    inner = FakeBackend()
    kept = KeptPerception(inner, tmp_path)
    first = kept.perceive(views())
    again = KeptPerception(inner, tmp_path).perceive([*views(), views()[1]])
    assert inner.runs == [1, 1, 1]
    assert (kept.name, kept.eyes, kept.calibration) == (inner.name, inner.eyes, inner.calibration)
    for seen, same, truth in zip(first, again, FakeBackend().perceive(views(), features=True), strict=False):
        assert seen.features is not None
        assert same.features is not None
        assert truth.features is not None
        assert seen.features.eyes == "fake-eyes"
        for one, other, true in zip(seen.features.maps, same.features.maps, truth.features.maps, strict=True):
            np.testing.assert_array_equal(one, other)
            np.testing.assert_allclose(one, true, atol=1e-3)
        np.testing.assert_allclose(same.categories, truth.categories, atol=1e-3)
        assert same.tones is not None
        assert first[0].tones is not None
        assert (same.width, same.height, same.spread) == (truth.width, truth.height, truth.spread)


def test_other_eyes_look_again(tmp_path: Path) -> None:
    KeptPerception(FakeBackend(), tmp_path).perceive(views())
    other = FakeBackend()
    other.eyes = "other-eyes"
    KeptPerception(other, tmp_path).perceive(views()[:1])
    assert other.runs == [1]
