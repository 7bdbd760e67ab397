"""Training a large model by a recipe, on one device or many: accelerate spreads the work, the sums stay the same.

A step's loss is over all its learned tokens, and over all its masks, whichever device and rows they were computed with.
"""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from safetensors.torch import load_file, save_file
from torch import Tensor

from quibble.backends.prompting import Prompter
from quibble.errors import RecipeError
from quibble.model.language import IGNORED
from quibble.model.stored import save
from quibble.train.assemble import DTYPES, assemble
from quibble.train.batches import Share, batches, share_of
from quibble.train.checkpoint import seed_everything
from quibble.train.conversing import Conversing, Terms
from quibble.train.journal import Journal
from quibble.train.mixture import Mixture, steps_of
from quibble.train.optim import make_tuning_optimizer, tuned_rate
from quibble.train.samples import Encoder, Rows, Samples, Together
from quibble.train.tuning_recipe import TuningRecipe

#: Parts of a recipe that do not change what is learned.
_MAY_CHANGE: Final = {"workers", "checkpoint_minutes", "recompute", "compile", "rows"}
#: Seconds between lines of the journal.
_PAUSE: Final = 20.0


@dataclass(kw_only=True)
class Progress:
    """How far a run is: the step is also the place in the data."""

    step: int = 0

    def state_dict(self) -> dict[str, int]:
        """For accelerate's checkpoints."""
        return {"step": self.step}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """The inverse."""
        self.step = state["step"]


class Tuner:
    """A run in a folder: `last/` to go on from, `log.jsonl` to look at, and in the end `model/`.

    losses: the mean loss of each step of this process's life, for those who compare runs.
    """

    def __init__(self, recipe: TuningRecipe, folder: Path) -> None:
        self.recipe, self.folder = recipe, folder
        self.last, self.losses = folder / "last", list[float]()
        mixture = Mixture(recipe)
        self.steps = steps_of(recipe, mixture)
        self.accelerator = Accelerator(
            mixed_precision=recipe.precision,
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=False)],
        )
        process, processes = self.accelerator.process_index, self.accelerator.num_processes
        each = share_of(recipe.batch, processes)
        self.accelerator.gradient_accumulation_steps = math.ceil(each / recipe.rows)
        folder.mkdir(parents=True, exist_ok=True)
        self._check_recipe()
        seed_everything(recipe.seed)
        self.stored, self.tokenizer = assemble(recipe)
        self._economise()
        objective = Conversing(self.stored.model, bce=recipe.loss.bce, dice=recipe.loss.dice)
        objective, self.optimizer = self.accelerator.prepare(
            objective.train(), make_tuning_optimizer(objective, recipe.optim)
        )
        self.objective = objective
        self.progress = Progress()
        self._register()
        prompter = Prompter(self.tokenizer, self.stored.composition, recipe.template, patch=self.stored.tower.patch)
        encoder = Encoder(prompter, context=recipe.context, quality_text=recipe.quality_text)
        self.samples = Share(Samples(mixture, encoder), batch=recipe.batch, process=process, processes=processes)
        # From here on, what processes draw is their own.
        torch.manual_seed(recipe.seed + process)
        self._resume()

    def train(self) -> None:
        """Run to the last step, with checkpoints, and save the model."""
        recipe, main = self.recipe, self.accelerator.is_main_process
        journal = Journal(self.folder, self.steps) if main else None
        steps = batches(
            self.samples,
            self.samples.each,
            self.progress.step,
            self.steps,
            recipe.workers,
            Together(recipe.rows),
            apart=True,
        )
        saved = logged = time.monotonic()
        since = self.progress.step
        while self.progress.step < self.steps:
            figures = self._step(steps)
            now, done = time.monotonic(), self.progress.step == self.steps
            if journal is not None and (now - logged > _PAUSE or done):
                rate = {"steps_per_second": (self.progress.step - since) / max(now - logged, 1e-9)}
                journal.write(self.progress.step, figures | rate)
                logged, since = now, self.progress.step
            if self._agree(now - saved > 60 * recipe.checkpoint_minutes) or done:
                self._save()
                saved = time.monotonic()
        if journal is not None:
            journal.close()
        self._save_model()

    def _step(self, steps: Iterator[list[Rows]]) -> dict[str, float]:
        """One update. Returns the means of the terms over all processes."""
        recipe, accelerator = self.recipe, self.accelerator
        rate = tuned_rate(recipe.optim, self.progress.step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        parts = next(steps)
        learned = sum(int((rows.labels[:, 1:] != IGNORED).sum()) for rows in parts)
        counts = torch.tensor([learned, sum(len(rows.masks) for rows in parts)], device=accelerator.device)
        tokens, groups = (max(1, int(n)) for n in self._sum(counts))
        # accelerate takes means over processes and over parts, and what is wanted is the sum over both.
        scale = accelerator.num_processes * len(parts)
        sums = torch.zeros(2, device=accelerator.device)
        for rows in parts:
            with accelerator.accumulate(self.objective):
                terms: Terms = self.objective(*rows.to(accelerator.device))
                text, masks = recipe.loss.text * terms.text / tokens, terms.masks / groups
                accelerator.backward(scale * (text + masks))
                sums += torch.stack([text.detach(), masks.detach()])
                if accelerator.sync_gradients and recipe.optim.clip:
                    accelerator.clip_grad_norm_(self.objective.parameters(), recipe.optim.clip)
                self.optimizer.step()
                self.optimizer.zero_grad()
        self.progress.step += 1
        text_loss, mask_loss = (float(n) for n in self._sum(sums))
        if not math.isfinite(text_loss + mask_loss):
            raise FloatingPointError(f"the loss of step {self.progress.step} is not finite; lower the rate or use bf16")
        self.losses.append(text_loss + mask_loss)
        return {"loss": text_loss + mask_loss, "text": text_loss, "masks": mask_loss, "lr": rate}

    def _economise(self) -> None:
        """Trade time for memory, or the start for speed, as the recipe says."""
        llama, vision = self.stored.llama, self.stored.tower.vision
        if self.recipe.recompute:
            _recompute(llama)
            if "vision" in self.recipe.train:
                _recompute(vision)
        if self.recipe.compile:
            llama.model.compile(dynamic=True)

    def _sum(self, values: Tensor) -> Tensor:
        """Over all processes."""
        total: Tensor = self.accelerator.reduce(values, reduction="sum")
        return total

    def _agree(self, wish: bool) -> bool:
        """What the first process wishes: clocks differ."""
        said = torch.tensor(int(wish and self.accelerator.is_main_process), device=self.accelerator.device)
        return bool(self._sum(said))

    def _check_recipe(self) -> None:
        """Raise RecipeError if the folder holds a run by another recipe; write down the recipe if it holds none."""
        file, now = self.folder / "recipe.json", json.loads(json.dumps(self.recipe.to_dict()))
        if file.exists():
            then = json.loads(file.read_text(encoding="utf-8"))
            differing = [key for key in now if then.get(key) != now[key] and key not in _MAY_CHANGE]
            if differing:
                raise RecipeError(
                    f"{self.folder} holds a run with another {', '.join(differing)}: train into a new folder, or start "
                    "from its model with parts.model"
                )
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            file.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")

    def _register(self) -> None:
        """Let checkpoints hold what learns only: the rest is in the files that the run began from."""
        learned = {name for name, weight in self.stored.model.named_parameters() if weight.requires_grad}

        def keep(models: list[Any], weights: list[dict[str, Tensor]], folder: str) -> None:
            # Empty where an engine saves its own shards.
            while weights:
                weights.pop()
                if self.accelerator.is_main_process:
                    own = self.stored.model.state_dict()
                    save_file({name: own[name].contiguous() for name in learned}, Path(folder, "learned.safetensors"))

        def take(models: list[Any], folder: str) -> None:
            while models:
                models.pop()
                self.stored.model.load_state_dict(load_file(Path(folder, "learned.safetensors")), strict=False)

        self.accelerator.register_save_state_pre_hook(keep)
        self.accelerator.register_load_state_pre_hook(take)
        self.accelerator.register_for_checkpointing(self.progress)

    def _save(self) -> None:
        """Write a new checkpoint beside the old one and exchange them: a kill leaves one of them whole."""
        fresh, old = self.folder / "next", self.folder / "old"
        if self.accelerator.is_main_process:
            shutil.rmtree(fresh, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        self.accelerator.save_state(str(fresh))
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            shutil.rmtree(old, ignore_errors=True)
            if self.last.exists():
                self.last.rename(old)
            fresh.rename(self.last)
            shutil.rmtree(old, ignore_errors=True)
        self.accelerator.wait_for_everyone()

    def _resume(self) -> None:
        old = self.folder / "old"
        if self.accelerator.is_main_process and not self.last.exists() and old.exists():
            old.rename(self.last)
        self.accelerator.wait_for_everyone()
        if self.last.exists():
            self.accelerator.load_state(str(self.last))

    def _save_model(self) -> None:
        """The whole model, adapters beside it, in a folder that quibble.model.load and the torch backend read.

        All of it in the precision of what did not learn; checkpoints keep the rest in single.
        """
        weights = self.accelerator.get_state_dict(self.objective)
        if not self.accelerator.is_main_process:
            return
        dtype = DTYPES[self.recipe.frozen]
        whole = {name.removeprefix("model."): weight.to(dtype) for name, weight in weights.items()}
        self.stored.name = self.recipe.name
        save(self.stored, self.folder / "model", tokenizer=self.tokenizer, weights=whole)


def _recompute(model: Any) -> None:
    """Let a model of transformers keep few activations. Older ones call it by its older name."""
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable({"use_reentrant": False})
