from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from quibble.data import check
from quibble.image import load

ROOT = Path(__file__).parents[1]


def test_the_demonstration_leaves_what_it_names_and_the_picture_of_the_readme(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "demo.py")]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "demo/regions.png" in done.stdout
    assert "demo/index.html" in done.stdout
    assert (tmp_path / "demo" / "index.html").stat().st_size > 100_000
    assert check(tmp_path / "demo" / "data") == []
    drawn, shown = load(tmp_path / "demo" / "regions.png"), load(ROOT / "docs" / "images" / "regions.webp")
    assert drawn.shape == shown.shape
    # WebP is lossy; a region that is elsewhere or of another kind changes far more.
    assert np.abs(drawn.astype(int) - shown).mean() < 3
    assert (np.abs(drawn.astype(int) - shown).max(axis=2) > 60).mean() < 0.005
