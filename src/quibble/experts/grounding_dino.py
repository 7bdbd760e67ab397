"""Grounding DINO as transformers saves it. What surrounds the network is done here, with no torchvision.

Source: Liu et al. 2024, Grounding DINO: a phrase is found where one of its words is.
"""

from __future__ import annotations

import os
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.errors import ArgumentError, ModelError
from quibble.experts.detector import Detection, check_phrase
from quibble.experts.weights import IMAGENET_MEAN, IMAGENET_STD, load_config, load_tokenizer, load_weights, torch
from quibble.geometry import Box
from quibble.image import ImageArray, require_rgb

#: Least sureness of a box in the authors' own demonstration.
BOX_THRESHOLD: Final = 0.35

#: A full stop ends a phrase for the network, so within one it would make two.
_STOPS: Final = str.maketrans(".?!;", "    ")


class GroundingDino:
    """A Detector on GroundingDinoForObjectDetection and the tokenizer beside it.

    model: a folder that save_pretrained wrote, or an id of the hub. device: as torch names it. threshold: least
    sureness of a box, 0..1. short_side_px, long_side_px: pictures are brought to the short side unless their long side
    would pass its own. Raises ModelError if it is no Grounding DINO, MissingExtraError without torch or transformers.
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        *,
        device: str = "cpu",
        threshold: float = BOX_THRESHOLD,
        short_side_px: int = 800,
        long_side_px: int = 1333,
    ) -> None:
        if not 0 <= threshold <= 1 or not 1 <= short_side_px <= long_side_px:
            raise ArgumentError(
                f"expected a threshold in 0..1 and sides of at least 1 pixel, the short one first, found {threshold}, "
                f"{short_side_px} and {long_side_px}"
            )
        self.name = str(model)
        self._threshold = threshold
        self._sides = short_side_px, long_side_px
        config = load_config(model)
        if config.model_type != "grounding-dino":
            raise ModelError(f"{model}: expected a Grounding DINO, found a model of type {config.model_type!r}")
        self._tokenizer = load_tokenizer(model)
        self._model = load_weights("GroundingDinoForObjectDetection", model, device=device)
        self._device = device

    def find(self, rgb: ImageArray, phrase: str) -> list[Detection]:
        """Boxes around what the phrase may mean, the surest first."""
        require_rgb(rgb, "a picture to search")
        text = check_phrase(check_phrase(phrase).translate(_STOPS)).lower()
        words = self._tokenizer(f"{text}.", return_tensors="pt", return_token_type_ids=True).to(self._device)
        pixels = torch().from_numpy(self.prepare(rgb))[None].to(self._device)
        with torch().inference_mode():
            out = self._model(pixel_values=pixels, **words)
        scores = out.logits[0].float().sigmoid().amax(dim=-1).cpu().numpy()
        boxes = out.pred_boxes[0].float().cpu().numpy()
        height, width = rgb.shape[:2]
        found = [
            Detection(box=_to_box(boxes[index], height=height, width=width), score=float(scores[index]))
            for index in np.argsort(-scores, kind="stable")
            if scores[index] > self._threshold
        ]
        return [detection for detection in found if detection.box.area >= 1]

    def prepare(self, rgb: ImageArray) -> NDArray[np.float32]:
        """What the network sees. (H, W, 3) uint8 -> (3, h, w) float32"""
        small = Image.fromarray(rgb).resize(self._inner_size(*rgb.shape[:2]), Image.Resampling.BILINEAR)
        normal = (np.asarray(small, np.float32) / 255 - IMAGENET_MEAN) / IMAGENET_STD
        return np.ascontiguousarray(normal.transpose(2, 0, 1))

    def _inner_size(self, height: int, width: int) -> tuple[int, int]:
        """(width, height) of a picture in the network."""
        short, long = sorted((height, width))
        side, most = self._sides
        exact = min(float(side), most * short / long)
        inner, outer = round(exact), int(exact * long / short)
        return (inner, outer) if width < height else (outer, inner)


def _to_box(box: NDArray[np.float32], *, height: int, width: int) -> Box:
    """From a centre and a size in shares of the picture, cut off at its edges."""
    x, y, w, h = box.tolist()
    corners = Box(x0=(x - w / 2) * width, y0=(y - h / 2) * height, x1=(x + w / 2) * width, y1=(y + h / 2) * height)
    return corners.clip(width=width, height=height)
