"""BLEU against sacrebleu: its figures for these texts, and sacrebleu itself where it is installed."""

from __future__ import annotations

import pytest

from quibble.bench.metrics.texts import bleu4, tokens, without_coordinates
from quibble.errors import ArgumentError

SAID = [
    "The sky is blurry, with visible noise in the top-left corner.",
    "There's a 3.5 level of over-exposure; colors look dull (e.g. the wall).",
    "The image is clear and the lighting is adequate.",
]
TRUE = [
    "The sky is blurry, with slight noise in the top left corner.",
    "There is a 3.5 level of overexposure; colors look dull (e.g. the red wall).",
    "The image is fairly clear and the lighting is adequate overall.",
]


def test_bleu_is_sacrebleus() -> None:
    # sacrebleu 2.6.0: BLEU(smooth_method="none").corpus_score(SAID, [TRUE])
    assert bleu4(SAID, TRUE, resamples=0).value == pytest.approx(56.708469026099344, abs=1e-9)


def test_bleu_is_sacrebleus_where_it_is_installed() -> None:
    metrics = pytest.importorskip("sacrebleu.metrics")
    bleu = metrics.BLEU(smooth_method="none")
    for said, true in ((SAID, TRUE), (SAID[:1], TRUE[:1]), (TRUE, SAID), (SAID[::-1], TRUE)):
        assert bleu4(said, true, resamples=0).value == pytest.approx(bleu.corpus_score(said, [true]).score)


def test_words_are_split_as_sacrebleu_does() -> None:
    split = ["There's", "a", "3.5", "level", "of", "over-exposure", ";", "colors", "look", "dull"]
    assert tokens(SAID[1]) == [*split, "(", "e", ".", "g", ".", "the", "wall", ")", "."]


def test_a_perfect_text_has_100_and_too_short_a_match_has_0() -> None:
    assert bleu4(TRUE, TRUE, resamples=0).value == pytest.approx(100)
    assert bleu4(["a b c"], ["a b c d"], resamples=0).value == 0


def test_a_shorter_answer_is_punished_and_the_order_of_texts_is_not_averaged() -> None:
    assert bleu4(["a b c d e"], ["a b c d e f g h"], resamples=0).value == pytest.approx(100 * 2.718281828 ** (-3 / 5))
    pooled = bleu4(SAID, TRUE, resamples=0).value
    alone = [bleu4([s], [t], resamples=0).value for s, t in zip(SAID, TRUE, strict=True)]
    assert pooled != pytest.approx(sum(alone) / 3, abs=0.1)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[the sky](0,41) is blurry.", "the sky is blurry."),
        ("The [man](0.12, 0.30, 0.55, 0.99) is dark", "The man is dark"),
        ("the sky (<12, 399>) is noisy", "the sky is noisy"),
        ("a tree [[10, 20, 30, 40]] and [10, 20, 30, 40]", "a tree and"),
        ("level (3) of 5 (very slight) in 2023, 2024", "level (3) of 5 (very slight) in 2023, 2024"),
    ],
)
def test_coordinates_go_and_words_stay(text: str, left: str) -> None:
    assert without_coordinates(text) == left


def test_coordinates_do_not_count() -> None:
    with_boxes = [text.replace("The ", "The (1, 2, 3, 4) ") for text in SAID]
    assert bleu4(with_boxes, TRUE) == bleu4(SAID, TRUE)
    with pytest.raises(ArgumentError):
        bleu4([], [])
