"""What a learned opinion head has to beat: gradient boosting on the scene statistics of whole photographs.

    pip install lightgbm
    python scripts/opinion_baseline.py data/biq2021/split.json BIQ2021/Images

Trains on the split's "train" photographs and prints SRCC and PLCC on its "val" ones, pooled and by subset.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import lightgbm
import numpy as np
import torch
from numpy.typing import NDArray

from quibble.image import load
from quibble.model.statistics import SceneStatistics
from quibble.train.validation import opinion_figures


@torch.inference_mode()
def statistics(files: list[Path]) -> NDArray[np.float32]:
    """(N, SceneStatistics.SIZE)"""
    model = SceneStatistics().eval()
    rows = []
    for file in files:
        rgb = torch.from_numpy(load(file)).permute(2, 0, 1).unsqueeze(0).float() / 255
        rows.append(model(rgb)[0].numpy())
    return np.stack(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("split", type=Path)
    parser.add_argument("images", type=Path)
    arguments = parser.parse_args()
    split = json.loads(arguments.split.read_text(encoding="utf-8"))
    parts = {name: statistics([arguments.images / file for file, _ in split[name]]) for name in ("train", "val")}
    trees = lightgbm.LGBMRegressor(
        n_estimators=600,
        learning_rate=0.03,
        num_leaves=31,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.3,
        min_child_samples=20,
        verbose=-1,
    )
    trees.fit(parts["train"], [100 * mos for _, mos in split["train"]])
    guess = [float(g) for g in np.asarray(trees.predict(parts["val"]))]
    truth = [100 * mos for _, mos in split["val"]]
    for name, value in opinion_figures(guess, [1.0] * len(guess), [file for file, _ in split["val"]], truth).items():
        if name != "within_spread":
            print(f"{name:<12} {value:.3f}")


if __name__ == "__main__":
    main()
