"""How good a perception model is on whole, unseen photographs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from quibble import distort
from quibble.backends.base import EVEN_PAINT, Evidence
from quibble.findings import Judged
from quibble.painting import NO_CLASS, category_map, class_numbers, painted, qground_map
from quibble.taxonomy import BLURS, Category, Distortion
from quibble.train.sources import CATEGORIES, DISTORTIONS, Photos

CLEAN = len(CATEGORIES)
#: A model as it is measured: (H, W, 3) uint8 -> Evidence.
Looker = Callable[[NDArray[np.uint8]], Evidence]


class Truth(NamedTuple):
    """A picture and what was done to it: `category` (H, W) holds the category's number or CLEAN; `kind` the
    distortion's or -1; `regions` are (mask, distortion, level)."""

    rgb: NDArray[np.uint8]
    category: NDArray[np.int64]
    kind: NDArray[np.int64]
    regions: list[tuple[NDArray[np.bool_], Distortion, int]]


def whole_pictures(photos: Photos, *, each: int, seed: int) -> Iterator[Truth]:
    """Photographs with people's region maps, 0 to 3 regions each distorted once, at a level of 1 to 5.

    Regions are at least 3% of the picture. The same for the same photographs and seed.
    """
    for number, at in enumerate(photos.mask_of):
        if at < 0 or photos.masks is None:
            continue
        picture, labels = photos.pictures[number], photos.masks[at][..., 0]
        values, counts = np.unique(labels, return_counts=True)
        large = values[counts >= 0.03 * labels.size]
        for copy in range(each):
            rng = np.random.default_rng([seed, number, copy])
            rgb = np.array(picture)
            category = np.full(labels.shape, CLEAN)
            kind = np.full(labels.shape, -1)
            regions = []
            count = min(int(rng.integers(0, 4)), large.size)
            for value in rng.choice(large, count, replace=False):
                mask = labels == value
                distortion, level = DISTORTIONS[int(rng.integers(len(DISTORTIONS)))], int(rng.integers(1, 6))
                changed = distort.apply(picture, distort.draw(distortion, level, rng))
                rgb[mask] = changed[mask]
                category[mask] = CATEGORIES.index(distortion.category)
                kind[mask] = DISTORTIONS.index(distortion)
                regions.append((mask, distortion, level))
            yield Truth(rgb, category, kind, regions)


def iou(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Intersection over union of each class, NaN where it is neither there nor guessed. confusion: (classes, classes),
    truth by guess."""
    union = confusion.sum(0) + confusion.sum(1) - np.diag(confusion)
    return np.where(union > 0, np.diag(confusion) / np.maximum(union, 1), np.nan)


def mean_of_known(values: Sequence[float] | NDArray[np.float64]) -> float:
    """Mean of what is there; NaN if nothing is."""
    known = [v for v in values if not np.isnan(v)]
    return float(np.mean(known)) if known else float("nan")


def measure_dense(look: Looker, truths: Iterable[Truth], paint: Sequence[float] = EVEN_PAINT) -> dict[str, float]:
    """mIoU over 12 categories and clean, and over Q-Ground's five classes; main category of a region given its mask;
    Spearman of severity inside the true category.

    Every pixel is what the regions that are read there most probably show, or clean; the figures of the maps alone,
    where every pixel is the likeliest, are given as miou_maps and miou_qground_maps. paint: see Calibration.
    """
    confusion = {way: np.zeros((CLEAN + 1, CLEAN + 1), np.int64) for way in ("", "_maps")}
    confusion5 = {way: np.zeros((NO_CLASS + 1, NO_CLASS + 1), np.int64) for way in confusion}
    of_kind = class_numbers(DISTORTIONS).astype(np.int64)
    right: list[bool] = []
    severities: list[tuple[int, float, int]] = []
    for truth in truths:
        seen = look(truth.rgb)
        for way, (guess, guess5) in (("", _by_regions(seen, truth, paint)), ("_maps", _by_maps(seen, truth))):
            confusion[way] += crossed(truth.category, guess, CLEAN + 1)
            confusion5[way] += crossed(of_kind[truth.kind], guess5, NO_CLASS + 1)
        for mask, distortion, level in truth.regions:
            channel = CATEGORIES.index(distortion.category)
            read = seen.read(_at_places(mask, seen.categories.shape[1:]))
            right.append(int(read.presence[0].argmax()) == channel)
            severities.append((channel, float(read.severities[0, channel]), level))
    by_category = [
        stats.spearmanr(*zip(*((p, t) for c, p, t in severities if c == channel), strict=True)).statistic
        for channel in range(CLEAN)
        if len({t for c, _, t in severities if c == channel}) > 1
    ]
    out = {"refer": mean_of_known(right), "severity_srcc": mean_of_known(by_category)}
    for way, counts in confusion.items():
        out[f"miou{way}"] = mean_of_known(iou(counts))
        out[f"miou_qground{way}"] = mean_of_known(iou(confusion5[way])[:NO_CLASS])
    names = [*(c.value for c in CATEGORIES), "clean"]
    return out | {f"iou/{name}": float(v) for name, v in zip(names, iou(confusion[""]), strict=True)}


def _by_maps(seen: Evidence, truth: Truth) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Category or CLEAN, and Q-Ground's class or NO_CLASS, of every pixel: the likeliest by the maps."""
    size = truth.rgb.shape[1::-1]
    guess = _upsample(seen.categories, size).argmax(axis=0)
    kinds = _upsample(seen.kinds[BLURS], size).argmax(axis=0)
    blurred = guess == CATEGORIES.index(Category.BLUR)
    return guess, np.where(blurred, class_numbers(DISTORTIONS)[kinds], class_numbers(CATEGORIES)[guess])


def _by_regions(seen: Evidence, truth: Truth, paint: Sequence[float]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """As _by_maps, by the regions that are read."""
    height, width = truth.rgb.shape[:2]
    judged = Judged.of(seen, width=width, height=height)
    drawn = painted(judged, paint)
    guess = category_map(drawn, judged)
    return guess.astype(np.int64), qground_map(drawn, judged, guess).astype(np.int64)


def crossed(truth: NDArray[np.integer], guess: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """How many places there are of each class of `count` that are guessed each, (count, count)."""
    return np.bincount((truth.astype(np.int64) * count + guess).ravel(), minlength=count * count).reshape(count, count)


def _at_places(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A mask at the picture's size -> (1, h, w), the places that it covers most of."""
    coverage = cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(coverage >= min(0.5, float(coverage.max())))[None]


def _upsample(maps: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """(C, h, w) -> (C, H, W) at the picture's (width, height)"""
    return np.stack([cv2.resize(m, size, interpolation=cv2.INTER_LINEAR) for m in maps])


def opinion_figures(
    mean: Sequence[float], spread: Sequence[float], names: Sequence[str], truth: Sequence[float]
) -> dict[str, float]:
    """SRCC and PLCC (plain) with mean opinions, 0..100, pooled and by the names' first four letters; mean distance;
    share of pictures whose opinion lies within the spread."""
    m, s, t = (np.asarray(v, dtype=np.float64) for v in (mean, spread, truth))
    out = {
        "srcc": float(stats.spearmanr(m, t).statistic),
        "plcc": float(stats.pearsonr(m, t).statistic),
        "mae": float(np.abs(m - t).mean()),
        "within_spread": float((np.abs(m - t) <= s).mean()),
    }
    subsets = np.array([name[:4].lower() for name in names])
    for subset in np.unique(subsets):
        here = subsets == subset
        if here.sum() > 2:
            out[f"srcc/{subset}"] = float(stats.spearmanr(m[here], t[here]).statistic)
            out[f"plcc/{subset}"] = float(stats.pearsonr(m[here], t[here]).statistic)
    return out
