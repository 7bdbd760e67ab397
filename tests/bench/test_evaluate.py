from __future__ import annotations

from dataclasses import replace

import pytest

from quibble.bench.answers import Answered
from quibble.bench.evaluate import Evaluation
from quibble.bench.judge import LexicalJudge
from quibble.bench.metrics.estimate import Estimate
from quibble.bench.reply import Status
from quibble.bench.table import Row, Table
from quibble.errors import ArgumentError
from tests.bench.examples import (
    LEFT,
    RIGHT,
    RUN,
    asked,
    chosen,
    compared,
    described,
    grounded,
    referred,
    scored,
)

EVALUATION = Evaluation(LexicalJudge(), resamples=20)


def table(benchmark: str, *answers: Answered) -> Table:
    (found,) = EVALUATION.tables(replace(RUN, benchmark=benchmark), answers)
    return found


def value(row: Row, name: str) -> float:
    figure = row.figures[name]
    assert isinstance(figure, Estimate)
    return figure.value


def test_scores_beside_the_papers() -> None:
    found = table("live-c", scored(1, 10, 1), scored(2, 20, 2), scored(3, 30, 4), scored(4, 40, None))
    assert value(found.rows[0], "srcc") == 1
    assert (found.rows[0].n, found.rows[0].unreadable) == (4, 1)
    assert {row.source for row in found.rows[1:]} == {"Q-Instruct, table 6"}
    assert table("biq2021", scored(1, 1, 5), scored(2, 2, 5)).notes[-1].startswith("a correlation is undefined")


def test_choices_by_type() -> None:
    found = table(
        "qbench-a1-dev",
        chosen(1, "yes-or-no", 0, 0),
        chosen(2, "yes-or-no", 1, 0),
        chosen(3, "what", 1, 1),
        chosen(4, "what", 1, None, Status.UNREADABLE),
        chosen(5, "how", 0, None, Status.REFUSED),
        chosen(6, "how", None, 0),
    )
    row = found.rows[0]
    assert [value(row, name) for name in ("yes-or-no", "what", "how", "overall")] == [50, 50, 0, 40]
    assert value(row, "of read") == pytest.approx(200 / 3)
    assert (row.n, row.unreadable, row.refused) == (5, 1, 1)
    assert any(r.name == "IQA-Octopus" and r.figures == {"overall": 70.3} for r in found.rows)
    assert not table("qbench-a1-test", chosen(1, "what", None, 0)).rows


def test_comparisons_are_the_share_of_people_who_agree() -> None:
    found = table(
        "bapps",
        compared(1, 0.8, "B"),
        compared(2, 0.8, "A"),
        compared(3, 0.4, "A", "traditional"),
        compared(4, 1, None),
    )
    row = found.rows[0]
    assert value(row, "cnn") == pytest.approx(100 * (0.8 + 0.2 + 0) / 3)
    assert value(row, "traditional") == pytest.approx(60)
    assert value(row, "agreement") == pytest.approx(40)
    assert value(row, "majority") == 50
    assert (row.n, row.refused) == (4, 1)
    assert any(r.name == "human" for r in found.rows)


def test_m_bapps_gives_accuracy_with_and_without_what_was_not_read() -> None:
    found = table("m-bapps", compared(1, 1, "B"), compared(2, 1, "A"), compared(3, 0, "A"), compared(4, 1, None))
    row = found.rows[0]
    assert value(row, "comparison, all") == 50
    assert value(row, "comparison, with an answer") == pytest.approx(200 / 3)
    assert any(r.name == "LLaVA-1.5" and r.figures["comparison, all"] == 43 for r in found.rows)


def test_referring() -> None:
    row = table(
        "quibble-bench",
        referred(1, ("blur", "noise"), ("noise",)),
        referred(2, ("blur",), ("blur",)),
        referred(3, (), None),
    ).rows[0]
    assert value(row, "partial credit") == pytest.approx(0.5)
    assert value(row, "all right") == pytest.approx(1 / 3)
    assert row.unreadable == 1


def test_grounding_by_category_and_of_one_region() -> None:
    found = EVALUATION.tables(
        RUN,
        [grounded(1, {"blur": LEFT}, {"blur": LEFT, "noise": RIGHT}), grounded(2, {"region": LEFT}, {"region": RIGHT})],
    )
    assert [t.title for t in found] == [
        "quibble-bench: grounding by category",
        "quibble-bench: grounding of one region",
    ]
    assert value(found[0].rows[0], "miou") == 0.5
    assert value(found[0].rows[0], "macc") == 1
    assert value(found[1].rows[0], "miou") == 0


def test_qground_stands_beside_its_papers() -> None:
    found = table("qground-test", grounded(1, {"low light": LEFT}, {"low light": LEFT}, classes="q-ground"))
    assert value(found.rows[0], "low light miou") == 1
    names = {(row.name, row.source) for row in found.rows}
    assert ("Q-Ground", "Q-Ground, table 3") in names
    assert ("IQA-Octopus", "IQA-Octopus, table 5") in names


def test_descriptions_name_their_judge() -> None:
    found = table("qbench-a2", described(1, "The sky is noisy and dull.", "The sky is noisy and dull."))
    row = found.rows[0]
    assert value(row, "bleu@4") == pytest.approx(100)
    assert [value(row, name) for name in ("completeness", "precision", "relevance", "sum")] == [2, 2, 2, 6]
    assert value(row, "llm-score") == 100
    assert "no language model" in found.notes[0]
    assert "miou" not in row.figures


def test_giqa_descriptions_have_boxes() -> None:
    text = "[Sky](0, 0, 0.5, 0.5) is noisy, [tree](0.5, 0.5, 1, 1) is not."
    row = table("giqa-des", described(1, "The sky is noisy.", text)).rows[0]
    assert value(row, "miou") == value(row, "tag-recall") == 1


def test_questions_weigh_yes_and_words_by_their_number() -> None:
    found = table(
        "giqa-vqa",
        asked(1, "Yes", "yes, it is"),
        asked(2, "No", "Yes"),
        asked(3, "Noise", "noise"),
        asked(4, "No.", "perhaps"),
    )
    row = found.rows[0]
    assert value(row, "vqa acc yes-no") == pytest.approx(1 / 3)
    assert value(row, "vqa acc what-why-how") == 1
    assert value(row, "vqa acc total") == 0.5
    assert row.unreadable == 1
    assert any(r.source == "Grounding-IQA, table 5" for r in found.rows)


def test_depictqas_score_is_relative_to_the_truth() -> None:
    found = table("m-bapps", described(1, "Noise in the sky.", "Noise."), described(2, "Blur.", "Blur."))
    # Words in common: "noise" of "noise sky" is a mark of 10 x 2/3, the other 10; the truths have 10 each.
    assert value(found.rows[0], "relative") == pytest.approx(100 * (20 / 3 + 10) / 20)


def test_octopus_stands_beside_its_papers() -> None:
    found = table("octopus-local", described(1, "Noise in the sky.", "Noise in the sky."))
    assert value(found.rows[0], "local description") == 10
    assert any(row.name == "Co-Instruct" and row.figures == {"local description": 3.53} for row in found.rows)
    found = table("octopus-refer-short", referred(1, ("blur",), ("blur",)), referred(2, ("blur",), ()))
    assert value(found.rows[0], "referring short") == 0.5
    assert any(row.figures == {"referring short": 0.321} for row in found.rows)
    whole = {"region": LEFT}
    found = table(
        "octopus-grounding",
        grounded(1, whole, whole, task="grounding_dao"),
        grounded(2, whole, {}, task="grounding_dao"),
        grounded(3, whole, {"region": RIGHT}, task="grounding_sid"),
    )
    row = found.rows[0]
    assert [value(row, name) for name in ("dao-g", "sid-g", "average")] == pytest.approx([0.5, 0, 1 / 3])
    assert "hyd-g" not in row.figures
    assert any(row.source == "IQA-Octopus, table 3" for row in found.rows)


def test_no_answers_have_no_tables() -> None:
    with pytest.raises(ArgumentError):
        EVALUATION.tables(RUN, [])
