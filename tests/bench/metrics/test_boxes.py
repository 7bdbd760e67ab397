from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco

from quibble.bench.metrics.boxes import EmbeddingLikeness, LexicalLikeness, Tag, box_miou, sentence_likeness, tag_recall
from quibble.errors import ArgumentError, CapabilityError
from quibble.geometry import Box


def box(x: float, y: float, w: float, h: float) -> Box:
    return Box.from_xywh(x, y, w, h)


def boxes(count: int, seed: int) -> list[Box]:
    rng = np.random.default_rng(seed)
    return [box(*rng.uniform(0, 30, 2), *rng.uniform(5, 40, 2)) for _ in range(count)]


@pytest.mark.parametrize(("n", "m"), [(3, 3), (2, 4), (4, 2), (0, 2)])
def test_matching_is_the_best_of_all_with_pycocotools_iou(n: int, m: int) -> None:
    predicted, true = boxes(n, n), boxes(m, 10 + m)
    xywh = [[[b.x0, b.y0, b.width, b.height] for b in side] for side in (predicted, true)]
    ious = np.array(coco.iou(np.array(xywh[0]), np.array(xywh[1]), [0] * m)).reshape(n, m) if n else np.zeros((0, m))
    wide = np.pad(ious, ((0, max(m - n, 0)), (0, max(n - m, 0))))
    best = max(sum(wide[i, j] for i, j in enumerate(order)) for order in permutations(range(wide.shape[1])))
    found = box_miou([predicted], [true], resamples=0)
    assert found.value.value == pytest.approx(best / m)
    assert (found.n, found.predicted) == (m, n)


def test_all_boxes_of_all_pictures_count_alike() -> None:
    a, b = box(0, 0, 10, 10), box(50, 50, 10, 10)
    found = box_miou([[a], [a]], [[a], [b, a, box(90, 90, 5, 5)]], resamples=50)
    assert found.value.value == 2 / 4
    assert found.value.low is not None


def test_one_box_is_not_counted_twice() -> None:
    a = box(0, 0, 10, 10)
    assert box_miou([[a]], [[a, a]], resamples=0).value.value == 0.5


def test_a_tag_needs_both_box_and_name() -> None:
    sky, wall = Tag(name="the sky", box=box(0, 0, 10, 10)), Tag(name="a brick wall", box=box(20, 20, 10, 10))
    said = [
        Tag(name="sky", box=box(0, 0, 10, 10)),
        Tag(name="brick walls", box=box(40, 40, 10, 10)),
        Tag(name="man", box=box(20, 20, 10, 10)),
    ]
    assert tag_recall([said], [[sky, wall]], LexicalLikeness(), resamples=0).value.value == 0.5
    exactly_half = Tag(name="sky", box=box(0, 0, 10, 5))
    assert tag_recall([[exactly_half]], [[sky]], LexicalLikeness(), resamples=0).value.value == 0


def test_names_of_which_the_better_match_is_not_the_nearest_box() -> None:
    true = [Tag(name="man", box=box(0, 0, 10, 10)), Tag(name="red hat", box=box(0, 0, 10, 9))]
    said = [Tag(name="hat", box=box(0, 0, 10, 10)), Tag(name="man", box=box(0, 0, 10, 9))]
    assert tag_recall([said], [true], LexicalLikeness(), resamples=0).value.value == 1


def test_likeness_of_names() -> None:
    like = LexicalLikeness()
    assert like("the man in a white shirt", "man with white shirts") == 1
    assert like("grass", "glass") == 0
    assert like("white shirt", "shirt") == pytest.approx(2 / 3)


def test_an_embedding_can_take_its_place() -> None:
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float64]:
        asked.extend(texts)
        return np.array([[2.0, 0.0] if text in ("sofa", "couch") else [0.0, 1.0] for text in texts])

    like = EmbeddingLikeness(encode, "made up")
    assert like("sofa", "couch") == 1
    assert like("sofa", "sky") == 0
    assert asked == ["sofa", "couch", "sky"]


def test_a_sentence_embedding_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Transformer:
        def __init__(self, model: str, *, local_files_only: bool) -> None:
            if model != "mini" or not local_files_only:
                raise OSError("not found")

        def encode(self, texts: list[str]) -> list[list[float]]:
            return [[len(text), 0.0] for text in texts]

    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(CapabilityError, match="pip install sentence-transformers"):
        sentence_likeness("mini")
    monkeypatch.setitem(sys.modules, "sentence_transformers", SimpleNamespace(SentenceTransformer=Transformer))
    like = sentence_likeness("mini")
    assert like("sofa", "a couch") == 1
    assert like.label == "sentence embedding mini"
    with pytest.raises(ArgumentError, match="no sentence embedding 'maxi'"):
        sentence_likeness("maxi")


def test_nothing_to_find_is_an_error() -> None:
    with pytest.raises(ArgumentError, match="nothing to find"):
        box_miou([[]], [[]])
    with pytest.raises(ArgumentError, match="for each of 2"):
        box_miou([[]], [[], []])
