"""Answers that were made elsewhere, as a model: a file that gives an answer by the name of each item."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from quibble.bench.item import Item, Kind
from quibble.bench.models import read
from quibble.bench.objects import NAMES, need_number, number, pick, read_objects
from quibble.bench.reply import Reply, Status
from quibble.errors import ArgumentError, RecordError
from quibble.geometry import Mask

#: What an answer is called in the files of the field; the first one counts.
ANSWERS: Final = ("answer", "prediction", "pred", "response", "output", "text", "score", "value")


class FileModel:
    """A file of answers: JSON, JSON lines or CSV, a name and an answer each.

    Names are those of the items, or of their last picture's file where no item has such a name. Answers are texts, read
    as strictly as a model's, numbers for scores, lists of names for referring, and {class: COCO RLE} for grounding; a
    "confidence" beside a choice or a preference is its probability, 0..1. An item without an answer is unreadable.
    Raises RecordError for a name that stands twice or an answer of another kind.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = str(path)
        self.label = Path(path).name
        self._answers: dict[str, Any] = {}
        self._sure: dict[str, float] = {}
        for index, entry in enumerate(read_objects(path)):
            name = str(pick(entry, NAMES, file=self._file, index=index))
            if name in self._answers:
                raise RecordError(f"{name!r} stands twice, as item {index} again", file=self._file)
            self._answers[name] = pick(entry, ANSWERS, file=self._file, index=index)
            if "confidence" in entry:
                sure = need_number(entry["confidence"], "the confidence", file=self._file, index=index)
                if not 0 <= sure <= 1:
                    raise RecordError(f"the confidence of item {index} lies in 0..1, found {sure:g}", file=self._file)
                self._sure[name] = sure

    def can(self, item: Item) -> bool:
        return True

    def answer(self, item: Item) -> Reply:
        name, picture = item.id, item.images[-1]
        if name not in self._answers and isinstance(picture, Path):
            name = picture.name
        found = self._answers.get(name)
        if found is None:
            return Reply(status=Status.UNREADABLE)
        if item.kind is Kind.SCORE and (score := number(found)) is not None:
            return Reply(score=score)
        if item.kind is Kind.GROUND and isinstance(found, Mapping):
            return Reply(masks=self._masks(item, found))
        if item.kind is Kind.REFER and isinstance(found, list):
            return Reply(names=tuple(map(str, found)))
        if not isinstance(found, str) or item.kind is Kind.GROUND:
            raise RecordError(f"the answer to {item.id!r} is none for {item.kind}: {found!r:.60}", file=self._file)
        reply = read(item, found)
        if item.kind in (Kind.CHOICE, Kind.COMPARE) and reply.status is Status.READ:
            return replace(reply, confidence=self._sure.get(name))
        return reply

    def _masks(self, item: Item, found: Mapping[str, Any]) -> dict[str, Mask]:
        try:
            return {str(name): Mask.from_coco(code) for name, code in found.items()}
        except ArgumentError as error:
            raise RecordError(f"the masks of {item.id!r} are malformed: {error}", file=self._file) from error
