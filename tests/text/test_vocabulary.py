from __future__ import annotations

import pytest

from quibble.taxonomy import SEVERITIES_5, Category, Distortion, severity_word
from quibble.text.effects import SPACE_EFFECTS
from quibble.text.grammar import Noun
from quibble.text.scene import Fact
from quibble.text.tones import TONE_EFFECTS
from quibble.text.vocabulary import (
    ADJECTIVES,
    GRADED_NAMES,
    KIND_NAMES,
    PLAIN_NAMES,
    SEVERITY_ADVERBS,
    Name,
    categories_named,
    severity_number,
)

EFFECTS = {**SPACE_EFFECTS, **TONE_EFFECTS}


@pytest.mark.parametrize("category", Category)
def test_every_name_is_of_its_category_and_of_no_other(category: Category) -> None:
    kinds = [name for kind, names in KIND_NAMES.items() if kind.category is category for name in names]
    names = [str(name.noun) for name in (*GRADED_NAMES[category], *PLAIN_NAMES[category], *kinds)]
    for words in (*names, *ADJECTIVES[category].split("|")):
        assert categories_named(f"It is {words} there.") == {category}, words


def test_the_first_plain_name_is_the_taxonomys() -> None:
    assert all(str(PLAIN_NAMES[category][0].noun) == category.words for category in Category)


def test_names_behind_a_severity() -> None:
    assert Name(Noun("loss of contrast"), countable=True).graded("obvious") == Noun("a obvious loss of contrast")
    assert Name(Noun("blur")).graded("slight") == Noun("slight blur")
    assert Name(Noun("artifacts", plural=True)).graded("serious") == Noun("serious artifacts", plural=True)


def test_severities() -> None:
    assert set(SEVERITY_ADVERBS) == set(SEVERITIES_5)
    levels = [1, 1.4, 1.5, 2.5, 3, 4.49, 5]
    assert [SEVERITIES_5[severity_number(level) - 1] for level in levels] == [severity_word(level) for level in levels]


@pytest.mark.parametrize("kind", Distortion)
def test_clauses_name_no_defect_and_fit_every_severity(kind: Distortion) -> None:
    assert all(not categories_named(template.text) for template in EFFECTS[kind])
    known = {fact.value for fact in Fact}
    assert all(template.needs <= known and template.low <= template.high for template in EFFECTS[kind])
    least = 1 if kind in SPACE_EFFECTS and kind.category is not Category.OVERSHARPEN else 2
    for severity in range(least, 6):
        trained = [t for t in EFFECTS[kind] if t.fits(severity, frozenset()) and not t.held_out]
        assert len(trained) >= 3, severity


def test_tones_are_silent_at_level_1() -> None:
    assert all(template.low >= 2 for kind in TONE_EFFECTS for template in EFFECTS[kind])
