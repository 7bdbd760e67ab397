"""Where, in boxes: category-agnostic mIoU and Tag-Recall, with the matching and the likeness of names stated.

The paper does not say how predicted boxes are matched to true ones. Here each box is used at most once and the
assignment has the greatest sum (Hungarian method), so an answer can neither count one box twice nor lose by its order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from quibble.bench.metrics.estimate import RESAMPLES, SEED, Estimate, bootstrap
from quibble.errors import ArgumentError, CapabilityError, MissingExtraError
from quibble.geometry import Box

T = TypeVar("T")

#: A tag is found if its box's IoU and its name's likeness both exceed this. Source: Grounding-IQA, section 3.4.
THRESHOLD: Final = 0.5

_FILLER: Final = frozenset({"a", "an", "the", "this", "that", "of", "in", "on", "and", "with"})


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A named box, in any unit that a picture's boxes share."""

    name: str
    box: Box


class NameLikeness(Protocol):
    """How like two names are, 0..1, and what to call this measure in a table."""

    @property
    def label(self) -> str: ...

    def __call__(self, first: str, second: str) -> float: ...


class LexicalLikeness:
    """Dice's coefficient of the words, without articles and the like: 2 x common / all. 1 for the same words.

    Deterministic and offline; it knows no synonyms, so it is stricter than a sentence embedding.
    """

    label = "words in common (lexical)"

    def __call__(self, first: str, second: str) -> float:
        a, b = _words(first), _words(second)
        total = a.total() + b.total()
        return 2 * (a & b).total() / total if total else 1.0


class EmbeddingLikeness:
    """The cosine of two sentence embeddings. `encode` takes texts and returns (n, d) vectors; label names its model."""

    def __init__(self, encode: Callable[[Sequence[str]], NDArray[np.floating[Any]]], label: str) -> None:
        self._encode, self.label = encode, label
        self._known: dict[str, NDArray[np.float64]] = {}

    def __call__(self, first: str, second: str) -> float:
        a, b = self._vector(first), self._vector(second)
        return float(np.clip(a @ b, 0, 1))

    def _vector(self, name: str) -> NDArray[np.float64]:
        if name not in self._known:
            vector = np.asarray(self._encode([name])[0], np.float64)
            self._known[name] = vector / max(float(np.linalg.norm(vector)), 1e-12)
        return self._known[name]


def sentence_likeness(model: str) -> EmbeddingLikeness:
    """The likeness of a sentence-transformers model, by the path of a folder or the name of one already downloaded.

    Raises CapabilityError if the package is not installed, ArgumentError if there is no such model on this machine.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise CapabilityError(
            "comparing names by a sentence embedding needs the package sentence-transformers: pip install "
            "sentence-transformers, or leave the model out and compare words"
        ) from error
    try:
        loaded = SentenceTransformer(model, local_files_only=True)
    except (OSError, ValueError) as error:
        raise ArgumentError(f"there is no sentence embedding {model!r} on this machine ({error})") from error
    return EmbeddingLikeness(lambda texts: np.asarray(loaded.encode(list(texts))), f"sentence embedding {model}")


@dataclass(frozen=True, kw_only=True)
class BoxScore:
    """A figure over all true boxes, 0..1. n: true boxes; predicted: boxes in the answers, matched or not."""

    value: Estimate
    n: int
    predicted: int


def box_miou(
    predictions: Sequence[Sequence[Box]],
    truths: Sequence[Sequence[Box]],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> BoxScore:
    """Mean IoU over all true boxes of all pictures, whatever they show; one that is not matched counts 0.

    Boxes of a picture are assigned one to one for the greatest sum of IoU. A superfluous box costs nothing here: its
    number is in `predicted`. The interval resamples pictures. Needs the extra `data` (scipy).
    """
    sums = [_best_sum(_ious(p, t)) for p, t in _aligned(predictions, truths)]
    return _share_of_truth(sums, predictions, truths, resamples, seed)


def tag_recall(
    predictions: Sequence[Sequence[Tag]],
    truths: Sequence[Sequence[Tag]],
    likeness: NameLikeness,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> BoxScore:
    """Share of true tags that were found: IoU and likeness of names both above 0.5, each tag used at most once.

    Source: Grounding-IQA, section 3.4. Needs the extra `data` (scipy).
    """
    found = []
    for predicted, true in _aligned(predictions, truths):
        near = _ious([tag.box for tag in predicted], [tag.box for tag in true]) > THRESHOLD
        for i, j in np.argwhere(near).tolist():
            near[i, j] = likeness(predicted[i].name, true[j].name) > THRESHOLD
        found.append(_best_sum(near.astype(np.float64)))
    return _share_of_truth(found, predictions, truths, resamples, seed)


def _share_of_truth(
    found: Sequence[float],
    predictions: Sequence[Sequence[object]],
    truths: Sequence[Sequence[object]],
    resamples: int,
    seed: int,
) -> BoxScore:
    hits, counts = np.array(found), np.array([len(true) for true in truths])
    if not counts.sum():
        raise ArgumentError("no picture has a true box, so there is nothing to find")

    def share(chosen: NDArray[np.intp]) -> float:
        total = counts[chosen].sum()
        if not total:
            raise ArgumentError("no true box in this sample")
        return float(hits[chosen].sum() / total)

    return BoxScore(
        value=bootstrap(share, len(counts), resamples=resamples, seed=seed),
        n=int(counts.sum()),
        predicted=sum(len(predicted) for predicted in predictions),
    )


def _aligned(predictions: Sequence[Sequence[T]], truths: Sequence[Sequence[T]]) -> zip[tuple[Sequence[T], Sequence[T]]]:
    if len(predictions) != len(truths):
        raise ArgumentError(f"expected an answer for each of {len(truths)} pictures, found {len(predictions)}")
    return zip(predictions, truths, strict=True)


def _ious(predicted: Sequence[Box], true: Sequence[Box]) -> NDArray[np.float64]:
    return np.array([[p.iou(t) for t in true] for p in predicted], np.float64).reshape(len(predicted), len(true))


def _best_sum(gains: NDArray[np.float64]) -> float:
    """The greatest sum of an assignment of rows to columns, each used at most once."""
    if not gains.size:
        return 0.0
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError as error:
        raise MissingExtraError("scipy", "data") from error
    rows, columns = linear_sum_assignment(gains, maximize=True)
    return float(gains[rows, columns].sum())


def _words(name: str) -> Counter[str]:
    """The words of a name, each in the singular where that is told by an s."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    return Counter(w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w for w in words) - Counter(
        dict.fromkeys(_FILLER, len(words))
    )
