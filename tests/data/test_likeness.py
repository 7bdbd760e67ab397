from pathlib import Path

import numpy as np
from skimage import data

from quibble.data.likeness import alike, perceptual_hash
from quibble.image import save


def test_a_scene_is_known_again_after_resizing_recoding_and_damage(tmp_path: Path) -> None:
    astronaut, cat = data.astronaut(), data.chelsea()
    save(astronaut, tmp_path / "a.png")
    save(astronaut[::2, ::2], tmp_path / "small.jpg", quality=40)
    noisy = astronaut.astype(float) + np.random.default_rng(0).normal(0, 20, astronaut.shape)
    save(noisy.clip(0, 255).astype(np.uint8), tmp_path / "noisy.png")
    save(cat, tmp_path / "cat.png")
    first = perceptual_hash(tmp_path / "a.png")[None]
    others = np.stack([perceptual_hash(tmp_path / name) for name in ("small.jpg", "noisy.png", "cat.png")])
    assert alike(others, first).tolist() == [True, True, False]
    assert not alike(others, first[:0]).any()
    assert (perceptual_hash((tmp_path / "a.png").read_bytes()) == first).all()
