"""Published outputs of language models that score by the logits of a few words: Q-Bench A3, Q-Boost, Q-Align."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from quibble.bench.metrics.levels import (
    QALIGN_WORDS,
    QBENCH_DIVISOR,
    QBOOST_WORDS,
    good_poor,
    good_poor_published,
    q_align,
    q_boost,
)
from quibble.bench.objects import NAMES, Object, need_number, number, pick, read_objects
from quibble.bench.scores import TRUE, Scored
from quibble.errors import RecordError

#: The beginnings of the names of CGIQA-6K's pictures.
_CGIQA_PARTS: Final = {"game", "movie"}


def read_qbench_a3(
    path: str | os.PathLike[str], *, divisor: float = QBENCH_DIVISOR, keep_ties: bool = False
) -> list[Scored]:
    """Q-Bench's published outputs of task A3: {"img_path", "gt_score", "logit_good", "logit_poor"}, one after another.

    The score is the softmax over the two logits divided by `divisor`, in the arithmetic of the published figures unless
    keep_ties (see metrics.levels). CGIQA-6K, which is told by the names of its pictures, has two parts, games and
    movies, as published. A logit that is no number makes its picture unreadable. Raises RecordError for a missing field
    or a true score that is no number.
    """
    score = good_poor if keep_ties else good_poor_published
    return _read(path, ("good", "poor"), lambda logits: float(score(*logits, divisor=divisor)))


def read_q_boost(path: str | os.PathLike[str], *, synonyms: int = 3) -> list[Scored]:
    """The same with three sets of words: {"img_path", "gt_score", "logits": {"good": ..., "average": ..., ...}}.

    synonyms: how many words of each of QBOOST_WORDS count, 1 to 3.
    """
    words = [word for tone in QBOOST_WORDS for word in tone[:synonyms]]

    def score(logits: Sequence[float]) -> float:
        good, neutral, poor = np.reshape(logits, (3, synonyms))
        return float(q_boost(good, neutral, poor))

    return _read(path, words, score)


def read_q_align(path: str | os.PathLike[str]) -> list[Scored]:
    """The same with the five levels: {"image", "gt_score", "logits": {"excellent": ..., "good": ..., ...}}."""
    return _read(path, QALIGN_WORDS, lambda logits: float(q_align(logits)))


def _read(
    path: str | os.PathLike[str], words: Sequence[str], score: Callable[[Sequence[float]], float]
) -> list[Scored]:
    items, file = [], str(path)
    for index, item in enumerate(read_objects(path)):
        logits = [number(_logit(item, word, file, index)) for word in words]
        known = [logit for logit in logits if logit is not None]
        truth = need_number(pick(item, TRUE, file=file, index=index), "the true score", file=file, index=index)
        items.append(
            Scored(
                name=str(pick(item, NAMES, file=file, index=index)),
                predicted=score(known) if len(known) == len(words) else None,
                truth=truth,
            )
        )
    kinds = [item.name.partition("_")[0] for item in items]
    if set(kinds) != _CGIQA_PARTS:
        return items
    return [replace(item, part=kind) for item, kind in zip(items, kinds, strict=True)]


def _logit(item: Object, word: str, file: str, index: int) -> object:
    """The logit of a word, from the mapping `logits` or a field of its own, logit_WORD."""
    if f"logit_{word}" in item:
        return item[f"logit_{word}"]
    logits = item.get("logits")
    if not isinstance(logits, dict) or word not in logits:
        there = ", ".join(logits) if isinstance(logits, dict) else ", ".join(map(str, item))
        raise RecordError(f"item {index} needs logit_{word}, or {word!r} in its logits; it has {there}", file=file)
    return logits[word]
