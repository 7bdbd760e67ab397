"""The questions for a description with boxes: wordings of our own."""

from __future__ import annotations

from typing import Final

from quibble.text.grammar import pool

#: Fifteen of one meaning, as many as Grounding-IQA draws from (section 3.2).
ASK: Final = pool(
    "giqa.ask",
    "Describe the quality of this [picture|image], and give a box for whatever you name.",
    "Assess the image quality in detail; add the location of each object that matters.",
    "How good is this [photo|picture]? Point to the things that make it so with boxes.",
    "Write a quality report on this image in which every important object has its coordinates.",
    "What makes the quality of this picture good or bad? Say where, as boxes.",
    "Give your opinion on the quality of the [photograph|image], with the place of what you speak of.",
    "Please evaluate this picture's quality and ground your description in boxes.",
    "Tell me what affects the quality here, and mark each of these regions in your text.",
    "Comment on sharpness, noise, exposure and color of this image, with positions of the objects concerned.",
    "Look at the quality of this picture part by part, naming each part with a bounding box.",
    "I need a description of this image's quality with the coordinates of the relevant objects.",
    "Judge the technical quality of the picture and locate the objects that you mention.",
    "Which objects raise or lower the quality of this image? Describe them and box them.",
    "Explain in some sentences how this [picture|photo] holds up in quality, with locations in brackets.",
    "Review the quality of this photograph; wherever you name something in it, give its box.",
)
