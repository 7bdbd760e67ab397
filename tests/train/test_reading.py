import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from quibble.backends.base import Readings
from quibble.backends.onnx import OnnxPerception
from quibble.errors import ModelError, RecipeError
from quibble.model.perception import Perception
from quibble.streaks import streaks_of
from quibble.taxonomy import BLURS, Category, Distortion
from quibble.train.export import export_perception, export_reader, file_facts, write_manifest
from quibble.train.reading import ReaderTrainer, fit, fit_blurs, load_reader, of_one_blur
from quibble.train.recipe import ReaderData, ReaderRecipe, reader_from_dict
from quibble.train.regions import DRAWN, PROPOSED, SOFT, TRUE, Rows, described, rows_of
from quibble.train.sources import DISTORTIONS, DenseItem, DenseSource, find_photos
from tests.model.test_perception import TINY

CALIBRATION = {"threshold": [0.5] * 12, "slope": 1.0, "offset": 0.0, "interval": 1.0}


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny perception as it ships, with random weights."""
    folder = tmp_path_factory.mktemp("eyes")
    torch.manual_seed(0)
    export_perception(Perception(TINY).eval(), folder / "perception.onnx")
    write_manifest(folder / "manifest.json", folder / "perception.onnx", {"name": "tiny", "calibration": CALIBRATION})
    return folder


@pytest.fixture
def recipe(tmp_path: Path) -> ReaderRecipe:
    rng = np.random.default_rng(0)
    (tmp_path / "img").mkdir()
    (tmp_path / "mask").mkdir()
    for i in range(10):
        small = Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8))
        small.resize((96, 80), Image.Resampling.BICUBIC).save(tmp_path / "img" / f"p{i}.png")
        labels = np.repeat(np.arange(2, dtype=np.uint8), 40)[:, None].repeat(96, 1)
        Image.fromarray(labels).save(tmp_path / "mask" / f"p{i}.png")
    dense = {"photos": [str(tmp_path / "img")], "masks": str(tmp_path / "mask"), "held_out": 40, "crop": 0}
    reader = {
        "pictures": 12,
        "clean": 6,
        "soft": 4,
        "missed": 5,
        "blurred": 10,
        "toned": 4,
        "hidden": 8,
        "epochs": 2,
        "batch": 8,
        "members": 2,
        "blurs": 2,
    }
    return reader_from_dict({"name": "tiny", "workers": 0, "reader": reader, "dense": dense})


def test_whole_photographs_keep_their_shape(recipe: ReaderRecipe, tmp_path: Path) -> None:
    source = DenseSource(find_photos(recipe, tmp_path / "cache", held_out=False), recipe.dense, 0)
    for number in range(12):
        item = source[number]
        height, width = item.rgb.shape[1:]
        assert abs(width / height - 96 / 80) < 0.02
        assert item.presence.shape[1:] == item.weight.shape == (-(-height // 4), -(-width // 4))


def test_hard_distortions_are_drawn_more_often(recipe: ReaderRecipe, tmp_path: Path) -> None:
    photos = find_photos(recipe, tmp_path / "cache", held_out=False)
    zoom = DISTORTIONS.index(Distortion.BLUR_ZOOM)
    shares = []
    for hardened in (0.0, 0.5, 1.0):
        hard = replace(recipe.dense, hard=("blur.zoom",), hardened=hardened, clean=0.0, camera=0.0, stacked=0.0)
        source = DenseSource(photos, hard, 0)
        kinds = [kind for number in range(40) for kind in np.unique(source[number].kind.numpy()).tolist() if kind >= 0]
        shares.append(sum(kind == zoom for kind in kinds) / len(kinds))
    assert shares[0] < 0.15 < 0.35 < shares[1] < 0.75
    assert shares[2] == 1


def test_an_unknown_hard_distortion_is_an_error(recipe: ReaderRecipe, tmp_path: Path) -> None:
    photos = find_photos(recipe, tmp_path / "cache", held_out=False)
    with pytest.raises(RecipeError, match=r"unknown distortion 'blur.swirl'; `quibble distort --list` has all"):
        DenseSource(photos, replace(recipe.dense, hard=("blur.zoom", "blur.swirl")), 0)


def made(eyes: Path) -> tuple[DenseItem, Rows]:
    """Noise of level 4 in the left half, of which the lowest quarter cannot be seen."""
    presence, severity = torch.zeros(12, 16, 24), torch.zeros(12, 16, 24)
    presence[1, :, :12], severity[1, :, :12] = 1, 4
    weight, kind = torch.ones(16, 24), torch.full((16, 24), -1)
    weight[12:, :12] = 0
    kind[:, :12] = 7
    rgb = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 64, 96), dtype=np.uint8))
    item = DenseItem(rgb, presence, severity, weight, kind)
    picture = rgb.numpy().transpose(1, 2, 0)
    seen = OnnxPerception(eyes, threads=1).perceive([picture], features=True)[0]
    seen = replace(seen, streaks=streaks_of(picture))
    rows = rows_of(item, seen, 3)
    assert rows is not None
    return item, rows


def test_rows_say_what_is_true_of_regions(eyes: Path) -> None:
    _, rows = made(eyes)
    assert set(rows.source.tolist()) <= {TRUE, DRAWN, PROPOSED}
    (true,) = torch.nonzero(rows.source == TRUE).flatten().tolist()
    assert rows.presence[true].tolist() == [float(c == 1) for c in range(12)]
    assert rows.extent[true, 1] == 1
    assert rows.severities[true, 1] == 4
    assert rows.kind[true] == 7
    mostly = rows.presence[:, 1] > 0.5
    assert (rows.kind[~mostly] == -1).all()
    assert (rows.kind[rows.source == DRAWN][mostly[rows.source == DRAWN]] == 7).all()
    assert (rows.picture == 3).all()
    assert ((rows.presence >= 0) & (rows.presence <= 1) & (rows.extent >= 0) & (rows.extent <= 1)).all()


def test_a_fit_learns_what_pooled_features_tell(eyes: Path) -> None:
    inputs = len(made(eyes)[1].pooled[0])
    rng = torch.Generator().manual_seed(0)
    pooled = torch.randn(2000, inputs, generator=rng)
    pooled[:, 8:] = 0
    presence = torch.zeros(2000, 12)
    presence[:, 4] = (pooled[:, 0] > 0).float()
    severities = torch.zeros(2000, 12)
    severities[:, 4] = (2.5 + pooled[:, 1]).clamp(0, 5)
    none = torch.full((2000,), -1)
    rows = Rows(pooled.half(), none * 0, presence, presence, severities, none, torch.arange(2000))
    data = ReaderData(hidden=32, epochs=20, batch=64, dropout=0.0, members=1)
    model = fit(rows, TINY.told_widths, data, seed=1)
    again = fit(rows, TINY.told_widths, data, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
    new = torch.randn(500, inputs, generator=rng)
    new[:, 8:] = 0
    read = model.read(new)
    assert ((read.presence[:, 4] > 0) == (new[:, 0] > 0)).float().mean() > 0.85
    assert (read.presence[:, :4] < 0).float().mean() > 0.99
    there = new[:, 0] > 0.3
    close = torch.corrcoef(torch.stack([read.severities[there, 4], new[there, 1]]))[0, 1]
    assert close > 0.7


def test_what_pictures_with_a_soft_background_say_counts_less(eyes: Path) -> None:
    """The same regions have a category in one half of the rows, and none in the other, which is SOFT."""
    inputs = len(made(eyes)[1].pooled[0])
    pooled = torch.randn(2000, inputs, generator=torch.Generator().manual_seed(0))
    pooled[:, 8:] = 0
    presence, none = torch.zeros(4000, 12), torch.full((4000,), -1)
    presence[:2000, 4] = 1
    source = torch.tensor([PROPOSED] * 2000 + [SOFT] * 2000)
    rows = Rows(pooled.repeat(2, 1).half(), source, presence, presence, presence, none, torch.arange(4000))
    said = []
    for weight in (1.0, 0.1):
        data = ReaderData(hidden=16, epochs=10, batch=64, dropout=0.0, members=1, soft_weight=weight)
        said.append(fit(rows, TINY.told_widths, data, seed=1).read(pooled).presence[:, 4].sigmoid().mean().item())
    assert said == pytest.approx([1 / 2, 1 / 1.1], abs=0.06)


def test_kinds_of_blur_are_learned_by_networks_of_their_own(eyes: Path) -> None:
    inputs = len(made(eyes)[1].pooled[0])
    rng = torch.Generator().manual_seed(0)
    pooled = torch.randn(2000, inputs, generator=rng)
    pooled[:, 8:-4] = 0
    none, zeros = torch.full((2000,), -1), torch.zeros(2000, 12)
    rows = Rows(pooled.half(), none * 0, zeros, zeros, zeros, none, torch.arange(2000))
    data = ReaderData(hidden=32, epochs=10, batch=64, dropout=0.0, members=1, blurs=2)
    model = fit(rows, TINY.told_widths, data, seed=1)
    before = model.read(pooled)
    # Streaks come last.
    kind = (pooled[:, -4] > 0).long() * 5
    fit_blurs(model, rows._replace(kind=kind), data, seed=1)
    after = model.read(pooled)
    assert torch.equal(before.presence, after.presence)
    assert torch.equal(before.kinds[:, BLURS.stop :], after.kinds[:, BLURS.stop :])
    assert (after.kinds[:, BLURS].argmax(1) == kind).float().mean() > 0.95
    assert [d.category for d in tuple(Distortion)[BLURS]] == [Category.BLUR] * 6
    assert tuple(Distortion)[BLURS.stop].category is not Category.BLUR


def test_pictures_for_kinds_of_blur_are_mostly_blurred(recipe: ReaderRecipe, eyes: Path, tmp_path: Path) -> None:
    trainer = ReaderTrainer(recipe, tmp_path / "run", OnnxPerception(eyes, threads=1), tmp_path / "cache")
    items = [trainer.blurred[number] for number in range(60)]
    there = np.array([item.presence.numpy().max(axis=(1, 2)) > 0.5 for item in items])
    assert there[:, 0].mean() > 0.7
    assert 0.2 < there[:, 1:].any(axis=1).mean() < 0.9
    rows = trainer.blurred_regions(0, 10)
    assert (rows.kind < 0).any()
    kinds = of_one_blur(rows).kind
    assert 0 < len(kinds) < len(rows.kind)
    assert ((kinds >= 0) & (kinds < BLURS.stop)).all()


def test_toned_pictures_are_mostly_of_wrong_light_and_color(recipe: ReaderRecipe, eyes: Path, tmp_path: Path) -> None:
    trainer = ReaderTrainer(recipe, tmp_path / "run", OnnxPerception(eyes, threads=1), tmp_path / "cache")
    there = np.array([trainer.toned[n].presence.numpy().max(axis=(1, 2)) > 0.5 for n in range(60)])
    assert there.any(axis=1).mean() > 0.95
    wrong = [list(Category).index(Category(name)) for name in ("brighten", "darken", "contrast_weaken")]
    assert there[:, wrong].any(axis=1).mean() > 0.6
    assert 0 < there[:, :3].any(axis=1).mean() < 0.25


def test_further_pictures_have_numbers_and_truths_of_their_own(
    recipe: ReaderRecipe, eyes: Path, tmp_path: Path
) -> None:
    trainer = ReaderTrainer(recipe, tmp_path / "run", OnnxPerception(eyes, threads=1), tmp_path / "cache")
    rows = trainer.clean_regions(0, 6)
    assert rows.presence.max() == rows.severities.max() == 0
    assert sorted(set(rows.picture.tolist())) == list(range(12, 18))
    soft = trainer.soft_regions(0, 4)
    assert soft.presence.max() == 0
    assert sorted(set(soft.picture.tolist())) == list(range(18, 22))
    assert set(soft.source.tolist()) == {SOFT}
    missed = trainer.missed_regions(0, 5)
    assert sorted(set(missed.picture.tolist())) == list(range(22, 27))
    assert (missed.presence[:, 0] == 1).all()
    assert missed.presence[:, 1:].max() == 0
    assert missed.severities[:, 0].min() > 0
    blurred = trainer.blurred_regions(0, 3)
    assert sorted(set(blurred.picture.tolist())) == list(range(27, 30))
    toned = trainer.toned_regions(0, 3)
    assert sorted(set(toned.picture.tolist())) == list(range(37, 40))
    # Too small to be made smaller: see the next.
    assert {tuple(trainer.unharmed[number].rgb.shape[1:]) for number in range(6)} == {(80, 96)}


@pytest.mark.parametrize(("shrunk", "sizes"), [(0.0, {360}), (1.0, set(range(180, 360)))])
def test_whole_photographs_are_made_smaller_as_often_as_is_asked(
    recipe: ReaderRecipe, tmp_path: Path, shrunk: float, sizes: set[int]
) -> None:
    for file in Path(recipe.dense.photos[0]).iterdir():
        Image.open(file).resize((400, 360)).save(file)
    dense = replace(recipe.dense, shrunk=shrunk, smallest=0.5, masks="")
    photos = find_photos(replace(recipe, dense=dense), tmp_path / "cache", held_out=False)
    source = DenseSource(photos, dense, 0)
    heights = {source[number].rgb.shape[1] for number in range(12)}
    assert heights <= sizes
    assert len(heights) >= min(6, len(sizes))


def test_a_run_goes_on_where_it_stopped_and_ships(
    recipe: ReaderRecipe, eyes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quibble.train.reading.PART", 5)
    perception = OnnxPerception(eyes, threads=1)

    def trainer(folder: str) -> ReaderTrainer:
        return ReaderTrainer(recipe, tmp_path / folder, perception, tmp_path / "cache")

    trainer("straight").train()
    stopped = trainer("stopped")
    stopped.parts.collect(stopped.regions, [0])
    stopped.clean.collect(stopped.clean_regions, [1])
    stopped.soft.collect(stopped.soft_regions, [0])
    stopped.missed.collect(stopped.missed_regions, [0])
    stopped.blurs.collect(stopped.blurred_regions, [1])
    stopped.tones.collect(stopped.toned_regions, [0])
    kept = stopped.parts.file(0).stat().st_mtime_ns
    trainer("stopped").train()
    assert stopped.parts.file(0).stat().st_mtime_ns == kept
    straight, _ = load_reader(tmp_path / "straight" / "reader.safetensors", perception.widths)
    model, read = load_reader(tmp_path / "stopped" / "reader.safetensors", perception.widths)
    assert read == recipe
    for name, value in straight.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name
    (line,) = (json.loads(line) for line in (tmp_path / "stopped" / "log.jsonl").read_text().splitlines())
    assert {"val/refer", "val/severity_srcc"} <= line.keys()

    other = replace(recipe, seed=1, dense=replace(recipe.dense, clean=0.9))
    with pytest.raises(RecipeError, match="another seed, dense: train into a new folder"):
        ReaderTrainer(other, tmp_path / "stopped", perception, tmp_path / "cache")


def test_a_reader_without_networks_for_blur_needs_no_blurred_pictures(
    recipe: ReaderRecipe, eyes: Path, tmp_path: Path
) -> None:
    plain = replace(recipe, reader=replace(recipe.reader, blurs=0, blurred=0, toned=0, pictures=6))
    perception = OnnxPerception(eyes, threads=1)
    ReaderTrainer(plain, tmp_path / "run", perception, tmp_path / "cache").train()
    assert not list((tmp_path / "run" / "blurred").iterdir())
    model, _ = load_reader(tmp_path / "run" / "reader.safetensors", perception.widths)
    assert len(model.blurs) == 0


def test_the_graph_reads_as_the_model_does(eyes: Path, tmp_path: Path) -> None:
    perception = OnnxPerception(eyes, threads=1)
    torch.manual_seed(1)
    data = ReaderData(hidden=16, epochs=1, batch=2, blurs=2)
    model = fit(made(eyes)[1], perception.widths, data, seed=0)
    (tmp_path / "perception.onnx").write_bytes((eyes / "perception.onnx").read_bytes())
    export_reader(model, perception.widths, tmp_path / "reader.onnx")
    reader = file_facts(tmp_path / "reader.onnx") | {"streaks": True}
    facts = json.loads((eyes / "manifest.json").read_text()) | {"reader": reader}
    (tmp_path / "manifest.json").write_text(json.dumps(facts))
    whole = OnnxPerception(tmp_path, threads=1)
    for height, width, count in ((64, 96, 1), (203, 97, 7)):
        rng = np.random.default_rng(height)
        seen = whole.perceive([rng.integers(0, 256, (height, width, 3), dtype=np.uint8)])[0]
        regions = np.zeros((count, *seen.categories.shape[1:]), bool)
        for i in range(count):
            regions[i, i : i + 9, 2 * i : 2 * i + 7] = True
        with torch.inference_mode():
            there = model.read(described(seen, regions))
        probable = (there.presence.sigmoid(), there.extent.sigmoid(), there.severities, there.kinds)
        expected = Readings(*(part.numpy() for part in probable))
        for name, found, wanted in zip(Readings._fields, seen.read(regions), expected, strict=True):
            np.testing.assert_allclose(found, wanted, atol=5e-3, err_msg=name)


def test_what_cannot_be_read_is_refused(recipe: ReaderRecipe, eyes: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"dense\.crop"):
        reader_from_dict(recipe.to_dict() | {"dense": {"crop": 64}})
    blind = OnnxPerception(eyes, threads=1)
    blind._widths = ()
    with pytest.raises(ModelError, match="no features"):
        ReaderTrainer(recipe, tmp_path / "run", blind, tmp_path / "cache")
    missing = replace(recipe, dense=replace(recipe.dense, photos=()))
    with pytest.raises(RecipeError, match="no photographs"):
        ReaderTrainer(missing, tmp_path / "run", OnnxPerception(eyes, threads=1), tmp_path / "cache")
