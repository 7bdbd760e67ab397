"""Where, in pixels: mIoU and mAcc over classes with several truths a picture, and how far annotators agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quibble.bench.metrics.estimate import RESAMPLES, SEED, Estimate, bootstrap, bootstrap_mean
from quibble.errors import ArgumentError
from quibble.geometry import Mask
from quibble.pipelines.ground.agreement import recalls

#: (H, W) whole numbers: 0 is no class, i + 1 is class i.
ClassMap = NDArray[np.integer[Any]]


@dataclass(frozen=True, kw_only=True)
class Grounding:
    """mIoU and mAcc. IoU and recall of a class are pooled over pictures: summed areas are divided, not shares averaged.

    iou, acc: by class, None for a class that no truth (for IoU: nor any prediction) has. miou, macc: means over the
    classes that have one. per_picture: the mean over pictures of each one's mean IoU over the classes in its truth; a
    picture with nothing true counts 1 if nothing was predicted, else 0.
    """

    iou: tuple[Estimate | None, ...]
    acc: tuple[Estimate | None, ...]
    miou: Estimate
    macc: Estimate
    per_picture: Estimate
    n: int


def merge_smaller_first(masks: Mapping[int, Mask], *, height: int, width: int) -> ClassMap:
    """Masks of classes -> one class a pixel: where masks overlap the smaller one wins; of equal ones the lower class.

    Keys are classes from 0. Source: Q-Ground, section 5.2.1. Raises ArgumentError for a mask of another size.
    """
    out = np.zeros((height, width), np.int16)
    for index, mask in sorted(masks.items(), key=lambda item: (-item[1].area, -item[0])):
        if (mask.height, mask.width) != (height, width):
            raise ArgumentError(f"expected masks of {width} x {height}, found one of {mask.width} x {mask.height}")
        out[mask.to_array()] = index + 1
    return out


def grounding(
    predictions: Sequence[ClassMap],
    truths: Sequence[Sequence[ClassMap]],
    classes: int,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Grounding:
    """mIoU and mAcc of one prediction a picture against one or more truths of it.

    With m truths each counts 1/m, which is Q-Ground's averaging for methods with a single output (section 5.2.1).
    The interval resamples pictures. Raises ArgumentError for sizes that differ and a picture without a truth.
    """
    if not predictions or len(predictions) != len(truths):
        raise ArgumentError(f"expected a prediction for each picture, found {len(predictions)} and {len(truths)}")
    areas = np.stack([_areas(p, t, classes) for p, t in zip(predictions, truths, strict=True)])
    each = np.array([_one_picture(picture) for picture in areas])
    count = len(predictions)
    options = {"resamples": resamples, "seed": seed}

    def by_class(numerator: int, denominator: int, index: int) -> Estimate | None:
        def pooled(chosen: NDArray[np.intp]) -> float:
            top, bottom = areas[chosen, :, index].sum(axis=0)[[numerator, denominator]]
            if not bottom:
                raise ArgumentError("no such class in this sample")
            return float(top / bottom)

        return bootstrap(pooled, count, **options) if areas[:, denominator, index].any() else None

    def over_classes(denominator: int) -> Estimate:
        def mean(chosen: NDArray[np.intp]) -> float:
            inside, *_ = sums = areas[chosen].sum(axis=0)
            has = sums[denominator] > 0
            if not has.any():
                raise ArgumentError("no picture has a region of any class, so there is no mean over classes")
            return float((inside[has] / sums[denominator][has]).mean())

        return bootstrap(mean, count, **options)

    return Grounding(
        iou=tuple(by_class(0, 1, index) for index in range(classes)),
        acc=tuple(by_class(0, 2, index) for index in range(classes)),
        miou=over_classes(1),
        macc=over_classes(2),
        per_picture=bootstrap(lambda chosen: float(each[chosen].mean()), count, **options),
        n=count,
    )


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far annotators agree, 0..1. n: pictures with two masks or more; alone: the others; pairs: of masks."""

    value: Estimate
    n: int
    alone: int
    pairs: int

    def to_dict(self) -> dict[str, Any]:
        return {"agreement": self.value.to_dict(), "n": self.n, "alone": self.alone, "pairs": self.pairs}


def agreement(pictures: Sequence[Sequence[Mask]], *, resamples: int = RESAMPLES, seed: int = SEED) -> Agreement:
    """Over the pairs of a picture's masks, the common area over the smaller one, so that a mask inside another agrees.

    The mean over pictures of the mean over their pairs; a picture with fewer than two masks has no pair and is left
    out. The interval resamples pictures. Source: Q-Ground eq. 1. Raises ArgumentError for an empty mask, masks of a
    picture of several sizes, or if no picture has two.
    """
    means, pairs = [], 0
    for masks in pictures:
        shares = recalls(masks)
        pairs += len(shares)
        if shares:
            means.append(sum(shares) / len(shares))
    if not means:
        raise ArgumentError("agreement needs a picture with at least two masks, found none")
    value = bootstrap_mean(means, resamples=resamples, seed=seed)
    return Agreement(value=value, n=len(means), alone=len(pictures) - len(means), pairs=pairs)


def _areas(prediction: ClassMap, truths: Sequence[ClassMap], classes: int) -> NDArray[np.float64]:
    """(3, classes): areas of intersection, union and truth of each class in pixels, averaged over the truths."""
    if not truths:
        raise ArgumentError("a picture needs at least one truth, found none")
    total = np.zeros((3, classes))
    predicted = _sizes(prediction, classes)
    for truth in truths:
        if truth.shape != prediction.shape:
            raise ArgumentError(f"expected a prediction of its truth's shape {truth.shape}, found {prediction.shape}")
        inside = _sizes(np.where(prediction == truth, truth, 0), classes)
        true = _sizes(truth, classes)
        total += np.stack([inside, predicted + true - inside, true]) / len(truths)
    return total


def _sizes(classes_of: ClassMap, classes: int) -> NDArray[np.float64]:
    counts = np.bincount(classes_of.reshape(-1).astype(np.int64), minlength=classes + 1)
    if counts.size > classes + 1:
        raise ArgumentError(f"expected classes 0..{classes} in a map, found {counts.size - 1}")
    return counts[1:].astype(np.float64)


def _one_picture(areas: NDArray[np.float64]) -> float:
    """The mean IoU of a picture over the classes in its truth."""
    inside, union, true = areas
    if not true.any():
        return float(not union.any())
    return float((inside[true > 0] / union[true > 0]).mean())
