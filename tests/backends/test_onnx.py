import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import quibble
from quibble.backends.base import Calibration, evidence
from quibble.backends.onnx import OnnxPerception
from quibble.errors import ModelError
from quibble.model.perception import Exported, Perception, PerceptionConfig
from quibble.model.vision import VisionConfig
from quibble.train.calibrate import to_manifest
from quibble.train.export import export_perception, write_manifest
from quibble.train.kept import KeptPerception

TINY = PerceptionConfig(
    vision=VisionConfig(stem=8, widths=(8, 12, 16, 16), blocks=(1, 1, 1, 1)), decoder_width=16, opinion_width=16
)


def pictures(*sizes: tuple[int, int]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]


@pytest.fixture(scope="module")
def model() -> Perception:
    torch.manual_seed(0)
    model = Perception(TINY)
    # Norms and running values as after some training, so that nothing is an identity by accident.
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.weight, 1, 0.2)
            assert module.running_mean is not None
            torch.nn.init.normal_(module.running_mean, 0, 0.2)
    return model.eval()


@pytest.fixture(scope="module")
def folder(model: Perception, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    export_perception(model, folder / "model.onnx")
    facts = {"name": "tiny", "calibration": to_manifest((0.5,) * 12, 1.0, 0.0, 1.0)}
    write_manifest(folder / "manifest.json", folder / "model.onnx", facts)
    return folder


def test_the_export_sees_what_torch_sees_at_any_size(model: Perception, folder: Path) -> None:
    # What was exported has half-precision weights; give torch the same ones.
    halved = {k: v.half().float() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    reference = Perception(TINY)
    reference.load_state_dict(halved)
    backend = OnnxPerception(folder, threads=1)
    for picture in pictures((64, 64), (131, 70), (200, 305)):
        (seen,) = backend.perceive([picture])
        with torch.inference_mode():
            outputs = Exported(reference.eval())(torch.from_numpy(picture)[None])
        expected = evidence([o.numpy()[0] for o in outputs[:5]], picture.shape[1], picture.shape[0])
        np.testing.assert_allclose(seen.categories, expected.categories, atol=2e-3)
        np.testing.assert_allclose(seen.severities, expected.severities, atol=1e-2)
        np.testing.assert_allclose(seen.levels, expected.levels, atol=2e-3)
        assert abs(seen.spread - expected.spread) < 0.05
        assert seen.features is None
        (seen,) = backend.perceive([picture], features=True)
        assert seen.features is not None
        assert seen.features.eyes == backend.eyes == backend.manifest["sha256"]
        assert tuple(len(scale) for scale in seen.features.maps) == backend.widths == TINY.told_widths
        for scale, true in zip(seen.features.maps, outputs[5:], strict=True):
            np.testing.assert_allclose(scale, true.numpy()[0], atol=5e-3)


def test_the_calibration_is_the_manifest_s(folder: Path, tmp_path: Path) -> None:
    backend = OnnxPerception(folder, threads=1)
    assert backend.calibration == Calibration(threshold=(0.5,) * 12, slope=1.0, offset=0.0, interval=1.0)
    shutil.copytree(folder, tmp_path / "painted")
    path = tmp_path / "painted" / "manifest.json"
    facts = json.loads(path.read_text())
    facts["calibration"]["paint"] = [0.7] * 12
    path.write_text(json.dumps(facts))
    assert OnnxPerception(tmp_path / "painted", threads=1).calibration.paint == (0.7,) * 12


def test_an_export_without_features_gives_none(folder: Path, tmp_path: Path) -> None:
    proto = onnx.load(folder / "model.onnx")
    del proto.graph.output[5:]
    onnx.save(proto, tmp_path / "model.onnx")
    facts = {"name": "old", "calibration": to_manifest((0.5,) * 12, 1.0, 0.0, 1.0)}
    write_manifest(tmp_path / "manifest.json", tmp_path / "model.onnx", facts)
    backend = OnnxPerception(tmp_path, threads=1)
    assert backend.widths == ()
    assert backend.perceive(pictures((64, 64)), features=True)[0].features is None
    with pytest.raises(ModelError, match="export it again"):
        KeptPerception(backend, tmp_path)


def test_a_file_that_ships_says_nothing_of_where_it_was_made(folder: Path) -> None:
    exported = (folder / "model.onnx").read_bytes()
    for place in (Path(torch.__file__).parent, Path(quibble.__file__).parent):
        assert str(place).encode() not in exported


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_score_does_not_change_with_its_company(folder: Path, threads: int) -> None:
    backend = OnnxPerception(folder, threads=threads)
    many = pictures(*[(96, 80)] * 16, (64, 100))
    together = backend.perceive(many)
    assert len(together) == len(many)
    for i in (0, 5, 15, 16):
        (alone,) = backend.perceive([many[i]])
        np.testing.assert_allclose(alone.levels, together[i].levels, atol=1e-4)
        np.testing.assert_allclose(alone.categories, together[i].categories, atol=1e-4)


def test_damaged_and_missing_weights_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model in"):
        OnnxPerception(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="cannot read the weights"):
        OnnxPerception(tmp_path)
    (tmp_path / "model.onnx").write_bytes((folder / "model.onnx").read_bytes()[:-1])
    with pytest.raises(ModelError, match="damaged"):
        OnnxPerception(tmp_path)
    del manifest["calibration"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="lacks calibration"):
        OnnxPerception(tmp_path)
