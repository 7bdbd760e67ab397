from collections.abc import Iterable

import numpy as np
import pytest

from quibble.pipelines.talk import choice, compare, describe, ground, region
from quibble.pipelines.talk.exchange import Sight
from quibble.taxonomy import Category
from quibble.text import questions
from quibble.text.evidence import PictureNotes, RegionNotes, Spot
from quibble.text.grammar import Noun, Template, Wording, Writer, sentence
from quibble.text.pools import QUESTIONS

FOUND = tuple((category, 5, 2.0) for category in (Category.BLUR, Category.NOISE, Category.DARKEN))


def learned(*pools: Iterable[Template]) -> set[str]:
    """Wordings of templates that are not held out."""
    writer = Writer(np.random.default_rng(0), Wording.TRAINING)
    words: dict[str, Noun | str] = {"region": Noun("this region"), "n": Noun("noise"), "a": "noisy", "p": "picture"}
    templates = [template for pool in pools for template in pool if not template.held_out]
    return {sentence(writer.write([template], **words)) for template in templates for _ in range(20)}


def referring(count: int, *, long: bool) -> str:
    return questions.refer(RegionNotes(spot=Spot(cells=(0, 21), share=5), found=FOUND[:count], clean=0), long=long)


@pytest.mark.parametrize(
    ("question", "pool"),
    [
        (questions.DESCRIBE, describe.ASK),
        (questions.WITH_BOXES, describe.BOXES),
        (questions.DESCRIBE_REGION, QUESTIONS["local"]),
        (questions.COMPARE, compare._WHY),
        (questions.where("noise"), ground._WHERE),
        (questions.WITH_BOX, ground._ASK_BOX),
        (questions.WITH_MASK, ground._ASK_MASK),
        (referring(0, long=False), region._SHORT),
        (referring(0, long=True), QUESTIONS["local"]),
        (referring(1, long=False), QUESTIONS["refer_short_single"]),
        (referring(1, long=True), QUESTIONS["refer_long_single"]),
        (referring(2, long=False), QUESTIONS["refer_short_double"]),
        (referring(3, long=True), QUESTIONS["refer_long_double"]),
        (questions.offer("?", ["a", "b"]).splitlines()[-1], choice.LETTER),
    ],
)
def test_what_the_package_asks_is_learned(question: str, pool: tuple[Template, ...]) -> None:
    assert question in learned(pool)


def test_the_question_against_a_reference_is_learned() -> None:
    asked = set()
    for seed in range(200):
        writer = Writer(np.random.default_rng(seed), Wording.TRAINING)
        asked.add(compare.single_with_reference(writer, Sight(PictureNotes(score=50, notes=()))).question)
    assert questions.DESCRIBE_AGAINST in asked


def test_options_have_letters() -> None:
    assert questions.offer("Which?", ["red", "blue"]) == "Which?\nA. red\nB. blue\nAnswer with the letter."


def test_a_question_for_the_most_or_the_least_supposes_several() -> None:
    for kind, templates in QUESTIONS.items():
        if kind.startswith(("hyd", "sid")):
            assert all(questions.supposes_several(template.text) for template in templates), kind
        elif kind.startswith(("dao", "local", "global")):
            assert not any(questions.supposes_several(template.text) for template in templates), kind
    assert questions.supposes_several("where is it blurriest")
    assert questions.supposes_several("which corner is noisier than the rest?")
    for plain in (
        "Is the forest at the rest stop noisy?",
        "Find the blur under the other arm.",
        "any interesting noise?",
    ):
        assert not questions.supposes_several(plain), plain
