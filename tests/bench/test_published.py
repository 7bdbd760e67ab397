"""The papers' tables: figures that can be checked against one another, and three of each paper against its text."""

from __future__ import annotations

import pytest

from quibble.bench.published import Published, beside, beside_scores, published
from quibble.errors import ArgumentError


def find(paper: str, number: str) -> Published:
    return next(t for t in published() if (t.paper, t.number) == (paper, number))


@pytest.mark.parametrize(
    ("paper", "number", "row", "column", "value"),
    [
        ("Q-Ground", "3", "Q-Ground", "average miou", 0.271),
        ("Q-Ground", "3", "Mask2Former", "blur macc", 0.902),
        ("Q-Ground", "3", "LISA", "low light miou", 0.005),
        ("Grounding-IQA", "5", "Grounding-IQA (mPLUG-Owl2-7B)", "des bleu@4", 22.87),
        ("Grounding-IQA", "5", "Ferret-7B", "des tag-recall", 0.6778),
        ("Grounding-IQA", "2a", "Ref-Box", "llm-score", 61.75),
        ("DepictQA", "2a", "DISTS", "traditional", 77.2),
        ("DepictQA", "2b", "DepictQA", "MDID2013 plcc", 0.835),
        ("DepictQA", "7", "GPT-4V", "reasoning gpt-4", 106.4),
        ("Q-Instruct", "6", "LLaVA-v1.5 7B", "LIVE-itw plcc", 0.481),
        ("Q-Instruct", "6", "mPLUG-Owl-2", "CGIQA-6K srcc", -0.024),
        ("Q-Instruct", "4", "InternLM-XComposer-VL, Q-Instruct mix", "overall", 71.44),
        ("IQA-Octopus", "1", "IQA-Octopus", "referring short", 0.321),
        ("IQA-Octopus", "3", "Sa2VA 8B", "sid-g", 0.209),
        ("IQA-Octopus", "6", "IQA-Octopus", "KADID-10K srcc", 0.815),
    ],
)
def test_figures_of_each_paper(paper: str, number: str, row: str, column: str, value: float) -> None:
    assert find(paper, number).figures(row)[column] == value


def test_the_totals_of_giqa_follow_from_their_parts() -> None:
    table = find("Grounding-IQA", "5")
    for name in table.rows:
        found = table.figures(name)
        yes_no, words, total = (found[f"vqa acc {kind}"] for kind in ("yes-no", "what-why-how", "total"))
        assert yes_no is not None
        assert words is not None
        assert (90 * yes_no + 60 * words) / 150 == pytest.approx(total, abs=2e-3), name


def test_the_sums_of_descriptions_follow_from_their_parts() -> None:
    for number in ("5", "7"):
        table = find("Q-Instruct", number)
        for name in table.rows:
            *parts, total = (value for value in table.figures(name).values() if value is not None)
            assert sum(parts) == pytest.approx(total, abs=0.016), name


def test_tables_that_repeat_one_another_agree() -> None:
    long, short = find("Q-Instruct", "4"), find("Q-Instruct", "8")
    for name in ("LLaVA-v1.5 7B", "LLaVA-v1.5 7B, Q-Instruct mix", "LLaVA-v1.5 7B, Q-Instruct after"):
        for column, value in short.figures(name).items():
            assert value is not None
            assert long.figures(name)[column] == pytest.approx(value, abs=0.051)
    assert find("IQA-Octopus", "2").figures("LLaVA-v1.5 13B")["overall"] == 62.14
    assert find("IQA-Octopus", "5").figures("Q-Ground")["average miou"] == 0.271


def test_every_table_is_whole() -> None:
    assert {t.paper for t in published()} == {"Q-Ground", "Grounding-IQA", "DepictQA", "Q-Instruct", "IQA-Octopus"}
    assert len({(t.paper, t.number) for t in published()}) == len(published())
    for table in published():
        assert table.conditions
        assert len(set(table.columns)) == len(table.columns)
        assert all(len(row) == len(table.columns) for row in table.rows.values())


def test_rows_beside_measured_ones() -> None:
    rows = beside_scores("live-itw")
    assert {row.source for row in rows} == {"Q-Instruct, table 6"}
    assert next(row for row in rows if row.name == "LLaVA-v1.5 7B").figures == {"srcc": 0.445, "plcc": 0.481}
    sources = {row.source for row in beside_scores("KADID-10K")}
    assert sources == {"Q-Instruct, table 6", "DepictQA, table 2b", "IQA-Octopus, table 6"}
    with pytest.raises(ArgumentError, match="no paper reports on 'KonIQ'"):
        beside_scores("KonIQ")
    rows = beside("qbench-a1-dev", ["overall"])
    assert {row.source for row in rows} == {"Q-Instruct, table 3", "IQA-Octopus, table 2"}
    assert all(row.differs for row in rows)


def test_a_table_as_text() -> None:
    text = find("IQA-Octopus", "5").table().to_markdown()
    assert "### IQA-Octopus, table 5: QGround-Test, mIoU" in text
    assert "| Q-Ground | 0.271 |  |  |  | IQA-Octopus, table 5 |" in text
    with pytest.raises(ArgumentError, match="has no row 'Ours'"):
        find("IQA-Octopus", "5").figures("Ours")
