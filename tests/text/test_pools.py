from __future__ import annotations

import re
from string import Formatter

import numpy as np
import pytest

from quibble.text.grammar import Noun, Template, Wording, Writer
from quibble.text.grounding import ask
from quibble.text.pools import QUESTIONS

#: The sizes of IQA-Octopus's pools (tables 9 to 17), which ours reach at least, and the slots of each.
POOLS = {
    "global": (26, set[str]()),
    "local": (18, {"region"}),
    "hyd_most": (12, set[str]()),
    "hyd_least": (12, set[str]()),
    "sid_most": (8, {"defect"}),
    "sid_least": (8, {"defect"}),
    "dao_pair": (6, {"first", "second"}),
    "dao_first": (6, {"first"}),
    "dao_last": (6, {"second"}),
    "refer_short_single": (14, {"region"}),
    "refer_long_single": (14, {"region"}),
    "refer_short_double": (14, {"region"}),
    "refer_long_double": (14, {"region"}),
}
NOUNS = {
    False: {"region": Noun("the sky"), "defect": Noun("blur"), "first": Noun("blur"), "second": Noun("noise")},
    True: {
        "region": Noun("the trees", plural=True),
        "defect": Noun("compression artifacts", plural=True),
        "first": Noun("compression artifacts", plural=True),
        "second": Noun("JPEG artifacts", plural=True),
    },
}


def test_the_pools_are_those_of_the_paper() -> None:
    assert set(QUESTIONS) == set(POOLS)


@pytest.mark.parametrize("name", POOLS)
def test_a_pool_is_large_enough_and_its_slots_are_known(name: str) -> None:
    least, slots = POOLS[name]
    templates = QUESTIONS[name]
    assert len({t.text for t in templates}) == len(templates) >= least
    assert [t.id for t in templates] == [f"ask.{name}.{i:02d}" for i in range(len(templates))]
    assert {slot(t) for t in templates} == {frozenset(slots)}
    assert any(t.held_out for t in templates)


def slot(template: Template) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(template.text) if name)


@pytest.mark.parametrize("plural", [False, True])
@pytest.mark.parametrize("name", POOLS)
def test_questions_read_well_with_either_number(name: str, plural: bool) -> None:
    nouns = {slot: noun for slot, noun in NOUNS[plural].items() if slot in POOLS[name][1]}
    # "does the sky have" and "does blur do" are questions, so their verbs rightly stand in the plural.
    singular_verb, plural_verb = (
        r"(trees|artifacts) (is|has|was|does|looks)\b",
        r"(sky|blur|noise) (are|have|were|do)\b",
    )
    wrong = singular_verb if plural else rf"(?<!does )(?<!does the ){plural_verb}"
    for seed in range(150):
        question = ask(Writer(np.random.default_rng(seed)), name, **nouns)
        assert question[0].isupper()
        assert question.endswith((".", "?"))
        assert not re.search(r"[{}\[\]|]|  | [,.?]", question), question
        assert not re.search(wrong, question), question
        assert not re.search(
            r"\b(is|was|does|has) (the trees|compression|JPEG)" if plural else r"\bare the sky", question
        )


def test_held_out_questions_are_others() -> None:
    asked = {
        wording: {ask(Writer(np.random.default_rng(seed), wording), "global") for seed in range(300)}
        for wording in (Wording.TRAINING, Wording.HELD_OUT)
    }
    assert asked[Wording.TRAINING]
    assert asked[Wording.HELD_OUT]
    assert not asked[Wording.TRAINING] & asked[Wording.HELD_OUT]
