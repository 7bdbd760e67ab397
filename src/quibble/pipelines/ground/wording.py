"""The questions and answers around masks: wordings of our own."""

from __future__ import annotations

from typing import Final

import numpy as np

from quibble.errors import MissingExtraError
from quibble.geometry import WHOLE_SHARE, Mask, Region
from quibble.taxonomy import QGroundClass
from quibble.text.grammar import Noun, Writer, enumerate_words, pool, sentence
from quibble.text.places import Place, where

try:
    import cv2
except ImportError as error:
    raise MissingExtraError("opencv-python-headless", "data") from error

#: A piece of a mask is spoken of from this share of the mask on.
_LARGE: Final = 0.15
_MOST_PLACES: Final = 3

#: How each class is spoken of.
NOUNS: Final = {
    QGroundClass.JITTER: Noun("jitter"),
    QGroundClass.NOISE: Noun("noise"),
    QGroundClass.OVEREXPOSURE: Noun("overexposure"),
    QGroundClass.BLUR: Noun("blur"),
    QGroundClass.LOW_LIGHT: Noun("low light"),
}

ASK_ALL: Final = pool(
    "ground.ask_all",
    "Describe the quality of this [picture|image] and mark what is distorted.",
    "How good is this [photo|picture]? Outline the regions that suffer from distortions.",
    "Assess the quality of the image and show me where its distortions are.",
    "Tell me what is wrong with this picture, and segment the places.",
    "What is the quality of this [image|photograph] like? Please point out the affected areas as masks.",
    "Judge this picture's quality in words, and mask every region with a defect.",
    "Which distortions does this image have, and which pixels do they affect?",
    "Give me a quality report on this [picture|photo], with the distorted regions outlined.",
    "Look over this image for quality problems and mark each of them where it is.",
    "Explain the quality of the picture and segment its defects by kind.",
    "Comment on the quality of this photograph; also show the regions that you mean.",
    "What lowers the quality here, and where? Answer with a description and with masks.",
)
ASK_ONE: Final = pool(
    "ground.ask_one",
    "Where in this [picture|image] {d:are} there {d}?",
    "Segment the {d} in this [picture|photo].",
    "Show me the regions with {d}.",
    "Which parts of the [image|picture] suffer from {d}?",
    "Mark all areas that {d} {d:affect}.",
    "Is there any {d} here? If so, outline {d:them}.",
    "Find the {d} and mask {d:them}.",
    "Where can one see {d}?",
    "Point out the {d} in this photograph.",
    "I want to repair {d}: which regions of this picture need it?",
)
_SOME: Final = pool(
    "ground.some",
    "there {d:are} {d} {where}",
    "{d} can be seen {where}",
    "the marked part has {d}; it lies {where}",
    "{where}, {d} {d:affect} the picture",
    "{d} {d:show} {where}",
    "one finds {d} {where}",
)
_ALL_OVER: Final = pool(
    "ground.all_over",
    "{d} {d:cover} the whole [picture|image]",
    "there {d:are} {d} all over the [picture|image]",
    "everywhere: {d} {d:affect} the entire [picture|image]",
    "the whole [picture|image] suffers from {d}",
    "{d} can be seen in every part",
)
_NONE: Final = pool(
    "ground.none",
    "there {d:are} no {d} in this [picture|image]",
    "no region of the [picture|image] shows {d}",
    "I see no {d} here",
    "nowhere; {d} {d:do} not occur in this [picture|photo]",
    "none of the [picture|image] suffers from {d}",
)


def ask_all(writer: Writer) -> str:
    """The question for a text on quality and all masks."""
    return writer.write(ASK_ALL)


def ask_one(writer: Writer, name: QGroundClass) -> str:
    """The question for the masks of one class."""
    return sentence(writer.write(ASK_ONE, d=NOUNS[name]))


def answer_one(writer: Writer, name: QGroundClass, mask: Mask | None) -> str:
    """Where a class is; no mask where there is none of it."""
    noun = NOUNS[name]
    if mask is None:
        return sentence(writer.write(_NONE, d=noun))
    if mask.share >= WHOLE_SHARE:
        return sentence(writer.write(_ALL_OVER, d=noun))
    return sentence(writer.write(_SOME, d=noun, where=_places(writer, mask)))


def _places(writer: Writer, mask: Mask) -> str:
    """Where a mask lies; of one in pieces, where its large pieces do, for the box around all of them would mislead."""
    pixels = mask.to_array()
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(pixels.view(np.uint8), connectivity=8)
    sizes = boxes[:, cv2.CC_STAT_AREA]
    large = [part for part in np.argsort(-sizes[1:], kind="stable") + 1 if sizes[part] >= _LARGE * mask.area]
    pieces = [Mask.from_array(labels == part) for part in large[:_MOST_PLACES]] or [mask]
    said = [where(writer, Place(region=Region(mask=piece), width=mask.width, height=mask.height)) for piece in pieces]
    return enumerate_words(list(dict.fromkeys(said)))
