"""What a large model learns from: several data sets, mixed; sample number i is a pure function of the seed and i."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quibble.data.dataset import Indexed, Sample
from quibble.data.likeness import Hashes, alike, perceptual_hash
from quibble.errors import ArgumentError, ImageError, RecipeError
from quibble.train.journal import say
from quibble.train.tuning_recipe import Source, TuningRecipe

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


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
            kept = _without(self.corpora, kept, measured(recipe.exclude))
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


def measured(places: Sequence[str]) -> tuple[set[str], Hashes]:
    """What is measured on: the hashes of its files, and of what its pictures show.

    places: data sets, or folders with pictures in them at any depth. Raises RecipeError for one without pictures.
    """
    files: set[str] = set()
    shown: list[Hashes] = []
    for place in places:
        before = len(shown)
        for picture in _pictures(Path(place)):
            file, scene = _identity(picture)
            files.add(file)
            shown.append(scene)
        if len(shown) == before:
            raise RecipeError(f"'exclude' names {place}, and there is no picture in it")
    return files, np.stack(shown)


def _pictures(place: Path) -> list[Path | bytes]:
    try:
        return [picture for sample in _all(Indexed(place)) for picture in sample.pictures]
    except ArgumentError:
        return sorted(path for path in place.rglob("*") if path.suffix.lower() in _PICTURES)


def _all(corpus: Indexed) -> list[Sample]:
    return [corpus[number] for number in range(len(corpus))]


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


def _without(
    corpora: list[Indexed], kept: list[NDArray[np.int64]], measured: tuple[set[str], Hashes]
) -> list[NDArray[np.int64]]:
    """Numbers of the records none of whose pictures is measured on, the same file or the same scene."""
    files, shown = measured
    left = []
    for corpus, numbers in zip(corpora, kept, strict=True):
        owners, hashes, same = [], [], set[int]()
        for number in (int(n) for n in numbers):
            for picture in corpus[number].pictures:
                file, scene = _identity(picture)
                owners.append(number)
                hashes.append(scene)
                if file in files:
                    same.add(number)
        if owners:
            same.update(np.array(owners)[alike(np.stack(hashes), shown)].tolist())
        left.append(np.array([number for number in numbers if int(number) not in same], np.int64))
        say(f"{corpus.folder}: {len(same)} of {len(numbers)} records left out, as their pictures are measured on")
    return left


def _identity(picture: Path | bytes) -> tuple[str, Hashes]:
    """The hash of the file, and of what it shows. Raises ImageError if it is no picture."""
    return _identity_of_file(picture) if isinstance(picture, Path) else _identify(picture, "a picture in Parquet")


@cache
def _identity_of_file(path: Path) -> tuple[str, Hashes]:
    try:
        return _identify(path.read_bytes(), str(path))
    except OSError as error:
        raise ImageError(f"{path}: cannot be read ({error.strerror})") from error


def _identify(data: bytes, name: str) -> tuple[str, Hashes]:
    try:
        return hashlib.sha256(data).hexdigest(), perceptual_hash(data)
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError(f"{name}: is no picture that can be read ({error})") from error
