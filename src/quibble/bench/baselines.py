"""What a model must beat: measures of likeness and of naturalness, the commonest answer, and chance."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from quibble.bench.item import Item, Kind
from quibble.bench.reply import Reply, Status
from quibble.bench.tasks.records import TARGET
from quibble.errors import ArgumentError, CapabilityError, MissingExtraError, ModelError
from quibble.geometry import Box, Mask
from quibble.image import ImageArray, load
from quibble.taxonomy import Category, QGroundClass


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A formula for quality. value: a picture and its reference, or None, to a number; higher is better.

    It raises ValueError or AssertionError for a picture that it is not defined for.
    """

    label: str
    needs_reference: bool
    value: Callable[[ImageArray, ImageArray | None], float]


class MeasureModel:
    """A measure as a model: it scores, and prefers the picture of the higher score.

    A picture that the measure is not defined for, such as one that is too small, is unreadable. Raises ArgumentError
    for a reference of another size.
    """

    def __init__(self, measure: Measure) -> None:
        self._measure = measure

    @property
    def label(self) -> str:
        return self._measure.label

    def can(self, item: Item) -> bool:
        return item.kind in (Kind.SCORE, Kind.COMPARE) and (item.reference or not self._measure.needs_reference)

    def answer(self, item: Item) -> Reply:
        reference = load(item.images[0]) if self._measure.needs_reference else None
        pictures = [load(picture) for picture in item.images[-1 if item.kind is Kind.SCORE else -2 :]]
        for picture in pictures:
            if reference is not None and reference.shape != picture.shape:
                raise ArgumentError(
                    f"{self.label} needs pictures of one size, found {reference.shape} and {picture.shape}"
                )
        try:
            values = [self._measure.value(picture, reference) for picture in pictures]
        except (AssertionError, ValueError) as error:
            return Reply(status=Status.UNREADABLE, text=str(error))
        if item.kind is Kind.SCORE:
            return Reply(score=values[0])
        return Reply(winner="B" if values[1] > values[0] else "A")


def psnr() -> Measure:
    """Peak signal-to-noise ratio in dB; 100 for equal pictures, whose ratio is infinite. Needs the extra `data`."""
    ratio: Any = _scikit_image().peak_signal_noise_ratio

    def value(picture: ImageArray, reference: ImageArray | None) -> float:
        if (picture == reference).all():
            return 100.0  # any number above those of changed pictures keeps the order
        return float(ratio(reference, picture, data_range=255))

    return Measure(label="PSNR", needs_reference=True, value=value)


def ssim() -> Measure:
    """Structural similarity, the mean over the channels, up to 1. Needs the extra `data`."""
    similarity: Any = _scikit_image().structural_similarity

    def value(picture: ImageArray, reference: ImageArray | None) -> float:
        return float(similarity(reference, picture, channel_axis=2, data_range=255))

    return Measure(label="SSIM", needs_reference=True, value=value)


def fsim() -> Measure:
    """Feature similarity with color (FSIMc), up to 1. Needs the extra `baselines`."""
    piq = _piq()
    return _of_piq(piq, "FSIM", lambda x, y: piq.fsim(x, y, data_range=1.0))


def vif() -> Measure:
    """Visual information fidelity in the pixel domain. Needs the extra `baselines`."""
    piq = _piq()
    return _of_piq(piq, "VIF", lambda x, y: piq.vif_p(x, y, data_range=1.0))


def lpips() -> Measure:
    """LPIPS with VGG-16, negated. Needs the extra `baselines`, and the network once for weights."""
    piq = _piq()
    distance = _loaded("LPIPS", piq.LPIPS)
    return _of_piq(piq, "LPIPS", lambda x, y: -distance(x, y))


def dists() -> Measure:
    """DISTS, negated. Needs the extra `baselines`, and the network once for weights."""
    piq = _piq()
    distance = _loaded("DISTS", piq.DISTS)
    return _of_piq(piq, "DISTS", lambda x, y: -distance(x, y))


def brisque() -> Measure:
    """BRISQUE, negated: naturalness without a reference. Needs the extra `baselines`, and the network once."""
    piq = _piq()
    # Weights are read with the first picture, so one is shown now: the network is missed before a run, not within.
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    _loaded("BRISQUE", lambda: piq.brisque(_tensor(noise), data_range=1.0))
    return _of_piq(piq, "BRISQUE", lambda x, _: -piq.brisque(x, data_range=1.0), needs_reference=False)


#: By the names of the command line.
MEASURES: Final[Mapping[str, Callable[[], Measure]]] = MappingProxyType(
    {maker.__name__: maker for maker in (psnr, ssim, fsim, vif, lpips, dists, brisque)}
)


def _scikit_image() -> Any:
    try:
        import skimage.metrics
    except ImportError as error:
        raise MissingExtraError("scikit-image", "data") from error
    return skimage.metrics


def _piq() -> Any:
    try:
        import piq
    except ImportError as error:
        raise MissingExtraError(error.name or "piq", "baselines") from error
    except RuntimeError as error:
        # What torchvision raises on import beside a torch that it was not built for.
        raise CapabilityError(
            f"piq cannot be imported ({error}): install versions of torch and torchvision that belong together"
        ) from error
    return piq


def _loaded(name: str, load_weights: Callable[[], Any]) -> Any:
    try:
        return load_weights()
    except OSError as error:
        raise ModelError(
            f"the weights of {name} could not be had ({error}): piq downloads them when they are first "
            "needed and keeps them; run once where there is a network"
        ) from error


def _tensor(picture: ImageArray) -> Any:
    """(H, W, 3) uint8 -> (1, 3, H, W) in 0..1, as piq takes it."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))).unsqueeze(0).float() / 255


def _of_piq(piq: Any, name: str, formula: Callable[[Any, Any], Any], *, needs_reference: bool = True) -> Measure:
    import torch

    def value(picture: ImageArray, reference: ImageArray | None) -> float:
        with torch.inference_mode():
            return float(formula(_tensor(picture), None if reference is None else _tensor(reference)))

    return Measure(label=f"{name} (piq {piq.__version__})", needs_reference=needs_reference, value=value)


class CommonestModel:
    """Always the commonest true answer of the kind, of scores the mean. It may look: a model must beat it."""

    label = "always the commonest answer"

    def __init__(self, items: Sequence[Item]) -> None:
        scores = [item.score for item in items if item.score is not None]
        self._score = float(np.mean(scores)) if scores else 50.0
        shares = [item.share_b for item in items if item.share_b is not None]
        self._winner = "B" if shares and float(np.mean(shares)) > 0.5 else "A"
        self._choices = Counter((len(i.options), i.right) for i in items if i.right is not None)
        names = Counter(name for item in items if item.kind is Kind.REFER for name in item.names)
        self._name = names.most_common(1)[0][0] if names else Category.BLUR.value
        masks = Counter(name for item in items for truth in item.masks for name in truth if name != TARGET)
        self._class = masks.most_common(1)[0][0] if masks else Category.BLUR.value

    def can(self, item: Item) -> bool:
        return item.kind not in (Kind.DESCRIBE, Kind.QUESTION)

    def answer(self, item: Item) -> Reply:
        if item.kind is Kind.SCORE:
            return Reply(score=self._score)
        if item.kind is Kind.COMPARE:
            return Reply(winner=self._winner)
        if item.kind is Kind.REFER:
            return Reply(names=(self._name,))
        if item.kind is Kind.GROUND:
            height, width = load(item.images[-1]).shape[:2]
            whole = Mask.from_box(Box(x0=0, y0=0, x1=width, y1=height), width=width, height=height)
            target = any(TARGET in truth for truth in item.masks)
            return Reply(masks={TARGET if target else self._class: whole})
        of_length = {right: n for (length, right), n in self._choices.items() if length == len(item.options)}
        best = max(of_length, key=lambda right: (of_length[right], -(right or 0)), default=0)
        return Reply(choice=best)


class RandomModel:
    """A random answer, drawn from the seed and the item's name alone."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.label = f"random, seed {seed}"

    def can(self, item: Item) -> bool:
        return item.kind not in (Kind.DESCRIBE, Kind.QUESTION)

    def answer(self, item: Item) -> Reply:
        rng = np.random.default_rng([self._seed, zlib.crc32(item.id.encode())])
        if item.kind is Kind.SCORE:
            return Reply(score=float(rng.uniform(0, 100)))
        if item.kind is Kind.COMPARE:
            return Reply(winner="AB"[int(rng.integers(2))])
        if item.kind is Kind.CHOICE:
            return Reply(choice=int(rng.integers(len(item.options))))
        by_qground = "q-ground" in item.labels.values()
        classes = [c.value for c in QGroundClass] if by_qground else [c.value for c in Category]
        if any(TARGET in truth for truth in item.masks):
            classes = [TARGET]
        name = classes[int(rng.integers(len(classes)))]
        if item.kind is Kind.REFER:
            return Reply(names=(name,))
        height, width = load(item.images[-1]).shape[:2]
        (x0, x1), (y0, y1) = np.sort(rng.uniform(size=(2, 2)), axis=1) * [[width], [height]]
        box = Box(x0=float(x0), y0=float(y0), x1=float(x1), y1=float(y1))
        return Reply(masks={name: Mask.from_box(box, width=width, height=height)})
