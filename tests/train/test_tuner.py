"""The trainer of large models: the same sums however the work is spread, stopped or packed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState

from quibble.errors import RecipeError
from quibble.model import load
from quibble.model.adapters import Lora
from quibble.model.composition import Masks
from quibble.train.optim import tuned_rate
from quibble.train.tuner import Tuner
from quibble.train.tuning_recipe import Parts, Source, TuningOptim, TuningRecipe
from tests import tiny
from tests.train import tiny_data


def recipe(where: Path, **changes: Any) -> TuningRecipe:
    """Words and masks, LoRA and everything new."""
    if not (where / "llava").exists():
        tiny.save_llava(where / "llava", tokenizer=True)
        tiny_data.write_words(where / "words")
        tiny_data.write_masks(where / "masks")
    settings: dict[str, Any] = {
        "parts": Parts(
            model=str(where / "llava"),
            projector="abstractor",
            projected=(1, -1),
            grid=(2, 2),
            width=16,
            heads=2,
            masks=Masks(layers=(1, -1), width=16, heads=2),
        ),
        "data": (Source(path=str(where / "words")), Source(path=str(where / "masks"), masks=True)),
        "train": ("projector", "embeddings", "masks"),
        "lora": Lora(rank=2, alpha=4),
        "optim": TuningOptim(lr=1e-2, warmup_steps=2),
        "steps": 4,
        "batch": 4,
        "rows": 2,
        "workers": 0,
        "precision": "no",
        "frozen": "fp32",
        "context": 400,
    } | changes
    return TuningRecipe(name="t", **settings)


def trained(made: TuningRecipe, folder: Path) -> list[float]:
    tuner = Tuner(made, folder)
    tuner.train()
    return tuner.losses


def test_rows_and_recomputing_change_memory_and_not_the_losses(tmp_path: Path) -> None:
    losses = trained(recipe(tmp_path), tmp_path / "two")
    assert len(losses) == 4
    assert losses[-1] < losses[0]
    changes: list[dict[str, Any]] = [{"rows": 1}, {"rows": 4}, {"recompute": True}, {"workers": 1}]
    for number, change in enumerate(changes):
        again = trained(recipe(tmp_path, **change), tmp_path / str(number))
        assert again == pytest.approx(losses, rel=2e-4), change


@pytest.fixture
def another_precision() -> Iterator[None]:
    """accelerate keeps one precision a process."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def test_half_precision_is_near_the_single_one(tmp_path: Path, another_precision: None) -> None:
    tuner = Tuner(recipe(tmp_path, precision="bf16", frozen="bf16"), tmp_path / "half")
    kinds = {(w.requires_grad, w.dtype) for w in tuner.stored.model.parameters()}
    assert kinds == {(True, torch.float32), (False, torch.bfloat16)}
    tuner.train()
    AcceleratorState._reset_state(reset_partial_state=True)
    single = trained(recipe(tmp_path), tmp_path / "single")
    assert tuner.losses == pytest.approx(single, rel=0.02)
    model = load(str(tmp_path / "half" / "model")).model
    assert {w.dtype for name, w in model.named_parameters() if "lora_" not in name} == {torch.bfloat16}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_a_compiled_model_has_the_same_losses(tmp_path: Path) -> None:
    losses = trained(recipe(tmp_path), tmp_path / "plain")
    assert trained(recipe(tmp_path, compile=True), tmp_path / "compiled") == pytest.approx(losses, rel=2e-4)


def test_a_run_that_was_killed_goes_on_with_the_same_losses(tmp_path: Path) -> None:
    made = recipe(tmp_path, checkpoint_minutes=1e-9, lora=Lora(rank=2, alpha=4, dropout=0.2))
    losses = trained(made, tmp_path / "whole")
    first = Tuner(made, tmp_path / "killed")
    step, saved = first._step, first._save

    def save_twice() -> None:
        saved()
        if first.progress.step == 2:
            # A kill between the two names of the exchange.
            (first.folder / "last").rename(first.folder / "old")
            raise KeyboardInterrupt

    first._save = save_twice  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        first.train()
    assert step is not None
    second = Tuner(made, tmp_path / "killed")
    assert second.progress.step == 2
    second.train()
    assert [*first.losses, *second.losses] == pytest.approx(losses, rel=1e-5)
    names = {path.name for path in (tmp_path / "killed").iterdir()}
    assert {"last", "model", "recipe.json", "log.jsonl"} <= names
    assert not {"old", "next"} & names
    ours, theirs = (load(str(tmp_path / end / "model")).model.state_dict() for end in ("killed", "whole"))
    assert all(torch.allclose(ours[name], theirs[name], atol=1e-5) for name in theirs)


def test_checkpoints_hold_what_learns_and_nothing_else(tmp_path: Path) -> None:
    from safetensors import safe_open

    tuner = Tuner(recipe(tmp_path, steps=1, train=("projector",)), tmp_path / "run")
    tuner.train()
    with safe_open(tmp_path / "run" / "last" / "learned.safetensors", framework="pt") as file:
        names = set(file.keys())
    assert {name.split(".")[0] for name in names} == {"projector", "language"}
    assert all("lora_" in name for name in names if name.startswith("language"))
    assert not (tmp_path / "run" / "last" / "model.safetensors").exists()


def test_a_folder_with_another_recipes_run_is_refused(tmp_path: Path) -> None:
    made = recipe(tmp_path, steps=1)
    trained(made, tmp_path / "run")
    with pytest.raises(RecipeError, match="holds a run with another seed"):
        Tuner(replace(made, seed=5), tmp_path / "run")
    Tuner(replace(made, rows=1, recompute=True), tmp_path / "run")


def test_masks_need_a_decoder(tmp_path: Path) -> None:
    made = recipe(tmp_path)
    with pytest.raises(RecipeError, match=r"'parts.masks.layers' is empty"):
        Tuner(replace(made, parts=replace(made.parts, masks=Masks())), tmp_path / "run")


def test_rates_follow_the_schedules() -> None:
    for schedule, middle, last in (("cosine", 0.5, 0.0), ("linear", 0.5, 0.0), ("constant", 1.0, 1.0)):
        optim = TuningOptim(lr=1.0, schedule=schedule, warmup=0.1)
        rates = [tuned_rate(optim, step, 100) for step in range(101)]
        assert rates[0] == pytest.approx(0.1)
        assert rates[9] == rates[10] == 1.0
        assert rates[55] == pytest.approx(middle)
        assert rates[100] == pytest.approx(last, abs=1e-9)
    assert tuned_rate(TuningOptim(lr=1.0, warmup=0.0), 0, 10) == 1.0
    assert tuned_rate(TuningOptim(lr=1.0, warmup_steps=4), 1, 10) == 0.5


SCRIPT = """
import json, sys
from pathlib import Path
from tests.train.test_tuner import recipe
from quibble.train.tuner import Tuner
where, folder, steps = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
tuner = Tuner(recipe(where, steps=steps, checkpoint_minutes=1e-9), folder)
print("processes", tuner.accelerator.num_processes, flush=True)
step = tuner._step
def told(steps):
    figures = step(steps)
    if tuner.accelerator.is_main_process:
        print("loss", tuner.progress.step, figures["loss"], flush=True)
    return figures
tuner._step = told
tuner.train()
"""


def start(arguments: list[str], *, rank: int | None = None, port: int = 29_511) -> subprocess.Popen[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    if rank is not None:
        environment |= {
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": "2",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
        }
    command = [sys.executable, "-c", SCRIPT, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


def losses_of(output: str) -> dict[int, float]:
    lines = [line.split() for line in output.splitlines() if line.startswith("loss")]
    return {int(step): float(loss) for _, step, loss in lines}


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one(tmp_path: Path) -> None:
    alone = trained(recipe(tmp_path), tmp_path / "one")
    port = 20_000 + os.getpid() % 20_000
    both = [start([str(tmp_path), str(tmp_path / "two"), "4"], rank=rank, port=port) for rank in range(2)]
    outputs = [process.communicate(timeout=200)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all("processes 2\n" in output for output in outputs)
    assert losses_of(outputs[1]) == {}
    assert list(losses_of(outputs[0]).values()) == pytest.approx(alone, rel=2e-4)
    one, two = (load(str(tmp_path / end / "model")).model.state_dict() for end in ("one", "two"))
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 1e-2


@pytest.mark.slow
def test_after_kill_9_the_next_loss_is_the_same(tmp_path: Path) -> None:
    whole = trained(recipe(tmp_path, steps=8, checkpoint_minutes=1e-9), tmp_path / "whole")
    process = start([str(tmp_path), str(tmp_path / "killed"), "8"])
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("loss 4"):
            break
    time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    again = start([str(tmp_path), str(tmp_path / "killed"), "8"])
    losses = losses_of(again.communicate(timeout=200)[0])
    assert again.returncode == 0
    assert losses
    assert min(losses) in (4, 5, 6, 7)
    assert [losses[step] for step in sorted(losses)] == pytest.approx(whole[min(losses) - 1 :], rel=1e-5)
    assert json.loads((tmp_path / "killed" / "recipe.json").read_text())["steps"] == 8
