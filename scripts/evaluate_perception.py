"""Measure the model in the package on validation photographs, through the same door as a user.

    python scripts/evaluate_perception.py --recipe recipes/nano-perception.toml --cache runs/nano/cache

Opinions: BIQ2021's validation part of Train. Regions: held-out photographs with people's region maps, 0 to 3 regions
each, one distortion of all 35 at a level of 1 to 5. False findings: validation photographs rated 0.8 and more, and
well-rated ones given a look that is no defect (black and white, tone, grain) or made smaller, and held-out photographs
whose background is put out of focus behind a sharp subject (train/bokeh.py). Camera: well-rated validation photographs
with a defect as cameras make them (train/camera.py), at least as strong as level 1. Blurred: rated ones that plainly
are (biq2021_blurred.txt). Figures
that depend on the calibration (interval, findings) are measured on the odd-numbered half of the pictures, because it is
fitted on the even-numbered half; all others on all of them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from quibble.assessor import Assessor
from quibble.backends.base import Evidence
from quibble.backends.onnx import OnnxPerception
from quibble.backends.weights import NANO
from quibble.taxonomy import Category
from quibble.train import calibrate, camera, validation
from quibble.train.bokeh import bokeh
from quibble.train.recipe import OpinionData, Recipe, load
from quibble.train.sources import Photos, find_photos, opinion_validation

#: Pictures made of each photograph with a region map, for findings and for maps, and the seed that they are drawn with.
#: A few large regions move the mIoU of Q-Ground's classes: with three of each by 0.09, and nano-0.6 had 0.504 on ten of
#: each and 0.460 on the next fifteen.
EACH, EACH_MAP, SEED = 10, 25, 7
#: Photographs with at least this mean opinion should have no findings.
CLEAN_FROM = 80
#: Names of rated photographs that are plainly blurred.
BLURRED = frozenset(
    line
    for line in Path(__file__).with_name("biq2021_blurred.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
)
#: What sides are multiplied by where photographs are made smaller.
SMALLER = 0.6


@dataclass(frozen=True, kw_only=True)
class Validation:
    """Pictures to measure on. photos: what truths are made of. clean: those of `rated` with an opinion of at least 80.
    soft: clean ones with a soft background."""

    photos: Photos
    truths: list[validation.Truth]
    rated: list[tuple[NDArray[np.uint8], float]]
    names: list[str]
    each: int
    unrated: list[NDArray[np.uint8]]
    soft: list[NDArray[np.uint8]]

    @classmethod
    def read(cls, recipe: Recipe, cache: Path, *, each: int = EACH, seed: int = SEED) -> Validation:
        """All of the recipe's held-out photographs, each with regions damaged `each` times."""
        photos = find_photos(recipe, cache, held_out=True)
        bank, names, opinions = opinion_validation(recipe.opinion, cache)
        truths = list(validation.whole_pictures(photos, each=each, seed=seed))
        alone = find_photos(replace(recipe, opinion=OpinionData()), cache, held_out=True).pictures
        return cls(
            photos=photos,
            truths=truths,
            rated=[(bank[i], o) for i, o in enumerate(opinions)],
            names=names,
            each=each,
            unrated=[alone[i] for i in range(len(alone))],
            soft=list(_softened(photos)),
        )

    def half(self, odd: int) -> Validation:
        """Every other photograph; the pictures made of one photograph stay together."""
        return Validation(
            photos=self.photos,
            truths=[t for i, t in enumerate(self.truths) if i // self.each % 2 == odd],
            rated=self.rated[odd::2],
            names=self.names[odd::2],
            each=self.each,
            unrated=self.unrated[odd::2],
            soft=self.soft[odd::2],
        )

    @property
    def clean(self) -> list[NDArray[np.uint8]]:
        return [picture for picture, opinion in self.rated if opinion >= CLEAN_FROM]

    @property
    def smaller(self) -> list[NDArray[np.uint8]]:
        """The clean ones made smaller: little pictures look softer."""
        return [_smaller(picture) for picture in self.clean]


def _softened(photos: Photos) -> Iterator[NDArray[np.uint8]]:
    for number, at in enumerate(photos.mask_of):
        if at >= 0 and photos.masks is not None:
            picture = photos.pictures[number]
            soft = bokeh(np.random.default_rng([SEED, number]), picture, photos.masks[at][..., 0])
            if soft is not picture:
                yield soft


def _smaller(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    small = cv2.resize(picture, None, fx=SMALLER, fy=SMALLER, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def evaluate(backend: OnnxPerception, data: Validation) -> dict[str, float]:
    """All figures of the vision half, by name."""

    def look(picture: NDArray[np.uint8]) -> Evidence:
        return backend.perceive([picture])[0]

    assessor = Assessor(backend)
    # Made one at a time: all of them at once would be gigabytes.
    pictures = validation.whole_pictures(data.photos, each=EACH_MAP, seed=SEED)
    figures = validation.measure_dense(look, pictures, backend.calibration.paint)
    scores, inside, alarms, blurred = [], [], [], []
    for i, (picture, opinion) in enumerate(data.rated):
        seen = assessor.look(picture)
        score = assessor.score(seen)
        scores.append((score.value, seen.evidence.spread))
        if data.names[i] in BLURRED:
            blurred.append(any(f.category is Category.BLUR for f in assessor.assess(seen).findings))
        if i % 2:
            inside.append(score.low <= opinion <= score.high)
            if opinion >= CLEAN_FROM:
                alarms.append(len(assessor.assess(seen).findings))
    mean, spread = zip(*scores, strict=True)
    figures |= validation.opinion_figures(mean, spread, data.names, [opinion for _, opinion in data.rated])
    figures["interval_coverage"] = float(np.mean(inside))
    figures["blurred_found"] = validation.mean_of_known(blurred)
    figures["false_findings"] = float(np.mean(alarms))
    figures |= _finding_figures(assessor, data.half(1).truths)
    figures |= _camera_figures(assessor, data.half(1).clean)
    figures |= unrated_figures(assessor, data.unrated)
    for name, clean in (("smaller", data.half(1).smaller), ("bokeh", data.half(1).soft)):
        alarms = [len(assessor.assess(picture).findings) for picture in clean]
        figures[f"false_findings_{name}"] = float(np.mean(alarms))
    figures["n_pictures"] = EACH_MAP * sum(at >= 0 for at in data.photos.mask_of)
    figures["n_rated"] = len(data.rated)
    return {name: round(float(value), 4) for name, value in figures.items()}


def _finding_figures(assessor: Assessor, truths: list[validation.Truth]) -> dict[str, float]:
    """Share of findings that are right, of regions that are found, and how honest the confidences are."""
    confidence, right, regions, found = list[float](), list[bool](), 0, 0
    for truth in truths:
        judged = calibrate.judged(truth, assessor.assess(truth.rgb).findings)
        confidence += [finding.confidence for finding, _ in judged]
        right += [ok for _, ok in judged]
        regions += len(truth.regions)
        for mask, distortion, _ in truth.regions:
            found += any(
                f.category is distortion.category and (f.mask.to_array() & mask).sum() >= 0.5 * mask.sum()
                for f, _ in judged
            )
    return {
        "finding_precision": float(np.mean(right)),
        "finding_recall": found / max(1, regions),
        "finding_ece": calibrate.expected_calibration_error(confidence, right),
    } | _reliability(np.array(confidence), np.array(right))


def _reliability(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> dict[str, float]:
    """The reliability diagram: of findings with a confidence from each tenth on, the share that is right and how many
    there are."""
    tenth = np.minimum((10 * confidence).astype(int), 9)
    figures = {}
    for n in np.unique(tenth):
        figures[f"reliability/0.{n}"] = float(right[tenth == n].mean())
        figures[f"reliability_n/0.{n}"] = float((tenth == n).sum())
    return figures


def unrated_figures(assessor: Assessor, photographs: list[NDArray[np.uint8]]) -> dict[str, float]:
    """What clean photographs that nobody rated score, and false findings on them: a model that takes the unfamiliar for
    bad shows it here."""
    reports = [assessor.assess(picture) for picture in photographs]
    scores = np.array([report.score.value for report in reports])
    return {
        "unrated_mean": float(scores.mean()),
        "unrated_below_50": float((scores < 50).mean()),
        "false_findings_unrated": float(np.mean([len(report.findings) for report in reports])),
    }


def _camera_figures(assessor: Assessor, photographs: list[NDArray[np.uint8]]) -> dict[str, float]:
    """Share of camera defects that are found, by category too, and findings on looks that are no defects."""
    found: dict[str, list[bool]] = {}
    alarms = []
    for number, picture in enumerate(photographs):
        rng = np.random.default_rng([SEED, number])
        alarms.append(len(assessor.assess(camera.look(rng, picture)).findings))
        made = camera.damage(rng, picture)
        while made.level < 1 or made.where.mean() < 0.1:
            made = camera.damage(rng, picture)
        said = assessor.assess(made.picture).findings
        hit = any(f.category is made.category and (f.mask.to_array() & made.where).any() for f in said)
        found.setdefault(made.category.value, []).append(hit)
    figures = {f"camera_recall/{name}": float(np.mean(hits)) for name, hits in sorted(found.items())}
    figures["camera_recall"] = float(np.mean([hit for hits in found.values() for hit in hits]))
    figures["false_findings_looks"] = float(np.mean(alarms))
    return figures


def print_figures(figures: dict[str, float]) -> None:
    for name, value in figures.items():
        print(f"{name:<28} {value:8.4g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--set", dest="overrides", action="append", default=[], help="KEY=VALUE of the recipe")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=NANO)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    data = Validation.read(load(arguments.recipe, tuple(arguments.overrides)), arguments.cache)
    figures = evaluate(OnnxPerception(arguments.model), data)
    if arguments.json:
        print(json.dumps(figures))
    else:
        print_figures(figures)


if __name__ == "__main__":
    main()
