"""The training loop. One for every recipe: what differs between stages is in the recipe."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from numpy.typing import NDArray
from torch import Tensor, nn

from quibble.backends.base import OUTPUTS, Evidence, evidence
from quibble.model.perception import Exported, Perception
from quibble.train import losses, validation
from quibble.train.batches import Share, batches
from quibble.train.checkpoint import Run, begin_with, resume, save, seed_everything
from quibble.train.journal import Journal
from quibble.train.opinions import learn_opinions
from quibble.train.optim import learning_rate, make_optimizer, update_average
from quibble.train.recipe import Recipe
from quibble.train.sources import DenseItem, DenseSource, find_photos


class Trainer:
    """A run in a folder: `last.pt` to go on from, `log.jsonl` and TensorBoard files to look at."""

    def __init__(self, recipe: Recipe, folder: Path, *, cache: Path | None = None) -> None:
        self.recipe, self.folder = recipe, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.cache = cache = cache or folder / "cache"
        self.fitted = folder / "opinions.json"
        seed_everything(recipe.seed)
        self.accelerator = Accelerator(
            mixed_precision=recipe.precision,
            # The opinion head learns later, and a process whose crops are all clean has no kinds to learn.
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
        )
        process, processes = self.accelerator.process_index, self.accelerator.num_processes
        model = Perception(recipe.model)
        if recipe.init:
            begin_with(model, recipe.init)
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        average = copy.deepcopy(model).eval().requires_grad_(False).to(self.accelerator.device)
        objective = losses.Objective(model, recipe.loss)
        self.objective, optimizer = self.accelerator.prepare(objective, make_optimizer(model, recipe.optim))
        self.run = Run(model=model, average=average, optimizer=optimizer)
        self.checkpoint = folder / "last.pt"
        if self.checkpoint.exists():
            resume(self.run, recipe, self.checkpoint)
        with self.accelerator.main_process_first():
            photos = find_photos(recipe, cache, held_out=False)
            self.held_out = find_photos(recipe, cache, held_out=True)
        source = DenseSource(photos, recipe.dense, recipe.seed)
        self.dense = Share(source, batch=recipe.dense.batch, process=process, processes=processes)
        self.journal = Journal(folder, recipe.steps) if self.accelerator.is_main_process else None

    def train(self) -> None:
        """Run to the recipe's last step, with a checkpoint every few minutes and at the end.

        Of several processes each computes its share of every batch; the first one keeps checkpoints and figures. The
        terms that are ratios over a batch, DICE and severity, are then those of the shares, averaged.
        """
        recipe, run, journal = self.recipe, self.run, self.journal
        first, last = run.step * recipe.accumulate, recipe.steps * recipe.accumulate
        dense = batches(self.dense, self.dense.each, first, last, recipe.workers)
        saved = logged = _now()
        since, means = run.step, dict[str, float]()
        while run.step < recipe.steps:
            terms = self._step(dense)
            if journal is None:
                continue
            for name, value in terms.items():
                means[name] = means.get(name, value) * 0.98 + value * 0.02
            now = _now()
            if now - logged > 20:
                rate = (run.step - since) / (now - logged)
                journal.write(run.step, {f"loss/{k}": v for k, v in means.items()} | {"steps_per_second": rate})
                logged, since = now, run.step
            if now - saved > 60 * recipe.checkpoint_minutes or run.step == recipe.steps:
                save(run, recipe, self.checkpoint)
                saved = _now()
            if run.step % recipe.validate_every == 0 or run.step == recipe.steps:
                journal.write(run.step, self.validate())
        if journal is None:
            return
        if recipe.opinion.split and not self.fitted.exists():
            self._learn_opinions(journal)
        journal.close()

    def _learn_opinions(self, journal: Journal) -> None:
        """Fit the opinion head of the averaged weights, and keep it in the checkpoint."""
        average = self.run.average
        assert isinstance(average, Perception)
        figures = learn_opinions(average, self.recipe, self.cache, progress=self._show)
        save(self.run, self.recipe, self.checkpoint)
        journal.write(self.run.step, {f"val/{name}": value for name, value in figures.items()})
        self.fitted.write_text(json.dumps(figures), encoding="utf-8")

    def _show(self, done: int, total: int) -> None:
        if done % 1000 == 0:
            print(f"opinions: {done} of {total} pictures described", flush=True)

    def _step(self, dense: Iterator[Any]) -> dict[str, float]:
        recipe, run, device = self.recipe, self.run, self.accelerator.device
        model = run.model
        self.objective.train()
        if recipe.freeze_norms:
            for module in model.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        for group in run.optimizer.param_groups:
            group["lr"] = learning_rate(recipe.optim, run.step, recipe.steps)
        terms: dict[str, Tensor] = {}
        for _ in range(recipe.accumulate):
            made = DenseItem(*(t.to(device, non_blocking=True) for t in next(dense)))
            terms = self.objective(made)
            self.accelerator.backward(torch.stack(list(terms.values())).sum() / recipe.accumulate)
        self.accelerator.clip_grad_norm_(model.parameters(), recipe.optim.clip)
        run.optimizer.step()
        run.optimizer.zero_grad(set_to_none=True)
        run.step += 1
        update_average(run.average, model, recipe.optim.ema, run.step)
        return {name: float(value.detach()) for name, value in terms.items()}

    def validate(self) -> dict[str, float]:
        """Figures of the averaged weights on the held-out photographs."""
        device = self.accelerator.device
        model = Exported(self.run.average)

        @torch.inference_mode()
        def look(picture: NDArray[np.uint8]) -> Evidence:
            outputs = model(torch.from_numpy(np.array(picture))[None].to(device))
            maps = [output.cpu().numpy()[0] for output in outputs[: len(OUTPUTS)]]
            return evidence(maps, picture.shape[1], picture.shape[0])

        truths = validation.whole_pictures(self.held_out, each=2, seed=self.recipe.seed)
        return {f"val/{k}": v for k, v in validation.measure_dense(look, truths).items()}


def _now() -> float:
    return time.monotonic()
