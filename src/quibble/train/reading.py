"""Fitting the region reader: perception looks at made pictures once, then the reader learns from their regions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Subset

from quibble.backends.base import Evidence, FeatureBackend, Readings
from quibble.errors import ModelError
from quibble.model.reader import Read, RegionReader, told_apart
from quibble.streaks import streaks_of
from quibble.taxonomy import BLURS, Category, Distortion
from quibble.train import validation
from quibble.train.checkpoint import load_weights, save_weights, seed_everything
from quibble.train.fitting import fit_network
from quibble.train.journal import Journal, say
from quibble.train.parts import Parts, same_origin
from quibble.train.recipe import ReaderData, ReaderRecipe, reader_from_dict
from quibble.train.regions import SOFT, TRUE, Rows, described, joined, rows_of
from quibble.train.sources import DenseItem, DenseSource, find_photos

#: Pictures whose regions are kept in one file: a run that is stopped loses no more than these.
PART: Final = 250
#: A region that was damaged counts so many times as much as one that was proposed.
_TRUE_WEIGHT: Final = 3.0
_KIND_WEIGHT: Final = 0.2
#: Of the pictures without a defect this share is made smaller, down to this part of the size.
_SHRUNK, _SMALLEST = 0.6, 0.45
#: Of the blurred pictures: this share of the regions is blurred for certain, and every picture has one.
_BLURRED: Final = 0.75
#: Of the toned ones: this share has one of these for certain.
_TONED: Final = 0.8
_LIGHT: Final = (
    Category.BRIGHTEN,
    Category.DARKEN,
    Category.CONTRAST_STRENGTHEN,
    Category.CONTRAST_WEAKEN,
    Category.SATURATE_WEAKEN,
)
_TONES: Final = tuple(d.value for d in Distortion if d.category in _LIGHT)


class ReaderTrainer:
    """A run in a folder: what was seen, in folders by what was made of it, and `reader.safetensors`, the result.

    perception: what looks at the pictures. cache: where decoded photographs are kept. Raises ModelError for a
    perception without features, RecipeError if there are no photographs.
    """

    def __init__(self, recipe: ReaderRecipe, folder: Path, perception: FeatureBackend, cache: Path) -> None:
        if not perception.widths:
            raise ModelError(f"the perception {perception.name} gives no features: export it again with this version")
        self.recipe, self.folder, self.perception = recipe, folder, perception
        self.weights = folder / "reader.safetensors"
        self.parts = Parts(folder=folder / "regions", pictures=recipe.reader.pictures, size=PART)
        count = recipe.reader.clean
        self.clean = Parts(folder=folder / "clean", pictures=count, size=PART, what="clean pictures")
        count = recipe.reader.soft
        self.soft = Parts(folder=folder / "soft", pictures=count, size=PART, what="pictures with a soft background")
        count = recipe.reader.missed
        self.missed = Parts(folder=folder / "missed", pictures=count, size=PART, what="pictures out of focus")
        count = recipe.reader.blurred
        self.blurs = Parts(folder=folder / "blurred", pictures=count, size=PART, what="blurred pictures")
        count = recipe.reader.toned
        self.tones = Parts(folder=folder / "toned", pictures=count, size=PART, what="pictures of wrong light and color")
        #: in the order of the numbers of their pictures
        self.every = (self.parts, self.clean, self.soft, self.missed, self.blurs, self.tones)
        folder.mkdir(parents=True, exist_ok=True)
        made = {key: recipe.to_dict()[key] for key in ("seed", "dense", "opinion")}
        # Regions that an earlier version described have fewer numbers.
        made["inputs"] = RegionReader.inputs(perception.widths)
        same_origin(folder, {"perception": perception.eyes, **made}, "regions")
        photos = find_photos(recipe, cache, held_out=False)
        self.source = DenseSource(photos, recipe.dense, recipe.seed)
        damaged = replace(recipe.dense, clean=0.0, camera=0.0, stacked=0.0)
        blurred = replace(damaged, blurred=_BLURRED, hardened=0.0)
        self.blurred = DenseSource(photos, blurred, recipe.seed + 1)
        self.toned = DenseSource(photos, replace(damaged, hard=_TONES, hardened=_TONED), recipe.seed + 5)
        unharmed = replace(recipe.dense, clean=1.0, camera=0.0, shrunk=_SHRUNK, smallest=_SMALLEST)
        self.unharmed = DenseSource(photos, unharmed, recipe.seed + 2)
        self.softened = DenseSource(photos, replace(unharmed, mapped=1.0, bokeh=1.0), recipe.seed + 3)
        self.poor = DenseSource(photos, replace(recipe.dense, missed=1.0, mapped=0.0, styled=0.0), recipe.seed + 4)
        self.held_out = find_photos(recipe, cache, held_out=True)

    def train(self) -> None:
        """Look at all pictures, fit, and measure on the held-out photographs."""
        self.parts.collect(self.regions)
        self.clean.collect(self.clean_regions)
        self.soft.collect(self.soft_regions)
        self.missed.collect(self.missed_regions)
        self.blurs.collect(self.blurred_regions)
        self.tones.collect(self.toned_regions)
        rows = joined([Rows(*part) for parts in self.every for part in parts.load()])
        say(f"{len(rows.source)} regions of {sum(parts.pictures for parts in self.every)} pictures")
        model = fit(rows, self.perception.widths, self.recipe.reader, seed=self.recipe.seed)
        if len(model.blurs):
            blurred = of_one_blur(joined([Rows(*part) for part in self.blurs.load()]))
            say(f"{len(blurred.source)} regions of one kind of blur")
            fit_blurs(model, blurred, self.recipe.reader, seed=self.recipe.seed)
        save_weights(model.state_dict(), self.recipe.to_dict(), self.weights)
        journal = Journal(self.folder, self.recipe.reader.pictures)
        journal.write(self.recipe.reader.pictures, self.validate(model))
        journal.close()

    def validate(self, model: RegionReader) -> dict[str, float]:
        """Figures of a reader on the held-out photographs; those of the maps do not depend on it."""

        def read(seen: Evidence, regions: NDArray[np.bool_]) -> Readings:
            with torch.inference_mode():
                found = model.eval().read(described(seen, regions))
            parts = (found.presence.sigmoid(), found.extent.sigmoid(), found.severities, found.kinds)
            return Readings(*(part.numpy() for part in parts))

        def look(picture: NDArray[np.uint8]) -> Evidence:
            return replace(self._look(picture), reader=read)

        truths = validation.whole_pictures(self.held_out, each=2, seed=self.recipe.seed)
        return {f"val/{name}": value for name, value in validation.measure_dense(look, truths).items()}

    def regions(self, first: int, end: int) -> Rows:
        """All regions of some of the pictures."""
        return self._all(self.source, self.parts, first, end)

    def clean_regions(self, first: int, end: int) -> Rows:
        """The same of those that nothing was done to; their numbers follow those of the others, and so on."""
        return self._all(self.unharmed, self.clean, first, end)

    def soft_regions(self, first: int, end: int) -> Rows:
        """The same of those with a soft background."""
        rows = self._all(self.softened, self.soft, first, end)
        return rows._replace(source=torch.full_like(rows.source, SOFT))

    def missed_regions(self, first: int, end: int) -> Rows:
        """The same of those that are blurred as in poor light."""
        return self._all(self.poor, self.missed, first, end)

    def blurred_regions(self, first: int, end: int) -> Rows:
        """The same of those that are mostly blurred."""
        return self._all(self.blurred, self.blurs, first, end)

    def toned_regions(self, first: int, end: int) -> Rows:
        """The same of those in which light and color are mostly wrong."""
        return self._all(self.toned, self.tones, first, end)

    def _all(self, source: DenseSource, group: Parts, first: int, end: int) -> Rows:
        before = sum(parts.pictures for parts in self.every[: self.every.index(group)])
        parts = [
            self._rows(item, before + n)
            for n, item in zip(range(first, end), self._made(source, first, end), strict=True)
        ]
        return joined([part for part in parts if part is not None])

    def _made(self, source: DenseSource, first: int, last: int) -> Iterator[DenseItem]:
        """Made by a worker while perception looks at the one before."""
        workers = self.recipe.workers
        chosen = Subset(source, range(first, last))
        return iter(DataLoader(chosen, batch_size=None, num_workers=workers, prefetch_factor=8 if workers else None))

    def _rows(self, item: DenseItem, picture: int) -> Rows | None:
        rgb = np.ascontiguousarray(item.rgb.numpy().transpose(1, 2, 0))
        return rows_of(item, self._look(rgb), picture) if min(rgb.shape[:2]) >= 64 else None

    def _look(self, picture: NDArray[np.uint8]) -> Evidence:
        return replace(self.perception.perceive([picture], features=True)[0], streaks=streaks_of(picture))


def fit(rows: Rows, widths: tuple[int, ...], data: ReaderData, *, seed: int) -> RegionReader:
    """A fresh reader, in evaluation mode; fit_blurs follows. The same rows and seed give the same one."""
    seed_everything(seed)
    blurs = data.blurs if data.blurred else 0
    model = RegionReader(widths, hidden=data.hidden, dropout=data.dropout, members=data.members, blurs=blurs)
    # In double precision, and column by column: sums over so many rows.
    model.mean.copy_(rows.pooled.mean(0, dtype=torch.float64))
    for column in range(rows.pooled.shape[1]):
        model.deviation[column] = rows.pooled[:, column].double().std() + 1e-3
    weight = _weights(rows, soft=data.soft_weight)
    for number, member in enumerate(model.members):
        say(f"member {number + 1} of {data.members}")

        def loss_of(chosen: Tensor, member: nn.Module = member) -> Tensor:
            part = Rows(*(column[chosen] for column in rows))
            read = told_apart(member(model.standardized(part.pooled.float())))
            return reader_loss(read, part, weight[chosen])

        fit_network(member, len(rows.pooled), data, loss_of, seed=seed + number, rising=0.1)
    return model.eval()


def of_one_blur(rows: Rows) -> Rows:
    """The rows whose region has one kind of blur, as most of it."""
    one = (rows.kind >= 0) & (rows.kind < BLURS.stop)
    return Rows(*(column[one] for column in rows))


def fit_blurs(model: RegionReader, blurred: Rows, data: ReaderData, *, seed: int) -> None:
    """Fit the networks of a reader that tell one kind of blur from another, in place. blurred: regions of one each."""
    weight = _weights(blurred)
    for number, network in enumerate(model.blurs):
        say(f"kinds of blur, network {number + 1} of {data.blurs}")

        def loss_of(chosen: Tensor, network: nn.Module = network) -> Tensor:
            told = model.standardized(blurred.pooled[chosen].float())
            each = functional.cross_entropy(network(told), blurred.kind[chosen], reduction="none")
            return (each * weight[chosen]).mean()

        fit_network(network, len(blurred.pooled), data, loss_of, seed=seed + number, rising=0.1)
    model.eval()


def reader_loss(read: Read, rows: Rows, weight: Tensor) -> Tensor:
    """Presence and extent as expected shares (cross-entropy), severities where a category is, kinds of single ones."""
    shares = functional.binary_cross_entropy_with_logits(read.presence, rows.presence, reduction="none")
    shares = shares + functional.binary_cross_entropy_with_logits(read.extent, rows.extent, reduction="none")
    there = (rows.presence > 0.5).float() * weight.unsqueeze(1)
    severity = functional.smooth_l1_loss(read.severities, rows.severities, reduction="none", beta=0.5)
    loss = (shares.sum(1) * weight).mean() + (severity * there).sum() / (there.sum() + 1)
    # Of what is only proposed the kinds are not learned here: presence suffers from it.
    kind = torch.where(rows.source == TRUE, rows.kind, -1)
    if bool((kind >= 0).any()):
        loss = loss + _KIND_WEIGHT * functional.cross_entropy(read.kinds, kind, ignore_index=-1)
    return loss


def _weights(rows: Rows, *, soft: float = 1.0) -> Tensor:
    """A picture with many regions counts more than one with few, but not as many times; mean 1. soft: what one with a
    soft background counts beside the others."""
    _, which, count = torch.unique(rows.picture, return_inverse=True, return_counts=True)
    weight: Tensor = count[which].float().rsqrt() * torch.where(rows.source == TRUE, _TRUE_WEIGHT, 1.0)
    weight = weight * torch.where(rows.source == SOFT, soft, 1.0)
    return weight.div(weight.mean())


def load_reader(path: Path, widths: tuple[int, ...]) -> tuple[RegionReader, ReaderRecipe]:
    """What a run left in reader.safetensors, in evaluation mode, and its recipe."""
    weights, read = load_weights(path)
    recipe = reader_from_dict(read)
    data = recipe.reader
    blurs = len({name.split(".")[1] for name in weights if name.startswith("blurs.")})
    model = RegionReader(widths, hidden=data.hidden, dropout=data.dropout, members=data.members, blurs=blurs)
    model.load_state_dict(weights)
    return model.eval(), recipe
