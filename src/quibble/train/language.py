"""Training the language half: the next token of every answer, given evidence, question and all before it."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from quibble.errors import RecipeError
from quibble.model.language import IGNORED, Language, Learned, answer_weights, learned_tokens
from quibble.train.batches import batches
from quibble.train.checkpoint import Run, load_weights, resume, save, seed_everything
from quibble.train.journal import Journal
from quibble.train.optim import learning_rate, make_optimizer, update_average
from quibble.train.recipe import LanguageRecipe, language_from_dict

#: Token ids of a conversation, and the same again with IGNORED for those that are read but not learned.
Sample = tuple[Sequence[int], Sequence[int]]


class Samples(Protocol):
    """Conversations without end: number i is a pure function of the source's seed and i.

    Each is a Sample here; whoever learns more than words has more in them.
    """

    def __getitem__(self, number: int) -> Any: ...


class Rows(NamedTuple):
    """Samples of like length side by side: ids and labels, (rows, T) int64, padded on the right with 0 and IGNORED."""

    ids: Tensor
    labels: Tensor

    def weight(self, balance: float) -> float:
        """What the tokens that are learned count together; see answer_weights."""
        return float(answer_weights(self.labels, balance)[:, 1:].sum())


class Sorted:
    """Samples of one step -> Rows of at most `rows` samples each, the shortest first.

    A step of random samples computed in order of length has little padding and no bias, which batches of one length
    would have. Raises RecipeError for samples that do not fit the model.
    """

    def __init__(self, rows: int, *, context: int, vocabulary: int) -> None:
        self.rows, self.context, self.vocabulary = rows, context, vocabulary

    def __call__(self, samples: list[Sample]) -> list[Rows]:
        for ids, labels in samples:
            self._check(ids, labels)
        ordered = sorted(samples, key=lambda sample: len(sample[0]))
        return [self._pad(ordered[i : i + self.rows]) for i in range(0, len(ordered), self.rows)]

    def _pad(self, samples: list[Sample]) -> Rows:
        shape = (len(samples), len(samples[-1][0]))
        rows = Rows(torch.zeros(shape, dtype=torch.long), torch.full(shape, IGNORED))
        for number, sample in enumerate(samples):
            for padded, tokens in zip(rows, sample, strict=True):
                padded[number, : len(tokens)] = torch.as_tensor(tokens)
        return rows

    def _check(self, ids: Sequence[int], labels: Sequence[int]) -> None:
        if len(ids) != len(labels):
            raise RecipeError(f"a sample has {len(ids)} tokens but {len(labels)} labels")
        if len(ids) > self.context:
            raise RecipeError(f"a sample has {len(ids)} tokens, the model's context {self.context}: write shorter ones")
        if max(ids) >= self.vocabulary:
            raise RecipeError(f"a sample has token {max(ids)}, the model a vocabulary of {self.vocabulary}")


class NextToken(nn.Module):
    """What is learned from a batch as one forward pass, so that wrappers for precision see a single call."""

    def __init__(self, model: Language, *, balance: float = 0.0) -> None:
        super().__init__()
        self.model, self.balance = model, balance

    def forward(self, ids: Tensor, labels: Tensor) -> Learned:
        """See learned_tokens."""
        return learned_tokens(self.model, self.model(ids), labels, balance=self.balance)


def load_language(checkpoint: Path) -> tuple[Language, LanguageRecipe]:
    """The averaged weights of a checkpoint as a model in evaluation mode, and its recipe."""
    weights, data = load_weights(checkpoint)
    recipe = language_from_dict(data)
    model = Language.random(recipe.language)
    model.load_state_dict(weights)
    return model.eval(), recipe


class LanguageTrainer:
    """A run in a folder: `last.pt` to go on from, `log.jsonl` and TensorBoard files to look at.

    samples: step k learns from the batch * k'th and those that follow. held_out: wordings never learned from.
    """

    def __init__(self, recipe: LanguageRecipe, folder: Path, samples: Samples, held_out: Samples) -> None:
        self.recipe, self.samples = recipe, samples
        folder.mkdir(parents=True, exist_ok=True)
        seed_everything(recipe.seed)
        self.accelerator = Accelerator(mixed_precision=recipe.precision)
        model, objective = self._begin()
        self.average = copy.deepcopy(model).eval().requires_grad_(False).to(self.accelerator.device)
        self.objective, optimizer = self.accelerator.prepare(objective, make_optimizer(model, recipe.optim))
        self.run = Run(model=model, average=self.average, optimizer=optimizer)
        self.checkpoint = folder / "last.pt"
        if self.checkpoint.exists():
            resume(self.run, recipe, self.checkpoint)
        self.sort = self._sorting()
        self.held_out = self.sort([held_out[i] for i in range(recipe.data.validate)])
        self.journal = Journal(folder, recipe.steps)

    def _begin(self) -> tuple[nn.Module, nn.Module]:
        """The model with the weights to begin with, and what it learns by."""
        model = Language.random(self.recipe.language)
        if self.recipe.init:
            model.load_state_dict(load_weights(self.recipe.init)[0])
        return model, NextToken(model, balance=self.recipe.data.balance)

    def _sorting(self) -> Callable[[list[Any]], list[Any]]:
        """Samples of a step -> what is computed at once."""
        sizes = self.recipe.language
        return Sorted(self.recipe.data.rows, context=sizes.context, vocabulary=sizes.vocabulary)

    def train(self) -> None:
        """Run to the recipe's last step, with a checkpoint every few minutes and at the end."""
        recipe, run = self.recipe, self.run
        steps = batches(self.samples, recipe.data.batch, run.step, recipe.steps, recipe.workers, self.sort)
        saved = logged = _now()
        since, read, means = run.step, 0, dict[str, float]()
        while run.step < recipe.steps:
            terms, tokens = self._step(steps)
            for name, value in terms.items():
                means[name] = 0.98 * means.get(name, value) + 0.02 * value
            read += tokens
            now = _now()
            if now - logged > 20:
                seconds = now - logged
                rates = {"tokens_per_second": read / seconds, "steps_per_second": (run.step - since) / seconds}
                self.journal.write(run.step, means | rates)
                logged, since, read = now, run.step, 0
            if now - saved > 60 * recipe.checkpoint_minutes or run.step == recipe.steps:
                save(run, recipe, self.checkpoint)
                saved = _now()
            if run.step % recipe.validate_every == 0 or run.step == recipe.steps:
                self.journal.write(run.step, self.validate())
        self.journal.close()

    def _step(self, steps: Iterator[list[Any]]) -> tuple[dict[str, float], int]:
        """One update. Returns the losses by name, and the tokens read, padding not counted."""
        recipe, run = self.recipe, self.run
        self.objective.train()
        for group in run.optimizer.param_groups:
            group["lr"] = learning_rate(recipe.optim, run.step, recipe.steps)
        learned = self._learn(next(steps))
        self.accelerator.clip_grad_norm_(run.model.parameters(), recipe.optim.clip)
        run.optimizer.step()
        run.optimizer.zero_grad(set_to_none=True)
        run.step += 1
        update_average(run.average, run.model, recipe.optim.ema, run.step)
        return learned

    def _learn(self, parts: list[Any]) -> tuple[dict[str, float], int]:
        """Gradients of a step. Returns what _step returns."""
        wanted = sum(rows.weight(self.recipe.data.balance) for rows in parts)
        total, read = 0.0, 0
        for rows in parts:
            ids, labels = self._move(rows)
            # Over the tokens of the whole step: a token counts the same whichever rows it was computed with.
            loss = self.objective(ids, labels).loss / wanted
            self.accelerator.backward(loss)
            total += float(loss.detach())
            read += int((rows.ids != 0).sum())
        return {"loss": total}, read

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Loss of a learned token, and how often it is the likeliest, with the averaged weights on held-out samples."""
        assert isinstance(self.average, Language)
        objective = NextToken(self.average)
        parts = [objective(*self._move(rows)) for rows in self.held_out]
        loss, tokens, right = (float(torch.stack(column).sum()) for column in zip(*parts, strict=True))
        return {"val/loss": loss / tokens, "val/right": right / tokens}

    def _move(self, rows: Rows) -> Rows:
        return Rows(*(part.to(self.accelerator.device, non_blocking=True) for part in rows))


def _now() -> float:
    return time.monotonic()
