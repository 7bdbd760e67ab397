"""What perception learns from, made on the fly: item i of a source is a pure function of (seed, i)."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from quibble import distort, preprocess
from quibble.degradation import Degradation
from quibble.errors import RecipeError
from quibble.taxonomy import ORDERS, Category, Distortion
from quibble.train import camera
from quibble.train.bank import Bank
from quibble.train.bokeh import bokeh
from quibble.train.recipe import DenseData, GaugeRecipe, OpinionData, ReaderRecipe, Recipe

CATEGORIES = list(Category)
DISTORTIONS = list(Distortion)
_TONES = [
    Category.BRIGHTEN,
    Category.DARKEN,
    Category.CONTRAST_STRENGTHEN,
    Category.CONTRAST_WEAKEN,
    Category.SATURATE_STRENGTHEN,
    Category.SATURATE_WEAKEN,
]
_BY_CATEGORY = {c: [d for d in DISTORTIONS if d.category is c] for c in CATEGORIES}
#: Where a region differs from what it was by less than this (mean of 15x15 pixels, of 255), nothing can be seen.
_VISIBLE = 0.8
#: Share of distorted rated pictures that get two distortions.
_TWICE = 0.25
#: Photographs are not made smaller than this many pixels.
_LEAST_SIDE = 160
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}

Picture = NDArray[np.uint8]
Weights = NDArray[np.float32]


class DenseItem(NamedTuple):
    """rgb (3, H, W) uint8; presence, severity (12, h, w) at a quarter of the size, rounded up; weight (h, w), 0 where
    nothing may be learned; kind (h, w): number of the last distortion, -1 where there is none or two kinds meet."""

    rgb: Tensor
    presence: Tensor
    severity: Tensor
    weight: Tensor
    kind: Tensor


class OpinionItem(NamedTuple):
    """rgb (3, H, W) uint8 and the mean opinion, 0..100."""

    rgb: Tensor
    opinion: Tensor


@dataclass(frozen=True, kw_only=True)
class Photos:
    """Clean photographs, and the label maps of those that have them."""

    pictures: Bank
    masks: Bank | None
    #: number of the mask of each picture, -1 for none
    mask_of: tuple[int, ...]


def is_held_out(name: str, percent: int) -> bool:
    """Whether a photograph is kept for validation: by a hash of its name, so that adding others changes nothing."""
    return zlib.crc32(name.encode()) % 100 < percent


def find_photos(recipe: Recipe | ReaderRecipe | GaugeRecipe, cache: Path, *, held_out: bool) -> Photos:
    """The clean photographs of one side of the split. Raises RecipeError if there are none."""
    data = recipe.dense
    files = _photo_files(data, held_out=held_out)
    if recipe.opinion.split:
        part = _read_split(recipe.opinion)["val" if held_out else "train"]
        rated = [(name, mos) for name, mos in part if mos >= recipe.opinion.clean_from]
        files += [Path(recipe.opinion.folder) / name for name, _ in rated]
    if not files:
        raise RecipeError(f"no photographs in {', '.join(data.photos) or 'dense.photos, which is empty'}")
    maps = [Path(data.masks) / f"{f.stem}.png" if data.masks else None for f in files]
    present = [m for m in maps if m is not None and m.exists()]
    number = {m: i for i, m in enumerate(present)}
    return Photos(
        pictures=Bank.build(files, cache),
        masks=Bank.build(present, cache, mode="P") if present else None,
        mask_of=tuple(number.get(m, -1) if m is not None else -1 for m in maps),
    )


def _photo_files(data: DenseData, *, held_out: bool) -> list[Path]:
    files: list[Path] = []
    for folder in data.photos:
        found = sorted(f for f in Path(folder).iterdir() if f.suffix.lower() in _SUFFIXES)
        files += [f for f in found if is_held_out(f.stem, data.held_out) == held_out]
    return files


def _read_split(data: OpinionData) -> dict[str, list[tuple[str, float]]]:
    path = Path(data.split)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {part: [(str(name), float(mos)) for name, mos in found[part]] for part in ("train", "val")}
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise RecipeError(f"opinion.split is a JSON file with 'train' and 'val' lists; {path}: {error}") from error


class DenseSource(Dataset[DenseItem]):
    """Crops of clean photographs, or whole ones, with regions distorted in them."""

    def __init__(self, photos: Photos, data: DenseData, seed: int) -> None:
        self.photos, self.data, self.seed = photos, data, seed
        self.mapped = np.flatnonzero(np.array(photos.mask_of) >= 0)
        unknown = sorted(set(data.hard) - {d.value for d in DISTORTIONS})
        if unknown:
            raise RecipeError(f"dense.hard has an unknown distortion '{unknown[0]}'; `quibble distort --list` has all")
        self.hard = [Distortion(name) for name in data.hard]

    def __getitem__(self, index: int) -> DenseItem:
        rng = np.random.default_rng([self.seed, 1, index])
        crop, labels = self._crop(rng)
        if self.data.bokeh and labels is not None and rng.random() < self.data.bokeh:
            crop = bokeh(rng, crop, labels)
        if self.data.missed and rng.random() < self.data.missed:
            return _render_camera(camera.missed(rng, crop))
        if rng.random() < self.data.styled:
            crop = camera.look(rng, crop)
        if rng.random() < self.data.camera:
            return _render_camera(camera.damage(rng, crop))
        regions = self._regions(rng, crop, labels)
        return _render(rng, crop, regions, resave=rng.random() < self.data.resaved)

    def _crop(self, rng: np.random.Generator) -> tuple[Picture, NDArray[np.uint8] | None]:
        mapped = self.mapped if self.mapped.size and rng.random() < self.data.mapped else None
        number = int(rng.integers(len(self.photos.pictures)) if mapped is None else rng.choice(mapped))
        picture = self.photos.pictures[number]
        at = self.photos.mask_of[number]
        labels = self.photos.masks[at][..., 0] if self.photos.masks is not None and at >= 0 else None
        crop, cut = self._whole(rng, picture, labels) if self.data.crop == 0 else self._square(rng, picture, labels)
        if rng.random() < 0.5:
            crop = np.ascontiguousarray(crop[:, ::-1])
            cut = np.ascontiguousarray(cut[:, ::-1]) if cut is not None else None
        return crop, cut

    def _whole(
        self, rng: np.random.Generator, picture: Picture, labels: NDArray[np.uint8] | None
    ) -> tuple[Picture, NDArray[np.uint8] | None]:
        scale = max(float(rng.uniform(self.data.smallest, 1)), _LEAST_SIDE / min(picture.shape[:2]))
        if rng.random() >= self.data.shrunk or scale >= 1:
            return np.array(picture), labels
        height, width = (round(side * scale) for side in picture.shape[:2])
        small = _resize(picture, width, height, cv2.INTER_AREA)
        return small, _resize(labels, width, height, cv2.INTER_NEAREST) if labels is not None else None

    def _square(
        self, rng: np.random.Generator, picture: Picture, labels: NDArray[np.uint8] | None
    ) -> tuple[Picture, NDArray[np.uint8] | None]:
        size = self.data.crop
        # Shrinking makes a photograph cleaner and shows more of it; a crop must still fit.
        floor = size / min(picture.shape[:2])
        scale = max(floor, float(rng.uniform(0.5, 1.0))) if rng.random() < 0.5 else max(floor, 1.0)
        extent = int(size / scale)
        y = int(rng.integers(picture.shape[0] - extent + 1))
        x = int(rng.integers(picture.shape[1] - extent + 1))
        crop = np.ascontiguousarray(picture[y : y + extent, x : x + extent])
        cut = labels[y : y + extent, x : x + extent] if labels is not None else None
        if extent != size:
            way = cv2.INTER_AREA if extent > size else cv2.INTER_CUBIC
            crop = _resize(crop, size, size, way)
            cut = _resize(cut, size, size, cv2.INTER_NEAREST) if cut is not None else None
        return crop, cut

    def _regions(
        self, rng: np.random.Generator, crop: Picture, labels: NDArray[np.uint8] | None
    ) -> list[tuple[Weights, list[Degradation]]]:
        size = crop.shape[:2]
        kind = rng.random()
        if kind < self.data.clean:
            return []
        if kind < self.data.clean + self.data.whole:
            return [(np.ones(size, np.float32), self._plan(rng))]
        free = np.ones(size, bool)
        out = []
        for _ in range(int(rng.integers(1, 4))):
            mask = _shape(rng, crop, labels) & free
            if mask.mean() < 0.02:
                continue
            free &= ~mask
            weights = mask.astype(np.float32)
            if rng.random() < 0.3:
                weights = np.asarray(cv2.GaussianBlur(weights, (0, 0), float(rng.uniform(0.7, 3))), np.float32)
            out.append((weights, self._plan(rng)))
        return out

    def _plan(self, rng: np.random.Generator) -> list[Degradation]:
        blurred = self.data.blurred > 0 and rng.random() < self.data.blurred
        if self.hard and rng.random() < self.data.hardened:
            first = self.hard[int(rng.integers(len(self.hard)))]
        else:
            first = draw_distortion(rng, [Category.BLUR] if blurred else None)
        plan = [first]
        if rng.random() < self.data.stacked:
            plan.append(draw_distortion(rng, sorted(ORDERS[first.category])))
        top = 5.0 if len(plan) == 1 else 3.5
        return [distort.draw(d, float(rng.uniform(1, top)), rng) for d in plan]


def draw_distortion(rng: np.random.Generator, categories: list[Category] | None = None) -> Distortion:
    """Half the time every distortion is as likely, else every category or, more often, those of tone and color.

    Those are the hardest to tell from what occurs in nature, and learned last.
    """
    roll = rng.random() if categories is None else 1.0
    if roll < 0.5:
        return DISTORTIONS[int(rng.integers(len(DISTORTIONS)))]
    among = categories or (_TONES if roll < 0.75 else CATEGORIES)
    kinds = _BY_CATEGORY[among[int(rng.integers(len(among)))]]
    return kinds[int(rng.integers(len(kinds)))]


def _resize(picture: Picture, width: int, height: int, way: int) -> Picture:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=way), dtype=np.uint8)


def _shape(rng: np.random.Generator, crop: Picture, labels: NDArray[np.uint8] | None) -> NDArray[np.bool_]:
    """A region: a segment that a person drew, a blob that follows the picture's luma, an ellipse or a rectangle."""
    height, width = crop.shape[:2]
    kind = rng.random()
    if labels is not None and kind < 0.6:
        values = np.unique(labels)
        return np.asarray(labels == values[int(rng.integers(values.size))])
    if kind < 0.8:
        sigma = float(rng.uniform(0.06, 0.2)) * height
        noise = cv2.GaussianBlur(rng.standard_normal((height, width), dtype=np.float32), (0, 0), sigma)
        luma = cv2.GaussianBlur(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (0, 0), 3).astype(np.float32)
        field = noise / noise.std() + float(rng.uniform(0, 1)) * (luma - luma.mean()) / (luma.std() + 4)
        return np.asarray(field > np.quantile(field, float(rng.uniform(0.4, 0.9))))
    out = np.zeros((height, width), np.uint8)
    center = int(rng.integers(0, width)), int(rng.integers(0, height))
    axes = tuple(int(v) for v in rng.uniform(0.1, 0.45, 2) * height)
    if kind < 0.9:
        cv2.ellipse(out, center, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    else:
        x, y = center[0] - axes[0], center[1] - axes[1]
        cv2.rectangle(out, (x, y), (center[0] + axes[0], center[1] + axes[1]), 1, -1)
    return out > 0


def _render(
    rng: np.random.Generator, crop: Picture, regions: list[tuple[Weights, list[Degradation]]], *, resave: bool
) -> DenseItem:
    rows, columns = _places(crop)
    out = crop
    presence = np.zeros((len(CATEGORIES), rows, columns), np.float32)
    severity = np.zeros_like(presence)
    weight = np.ones((rows, columns), np.float32)
    kind = np.full((rows, columns), -1, np.int64)
    for weights, plan in regions:
        changed = distort.apply_all(crop, plan)
        visible = cv2.blur(np.abs(changed.astype(np.int16) - crop).max(axis=2).astype(np.float32), (15, 15))
        mixed = out + weights[..., None] * (changed.astype(np.float32) - out)
        out = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
        coverage = _resize_weights(weights, rows, columns)
        seen = _resize_weights(visible, rows, columns) >= _VISIBLE
        inside = coverage > 0.5
        weight[(coverage > 0.02) & ~seen] = 0
        for degradation in plan:
            channel = CATEGORIES.index(degradation.category)
            presence[channel] = np.maximum(presence[channel], coverage)
            severity[channel][inside] = degradation.level
        kind[inside & seen] = DISTORTIONS.index(plan[-1].distortion) if len(plan) == 1 else -1
    if resave:
        out = camera.jpeg(out, int(rng.integers(70, 96)))
    return _item(out, presence, severity, weight, kind)


def _render_camera(made: camera.Damaged) -> DenseItem:
    """Severity inside, nothing to learn where a fringe of the defect is hardly there."""
    rows, columns = _places(made.picture)
    presence = np.zeros((len(CATEGORIES), rows, columns), np.float32)
    severity = np.zeros_like(presence)
    channel = CATEGORIES.index(made.category)
    coverage = _resize_weights(made.where.astype(np.float32), rows, columns)
    presence[channel] = coverage
    severity[channel][coverage > 0.5] = made.level
    weight = np.where((coverage > 0.1) & (coverage < 0.9), 0, 1).astype(np.float32)
    return _item(made.picture, presence, severity, weight, np.full((rows, columns), -1, np.int64))


def _places(picture: Picture) -> tuple[int, int]:
    """Rows and columns of a picture's maps."""
    return -(-picture.shape[0] // 4), -(-picture.shape[1] // 4)


def _resize_weights(weights: Weights, rows: int, columns: int) -> Weights:
    return np.asarray(cv2.resize(weights, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def _item(out: Picture, *maps: NDArray[np.generic]) -> DenseItem:
    rgb = torch.from_numpy(np.ascontiguousarray(out.transpose(2, 0, 1)))
    return DenseItem(rgb, *(torch.from_numpy(a) for a in maps))


class OpinionSource(Dataset[OpinionItem]):
    """Rated photographs: each whole, then some once more as a crop, distorted or not; then clean photographs that
    nobody rated, each as it is and distorted, then again as they are. Sizes differ."""

    def __init__(self, recipe: Recipe, cache: Path) -> None:
        self.data, self.seed = recipe.opinion, recipe.seed
        rated = _read_split(self.data)["train"]
        self.bank = Bank.build([Path(self.data.folder) / name for name, _ in rated], cache)
        self.scores = [100 * mos for _, mos in rated]
        self.copies = int(len(rated) * self.data.copies)
        clean = _photo_files(recipe.dense, held_out=False)
        self.clean = Bank.build(clean, cache) if clean else None

    def __len__(self) -> int:
        each = 2 + self.data.again
        return len(self.scores) + self.copies + (each * len(self.clean) if self.clean is not None else 0)

    def __getitem__(self, index: int) -> OpinionItem:
        copy, clean = index - len(self.scores), index - len(self.scores) - self.copies
        if copy < 0:
            return self._item(self.bank[index], self.scores[index])
        if clean < 0:
            return self._again(int(copy / self.data.copies))
        assert self.clean is not None
        score, further = 100 * self.data.pristine, clean - 2 * len(self.clean)
        if further >= 0:
            time, number = divmod(further, len(self.clean))
            rng = np.random.default_rng([self.seed, 5, number, time + 1])
            return self._item(_handled(rng, self.clean[number]), score)
        number, distorted = divmod(clean, 2)
        rng = np.random.default_rng([self.seed, 4, number])
        picture = _handled(rng, self.clean[number])
        if distorted:
            picture, left = _damage(rng, picture)
            score *= left
        return self._item(picture, score)

    def _again(self, number: int) -> OpinionItem:
        picture, score = self.bank[number], self.scores[number]
        rng = np.random.default_rng([self.seed, 3, len(self.scores) + number])
        height, width = (int(side * rng.uniform(0.7, 1)) for side in picture.shape[:2])
        y = int(rng.integers(picture.shape[0] - height + 1))
        x = int(rng.integers(picture.shape[1] - width + 1))
        picture = picture[y : y + height, x : x + width]
        if rng.random() < 0.5:
            picture = picture[:, ::-1]
        picture = _handled(rng, np.ascontiguousarray(picture))
        if rng.random() < self.data.distorted:
            picture, left = _damage(rng, picture)
            score *= left
        return self._item(picture, score)

    def _item(self, picture: Picture, score: float) -> OpinionItem:
        rgb = torch.from_numpy(np.array(preprocess.view(picture).transpose(2, 0, 1), order="C"))
        return OpinionItem(rgb, torch.tensor(score, dtype=torch.float32))


def _handled(rng: np.random.Generator, picture: Picture) -> Picture:
    """What happens to pictures on their way that people do not mind: made smaller, saved as a good JPEG."""
    if rng.random() < 0.5:
        scale = max(float(rng.uniform(0.5, 1)), 160 / min(picture.shape[:2]))
        if scale < 1:
            height, width = (round(side * scale) for side in picture.shape[:2])
            picture = _resize(picture, width, height, cv2.INTER_AREA)
    return camera.jpeg(picture, int(rng.integers(80, 97))) if rng.random() < 0.4 else picture


def _damage(rng: np.random.Generator, crop: Picture) -> tuple[Picture, float]:
    """Distort a picture, whole or in a region, and say what share of its opinion is left, by KADID-10k's scores."""
    first = draw_distortion(rng)
    plan = [distort.draw(first, float(rng.uniform(1, 5)), rng)]
    if rng.random() < _TWICE:
        second = draw_distortion(rng, sorted(ORDERS[first.category]))
        plan.append(distort.draw(second, float(rng.uniform(1, 3.5)), rng))
    mask = _shape(rng, crop, None) if rng.random() < 0.5 else np.ones(crop.shape[:2], bool)
    out = np.where(mask[..., None], distort.apply_all(crop, plan), crop)
    here = distort.combine_opinions([distort.opinion(d.distortion, d.level) for d in plan])
    return out, distort.combine_opinions([here], [float(mask.mean())]) / 100


def less_rated(data: OpinionData, cache: Path, *, held_out: bool, count: int, seed: int) -> tuple[Bank, list[float]]:
    """Some photographs of one side of the split that people find something wrong with, in a random order, and their
    mean opinions, 0..100, of which a clean one has 100. No more than there are."""
    part = [(name, mos) for name, mos in _read_split(data)["val" if held_out else "train"] if mos < data.clean_from]
    chosen = [part[int(i)] for i in np.random.default_rng(seed).permutation(len(part))[:count]]
    files = [Path(data.folder) / name for name, _ in chosen]
    return Bank.build(files, cache), [100 * mos / data.clean_from for _, mos in chosen]


def opinion_validation(data: OpinionData, cache: Path) -> tuple[Bank, list[str], list[float]]:
    """The validation photographs, their names and mean opinions 0..100."""
    rated = _read_split(data)["val"]
    names = [name for name, _ in rated]
    return Bank.build([Path(data.folder) / name for name in names], cache), names, [100 * mos for _, mos in rated]
