"""Fitting the damage gauge: perception looks at versions of photographs once, then it learns which are better."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from quibble.backends.base import FeatureBackend
from quibble.distort.opinion import EXPONENT
from quibble.errors import ModelError
from quibble.model.gauge import DamageGauge
from quibble.train.bank import Bank
from quibble.train.checkpoint import load_weights, save_weights, seed_everything
from quibble.train.fitting import fit_network
from quibble.train.journal import Journal, say
from quibble.train.parts import Parts, same_origin
from quibble.train.recipe import GaugeData, GaugeRecipe, gauge_from_dict
from quibble.train.sources import Picture, find_photos, less_rated
from quibble.train.versions import EACH, Versions, described, versions

#: Photographs whose versions are kept in one file.
PART: Final = 100
#: How many photographs that people find something wrong with are measured on.
HELD_OUT: Final = 120
#: Two versions whose opinions differ by less points are not told apart in measuring, and count less in learning.
GAP: Final = 3.0
_SURE: Final = 6.0
#: Points that make one of two versions better with odds of e to one; what a point of error costs beside that.
_POINTS: Final = 10.0
_EXACT: Final = 0.05


class GaugeTrainer:
    """A run in a folder: `versions/` holds what was seen, `gauge.safetensors` the result.

    perception: what looks at the pictures. cache: where decoded photographs are kept. Raises ModelError for a
    perception without features, RecipeError if there are no photographs.
    """

    def __init__(self, recipe: GaugeRecipe, folder: Path, perception: FeatureBackend, cache: Path) -> None:
        if not perception.widths:
            raise ModelError(f"the perception {perception.name} gives no features: export it again with this version")
        self.recipe, self.folder, self.perception = recipe, folder, perception
        self.weights = folder / "gauge.safetensors"
        self.cache = cache
        self.photos = find_photos(recipe, cache, held_out=False).pictures
        self.clean = recipe.gauge.photographs or len(self.photos)
        self.rated, self.opinions = self._rated(recipe.gauge.rated, held_out=False)
        count = self.clean + len(self.opinions)
        self.parts = Parts(folder=folder / "versions", pictures=count, size=PART, what="photographs")
        folder.mkdir(parents=True, exist_ok=True)
        made = {key: recipe.to_dict()[key] for key in ("seed", "dense", "opinion")}
        # Behind the clean photographs, a number means one of the others.
        same_origin(folder, {"perception": perception.eyes, "photographs": self.clean, **made}, "versions")

    def train(self) -> None:
        """Look at all versions, fit, and measure on the held-out photographs."""
        self.parts.collect(self._versions)
        seen = joined([Versions(*part) for part in self.parts.load()])
        model = fit(seen, self.perception.widths, self.recipe.gauge, seed=self.recipe.seed)
        save_weights(model.state_dict(), self.recipe.to_dict(), self.weights)
        journal = Journal(self.folder, len(seen.opinion))
        measured = accuracies(model, self.look_at_held_out())
        journal.write(len(seen.opinion), {f"val/{name}": value for name, value in measured.items()})
        journal.close()

    def look_at_held_out(self) -> Versions:
        """Versions of all held-out photographs, and of some of those that people find something wrong with."""
        clean = find_photos(self.recipe, self.cache, held_out=True).pictures
        rated, opinions = self._rated(HELD_OUT if self.recipe.gauge.rated else 0, held_out=True)
        say(f"looking at versions of {len(clean) + len(opinions)} held-out photographs")
        seen = [self._seen(clean[i], [self.recipe.seed, 1, i], 100.0) for i in range(len(clean))]
        if rated is not None:
            seen += [self._seen(rated[i], [self.recipe.seed, 2, i], base) for i, base in enumerate(opinions)]
        return joined(seen)

    def _rated(self, count: int, *, held_out: bool) -> tuple[Bank | None, list[float]]:
        if not count:
            return None, []
        return less_rated(self.recipe.opinion, self.cache, held_out=held_out, count=count, seed=self.recipe.seed)

    def _versions(self, first: int, end: int) -> Versions:
        order = np.random.default_rng(self.recipe.seed).permutation(len(self.photos))
        seen = []
        for number in range(first, end):
            key, other = [self.recipe.seed, number], number - self.clean
            if other < 0 or self.rated is None:
                seen.append(self._seen(self.photos[int(order[number % len(order)])], key, 100.0))
            else:
                seen.append(self._seen(self.rated[other], key, self.opinions[other]))
        return joined(seen)

    def _seen(self, photo: Picture, key: list[int], base: float) -> Versions:
        return described(versions(np.array(photo), np.random.default_rng(key)), self.perception, base)


def joined(parts: list[Versions]) -> Versions:
    """All photographs, in order."""
    return Versions(*(torch.cat(column) for column in zip(*parts, strict=True)))


def inputs(seen: Versions) -> tuple[Tensor, Tensor]:
    """What the networks `alone` and `against` are given of the photographs and their versions, (N, 1 + EACH, ...) both;
    a photograph is no distance from itself."""
    told = seen.told.float()
    apart, structure = (functional.pad(part.float(), (0, 0, 1, 0)) for part in (seen.apart, seen.structure))
    return told, DamageGauge.compared(told, told[:, :1].expand_as(told), apart, structure)


def fit(seen: Versions, widths: tuple[int, ...], data: GaugeData, *, seed: int) -> DamageGauge:
    """A fresh gauge, in evaluation mode. The same versions and seed give the same one."""
    seed_everything(seed)
    model = DamageGauge(widths, hidden=data.hidden, dropout=data.dropout)
    alone, against = inputs(seen)
    added = 100 - seen.opinion
    # What is wrong with the photograph and what was done to it add up as two distortions do.
    total = (added**EXPONENT + (100 - seen.base).unsqueeze(1) ** EXPONENT) ** (1 / EXPONENT)
    for name, network, given, lost in (
        ("alone", model.alone, alone, total.clamp(max=100)),
        ("against the original", model.against, against, added),
    ):
        say(f"fitting: {name}")
        rows = given.flatten(0, 1)
        network.mean.copy_(rows.mean(0, dtype=torch.float64))
        network.deviation.copy_(rows.double().std(0) + 1e-3)

        def loss_of(chosen: Tensor, network: nn.Module = network, given: Tensor = given, lost: Tensor = lost) -> Tensor:
            return gauge_loss(network(given[chosen]), lost[chosen])

        fit_network(network, len(given), data, loss_of, seed=seed)
    return model.eval()


def gauge_loss(points: Tensor, lost: Tensor) -> Tensor:
    """Which of two versions of one photograph has lost more (cross-entropy), and how much. (N, versions) both."""
    first, second = torch.triu_indices(points.shape[1], points.shape[1], 1)
    gap, truth = points[:, first] - points[:, second], lost[:, first] - lost[:, second]
    order = functional.binary_cross_entropy_with_logits(gap / _POINTS, (truth > 0).float(), reduction="none")
    return (order * (truth.abs() / _SURE).clamp(max=1)).mean() + _EXACT * functional.smooth_l1_loss(
        points, lost, beta=5.0
    )


def accuracies(model: DamageGauge, seen: Versions) -> dict[str, float]:
    """Share of pairs of versions told right, without and with the original, of clean and of flawed photographs; and the
    slopes that make a gap of points the logit of a probability."""
    alone, against = inputs(seen)
    with torch.inference_mode():
        points = {"alone": model.alone(alone)[:, 1:], "against": model.against(against)[:, 1:]}
    first, second = torch.triu_indices(EACH, EACH, 1)
    truth = seen.opinion[:, 1:][:, second] - seen.opinion[:, 1:][:, first]
    clear, clean = truth.abs() >= GAP, (seen.base == 100).unsqueeze(1)
    out = {}
    for name, found in points.items():
        gap = found[:, first] - found[:, second]
        out[f"slope_{name}"] = _slope(gap[clear], truth[clear] > 0)
        for kind, these in (("", clear & clean), ("_flawed", clear & ~clean)):
            if bool(these.any()):
                out[f"accuracy_{name}{kind}"] = float(((gap > 0) == (truth > 0))[these].float().mean())
                out[f"pairs{kind}"] = float(these.sum())
    return out


def _slope(gap: Tensor, more: Tensor) -> float:
    """Logistic regression through 0 by Newton's method."""
    x, y = gap.double(), more.double()
    slope = torch.tensor(1 / _POINTS, dtype=torch.float64)
    for _ in range(50):
        p = (slope * x).sigmoid()
        slope = slope + ((y - p) * x).sum() / ((p * (1 - p) * x * x).sum() + 1e-9)
    return float(slope)


def load_gauge(path: Path, widths: tuple[int, ...]) -> tuple[DamageGauge, GaugeRecipe]:
    """What a run left in gauge.safetensors, in evaluation mode, and its recipe."""
    weights, read = load_weights(path)
    recipe = gauge_from_dict(read)
    model = DamageGauge(widths, hidden=recipe.gauge.hidden, dropout=recipe.gauge.dropout)
    model.load_state_dict(weights)
    return model.eval(), recipe
