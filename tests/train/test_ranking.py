import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from quibble.backends.onnx import OnnxPerception
from quibble.errors import RecipeError
from quibble.extremes import COUNT
from quibble.pipelines.octopus import build
from quibble.pipelines.plans import Task
from quibble.pipelines.settings import Settings
from quibble.train.export import export_ranker, file_facts
from quibble.train.ranking import Contests, RankerTrainer, fit, joined, load_ranker, overlap, ranker_loss
from quibble.train.recipe import RankerData, RankerRecipe, ranker_from_dict
from tests.pipelines.conftest import LONG_SIDE, photos_folder
from tests.train.test_reading import eyes

__all__ = ["eyes", "photos_folder"]


@pytest.fixture(scope="module")
def records(photos_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("records") / "out"
    build(photos_folder, out, Settings(records=6, long_side=LONG_SIDE, mix={Task.SID_G: 1, Task.HYD_G: 1}))
    return out


@pytest.fixture
def recipe(records: Path) -> RankerRecipe:
    ranker = {"records": [str(records)], "held_out": str(records), "hidden": 8, "epochs": 2, "batch": 2, "members": 2}
    return ranker_from_dict({"name": "tiny", "ranker": ranker})


def made(seed: int, count: int = 300) -> Contests:
    """Four regions each: one has the most of the third number, and one the least."""
    told = torch.randn(count, 4, COUNT, generator=torch.Generator().manual_seed(seed))
    truth = torch.zeros(count, 4, 2)
    for end, best in enumerate((told[..., 2].argmax(1), told[..., 2].argmin(1))):
        truth[torch.arange(count), best, end] = 0.9
    told[..., -1] = 0
    return Contests(told.flatten(0, 1), truth.flatten(0, 1), torch.full((count,), 4))


def test_a_fit_learns_which_region_has_the_most_and_which_the_least() -> None:
    data = RankerData(hidden=32, members=1, epochs=30, batch=16, dropout=0.1)
    figures = overlap(fit(made(0), data, seed=0), made(1))
    assert figures["n_category_most"] == 300
    # Always right would be 0.9, taking any of the four 0.225.
    assert figures["category_most"] > 0.55
    assert figures["category_least"] > 0.55
    assert "damage_most" not in figures


def test_a_contest_counts_the_same_however_many_regions_it_has() -> None:
    one, other = torch.randn(2, 2), torch.randn(5, 2)
    zero = [torch.zeros_like(part) for part in (one, other)]
    alone = [
        ranker_loss(part, truth, torch.tensor([len(part)])) for part, truth in zip((one, other), zero, strict=True)
    ]
    together = ranker_loss(torch.cat([one, other]), torch.cat(zero), torch.tensor([2, 5]))
    torch.testing.assert_close(together, (alone[0] + alone[1]) / 2)


def test_a_run_looks_once_fits_and_measures(recipe: RankerRecipe, eyes: Path, tmp_path: Path) -> None:
    perception = OnnxPerception(eyes, threads=1)
    trainer = RankerTrainer(recipe, tmp_path / "run", perception)
    trainer.train()
    (file,) = (tmp_path / "run" / "contests").glob("*.pt")
    kept = Contests(*torch.load(file, weights_only=True))
    assert kept.size.sum() == len(kept.told) == len(kept.truth)
    assert 0 <= float(kept.truth.min()) <= float(kept.truth.max()) <= 1
    assert float(kept.truth.max()) > 0
    model, read = load_ranker(trainer.weights)
    assert read == recipe
    (line,) = (json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines())
    for name, value in overlap(model, trainer.look_at_held_out()).items():
        assert line[f"val/{name}"] == pytest.approx(value, abs=1e-3)
    # What was seen is not looked at again.
    changed = file.stat().st_mtime_ns
    RankerTrainer(recipe, tmp_path / "run", perception).train()
    assert file.stat().st_mtime_ns == changed


def test_a_run_is_not_mixed_with_another(recipe: RankerRecipe, eyes: Path, tmp_path: Path) -> None:
    perception = OnnxPerception(eyes, threads=1)
    RankerTrainer(recipe, tmp_path / "run", perception)
    twice = replace(recipe, ranker=replace(recipe.ranker, records=recipe.ranker.records * 2))
    with pytest.raises(RecipeError, match="another records: train into a new folder"):
        RankerTrainer(twice, tmp_path / "run", perception)
    none = replace(recipe, ranker=replace(recipe.ranker, records=()))
    with pytest.raises(RecipeError, match=r"ranker\.records: no records"):
        RankerTrainer(none, tmp_path / "other", perception)
    missing = replace(recipe, ranker=replace(recipe.ranker, held_out=str(tmp_path / "nowhere")))
    with pytest.raises(RecipeError, match=r"ranker\.held_out: .*nowhere"):
        RankerTrainer(missing, tmp_path / "other", perception)


def test_the_graph_says_what_the_model_does(eyes: Path, tmp_path: Path) -> None:
    model = fit(made(0, 20), RankerData(hidden=8, epochs=2, batch=4, members=2), seed=0)
    (tmp_path / "perception.onnx").write_bytes((eyes / "perception.onnx").read_bytes())
    export_ranker(model, tmp_path / "ranker.onnx")
    facts = json.loads((eyes / "manifest.json").read_text())
    facts["ranker"] = file_facts(tmp_path / "ranker.onnx")
    (tmp_path / "manifest.json").write_text(json.dumps(facts))
    seen = OnnxPerception(tmp_path, threads=1).perceive([np.zeros((64, 96, 3), np.uint8)])[0]
    assert seen.ranker is not None
    for count in (1, 2, 37):
        told = made(2, 10).told[:count]
        with torch.inference_mode():
            np.testing.assert_allclose(seen.ranker(told.numpy()), model(told).sigmoid().numpy(), atol=2e-3)


def test_nothing_joined_is_nothing() -> None:
    assert [len(part) for part in joined([])] == [0, 0, 0]
