"""From the words of an answer to places: [phrase](grid code) to boxes, and to the findings that are meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask, Point, grid_decode
from quibble.results import Finding, Phrase, Report
from quibble.taxonomy import Category
from quibble.text.vocabulary import categories_named

#: Points that are words for thirds of a picture are exact to half a third.
REACH: Final = 1 / 6
#: What is less sure is doubtful.
_SURE: Final = 0.5
#: A phrase may have several boxes, one behind the other.
_MARKED: Final = re.compile(r"\[([^\[\]]+)\]((?:\(\d+,\d+\))+)")
_CODE: Final = re.compile(r"\((\d+),(\d+)\)")


def plain(text: str) -> str:
    """An answer without brackets and codes, beginning with a capital."""
    told = _MARKED.sub(r"\1", text)
    return told[:1].upper() + told[1:]


def phrases_in(text: str, report: Report) -> tuple[Phrase, ...]:
    """The phrases that an answer marks, with boxes in pixels. Those with a code that is no box are left out.

    A phrase that names what was found has the box of that finding, which is finer than the grid.
    """
    phrases = []
    for words, code in _marked(text, report):
        meant = _nearest(words, code, report.findings)
        phrases.append(Phrase(text=words, box=meant[0].box if len(meant) == 1 else code))
    return tuple(phrases)


def findings_meant(query: str, answer: str, report: Report, suspected: Sequence[Finding] = ()) -> tuple[Finding, ...]:
    """The findings that an answer to a query means: those behind its boxes, or else those that either of them names.

    suspected: what may be meant beside the report's findings.
    """
    among = (*report.findings, *suspected)
    meant = [finding for words, code in _marked(answer, report) for finding in _nearest(words, code, among)]
    named: Collection[Category] = ()
    if not meant:
        named = categories_named(query) or categories_named(answer)
    return tuple(f for f in among if f.category in named or any(f is m for m in meant))


def with_doubt(text: str, meant: Sequence[Finding], report: Report) -> str:
    """An answer that says so if it means findings of a report none of which is more probable than not.

    What is suspected beside the report is told as such by itself.
    """
    if not any(f is g for f in meant for g in report.findings) or any(f.confidence >= _SURE for f in meant):
        return text
    return f"Perhaps: {text[:1].lower()}{text[1:]}"


def finding_at(point: Point, findings: Sequence[Finding], named: Collection[Category]) -> Finding | None:
    """The finding that a point lies in, or just beside, by no more than REACH of the picture's sides.

    Of several, one of a category that was named, and then the smallest.
    """
    near = [finding for finding in findings if _is_near(point, finding.mask)]
    return min(near, key=lambda finding: (finding.category not in named, finding.mask.area), default=None)


def _is_near(point: Point, mask: Mask) -> bool:
    inside = mask.to_array()
    dx, dy = REACH * mask.width, REACH * mask.height
    rows = slice(max(0, round(point.y - dy)), round(point.y + dy) + 1)
    columns = slice(max(0, round(point.x - dx)), round(point.x + dx) + 1)
    return bool(inside[rows, columns].any())


def _marked(text: str, report: Report) -> list[tuple[str, Box]]:
    found = []
    for words, codes in _MARKED.findall(text):
        for start, end in _CODE.findall(codes):
            try:
                found.append((words, grid_decode((int(start), int(end)), width=report.width, height=report.height)))
            except ArgumentError:
                # What the model wrote is not a box.
                continue
    return found


def _nearest(words: str, code: Box, findings: Sequence[Finding]) -> list[Finding]:
    """For each category that a phrase names, its finding that overlaps most with the phrase's box."""
    groups = [[f for f in findings if f.category is category] for category in categories_named(words)]
    return [max(group, key=lambda f: f.box.iou(code)) for group in groups if group]
