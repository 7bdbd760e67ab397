from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from quibble.errors import ReplyError
from quibble.experts.language_model import Request
from quibble.experts.stand_in import StandIn
from quibble.pipelines.depict import prompts, wordings
from quibble.pipelines.depict.checks import faults_of_description, faults_of_reasoning, traces_of_reference, winner_of
from quibble.pipelines.depict.questionnaire import Aspect, Comparison, Damage, Degree, Overall, Questionnaire, Step
from quibble.pipelines.depict.rules import RULES
from quibble.taxonomy import Texture
from quibble.text.grammar import Writer


def said(request: Request) -> str:
    return str(StandIn(RULES).answer(request).data["text"])


def drawn(rng: np.random.Generator) -> Questionnaire:
    degrees = {aspect: list(Degree)[int(rng.integers(3))] for aspect in Aspect}
    worst = max(list(Degree).index(degree) for degree in degrees.values())
    remarks = {Aspect.BLURRINESS: "motion blur"} if degrees[Aspect.BLURRINESS] is not Degree.NONE else {}
    return Questionnaire(
        texture=list(Texture)[int(rng.integers(len(Texture)))],
        damage=list(Damage)[int(rng.integers(3))],
        degrees=degrees,
        overall=list(Overall)[worst],
        remarks=remarks,
    )


def test_descriptions_agree_with_their_questionnaires() -> None:
    for seed in range(150):
        answers = drawn(np.random.default_rng(seed))
        text = said(prompts.description_request(answers, seed=seed))
        assert faults_of_description(text, answers) == [], text


def test_comparisons_agree_with_their_answers() -> None:
    for seed in range(150):
        rng = np.random.default_rng(seed)
        steps = {aspect: list(Step)[int(rng.integers(5))] for aspect in Aspect}
        comparison = Comparison(steps=steps, overall=list(Step)[seed % 5])
        pair = (drawn(rng), drawn(rng)) if seed % 2 else (None, None)
        text = said(prompts.reasoning_request(comparison, *pair, seed=seed))
        assert faults_of_reasoning(text, comparison) == [], text


def test_without_the_reference_a_description_says_the_same() -> None:
    traced = 0
    for seed in range(150):
        answers = drawn(np.random.default_rng(seed))
        text = said(prompts.description_request(answers, seed=seed))
        if not traces_of_reference(text):
            continue
        traced += 1
        bare = said(prompts.no_reference_request(text, seed=seed))
        assert traces_of_reference(bare) == []
        assert faults_of_description(bare, answers) == [], bare
        assert bare[0].isupper()
    assert traced > 100


def test_a_text_that_is_all_about_the_reference() -> None:
    with pytest.raises(ReplyError, match="nothing left"):
        said(prompts.no_reference_request("The reference is a cat. I like the reference.", seed=0))


def test_a_correction_is_written_from_the_answers() -> None:
    answers = drawn(np.random.default_rng(1))
    first = prompts.description_request(answers, seed=1)
    text = said(prompts.correction_request(first, "All is well.", ["it lies"], seed=1))
    assert faults_of_description(text, answers) == []


def test_brief_answers_name_the_winner() -> None:
    assert len(wordings.BETTER) >= 20
    for seed, winner in product(range(100), "AB"):
        text = wordings.better(Writer(np.random.default_rng(seed)), winner)
        assert text.count("Image A") <= 1 >= text.count("Image B")
        assert "{" not in text
    for template in wordings.BETTER:
        one = template.text.format(w="Image A", l="Image B")
        other = template.text.format(w="Image B", l="Image A")
        assert one != other
        if winner_of(one) is not None and winner_of(other) is not None:
            assert (winner_of(one), winner_of(other)) == ("A", "B"), one


def test_questions_speak_of_a_reference_only_where_there_is_one() -> None:
    for pool in (wordings.DESCRIBE, wordings.COMPARE, wordings.REASON):
        assert len(pool) >= 10
        asked = [wordings.ask(Writer(np.random.default_rng(n)), pool, reference=n % 2 == 0) for n in range(200)]
        assert not any("reference" in question.lower() for question in asked[1::2])
        assert 20 < sum("reference" in question.lower() for question in asked[::2]) < 80
        assert all(question[0].isupper() and "[" not in question for question in asked)
