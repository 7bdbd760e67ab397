from __future__ import annotations

from typing import Any

import pytest

from quibble.errors import ReplyError
from quibble.pipelines.grounding_iqa.questions import Question, balance, read_question
from tests.pipelines.grounding_iqa.test_fusion import found

SIZE = {"width": 100, "height": 100}
FOUND = [found("the cup"), found("the sky", (0, 0, 4, 4), (96, 96, 100, 100))]


def read(kind: str, question: str, answer: str) -> Question:
    return read_question({"kind": kind, "question": question, "answer": answer}, FOUND, **SIZE)


def test_a_question_that_names_an_object_refers() -> None:
    made = read("yes_no", "Is the cup blurred?", "Yes.")
    assert (made.question, made.answer, made.key) == ("Is [the cup](0,210) blurred?", "Yes", "yes")
    assert (made.objects, made.referring) == ((0,), True)


def test_an_answer_that_names_an_object_grounds() -> None:
    made = read("what", "Which part is too bright?", "the sky")
    assert (made.question, made.answer) == ("Which part is too bright?", "[The sky](0,0)(399,399)")
    assert (made.key, made.objects, made.referring) == ("the sky", (1,), False)


def test_an_object_has_its_boxes_once() -> None:
    made = read("why", "Why does the cup look poor?", "the cup is behind the sky")
    assert made.question == "Why does [the cup](0,210) look poor?"
    assert made.answer == "The cup is behind [the sky](0,0)(399,399)"
    assert made.objects == (0, 1)


@pytest.mark.parametrize(
    ("kind", "question", "answer", "reason"),
    [
        ("yes_no", "Is the dog blurred?", "Yes", "names no object"),
        ("what", "What lowers the quality?", "Blur", "names no object"),
        ("yes_no", "Is the cup blurred?", "Maybe", "not a question for yes or no"),
        ("yes_no", "What is wrong with the cup?", "No", "not a question for yes or no"),
        ("yes_no", "The cup is blurred.", "Yes", "not a question"),
        ("what", "How sharp is the cup?", "Very", "a question of another kind"),
        ("how", "What is wrong with the cup?", "Blur", "a question of another kind"),
        ("what", "What is wrong with the cup?", "No", "no short phrase for an answer"),
        ("why", "Why is the cup poor?", "word " * 13, "no short phrase for an answer"),
        ("what", "What does the description say of the cup?", "Blur", "speaks of what it was told"),
        ("what", "What about [the cup](1,2)?", "Blur", "not a question"),
    ],
)
def test_what_does_not_do_is_turned_down(kind: str, question: str, answer: str, reason: str) -> None:
    with pytest.raises(ReplyError) as caught:
        read(kind, question, answer)
    assert caught.value.reason == reason


def question(kind: str, key: str) -> tuple[int, Question]:
    made = Question(kind=kind, question="?", answer=key, key=key, objects=(0,), referring=True)
    return 0, made


def counts(entries: list[tuple[int, Question]]) -> dict[Any, int]:
    kept = balance(entries, seed=0)
    keys = [made.key if made.kind == "yes_no" else "open" for _, made in kept]
    return {key: keys.count(key) for key in ("yes", "no", "open")}


def test_kinds_are_balanced() -> None:
    pile = [question("yes_no", "yes")] * 9 + [question("yes_no", "no")] * 3 + [question("how", "so")] * 20
    assert counts(pile) == {"yes": 3, "no": 3, "open": 6}
    assert counts(pile[:12] + pile[12:15]) == {"yes": 1, "no": 1, "open": 2}
    assert counts(pile[:9]) == {"yes": 0, "no": 0, "open": 0}
    assert balance(pile, seed=0) == balance(pile, seed=0)


def test_what_is_kept_stays_in_order() -> None:
    entries = [(n, question("yes_no", "yes" if n % 3 else "no")[1]) for n in range(30)]
    entries += [(n, question("what", "so")[1]) for n in range(30, 60)]
    places = [n for n, _ in balance(entries, seed=1)]
    assert places == sorted(places)
    assert len(places) == 40
    assert places != [n for n, _ in balance(entries, seed=2)]
