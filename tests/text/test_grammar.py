from __future__ import annotations

import numpy as np
import pytest

from quibble.text.grammar import (
    Noun,
    Template,
    When,
    Wording,
    Writer,
    enumerate_words,
    pool,
    sentence,
    sentences,
    singular,
    when,
)


def writer(seed: int = 0, wording: Wording = Wording.ALL) -> Writer:
    return Writer(np.random.default_rng(seed), wording)


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("suffer", "suffers"),
        ("reach", "reaches"),
        ("wash", "washes"),
        ("pass", "passes"),
        ("carry", "carries"),
        ("stay", "stays"),
        ("do", "does"),
        ("have", "has"),
        ("are", "is"),
        ("were", "was"),
        ("their", "its"),
        ("them", "it"),
    ],
)
def test_singular(plural: str, expected: str) -> None:
    assert singular(plural) == expected


def test_a_noun_gives_its_number_to_its_neighbours() -> None:
    text = "{n} {n:are} soft and {n:have} lost {n:their} shape"
    assert text.format(n=Noun("the sky")) == "the sky is soft and has lost its shape"
    assert text.format(n=Noun("the trees", plural=True)) == "the trees are soft and have lost their shape"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a even tone , and  more", "An even tone, and more."),
        ("is it a one or a uniform thing?", "Is it a one or a uniform thing?"),
        ("it is a obvious case", "It is an obvious case."),
        ("in Image A it is a even tone", "In Image A it is an even tone."),
        ("JPEG is meant", "JPEG is meant."),
        ("use an hour", "Use an hour."),
    ],
)
def test_sentence(words: str, expected: str) -> None:
    assert sentence(words) == expected


def test_sentences_leave_empty_ones_out() -> None:
    assert sentences("one", "", " ", "two!") == "One. Two!"


def test_enumerate_words() -> None:
    assert [enumerate_words(list("abc"[:n])) for n in (1, 2, 3)] == ["a", "a and b", "a, b and c"]


def test_alternatives_are_all_reached_and_may_be_nested_or_empty() -> None:
    texts = {writer(seed).vary("x[ a[b|c]|]y") for seed in range(60)}
    assert texts == {"x aby", "x acy", "xy"}


def test_pool_gives_stable_ids_and_holds_out_every_fifth() -> None:
    templates = pool("p", "a", when("b", 2, 3, "fact"), *"cdefghij")
    assert [t.id for t in templates] == [f"p.{i:02d}" for i in range(10)]
    assert templates[1] == Template("p.01", "b", 2, 3, frozenset({"fact"}))
    assert [t.id for t in templates if t.held_out] == ["p.04", "p.09"]
    assert when("b") == When("b", 1, 5, frozenset())


def test_fits() -> None:
    template = Template("p.00", "a", 2, 3, frozenset({"fact"}))
    assert template.fits(2, frozenset({"fact", "other"}))
    assert not template.fits(2, frozenset())
    assert not template.fits(4, frozenset({"fact"}))


def test_wordings_split_a_pool_and_the_writer_remembers() -> None:
    templates = pool("p", *"abcdefghij")
    held, trained = writer(wording=Wording.HELD_OUT), writer(wording=Wording.TRAINING)
    assert {held.write(templates) for _ in range(50)} == {"e", "j"}
    assert {trained.write(templates) for _ in range(200)} == set("abcdfghi")
    assert set(held.used) == {"p.04", "p.09"}
    assert held.write(templates[:3]) in set("abc")


def test_the_same_seed_writes_the_same() -> None:
    templates = pool("p", *"abcdefghij")
    assert [writer(3).write(templates) for _ in range(3)] == [writer(3).write(templates)] * 3
