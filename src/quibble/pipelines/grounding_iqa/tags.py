"""Stage 1's filters: which of a description's objects count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from quibble.errors import ReplyError
from quibble.pipelines.grounding_iqa.boxes import Tag
from quibble.pipelines.grounding_iqa.fusion import mention
from quibble.pipelines.grounding_iqa.prompts import NO_IMPACT

#: Nouns that mean the whole picture, or no place in it at all.
_WHOLE: Final = frozenset(
    re.findall(
        r"\w+",
        """image images picture pictures photo photos photograph photographs shot frame scene view composition whole
        everything quality exposure lighting illumination brightness contrast color colors colour colours saturation
        tone tones sharpness clarity focus noise blur detail details texture textures artifact artifacts distortion
        distortions content atmosphere impression""",
    )
)
_MOST_WORDS: Final = 12


def sift(tags: Sequence[Tag], description: str) -> Iterator[Tag | ReplyError]:
    """The objects that count, in order, and why others do not: an error whose detail names the object.

    Left out are objects without an effect on quality, the picture as a whole, what the description does not say in
    these words, and what was given before.
    """
    seen: set[str] = set()
    for tag in tags:
        key = tag.phrase.lower()
        if mention(tag.phrase, description) is None or len(key.split()) > _MOST_WORDS:
            yield ReplyError("not in the text", tag.phrase)
        elif key in seen:
            yield ReplyError("given twice", tag.phrase)
        elif tag.effect == NO_IMPACT:
            yield ReplyError("no impact", f"{tag.phrase}: {tag.quality}")
        elif means_the_whole(tag.phrase):
            yield ReplyError("the whole picture", f"{tag.phrase}: {tag.quality}")
        else:
            yield tag
        seen.add(key)


def means_the_whole(phrase: str) -> bool:
    """Whether a phrase means the picture as a whole: by its noun, the last word before any "of" or "in"."""
    head = re.split(r"\s+(?:of|in|on|at|with|near|behind|wearing)\s+", phrase.lower())[0]
    words = re.findall(r"[\w'-]+", head)
    return not words or words[-1] in _WHOLE
