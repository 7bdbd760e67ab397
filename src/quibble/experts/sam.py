"""SAM and SAM 2 as transformers saves them. What surrounds the network is done here, with no torchvision.

The two differ in how a picture gets in: SAM shrinks or enlarges it to its long side and fills up with zeros, SAM 2
squeezes it into a square. The automatic segments come from a grid of points, each asked for three masks; what the
model is unsure of, what depends on the threshold, and what another segment covers is left out.
Sources: Kirillov et al. 2023, section 5 and appendix B; Ravi et al. 2024.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.errors import ArgumentError, ModelError
from quibble.experts.segmenter import check_points
from quibble.experts.weights import IMAGENET_MEAN, IMAGENET_STD, load_config, load_weights, torch
from quibble.geometry import Mask, Point
from quibble.image import ImageArray, require_rgb

#: A logit between these on one side of the border and not on the other means that the mask hangs on the threshold.
_STABILITY_OFFSET: Final = 1.0

#: The model types of transformers' configurations → the class that holds their weights. SAM 2 is published as video.
_CLASSES: Final = {"sam": "SamModel", "sam2": "Sam2Model", "sam2_video": "Sam2Model"}


@dataclass(frozen=True, kw_only=True)
class Grid:
    """How automatic segments are found: as SAM's own generator does, by its defaults.

    side: points along each side of the picture. iou: least quality, 0..1, that the model expects of a mask.
    stability: least IoU, 0..1, of the masks at a higher and a lower threshold. overlap: most IoU of two segments'
    boxes. least: share of the picture, 0..1, that a segment has at least. batch: points at once.
    """

    side: int = 32
    iou: float = 0.88
    stability: float = 0.95
    overlap: float = 0.7
    least: float = 0.001
    batch: int = 64

    def __post_init__(self) -> None:
        shares = (self.iou, self.stability, self.overlap, self.least)
        if self.side < 1 or self.batch < 1 or not all(0 <= share <= 1 for share in shares):
            raise ArgumentError(f"expected side and batch >= 1 and the rest in 0..1, found {self}")


class Sam:
    """A Segmenter on SamModel or Sam2Model.

    model: a folder that save_pretrained wrote, or an id of the hub. device: as torch names it. Raises ModelError if it
    is no SAM, MissingExtraError if torch or transformers is not installed.
    """

    def __init__(self, model: str | os.PathLike[str], *, device: str = "cpu", grid: Grid | None = None) -> None:
        self.name = str(model)
        self.grid = grid or Grid()
        config = load_config(model)
        if config.model_type not in _CLASSES:
            raise ModelError(f"{model}: expected a SAM or a SAM 2, found a model of type {config.model_type!r}")
        self._square = config.model_type != "sam"
        self._model = load_weights(_CLASSES[config.model_type], model, device=device)
        self._device = device
        self._seen: tuple[ImageArray, Any] | None = None

    def segments(self, rgb: ImageArray) -> list[Mask]:
        """Everything that is a segment, the largest first; segments may lie inside each other."""
        require_rgb(rgb, "a picture to segment")
        height, width = rgb.shape[:2]
        places = (np.arange(self.grid.side) + 0.5) / self.grid.side
        points = np.stack(np.meshgrid(places * width, places * height), axis=-1).reshape(-1, 1, 2)
        found: list[tuple[float, NDArray[np.bool_]]] = []
        for start in range(0, len(points), self.grid.batch):
            found += self._confident(rgb, points[start : start + self.grid.batch])
        kept = [found[index][1] for index in _apart([mask for _, mask in found], [s for s, _ in found], self.grid)]
        return [Mask.from_array(mask) for mask in sorted(kept, key=np.count_nonzero, reverse=True)]

    def at(self, rgb: ImageArray, points: Sequence[Point], labels: Sequence[bool]) -> Mask:
        """The segment that the points mean; of one point's three masks the one that the model thinks best of."""
        require_rgb(rgb, "a picture to segment")
        check_points(rgb, points, labels)
        places = np.array([[(point.x, point.y) for point in points]])
        logits, scores = self._ask(rgb, places, [bool(label) for label in labels], several=len(points) == 1)
        best = int(scores[0].argmax())
        return Mask.from_array(self._enlarged(logits[0, best], rgb.shape[:2]).numpy() > 0)

    def _confident(self, rgb: ImageArray, points: NDArray[np.float64]) -> Iterator[tuple[float, NDArray[np.bool_]]]:
        """(expected quality, mask) of the masks of some points that the model is sure of."""
        logits, scores = self._ask(rgb, points, [True], several=True)
        least = max(1, round(self.grid.least * rgb.shape[0] * rgb.shape[1]))
        for point, number in (scores >= self.grid.iou).nonzero().tolist():
            # One mask at a time: all of a batch at the size of a large photograph would fill the memory.
            whole = self._enlarged(logits[point, number], rgb.shape[:2])
            inner, outer = (int((whole > offset).sum()) for offset in (_STABILITY_OFFSET, -_STABILITY_OFFSET))
            mask = whole.numpy() > 0
            if outer and inner / outer >= self.grid.stability and np.count_nonzero(mask) >= least:
                yield float(scores[point, number]), mask

    def _ask(
        self, rgb: ImageArray, points: NDArray[np.float64], labels: Sequence[bool], *, several: bool
    ) -> tuple[Any, Any]:
        """Logits (P, n, h, w) and expected IoU (P, n) of the masks at (P, points, 2) in pixels."""
        height, width = self._inner_size(*rgb.shape[:2])
        # The network adds half a pixel to what it takes for indices; points here are places in the plane.
        scaled = points * (width / rgb.shape[1], height / rgb.shape[0]) - 0.5
        with torch().inference_mode():
            out = self._model(
                image_embeddings=self._look(rgb),
                input_points=torch().tensor(scaled[None], dtype=torch().float32, device=self._device),
                input_labels=torch().tensor([[labels] * len(points)], dtype=torch().long, device=self._device),
                multimask_output=several,
            )
        return out.pred_masks[0].float().cpu(), out.iou_scores[0].float().cpu()

    def _look(self, rgb: ImageArray) -> Any:
        """The picture's features, those of the last one kept: people click on one picture many times."""
        if self._seen is None or not np.array_equal(self._seen[0], rgb):
            pixels = torch().from_numpy(self.prepare(rgb)).to(self._device)
            with torch().inference_mode():
                self._seen = rgb.copy(), self._model.get_image_embeddings(pixels[None])
        return self._seen[1]

    def prepare(self, rgb: ImageArray) -> NDArray[np.float32]:
        """What the network sees. (H, W, 3) uint8 -> (3, side, side) float32"""
        height, width = self._inner_size(*rgb.shape[:2])
        small = np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BILINEAR), np.float32)
        out = np.zeros((3, self._side, self._side), np.float32)
        out[:, :height, :width] = ((small / 255 - IMAGENET_MEAN) / IMAGENET_STD).transpose(2, 0, 1)
        return out

    def _enlarged(self, logits: Any, size: tuple[int, ...]) -> Any:
        """A mask's logits, (h, w), at the picture's size, (height, width)."""
        resize = torch().nn.functional.interpolate
        whole = logits[None, None]
        if not self._square:
            height, width = self._inner_size(*size)
            whole = resize(whole, (self._side, self._side), mode="bilinear", align_corners=False)
            whole = whole[..., :height, :width]
        return resize(whole, tuple(size), mode="bilinear", align_corners=False)[0, 0]

    def _inner_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of a picture inside the network's square."""
        if self._square:
            return self._side, self._side
        scale = self._side / max(height, width)
        return int(height * scale + 0.5), int(width * scale + 0.5)

    @cached_property
    def _side(self) -> int:
        config = self._model.config
        return int((config.prompt_encoder_config if self._square else config.vision_config).image_size)


def _apart(masks: Sequence[NDArray[np.bool_]], scores: Sequence[float], grid: Grid) -> list[int]:
    """Indices of the masks that are left when those whose box a better one's covers are dropped, the best first."""
    boxes = np.array([_bounds(mask) for mask in masks]).reshape(-1, 4)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    waiting = np.argsort(-np.array(scores), kind="stable")
    kept = []
    while waiting.size:
        best, waiting = waiting[0], waiting[1:]
        kept.append(int(best))
        low = np.maximum(boxes[waiting, :2], boxes[best, :2])
        high = np.minimum(boxes[waiting, 2:], boxes[best, 2:])
        common = np.prod(np.maximum(high - low, 0), axis=1)
        waiting = waiting[common <= grid.overlap * (areas[waiting] + areas[best] - common)]
    return kept


def _bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """The box around a mask that is not empty: x0, y0, x1, y1."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
