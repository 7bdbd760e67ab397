import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from quibble.errors import RecipeError
from quibble.model.language import IGNORED, LanguageConfig
from quibble.train.checkpoint import load_weights
from quibble.train.language import LanguageTrainer, Sample, Sorted, load_language
from quibble.train.recipe import LanguageData, LanguageRecipe, Optim

TINY = LanguageConfig(vocabulary=20, width=32, layers=2, heads=2, key_value_heads=1, intermediate=48, context=40)
RECIPE = LanguageRecipe(
    name="tiny",
    language=TINY,
    seed=3,
    steps=6,
    workers=0,
    validate_every=6,
    data=LanguageData(batch=8, rows=3, validate=16),
    optim=Optim(lr=1e-2, warmup_steps=2, ema=0.5),
)


class Count:
    """Numbers of any count, and the one after the last as the answer, from (seed, number)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __getitem__(self, number: int) -> Sample:
        rng = np.random.default_rng((self.seed, number))
        question = rng.integers(10, 20, rng.integers(3, 12)).tolist()
        answer = [10 + (question[-1] - 9) % 10, 2]
        ids = [1, *question, *answer]
        return ids, [IGNORED] * (len(ids) - 2) + answer


def test_rows_are_of_like_length_and_padded_on_the_right() -> None:
    made = Sorted(3, context=40, vocabulary=20)([Count(0)[i] for i in range(8)])
    assert [len(rows.ids) for rows in made] == [3, 3, 2]
    lengths = [int((ids != 0).sum()) for rows in made for ids in rows.ids]
    assert lengths == sorted(len(Count(0)[i][0]) for i in range(8))
    for rows in made:
        assert rows.ids.shape[1] == int((rows.ids[-1] != 0).sum())
        assert ((rows.labels == IGNORED) | (rows.labels == rows.ids)).all()
        assert (rows.labels[rows.ids == 0] == IGNORED).all()
        assert ((rows.labels != IGNORED).sum(1) == 2).all()


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (([1] * 41, [1] * 41), "41 tokens, the model's context 40"),
        (([1, 20], [1, 20]), "token 20, the model a vocabulary of 20"),
        (([1, 2], [1]), "2 tokens but 1 labels"),
    ],
)
def test_samples_that_do_not_fit_are_refused(sample: Sample, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        Sorted(3, context=40, vocabulary=20)([sample])


def test_a_resumed_run_equals_one_that_never_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    LanguageTrainer(RECIPE, tmp_path / "straight", Count(0), Count(1)).train()
    stopped = LanguageTrainer(RECIPE, tmp_path / "stopped", Count(0), Count(1))
    step, done = stopped._step, 0

    def stop_after_three(steps: object) -> tuple[dict[str, float], int]:
        nonlocal done
        if done == 3:
            raise KeyboardInterrupt
        done += 1
        return step(steps)  # type: ignore[arg-type]

    monkeypatch.setattr(stopped, "_step", stop_after_three)
    monkeypatch.setattr("quibble.train.language._now", lambda: 1e6 * done)
    with pytest.raises(KeyboardInterrupt):
        stopped.train()
    monkeypatch.undo()
    again = LanguageTrainer(RECIPE, tmp_path / "stopped", Count(0), Count(1))
    assert again.run.step == 3
    again.train()
    first, second = (load_weights(tmp_path / name / "last.pt")[0] for name in ("straight", "stopped"))
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def test_rows_do_not_change_what_a_step_learns(tmp_path: Path) -> None:
    def after(rows: int) -> dict[str, torch.Tensor]:
        recipe = dataclasses.replace(RECIPE, steps=1, data=dataclasses.replace(RECIPE.data, rows=rows))
        LanguageTrainer(recipe, tmp_path / str(rows), Count(0), Count(1)).train()
        return load_weights(tmp_path / str(rows) / "last.pt")[0]

    few, many = after(2), after(8)
    for name, value in few.items():
        torch.testing.assert_close(value, many[name], atol=2e-4, rtol=0)


def test_it_learns_to_count_on(tmp_path: Path) -> None:
    recipe = dataclasses.replace(
        RECIPE, steps=300, validate_every=300, data=dataclasses.replace(RECIPE.data, batch=16, rows=16)
    )
    LanguageTrainer(recipe, tmp_path, Count(0), Count(1)).train()
    figures = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()][-1]
    assert figures["val/right"] > 0.9
    model, read = load_language(tmp_path / "last.pt")
    assert read == recipe
    assert not model.training


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    LanguageTrainer(dataclasses.replace(RECIPE, steps=1), tmp_path, Count(0), Count(1)).train()
    with pytest.raises(RecipeError, match="another seed"):
        LanguageTrainer(dataclasses.replace(RECIPE, steps=1, seed=4), tmp_path, Count(0), Count(1))
