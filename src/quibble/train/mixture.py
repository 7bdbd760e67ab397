"""What a large model learns from: several data sets, mixed; sample number i is a pure function of the seed and i."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quibble.data.dataset import Indexed, Sample
from quibble.errors import ArgumentError, RecipeError
from quibble.pipelines.contamination import Evaluation
from quibble.train.journal import say
from quibble.train.tuning_recipe import Source, TuningRecipe


class Mixture:
    """Samples without end, with the source that each is from.

    By repeats: every epoch holds every record as often as its source says, in an order of its own. By shares: a source
    is drawn for each sample, and then one of its records. Raises RecipeError if there is nothing to learn from.
    """

    def __init__(self, recipe: TuningRecipe) -> None:
        self.seed, self.sources = recipe.seed, recipe.data
        self.corpora = [_open(source) for source in recipe.data]
        kept = [_wanted(corpus, source) for corpus, source in zip(self.corpora, recipe.data, strict=True)]
        if recipe.exclude:
            kept = _without(self.corpora, kept, _evaluation(recipe.exclude))
        for source, numbers in zip(recipe.data, kept, strict=True):
            if not len(numbers):
                raise RecipeError(
                    f"nothing is left to learn from {source.path}: look at 'tasks', 'split' and 'exclude'"
                )
        self.kept = kept
        self.shares = np.array([source.share for source in recipe.data])
        pairs = [np.stack([np.full(len(n), i), n], axis=1) for i, n in enumerate(kept)]
        self.epoch = np.concatenate(
            [np.repeat(pair, source.repeat, axis=0) for pair, source in zip(pairs, recipe.data, strict=True)]
        )
        self._order: tuple[int, NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        """Samples of an epoch."""
        return len(self.epoch)

    def __getitem__(self, number: int) -> tuple[Source, Sample]:
        if self.shares.any():
            rng = np.random.default_rng([self.seed, 2, number])
            which = int(rng.choice(len(self.shares), p=self.shares / self.shares.sum()))
            record = int(self.kept[which][rng.integers(len(self.kept[which]))])
        else:
            which, record = (int(n) for n in self.epoch[self._place(number)])
        return self.sources[which], self.corpora[which][record]

    def _place(self, number: int) -> int:
        epoch, place = divmod(number, len(self.epoch))
        if self._order is None or self._order[0] != epoch:
            self._order = (epoch, np.random.default_rng([self.seed, 3, epoch]).permutation(len(self.epoch)))
        return int(self._order[1][place])


def steps_of(recipe: TuningRecipe, mixture: Mixture) -> int:
    """How many steps the run has."""
    return recipe.steps or math.ceil(recipe.epochs * len(mixture) / recipe.batch)


def _evaluation(places: Sequence[str]) -> Evaluation:
    try:
        return Evaluation(places)
    except ArgumentError as error:
        raise RecipeError(f"in 'exclude': {error}") from error


def _open(source: Source) -> Indexed:
    try:
        return Indexed(source.path)
    except ArgumentError as error:
        raise RecipeError(f"in 'data': {error}") from error


def _wanted(corpus: Indexed, source: Source) -> NDArray[np.int64]:
    """Numbers of the records that a source takes."""
    numbers = np.arange(len(corpus))
    if not source.tasks and not source.split:
        return numbers

    def fits(number: int) -> bool:
        record = corpus[number].record
        return (not source.tasks or record.task in source.tasks) and source.split in ("", record.split)

    return numbers[[fits(int(number)) for number in numbers]]


def _without(corpora: list[Indexed], kept: list[NDArray[np.int64]], evaluation: Evaluation) -> list[NDArray[np.int64]]:
    """Numbers of the records none of whose pictures is measured on, as the same file or by its look."""
    known: dict[Path, bool] = {}

    def is_known(picture: Path | bytes) -> bool:
        if isinstance(picture, bytes):
            return evaluation.find(picture) is not None
        if picture not in known:
            known[picture] = evaluation.find(picture.read_bytes()) is not None
        return known[picture]

    left = []
    for corpus, numbers in zip(corpora, kept, strict=True):
        clean = [number for number in numbers if not any(map(is_known, corpus[int(number)].pictures))]
        left.append(np.array(clean, np.int64))
        out = len(numbers) - len(clean)
        say(f"{corpus.folder}: {out} of {len(numbers)} records left out, as their pictures are measured on")
    return left
