from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from quibble.bench.baselines import MEASURES, CommonestModel, MeasureModel, RandomModel
from quibble.bench.item import Item, Kind
from quibble.bench.reply import Status
from quibble.errors import ArgumentError, CapabilityError, MissingExtraError, ModelError
from quibble.image import save
from tests.bench.examples import PICTURE


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A reference, a slightly and a much darker and noisier picture."""
    rng = np.random.default_rng(0)
    base = rng.integers(180, 250, (64, 96, 3))
    paths = tmp_path / "ref.png", tmp_path / "near.png", tmp_path / "far.png"
    for path, drop, noise in zip(paths, (0, 5, 90), (0, 0, 40), strict=True):
        save((base - drop + rng.integers(0, noise + 1, base.shape)).astype(np.uint8), path)
    return paths


def scored(model: MeasureModel, *images: Path, reference: bool = True) -> float | None:
    return model.answer(Item(id="s", kind=Kind.SCORE, images=images, reference=reference)).score


@pytest.mark.parametrize("name", ["psnr", "ssim", "fsim", "vif"])
def test_likeness_to_the_reference(name: str, pictures: tuple[Path, Path, Path]) -> None:
    if name in ("fsim", "vif"):
        pytest.importorskip("piq", exc_type=ImportError)
    ref, near, far = pictures
    model = MeasureModel(MEASURES[name]())
    same, less, least = (scored(model, ref, other) or 0 for other in (ref, near, far))
    assert same > less > least
    if name == "psnr":
        assert same == 100
        assert less == pytest.approx(10 * np.log10(255**2 / 25))
    else:
        assert same == pytest.approx(1, abs=1e-3)
    assert model.can(Item(id="s", kind=Kind.SCORE, images=(ref, near), reference=True))
    assert not model.can(Item(id="s", kind=Kind.SCORE, images=(ref,)))
    assert not model.can(Item(id="q", kind=Kind.QUESTION, images=(ref, near), reference=True))
    for pair, winner in (((far, near), "B"), ((near, far), "A")):
        item = Item(id="c", kind=Kind.COMPARE, images=(ref, *pair), reference=True)
        assert model.answer(item).winner == winner


class Piq(ModuleType):
    """A stand-in for piq that keeps what it was shown; its measures are the mean difference, and the mean.

    offline: downloads fail.
    """

    __version__ = "0.8"

    def __init__(self, *, offline: bool = False) -> None:
        super().__init__("piq")
        self.offline, self.shown = offline, list[Any]()

    def fsim(self, x: Any, y: Any, *, data_range: float) -> Any:
        self.shown.append((x, y, data_range))
        if min(x.shape[2:]) < 41:
            raise ValueError("Invalid size")
        return 1 - (x - y).abs().mean()

    def brisque(self, x: Any, *, data_range: float) -> Any:
        self._download()
        return x.mean()

    def LPIPS(self) -> Any:  # noqa: N802
        self._download()
        return lambda x, y: (x - y).abs().mean()

    def _download(self) -> None:
        if self.offline:
            raise OSError("no route to host")


def install(monkeypatch: pytest.MonkeyPatch, piq: ModuleType | None) -> None:
    monkeypatch.setitem(sys.modules, "piq", piq)


def test_piq_is_shown_colors_from_0_to_1_and_higher_is_better(
    monkeypatch: pytest.MonkeyPatch, pictures: tuple[Path, Path, Path]
) -> None:
    ref, near, far = pictures
    piq = Piq()
    install(monkeypatch, piq)
    model = MeasureModel(MEASURES["fsim"]())
    assert model.label == "FSIM (piq 0.8)"
    assert scored(model, ref, near) == pytest.approx(1 - 5 / 255)
    x, y, data_range = piq.shown[0]
    assert (tuple(x.shape), data_range) == ((1, 3, 64, 96), 1)
    assert float(y.max()) <= 1
    assert float((y - x).mean()) == pytest.approx(5 / 255)
    lpips = MeasureModel(MEASURES["lpips"]())
    assert (scored(lpips, ref, near) or 0) > (scored(lpips, ref, far) or 0)
    brisque = MeasureModel(MEASURES["brisque"]())
    assert (scored(brisque, far, reference=False) or 0) > (scored(brisque, near, reference=False) or 0)


def test_what_a_measure_is_not_defined_for_is_unreadable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, Piq())
    for name, size in (("small", 40), ("large", 64)):
        save(np.zeros((size, size, 3), np.uint8), tmp_path / f"{name}.png")
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    model = MeasureModel(MEASURES["fsim"]())
    reply = model.answer(Item(id="s", kind=Kind.SCORE, images=(small, small), reference=True))
    assert (reply.status, reply.score, reply.text) == (Status.UNREADABLE, None, "Invalid size")
    with pytest.raises(ArgumentError, match="one size"):
        scored(model, small, large)


def test_without_piq_or_its_weights_a_person_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, None)
    for name in ("fsim", "vif", "lpips", "dists", "brisque"):
        with pytest.raises(MissingExtraError, match=r"quibble\[baselines\]"):
            MEASURES[name]()
    install(monkeypatch, Piq(offline=True))
    for name in ("lpips", "brisque"):
        with pytest.raises(ModelError, match="no route to host"):
            MEASURES[name]()


def test_a_torchvision_of_another_torch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "piq.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.delitem(sys.modules, "piq", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CapabilityError, match="belong together"):
        MEASURES["vif"]()


def choice(number: int, right: int, options: int = 2) -> Item:
    return Item(id=str(number), kind=Kind.CHOICE, images=PICTURE, options=tuple("abcd"[:options]), right=right)


def test_the_commonest_answer() -> None:
    items = [choice(1, 1), choice(2, 1), choice(3, 0), choice(4, 3, 4), choice(5, 3, 4)]
    model = CommonestModel([*items, Item(id="s", kind=Kind.SCORE, images=PICTURE, score=30)])
    assert [model.answer(item).choice for item in items] == [1, 1, 1, 3, 3]
    assert model.answer(Item(id="t", kind=Kind.SCORE, images=PICTURE)).score == 30
    assert not model.can(Item(id="d", kind=Kind.DESCRIBE, images=PICTURE))


def test_random_answers_hang_on_seed_and_name_alone() -> None:
    items = [choice(i, 0, 4) for i in range(400)]
    first = [RandomModel(1).answer(item).choice for item in items]
    assert [RandomModel(1).answer(item).choice for item in reversed(items)] == first[::-1]
    assert [RandomModel(2).answer(item).choice for item in items] != first
    counts = np.bincount([c for c in first if c is not None], minlength=4)
    assert counts.min() > 70
