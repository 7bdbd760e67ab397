import math
from collections.abc import Mapping

import pytest

from quibble.backends.top_words import shares
from quibble.taxonomy import Level

LEVELS = [level.value for level in Level]


def logs(found: Mapping[str, float]) -> dict[str, float]:
    return {token: math.log(share) for token, share in found.items()}


def test_shares_are_renormalised_over_the_words_and_tokens_of_a_word_add_up() -> None:
    top = [logs({"Good": 0.3, " good": 0.1, "ex": 0.2, "Fair": 0.2, "The": 0.1, "g": 0.1})]
    assert shares(["Good"], top, LEVELS) == pytest.approx([0.2 / 0.9, 0.5 / 0.9, 0.2 / 0.9, 0, 0])


def test_the_place_is_where_the_first_word_begins() -> None:
    tokens = ["The", " quality", " is", ":", " **", "po", "or", "**", " not", " good"]
    top = [logs({token: 1.0}) for token in tokens]
    top[5] = logs({"po": 0.6, "bad": 0.2, "F": 0.2})
    assert shares(tokens, top, LEVELS) == pytest.approx([0, 0, 0.2, 0.6, 0.2])
    assert shares(["\u2581fa", "ir"], [logs({"\u2581fa": 1.0}), {}], LEVELS) == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("reply", ["I cannot tell.", "not good", "It is hardly fair", "goodness", "", "unfair"])
def test_what_is_none_of_the_words_is_not_guessed(reply: str) -> None:
    tokens = [reply] if reply else []
    assert shares(tokens, [logs({reply: 1.0, "good": 0.5})] if reply else [], LEVELS) is None


@pytest.mark.parametrize(
    ("tokens", "place"),
    [
        (["B"], 0),
        (["(", "B", ")"], 1),
        (["Answer", ":", " B", "."], 2),
        (["Image", " B"], 1),
        (["B", ". too", " dark"], 0),
    ],
)
def test_letters(tokens: list[str], place: int) -> None:
    top = [logs({token: 1.0}) for token in tokens]
    top[place] = logs({tokens[place]: 0.6, " A": 0.2, "a": 0.1, "Because": 0.1})
    assert shares(tokens, top, "AB") == pytest.approx([0.25, 0.75])


@pytest.mark.parametrize("reply", ["A blurry one.", "a", "Both", "Apples", "I'd say neither: A"])
def test_letters_in_running_text_are_no_answer(reply: str) -> None:
    tokens = reply.split(" ")
    tokens = [tokens[0], *(f" {token}" for token in tokens[1:])]
    assert shares(tokens, [logs({token: 1.0}) for token in tokens], "AB") is None


def test_a_token_that_could_be_two_words_counts_for_neither() -> None:
    top = [logs({"left": 0.5, "l": 0.3, "low": 0.2})]
    assert shares(["left"], top, ["left", "lower"]) == pytest.approx([0.5 / 0.7, 0.2 / 0.7])
