"""Training with pictures, seen by a perception whose features are known."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from quibble.assessor import Assessor
from quibble.errors import RecipeError
from quibble.geometry import Mask
from quibble.model.language import Language, LanguageConfig
from quibble.model.lmm import LmmConfig, Looked
from quibble.pipelines.octopus import build
from quibble.pipelines.plans import Task
from quibble.pipelines.settings import Settings
from quibble.pipelines.talk.exchange import Exchange
from quibble.text.conversation import Conversation, Shown
from quibble.text.special import SEGMENT_TEXT
from quibble.text.tokenizer import nano
from quibble.train.checkpoint import load_weights, save_weights
from quibble.train.examples import Example
from quibble.train.language import Sorted
from quibble.train.lessons import pictures_trainer
from quibble.train.pictures import Group, Grouped, Lessons, PicturesTrainer, averaged, iou, load_lmm, make_lmm
from quibble.train.recipe import LanguageData, Optim, PictureData, PicturesRecipe, load_any
from tests.fake_backend import FakeBackend
from tests.pipelines.conftest import LONG_SIDE, photos_folder

__all__ = ["photos_folder"]
RECIPES = Path(__file__).parents[2] / "recipes"
SIZES = LanguageConfig(width=32, layers=1, heads=2, key_value_heads=1, intermediate=32, context=300, visual_tokens=2)
RECIPE = PicturesRecipe(
    name="tiny",
    language=SIZES,
    lmm=LmmConfig(abstractor_width=8, grid=(1, 2), segmentation_width=8, segmentation_scales=1, tokens_per_scale=6),
    pictures=PictureData(eyes=FakeBackend.eyes, widths=FakeBackend.widths, validate=4),
    seed=3,
    steps=4,
    workers=0,
    validate_every=4,
    data=LanguageData(batch=6, rows=2, validate=4),
    optim=Optim(lr=1e-2, warmup_steps=1, ema=0.5),
)


class Halves:
    """Pictures that are bright on one side, the side in words, and a mask of it; every third has no picture."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed

    def __getitem__(self, number: int) -> Example:
        rng = np.random.default_rng((self.seed, number))
        side, width = int(rng.integers(2)), int(rng.choice([64, 96]))
        picture = np.full((64, width, 3), 20, np.uint8)
        bright = np.zeros((64, width), bool)
        bright[:, : width // 2] = side == 0
        bright[:, width // 2 :] = side == 1
        picture[bright] = 220
        path = self.folder / f"{side}-{width}.npy"
        if not path.exists():
            np.save(path, picture)
        said = Exchange(kind="where", question="Where?", answer=("Left.", "Right.")[side] + SEGMENT_TEXT)
        about = Conversation(pictures=(Shown(evidence="nothing"),), region="here" if number % 2 else None)
        conversation = about.saying(said.question, said.answer)
        if number % 3 == 0:
            return Example(conversation=conversation, exchanges=(said,))
        mask = Mask.from_array(bright)
        region = mask if number % 2 else None
        return Example(conversation=conversation, exchanges=(said,), pictures=(path,), region=region, masks=(mask,))


class Arrays(Assessor):
    """Looks at pictures that are kept as arrays."""

    def look(self, image: Path, **_: object) -> object:  # type: ignore[override]
        return super().look(np.load(image))


@pytest.fixture
def lessons(tmp_path: Path) -> tuple[Lessons, Lessons, Lessons]:
    assessor = Arrays(FakeBackend())
    first, second, third = (Lessons(Halves(tmp_path, seed), nano(), assessor, visual_tokens=2) for seed in range(3))
    return first, second, third


def test_a_lesson_has_what_its_tokens_stand_for(lessons: tuple[Lessons, ...]) -> None:
    lesson = lessons[0][1]
    (picture,), ((number, region),), (mask,) = lesson.shown.pictures, lesson.shown.regions, lesson.masks
    assert isinstance(picture, Looked)
    assert [len(scale) for scale in picture.features] == [2, 3, 4, 5]
    assert number == 0
    assert torch.equal(region, mask)
    assert mask.shape == picture.features[0].shape[1:]
    assert set(mask.flatten().tolist()) == {0, 1}
    assert lesson.shown.targets == (0,)
    assert lessons[0][0].shown == ((), (), ())


def test_what_was_shown_stays_with_its_row(lessons: tuple[Lessons, ...]) -> None:
    made = [lessons[0][number] for number in range(7)]
    groups = Grouped(Sorted(3, context=300, vocabulary=4096))(made)
    assert [len(group.shown) for group in groups] == [3, 3, 1]
    ordered = [row for group in groups for row in group.rows.ids]
    shown = [what for group in groups for what in group.shown]
    masks = iter(mask for group in groups for mask in group.masks)
    for ids, what in zip(ordered, shown, strict=True):
        (lesson,) = [one for one in made if one.shown is what]
        assert ids[: len(lesson.ids)].tolist() == lesson.ids
        assert all(next(masks) is mask for mask in lesson.masks)


def after(folder: Path, lessons: tuple[Lessons, Lessons, Lessons], recipe: PicturesRecipe) -> dict[str, torch.Tensor]:
    PicturesTrainer(recipe, folder, *lessons).train()
    weights: dict[str, torch.Tensor] = load_weights(folder / "last.pt")[0]
    return weights


def test_rows_do_not_change_what_a_step_learns(tmp_path: Path, lessons: tuple[Lessons, Lessons, Lessons]) -> None:
    def learned(rows: int) -> tuple[dict[str, float], list[torch.Tensor | None]]:
        recipe = dataclasses.replace(RECIPE, data=dataclasses.replace(RECIPE.data, rows=rows))
        trainer = PicturesTrainer(recipe, tmp_path / str(rows), *lessons)
        terms, _ = trainer._learn(trainer.sort([lessons[0][number] for number in range(6)]))
        return terms, [weight.grad for weight in trainer.run.model.parameters()]

    # Gradients, since the optimiser makes large steps of those that are nothing but rounding.
    (few, few_gradients), (many, many_gradients) = learned(2), learned(6)
    assert few == pytest.approx(many, rel=1e-4)
    for one, other in zip(few_gradients, many_gradients, strict=True):
        assert one is not None
        assert other is not None
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-3)


def test_a_resumed_run_equals_one_that_never_stopped(
    tmp_path: Path, lessons: tuple[Lessons, Lessons, Lessons], monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = after(tmp_path / "straight", lessons, RECIPE)
    stopped = PicturesTrainer(RECIPE, tmp_path / "stopped", *lessons)
    learn, done = stopped._learn, 0

    def stop_after_two(parts: list[Group]) -> tuple[dict[str, float], int]:
        nonlocal done
        if done == 2:
            raise KeyboardInterrupt
        done += 1
        return learn(parts)

    monkeypatch.setattr(stopped, "_learn", stop_after_two)
    monkeypatch.setattr("quibble.train.language._now", lambda: 1e6 * done)
    with pytest.raises(KeyboardInterrupt):
        stopped.train()
    monkeypatch.undo()
    assert PicturesTrainer(RECIPE, tmp_path / "stopped", *lessons).run.step == 2
    for name, value in after(tmp_path / "stopped", lessons, RECIPE).items():
        assert torch.equal(value, straight[name]), name
    other = dataclasses.replace(RECIPE, pictures=dataclasses.replace(RECIPE.pictures, eyes="other-eyes"))
    with pytest.raises(RecipeError, match="another pictures"):
        PicturesTrainer(other, tmp_path / "stopped", *lessons)


def test_words_and_masks_are_learned(tmp_path: Path, lessons: tuple[Lessons, Lessons, Lessons]) -> None:
    recipe = dataclasses.replace(RECIPE, steps=60, pictures=dataclasses.replace(RECIPE.pictures, masks=2.0))
    trainer = PicturesTrainer(recipe, tmp_path / "run", *lessons)
    before = trainer.validate()
    trainer.train()
    figures = trainer.validate()
    assert figures["val/records/loss"] < 0.3 * before["val/records/loss"]
    assert figures["val/records/miou"] > 0.8
    model, read = load_lmm(tmp_path / "run" / "last.pt")
    assert read == recipe
    assert not model.training


def test_it_begins_with_words_alone_or_with_all_of_an_earlier_run(
    tmp_path: Path, lessons: tuple[Lessons, Lessons, Lessons]
) -> None:
    words = Language.random(SIZES)
    save_weights(words.state_dict(), {}, tmp_path / "words.safetensors")
    trainer = PicturesTrainer(
        dataclasses.replace(RECIPE, init=str(tmp_path / "words.safetensors")), tmp_path / "run", *lessons
    )
    for name, value in words.state_dict().items():
        torch.testing.assert_close(trainer.run.model.state_dict()[f"language.{name}"], value, atol=1e-3, rtol=0)
    whole = after(tmp_path / "run", lessons, RECIPE)
    again = PicturesTrainer(
        dataclasses.replace(RECIPE, init=str(tmp_path / "run" / "last.pt")), tmp_path / "again", *lessons
    )
    for name, value in whole.items():
        assert torch.equal(again.run.model.state_dict()[name], value)


def test_the_overlap_is_of_what_is_more_probable_than_not() -> None:
    truth = torch.tensor([[1.0, 0.6, 0.4, 0.0]])
    assert iou(torch.tensor([[2.0, 0.1, -1.0, -2.0]]), truth) == 1
    assert iou(torch.tensor([[2.0, -0.1, 1.0, -2.0]]), truth) == pytest.approx(1 / 3)
    assert iou(torch.full((1, 4), -1.0), torch.zeros(1, 4)) == 1


@pytest.fixture(scope="module")
def records(photos_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("records") / "out"
    build(photos_folder, out, Settings(records=6, long_side=LONG_SIDE, mix={Task.LOCAL: 1, Task.DAO_G: 1}))
    return out


def small(records: Path) -> PicturesRecipe:
    tiny = ("language.width=32", "language.layers=1", "language.heads=2", "language.intermediate=32")
    short = ("precision=no", "steps=2", "workers=0", "data.batch=6", "data.validate=2", "pictures.validate=4")
    folders = (f'data.records="{records}"', f'pictures.held_out="{records}"')
    recipe = load_any(RECIPES / "nano-pictures.toml", (*tiny, *short, *folders))
    assert isinstance(recipe, PicturesRecipe)
    return recipe


def test_the_recipe_trains_on_records_and_knows_whose_features_they_are(records: Path, tmp_path: Path) -> None:
    recipe, backend = small(records), FakeBackend()
    pictures_trainer(recipe, tmp_path / "run", backend, tmp_path / "cache").train()
    _, read = load_lmm(tmp_path / "run" / "last.pt")
    assert (read.pictures.eyes, read.pictures.widths) == (backend.eyes, backend.widths)
    looked = len(backend.runs)
    pictures_trainer(recipe, tmp_path / "other", backend, tmp_path / "cache")
    assert len(backend.runs) == looked
    other = dataclasses.replace(recipe, pictures=dataclasses.replace(recipe.pictures, eyes="other-eyes"))
    with pytest.raises(RecipeError, match="another perception than fake"):
        pictures_trainer(other, tmp_path / "refused", backend, tmp_path / "cache")
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "records.jsonl").touch()
    none = dataclasses.replace(recipe, pictures=dataclasses.replace(recipe.pictures, held_out=str(tmp_path / "none")))
    with pytest.raises(RecipeError, match=r"pictures\.held_out"):
        pictures_trainer(none, tmp_path / "refused", backend, tmp_path / "cache")
    more = dataclasses.replace(recipe, lmm=LmmConfig(tokens_per_scale=3))
    with pytest.raises(RecipeError, match="9 segmentation tokens"):
        pictures_trainer(more, tmp_path / "refused", backend, tmp_path / "cache")


def test_words_may_be_averaged_with_those_of_before() -> None:
    torch.manual_seed(0)
    model, words = make_lmm(RECIPE), Language.random(SIZES)
    own, before = ({k: v.clone() for k, v in m.state_dict().items()} for m in (model.language, words))
    others = {k: v.clone() for k, v in model.state_dict().items() if not k.startswith("language.")}
    told = averaged(model, words)
    for name, weight in told.language.state_dict().items():
        torch.testing.assert_close(weight, (own[name] + before[name]) / 2)
    assert all(torch.equal(told.state_dict()[name], weight) for name, weight in others.items())
    larger = Language.random(dataclasses.replace(SIZES, width=64))
    with pytest.raises(ValueError, match="shape"):
        averaged(model, larger)
