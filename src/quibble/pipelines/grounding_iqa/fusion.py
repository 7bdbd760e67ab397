"""Stage 4: boxes as grid codes behind the words that they belong to, as in "[the cup](63,148) is blurred"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from quibble.geometry import Box, grid_encode
from quibble.pipelines.grounding_iqa.boxes import Found

_ARTICLE: Final = r"(?:the|an?|this|that|these|those)\s+"


@dataclass(frozen=True, kw_only=True)
class Fused:
    """A text with boxes in it. placed: which objects have theirs in it, by index, in the order of the text."""

    text: str
    placed: tuple[int, ...]


def code(boxes: Sequence[Box], *, width: int, height: int) -> str:
    """Boxes as grid codes, one behind the other: "(63,148)" or "(63,148)(210,296)". Source: Grounding-IQA eq. 1."""
    cells = (grid_encode(box, width=width, height=height) for box in boxes)
    return "".join(f"({first},{last})" for first, last in cells)


def mention(phrase: str, text: str) -> re.Match[str] | None:
    """Where a text first names an object: the phrase's words, whole, in any case, with any article or none."""
    return _pattern(phrase).search(text)


def fuse(text: str, found: Sequence[Found], *, width: int, height: int) -> Fused:
    """Put each object's boxes behind its first mention.

    Of mentions that overlap, such as "the cup" in "the cup on the left", the longer one counts. Objects that the text
    does not name are left out.
    """
    taken: list[tuple[int, int, int]] = []
    for index in sorted(range(len(found)), key=lambda index: -len(found[index].tag.phrase)):
        for match in _pattern(found[index].tag.phrase).finditer(text):
            start, end = match.span()
            if all(end <= other_start or other_end <= start for other_start, other_end, _ in taken):
                taken.append((start, end, index))
                break
    taken.sort()
    out, at = [], 0
    for start, end, index in taken:
        out += [text[at:start], f"[{text[start:end]}]", code(found[index].boxes, width=width, height=height)]
        at = end
    return Fused(text="".join([*out, text[at:]]), placed=tuple(index for _, _, index in taken))


def _pattern(phrase: str) -> re.Pattern[str]:
    words = re.sub(f"^{_ARTICLE}", "", " ".join(phrase.split()), flags=re.IGNORECASE) or phrase
    core = r"\s+".join(map(re.escape, words.split()))
    return re.compile(rf"(?<!\w)(?:{_ARTICLE})?{core}(?!\w)", re.IGNORECASE)
