import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from quibble.backends.onnx import OnnxPerception
from quibble.errors import ModelError, RecipeError
from quibble.train.export import export_gauge, file_facts
from quibble.train.gauging import GaugeTrainer, accuracies, fit, gauge_loss, inputs, joined, load_gauge
from quibble.train.recipe import GaugeData, GaugeRecipe, gauge_from_dict
from quibble.train.versions import EACH, Versions, described, versions
from tests.model.test_perception import TINY
from tests.train.test_reading import eyes

__all__ = ["eyes"]
CHANNELS = sum(TINY.told_widths)


def photo(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    small = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8))
    return np.asarray(small.resize((150, 120), Image.Resampling.BICUBIC))


@pytest.fixture
def recipe(tmp_path: Path) -> GaugeRecipe:
    (tmp_path / "img").mkdir()
    for i in range(10):
        Image.fromarray(photo(i)).save(tmp_path / "img" / f"p{i}.png")
    gauge = {"photographs": 8, "rated": 2, "hidden": 8, "epochs": 2, "batch": 4}
    dense = {"photos": [str(tmp_path / "img")], "held_out": 40}
    rated = [[f"p{i}.png", 0.3 + 0.1 * i] for i in range(4)]
    (tmp_path / "split.json").write_text(json.dumps({"train": rated, "val": rated[:2]}))
    opinion = {"split": str(tmp_path / "split.json"), "folder": str(tmp_path / "img")}
    return gauge_from_dict({"name": "tiny", "gauge": gauge, "dense": dense, "opinion": opinion})


def made(seed: int, count: int = 400) -> Versions:
    """Versions whose first channel says what they have lost, and whose distance from the original says it exactly."""
    rng = torch.Generator().manual_seed(seed)
    lost = torch.cat([torch.zeros(count, 1), 90 * torch.rand(count, EACH, generator=rng)], dim=1)
    told = torch.randn(count, 1 + EACH, 2 * CHANNELS, generator=rng)
    told[..., 0] = lost / 30 + 0.5 * torch.randn(count, 1 + EACH, generator=rng)
    apart = (lost[:, 1:, None] / 30).expand(-1, -1, CHANNELS)
    return Versions(
        told.half(), 100 - lost, apart.half(), torch.full((count, EACH, 3), 0.5), torch.full((count,), 100.0)
    )


def test_versions_are_of_one_size_and_worse_than_the_photograph() -> None:
    for seed in range(12):
        first, *others = versions(photo(seed), np.random.default_rng(seed))
        assert first.opinion == 100
        assert min(first.rgb.shape[:2]) >= 96
        for version in others:
            assert version.rgb.shape == first.rgb.shape
            assert 0 <= version.opinion < 100
            assert (version.rgb != first.rgb).any()
    again = versions(photo(3), np.random.default_rng(3))
    for one, other in zip(again, versions(photo(3), np.random.default_rng(3)), strict=True):
        np.testing.assert_array_equal(one.rgb, other.rgb)


def test_what_is_described_belongs_to_its_version(eyes: Path) -> None:
    perception = OnnxPerception(eyes, threads=1)
    seen = versions(photo(1), np.random.default_rng(1))
    told = described(seen, perception)
    assert told.told.shape == (1, 1 + EACH, 2 * CHANNELS)
    assert told.opinion[0].tolist() == pytest.approx([version.opinion for version in seen])
    same = described([seen[2], seen[2], seen[3]], perception)
    torch.testing.assert_close(same.told[0, 0], told.told[0, 2])
    assert (same.apart[0, 0] == 0).all()
    assert same.structure[0, 0].tolist() == pytest.approx([0, 0, 0], abs=1e-6)
    assert (same.apart[0, 1] > 0).any()


def test_a_fit_learns_which_has_lost_more() -> None:
    data = GaugeData(hidden=16, epochs=20, dropout=0.0)
    model, again = (fit(made(0), TINY.told_widths, data, seed=1) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
    figures = accuracies(model, made(1))
    assert figures["accuracy_alone"] > 0.75
    assert figures["accuracy_against"] > 0.93
    assert figures["accuracy_alone"] < figures["accuracy_against"]
    assert 0 < figures["slope_alone"] < figures["slope_against"]
    _, against = inputs(made(1))
    with torch.inference_mode():
        points = model.against(against)
    lost = 100 - made(1).opinion
    assert points[:, 0].abs().max() < 5
    assert float(torch.corrcoef(torch.stack([points.flatten(), lost.flatten()]))[0, 1]) > 0.97


def test_the_loss_is_least_in_the_right_order() -> None:
    lost = torch.tensor([[0.0, 20.0, 60.0]])
    right = gauge_loss(lost, lost)
    assert right < gauge_loss(lost.flip(1), lost)
    assert right < gauge_loss(lost + 30, lost)


def test_a_run_goes_on_where_it_stopped_and_ships(
    recipe: GaugeRecipe, eyes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quibble.train.gauging.PART", 3)
    perception = OnnxPerception(eyes, threads=1)

    def trainer(folder: str) -> GaugeTrainer:
        return GaugeTrainer(recipe, tmp_path / folder, perception, tmp_path / "cache")

    trainer("straight").train()
    stopped = trainer("stopped")
    stopped.parts.collect(stopped._versions, [1])
    kept = stopped.parts.file(1).stat().st_mtime_ns
    trainer("stopped").train()
    assert stopped.parts.file(1).stat().st_mtime_ns == kept
    straight, _ = load_gauge(tmp_path / "straight" / "gauge.safetensors", perception.widths)
    model, read = load_gauge(tmp_path / "stopped" / "gauge.safetensors", perception.widths)
    assert read == recipe
    for name, value in straight.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name
    (line,) = (json.loads(line) for line in (tmp_path / "stopped" / "log.jsonl").read_text().splitlines())
    assert {"val/accuracy_alone", "val/accuracy_against", "val/accuracy_alone_flawed"} <= line.keys()
    seen = joined([Versions(*part) for part in stopped.parts.load()])
    assert seen.base[:8].tolist() == [100] * 8
    assert {round(base, 1) for base in seen.base[8:].tolist()} < {37.5, 50.0, 62.5, 75.0}
    with pytest.raises(RecipeError, match="another seed: train into a new folder"):
        GaugeTrainer(replace(recipe, seed=1), tmp_path / "stopped", perception, tmp_path / "cache")
    fewer = replace(recipe, gauge=replace(recipe.gauge, photographs=5))
    with pytest.raises(RecipeError, match="another photographs"):
        GaugeTrainer(fewer, tmp_path / "stopped", perception, tmp_path / "cache")


def test_the_graph_says_what_the_model_does(eyes: Path, tmp_path: Path) -> None:
    perception = OnnxPerception(eyes, threads=1)
    model = fit(made(0), perception.widths, GaugeData(hidden=16, epochs=2), seed=0)
    (tmp_path / "perception.onnx").write_bytes((eyes / "perception.onnx").read_bytes())
    export_gauge(model, perception.widths, tmp_path / "gauge.onnx")
    facts = json.loads((eyes / "manifest.json").read_text())
    facts["gauge"] = file_facts(tmp_path / "gauge.onnx") | {"slopes": [0.1, 0.2]}
    (tmp_path / "manifest.json").write_text(json.dumps(facts))
    whole = OnnxPerception(tmp_path, threads=1)
    for height, width in ((64, 96), (203, 97)):
        rng = np.random.default_rng(height)
        one, other = (whole.perceive([rng.integers(0, 256, (height, width, 3), dtype=np.uint8)])[0] for _ in range(2))
        assert one.gauge is not None
        assert one.gauge.slopes == (0.1, 0.2)
        assert one.features is not None
        assert other.features is not None
        structure = np.array([0.3, 0.2, 0.1], np.float32)
        with torch.inference_mode():
            both = one.features.maps, other.features.maps
            maps = [[torch.from_numpy(m.astype(np.float32)) for m in features] for features in both]
            alone, against = model(*maps, torch.from_numpy(structure))
        assert one.gauge(one.features) == pytest.approx(float(alone), abs=0.1)
        assert one.gauge(one.features, other.features, structure) == pytest.approx(float(against), abs=0.1)


def test_what_cannot_be_gauged_is_refused(recipe: GaugeRecipe, eyes: Path, tmp_path: Path) -> None:
    blind = OnnxPerception(eyes, threads=1)
    blind._widths = ()
    with pytest.raises(ModelError, match="no features"):
        GaugeTrainer(recipe, tmp_path / "run", blind, tmp_path / "cache")
    missing = replace(recipe, dense=replace(recipe.dense, photos=()))
    with pytest.raises(RecipeError, match="no photographs"):
        GaugeTrainer(missing, tmp_path / "run", OnnxPerception(eyes, threads=1), tmp_path / "cache")
