"""Fitting the region ranker: perception looks at records with several damaged regions once, then it learns which of the
regions proposed is the worst and which the mildest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from quibble.assessor import Assessor
from quibble.backends.onnx import OnnxPerception
from quibble.data.dataset import Indexed, Sample
from quibble.data.record import RegionEntry
from quibble.errors import ArgumentError, RecipeError
from quibble.extremes import ANYTHING, COUNT, told_of
from quibble.findings import CATEGORIES, Judged
from quibble.model.ranker import RegionRanker
from quibble.train.checkpoint import load_weights, save_weights, seed_everything
from quibble.train.fitting import fit_network
from quibble.train.journal import Journal, say
from quibble.train.parts import Parts, same_origin
from quibble.train.recipe import RankerData, RankerRecipe, ranker_from_dict

#: Records whose regions are kept in one file.
PART: Final = 100


class Contests(NamedTuple):
    """Regions that stand beside each other, row by row. told: (R, COUNT), see extremes.told_of. truth: (R, 2),
    intersection over union with the region that truly has the most, and with the one that has the least. size: (C,),
    how many rows each contest has, in order."""

    told: Tensor
    truth: Tensor
    size: Tensor


class RankerTrainer:
    """A run in a folder: `contests/` holds what was seen, `ranker.safetensors` the result.

    perception: what looks at the pictures, with the reader that reads their regions. Raises RecipeError for records
    that are missing.
    """

    def __init__(self, recipe: RankerRecipe, folder: Path, perception: OnnxPerception) -> None:
        self.recipe, self.folder = recipe, folder
        self.assessor = Assessor(perception)
        self.weights = folder / "ranker.safetensors"
        self.learned = [_open(place, "ranker.records") for place in recipe.ranker.records]
        if not sum(map(len, self.learned)):
            raise RecipeError("ranker.records: no records to learn from; make some with `quibble data build octopus`")
        self.held_out = _open(recipe.ranker.held_out, "ranker.held_out")
        count = sum(map(len, self.learned))
        self.parts = Parts(folder=folder / "contests", pictures=count, size=PART, what="records")
        folder.mkdir(parents=True, exist_ok=True)
        reader = perception.manifest.get("reader", {}).get("sha256", "")
        records = [[str(r.folder), len(r)] for r in self.learned]
        made = {"perception": perception.eyes, "reader": reader, "records": records}
        same_origin(folder, made, "contests")

    def train(self) -> None:
        """Look at all records, fit, and measure on those held out."""
        self.parts.collect(lambda first, end: joined(list(self._seen(self._samples(first, end)))))
        contests = joined([Contests(*part) for part in self.parts.load()])
        say(f"{len(contests.size)} contests of {len(contests.told)} regions")
        model = fit(contests, self.recipe.ranker, seed=self.recipe.seed)
        save_weights(model.state_dict(), self.recipe.to_dict(), self.weights)
        journal = Journal(self.folder, len(contests.size))
        journal.write(len(contests.size), {f"val/{k}": v for k, v in overlap(model, self.look_at_held_out()).items()})
        journal.close()

    def look_at_held_out(self) -> Contests:
        """Contests of the held-out records."""
        say(f"looking at {len(self.held_out)} held-out records")
        return joined(list(self._seen(self.held_out[i] for i in range(len(self.held_out)))))

    def _samples(self, first: int, end: int) -> Iterator[Sample]:
        for records in self.learned:
            yield from (records[i] for i in range(max(0, first), min(end, len(records))))
            first, end = first - len(records), end - len(records)

    def _seen(self, samples: Iterator[Sample]) -> Iterator[Contests]:
        for sample in samples:
            asked = _asked(sample.record.regions)
            if not asked:
                continue
            look = self.assessor.look(sample.pictures[0])
            size = {"width": look.width, "height": look.height}
            masks = [entry.region.to_mask(**size).to_array() for entry in sample.record.regions]
            for number, levels in asked.items():
                named = () if number == ANYTHING else (CATEGORIES[number],)
                judged = Judged.of(look.evidence, **size, named=named)
                if len(judged.regions) > 1:
                    yield _contest(judged, number, masks, levels)


def _open(place: str, key: str) -> Indexed:
    try:
        return Indexed(place)
    except ArgumentError as error:
        raise RecipeError(f"{key}: {error}") from error


def _asked(regions: tuple[RegionEntry, ...]) -> dict[int, list[float]]:
    """What several regions have in different amounts: a category's number or ANYTHING -> the level in each, 0: none."""
    amounts = {
        number: [sum(s.level for s in entry.degradations if s.category is category) for entry in regions]
        for number, category in enumerate(CATEGORIES)
    }
    amounts[ANYTHING] = [sum(s.level for s in entry.degradations) for entry in regions]
    return {number: levels for number, levels in amounts.items() if len({level for level in levels if level}) > 1}


def _contest(judged: Judged, number: int, masks: list[NDArray[np.bool_]], levels: list[float]) -> Contests:
    maps = judged.evidence.categories[(slice(None), *judged.content)]
    told = told_of(judged.regions, judged.readings, maps, number, judged.proposed)
    ious = np.stack([_ious(judged.regions, _at(mask, maps.shape[2], maps.shape[1])) for mask in masks])
    # Where two regions have as much, either will do.
    ends = (max(levels), min(level for level in levels if level))
    truth = [ious[[level == end for level in levels]].max(axis=0) for end in ends]
    return Contests(
        torch.from_numpy(told), torch.from_numpy(np.stack(truth, axis=1)).float(), torch.tensor([len(told)])
    )


def _at(mask: NDArray[np.bool_], width: int, height: int) -> NDArray[np.bool_]:
    pixels = Image.fromarray(mask.astype(np.float32)).resize((width, height), Image.Resampling.BOX)
    return np.asarray(pixels) >= 0.5


def _ious(regions: NDArray[np.bool_], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    both, either = (regions & mask).sum((1, 2)), (regions | mask).sum((1, 2))
    return np.asarray(both / np.maximum(either, 1))


def joined(parts: list[Contests]) -> Contests:
    """All contests, in order."""
    if not parts:
        return Contests(torch.zeros(0, COUNT), torch.zeros(0, 2), torch.zeros(0, dtype=torch.long))
    return Contests(*(torch.cat(column) for column in zip(*parts, strict=True)))


def fit(contests: Contests, data: RankerData, *, seed: int) -> RegionRanker:
    """A fresh ranker, in evaluation mode. The same contests and seed give the same one."""
    seed_everything(seed)
    model = RegionRanker(hidden=data.hidden, dropout=data.dropout, members=data.members)
    model.mean.copy_(contests.told.mean(0, dtype=torch.float64))
    model.deviation.copy_(contests.told.double().std(0) + 1e-3)
    given = torch.split(model.standardized(contests.told), contests.size.tolist())
    truth = torch.split(contests.truth, contests.size.tolist())
    for number, member in enumerate(model.members):
        say(f"member {number + 1} of {data.members}")

        def loss_of(chosen: Tensor, member: nn.Module = member) -> Tensor:
            regions, best = (torch.cat([column[i] for i in chosen]) for column in (given, truth))
            return ranker_loss(member(regions), best, contests.size[chosen])

        fit_network(member, len(given), data, loss_of, seed=seed + number)
    return model.eval()


def ranker_loss(logits: Tensor, truth: Tensor, size: Tensor) -> Tensor:
    """How well each region would do as either end (cross-entropy). logits, truth: (R, 2), size: (C,) rows a contest.

    A contest counts the same however many regions it has.
    """
    each = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none").sum(1)
    weight = torch.repeat_interleave(1 / (size.float() * len(size)), size)
    return (each * weight).sum()


def overlap(model: RegionRanker, contests: Contests) -> dict[str, float]:
    """Mean IoU of the regions that are taken for the one with the most and with the least, of a category and of all
    damage, and on how many contests that rests."""
    with torch.inference_mode():
        logits = torch.split(model(contests.told), contests.size.tolist())
    found: dict[str, list[float]] = {}
    rows = zip(logits, *(torch.split(c, contests.size.tolist()) for c in (contests.truth, contests.told)), strict=True)
    for said, truth, told in rows:
        name = "damage" if bool(told[0, -1]) else "category"
        for end, kind in enumerate(("most", "least")):
            found.setdefault(f"{name}_{kind}", []).append(float(truth[said[:, end].argmax(), end]))
    means = {name: float(np.mean(values)) for name, values in sorted(found.items())}
    return means | {f"n_{name}": float(len(values)) for name, values in sorted(found.items()) if name.endswith("most")}


def load_ranker(path: Path) -> tuple[RegionRanker, RankerRecipe]:
    """What a run left in ranker.safetensors, in evaluation mode, and its recipe."""
    weights, read = load_weights(path)
    recipe = ranker_from_dict(read)
    data = recipe.ranker
    model = RegionRanker(hidden=data.hidden, dropout=data.dropout, members=data.members)
    model.load_state_dict(weights)
    return model.eval(), recipe
