"""Set-of-mark pictures: a picture cut into parts, each with a number that can be read, so that words can point there.

Parts do not overlap; each is outlined and not tinted, for a tint would change the very exposure and color that are
to be judged. Numbers stand on plates of their own where a part is deepest, and no plate touches another.
Source: Yang et al. 2023, Set-of-Mark prompting, as used in Q-Ground, section 3.2.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from quibble.errors import ArgumentError, MissingExtraError
from quibble.geometry import Box, Mask
from quibble.image import ImageArray, require_rgb

try:
    import cv2
except ImportError as error:
    raise MissingExtraError("opencv-python-headless", "data") from error

Labels = NDArray[np.int32]

#: A part below this share of the picture has no room for a number and shows no distortion.
LEAST_SHARE: Final = 0.005
MOST_MARKS: Final = 30
#: Long side in pixels that a marked picture is brought to: what language models look at without shrinking it further.
_SHORTEST, _LONGEST = 768, 1536
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A part of a picture, at the picture's size, and its number from 1. plate: where it stands in the marked picture,
    in that one's pixels.
    """

    number: int
    mask: Mask
    plate: Box


@dataclass(frozen=True, kw_only=True, eq=False)
class Marked:
    """A picture with numbers on it. image: (h, w, 3) uint8, brought to a size that is easy to read; only looked at.

    left_out: parts on which no number could be put without covering another.
    """

    image: ImageArray
    marks: tuple[Mark, ...]
    left_out: int


def mark(rgb: ImageArray, segments: Sequence[Mask], *, least: float = LEAST_SHARE, most: int = MOST_MARKS) -> Marked:
    """Number the parts that segments cut a picture into, row by row.

    Segments may overlap: a pixel belongs to the smallest one over it, and what none covers is a part as well. least:
    share of the picture that a part has at least. most: number of parts. Raises ArgumentError for a segment of another
    size.
    """
    require_rgb(rgb, "a picture to mark")
    height, width = rgb.shape[:2]
    parts = cut_apart(segments, height=height, width=width, least=least, most=most)
    scale = np.clip(max(height, width), _SHORTEST, _LONGEST) / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    shrinks = scale < 1
    canvas = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    shown = cv2.resize(parts, size, interpolation=cv2.INTER_NEAREST_EXACT).astype(np.int32)
    text_px = max(14, round(0.027 * float(np.sqrt(size[0] * size[1]))))
    places = _place_plates(shown, int(parts.max()), text_px)
    # By rows as tall as a twelfth of the picture, so that numbers are found in the order of reading.
    band = size[1] / 12
    order = sorted(places, key=lambda part: (places[part].center.y // band, places[part].center.x))
    marks = tuple(
        Mark(number=number, mask=Mask.from_array(parts == part), plate=places[part])
        for number, part in enumerate(order, start=1)
    )
    image = _outline(np.asarray(canvas, np.uint8), shown, line_px=max(1, text_px // 12))
    return Marked(image=_draw_plates(image, marks, text_px), marks=marks, left_out=int(parts.max()) - len(marks))


def cut_apart(segments: Sequence[Mask], *, height: int, width: int, least: float, most: int) -> Labels:
    """A number from 1 for each part, 0 for pixels of none, (H, W) int32; see `mark`."""
    for segment in segments:
        if (segment.height, segment.width) != (height, width):
            raise ArgumentError(f"expected segments of {width} x {height}, found {segment.width} x {segment.height}")
    fewest = max(1.0, least * height * width)
    kept = sorted((s for s in segments if s.area >= fewest), key=lambda segment: -segment.area)[:most]
    labels = np.zeros((height, width), np.int32)
    for number, segment in enumerate(kept, start=1):
        labels[segment.to_array()] = number
    _, rest, boxes, _ = cv2.connectedComponentsWithStats((labels == 0).view(np.uint8), connectivity=4)
    sizes = boxes[:, cv2.CC_STAT_AREA]
    for part in np.argsort(-sizes[1:], kind="stable")[: most - len(kept)] + 1:
        if sizes[part] >= fewest:
            labels[(rest == part) & (labels == 0)] = labels.max() + 1
    areas = np.bincount(labels.reshape(-1))
    numbers = np.zeros(len(areas), np.int32)
    seen = np.flatnonzero(areas[1:] >= fewest) + 1
    numbers[seen] = np.arange(1, len(seen) + 1)
    return numbers[labels]


def _place_plates(labels: Labels, parts: int, text_px: int) -> dict[int, Box]:
    """Where each part's number goes, if there is room: the smallest part first, where it is deepest."""
    height, width = labels.shape
    areas = np.bincount(labels.reshape(-1), minlength=parts + 1)
    w, h = _plate_size(parts, text_px)
    free = np.zeros((height, width), bool)
    free[h // 2 : height - h // 2 - 1, w // 2 : width - w // 2 - 1] = True
    places: dict[int, Box] = {}
    for part in sorted(range(1, parts + 1), key=lambda part: areas[part]):
        inside = (labels == part).view(np.uint8)
        left, top, across, down = cv2.boundingRect(inside)
        window = slice(top, top + down), slice(left, left + across)
        framed = cv2.copyMakeBorder(inside[window], 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        depth = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1] * free[window]
        deepest = int(depth.argmax())
        if depth.flat[deepest] <= 0:
            continue
        y, x = top + deepest // across, left + deepest % across
        left, top = x - w // 2, y - h // 2
        places[part] = Box.from_xywh(left, top, w, h)
        # No other plate's middle may come nearer than a plate and a gap.
        free[max(0, y - h - 2) : y + h + 3, max(0, x - w - 2) : x + w + 3] = False
    return places


def _plate_size(highest: int, text_px: int) -> tuple[int, int]:
    """(width, height) of a plate with room for the longest number."""
    digits = max(_font(text_px).getlength(digit * len(str(highest))) for digit in "0123456789")
    return round(digits + 0.6 * text_px), round(1.25 * text_px)


def _outline(canvas: ImageArray, labels: Labels, *, line_px: int) -> ImageArray:
    """Lines between the parts, white with a black rim, so that they show on any ground."""
    border = np.zeros(labels.shape, np.uint8)
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    border[1:] |= labels[1:] != labels[:-1]
    image = canvas.copy()
    for grown_px, color in ((2 * line_px + 1, _BLACK), (line_px, _WHITE)):
        image[cv2.dilate(border, np.ones((grown_px, grown_px), np.uint8)) > 0] = color
    return image


def _draw_plates(image: ImageArray, marks: Sequence[Mark], text_px: int) -> ImageArray:
    canvas = Image.fromarray(image)
    pen = ImageDraw.Draw(canvas)
    for item in marks:
        plate = item.plate
        pen.rectangle((plate.x0, plate.y0, plate.x1 - 1, plate.y1 - 1), fill=_BLACK, outline=_WHITE)
        pen.text((plate.center.x, plate.center.y), str(item.number), _WHITE, _font(text_px), anchor="mm")
    return np.array(canvas)


@lru_cache(maxsize=8)
def _font(text_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(text_px)
