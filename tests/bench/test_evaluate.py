from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from quibble.bench import evaluate
from quibble.bench.answers import Answered
from quibble.bench.item import Item, Kind
from quibble.bench.judge import Case, LexicalJudge, Prompt
from quibble.bench.metrics.boxes import Tag
from quibble.bench.metrics.estimate import Estimate
from quibble.bench.reply import Reply, Status
from quibble.bench.rows import Making
from quibble.bench.table import Row, Table
from quibble.errors import ArgumentError
from quibble.geometry import Box
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

MAKING = Making(judge=LexicalJudge(), resamples=20)


def tables(benchmark: str, *answers: Answered, making: Making = MAKING) -> list[Table]:
    return evaluate.tables(replace(RUN, benchmark=benchmark), answers, making)


def table(benchmark: str, *answers: Answered, making: Making = MAKING) -> Table:
    (found,) = tables(benchmark, *answers, making=making)
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
    fitted = [scored(n, 100 / (1 + 2.0 ** (4 - n)), n) for n in range(9)]
    row = table("live-c", *fitted, making=replace(MAKING, fit=True, rmse=True, resamples=0)).rows[0]
    assert {"rmse", "plcc_fitted", "rmse_fitted"} < row.figures.keys()
    assert table("biq2021", scored(1, 1, 5), scored(2, 2, 5)).notes[-1].startswith("a correlation is undefined")


def test_figures_of_parts_are_averaged_as_published() -> None:
    answers = [
        replace(a, item=replace(a.item, id=f"{part}{a.item.id}", labels={"part": part}))
        for part, sign in (("game", 1), ("movie", -1))
        for a in (scored(1, 1, sign * 1), scored(2, 2, sign * 2), scored(3, 3, sign * 4))
    ]
    found = table("cgiqa-6k", *answers)
    assert value(found.rows[0], "srcc") == 0
    assert found.notes[-1] == "figures are the means of those of game, movie"


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
    found = tables(
        "quibble-bench",
        grounded(1, {"blur": LEFT}, {"blur": LEFT, "noise": RIGHT}),
        grounded(2, {"region": LEFT}, {"region": RIGHT}),
    )
    assert [t.title for t in found] == [
        "quibble-bench: grounding by category",
        "quibble-bench: grounding of one region",
    ]
    assert value(found[0].rows[0], "miou") == 0.5
    assert value(found[0].rows[0], "macc") == 1
    assert value(found[1].rows[0], "miou") == 0
    # The box around the left half is found; the one around the right half is superfluous, and costs nothing.
    assert [value(t.rows[0], "box miou") for t in found] == [1, 0]


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


def test_giqa_descriptions_have_boxes() -> None:
    text = "[Sky](0, 0, 0.5, 0.5) is noisy, [tree](0.5, 0.5, 1, 1) is not."
    found = table("giqa-des", described(1, "The sky is noisy.", text))
    row = found.rows[0]
    assert value(row, "miou") == value(row, "tag-recall") == 1
    papers = {(r.name, r.source): r.figures for r in found.rows[1:]}
    assert papers["Ref-Box", "Grounding-IQA, table 2a"]["miou"] == 0.5851
    assert papers["Ferret-7B", "Grounding-IQA, table 5"]["tag-recall"] == 0.6778


def test_boxes_of_questions_count_too() -> None:
    tag = Tag(name="the sky", box=Box(x0=0, y0=0, x1=0.5, y1=0.5))
    item = Item(id="1", kind=Kind.QUESTION, images=(Path("a"),), answer="Yes", tags=(tag,))
    found = table("giqa-vqa", Answered(item=item, reply=Reply(text="Yes, [the sky](0,0,0.5,0.25)."), seconds=0))
    assert value(found.rows[0], "miou") == 0.5
    assert value(found.rows[0], "tag-recall") == 0
    papers = {r.name: r.figures for r in found.rows[1:] if r.source == "Grounding-IQA, table 5"}
    assert papers["Kosmos-2-1.6B"]["miou"] == 0.4982
    assert papers["Kosmos-2-1.6B"]["acc total"] == 0.4233


def test_questions_weigh_yes_and_words_by_their_number() -> None:
    found = table(
        "giqa-vqa",
        asked(1, "Yes", "yes, it is"),
        asked(2, "No", "Yes"),
        asked(3, "Noise", "noise"),
        asked(4, "No.", "perhaps"),
    )
    row = found.rows[0]
    assert value(row, "acc yes-no") == pytest.approx(1 / 3)
    assert value(row, "acc what-why-how") == 1
    assert value(row, "acc total") == 0.5
    assert row.unreadable == 1
    assert any(r.source == "Grounding-IQA, table 5" for r in found.rows)


def said(text: str, truth: str, *, pictures: int = 1, **labels: str) -> Answered:
    images = tuple(Path(f"{number}.png") for number in range(pictures + 1))
    item = Item(id=f"{text}/{truth}", kind=Kind.DESCRIBE, images=images, reference=True, answer=truth, labels=labels)
    return Answered(item=item, reply=Reply(text=text), seconds=0)


def test_depictqas_score_is_relative_to_the_truth() -> None:
    # Words in common: "noise" of "noise sky" is a mark of 10 x 2/3, the others 10; the truths have 10 each.
    first, second = said("Noise in the sky.", "Noise."), said("Blur.", "Blur.")
    row = table("m-bapps", first, second, said("Darkness.", "Darkness.", pictures=2)).rows[0]
    assert value(row, "description gpt-4") == pytest.approx(100 * (2 / 3 + 1) / 2)
    assert value(row, "reasoning gpt-4") == 100


def test_answers_without_a_reference_are_a_table_of_their_own_without_the_papers_rows() -> None:
    found = tables("m-bapps", *(said("Blur.", "Blur.", setting=s) for s in ("full reference", "no reference")))
    assert [t.title for t in found] == ["m-bapps: descriptions, full reference", "m-bapps: descriptions, no reference"]
    assert any(row.source == "DepictQA, table 3" for row in found[0].rows)
    assert [row.source for row in found[1].rows] == [None]


def test_tasks_of_quibble_bench_are_not_pooled() -> None:
    found = tables("quibble-bench", *(said("Blur.", "Blur.", task=t) for t in ("reasoning", "local_description")))
    titles = ["quibble-bench: descriptions, reasoning", "quibble-bench: descriptions, local description"]
    assert [t.title for t in found] == titles


class Mumbling:
    """A judge whose replies to answers with "mumble" cannot be read."""

    label = "somebody"

    def marks(self, prompt: Prompt, case: Case, *, rounds: int) -> tuple[float | None, ...]:
        return (None,) * rounds if "mumble" in case.answer else (1.0,) * rounds


def test_what_could_not_be_marked_is_counted_and_left_out() -> None:
    making = Making(judge=Mumbling(), resamples=0)
    found = table("qbench-a2", described(1, "Sky.", "mumble"), described(2, "Sky.", "Sky."), making=making)
    row = found.rows[0]
    assert [value(row, name) for name in ("completeness", "sum", "llm-score")] == [1, 3, 25]
    assert (row.figures["unmarked"], row.n, row.unreadable) == (1, 2, 0)
    assert re.fullmatch(r"marks by somebody, 5 rounds; prompts: completeness [0-9a-f]{8}, precision .*", found.notes[0])
    row = table("qbench-a2", described(1, "Sky.", "mumble"), making=making).rows[0]
    assert (row.figures["completeness"], row.figures["llm-score"], row.figures["unmarked"]) == (None, None, 1)


def test_votes_are_averaged_over_originals() -> None:
    answers = []
    # People's order of the first two originals' versions is found, of the third's reversed; the last has no vote.
    for original, winner, liked in (("r1", "B", 0), ("r2", "B", 50), ("r3", "A", 100), ("r4", None, 0)):
        for a, b in ((0, 1), (1, 2), (0, 2), (2, 3), (0, 3), (1, 3), (3, 4), (0, 4), (1, 4), (2, 4)):
            images = Path(f"{original}.png"), *(Path(f"{original}-{n}.png") for n in (a, b))
            item = Item(
                id=f"{original}{a}{b}",
                kind=Kind.COMPARE,
                images=images,
                reference=True,
                scores=(float(liked + a), float(liked + b)),
                labels={"original": original},
            )
            status = Status.READ if winner else Status.UNREADABLE
            answers.append(Answered(item=item, reply=Reply(winner=winner, status=status), seconds=0))
    found = table("votes-kadid-10k", *answers, making=replace(MAKING, resamples=400))
    row = found.rows[0]
    srcc = row.figures["srcc"]
    assert isinstance(srcc, Estimate)
    assert [srcc.value, srcc.low, srcc.high] == pytest.approx([1 / 3, -1, 1])
    assert value(row, "plcc_fitted") > 0.99
    assert (row.n, row.unreadable) == (40, 10)
    assert "pictures: 20, of which 5 have no readable vote" in found.notes
    papers = {r.name: r.figures for r in found.rows[1:]}
    assert papers["DepictQA"] == {"srcc": 0.939, "plcc_fitted": 0.944}
    assert "NIQE" not in papers


def test_confident_votes_count_by_their_confidence() -> None:
    item = Item(
        id="1",
        kind=Kind.COMPARE,
        images=(Path("r"), Path("a"), Path("b")),
        reference=True,
        scores=(1.0, 2.0),
        labels={"original": "r"},
    )
    for reply, how in ((Reply(winner="A", confidence=0.6), "by confidence"), (Reply(winner="A"), "as voted")):
        found = table("votes-csiq", Answered(item=item, reply=reply, seconds=0))
        assert found.notes[0].endswith(how)


def test_octopus_stands_beside_its_papers() -> None:
    found = table("octopus-local", described(1, "Noise in the sky.", "Noise in the sky."))
    assert value(found.rows[0], "local description") == 10
    assert any(row.name == "Co-Instruct" and row.figures == {"local description": 3.53} for row in found.rows)
    found = table(
        "octopus-refer-short",
        referred(1, ("blur",), ("blur",)),
        referred(2, ("blur",), ()),
        referred(3, ("blur", "noise"), ("noise",)),
        referred(4, ("noise",), ("noise",)),
    )
    assert value(found.rows[0], "referring short") == 0.5
    assert value(found.rows[0], "partial credit") == 0.625
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
    assert "grounding" not in row.figures


def test_what_is_said_of_a_place_is_marked_where_something_is_said() -> None:
    asked = grounded(1, {"region": LEFT}, {"region": LEFT}, task="grounding_dao")
    item = replace(asked.item, answer="The sky at the top left.")
    replies = [Reply(masks={"region": LEFT}, text=text) for text in ("The sky at the top left.", "A car.", None)]
    answers = [Answered(item=replace(item, id=str(n)), reply=reply, seconds=0) for n, reply in enumerate(replies)]
    found = table("octopus-grounding", *answers)
    assert value(found.rows[0], "grounding") == 2.5
    assert found.rows[0].n == 3
    assert found.notes[-1] == "grounding: the marks of 2 answers in words"
    assert any(r.figures.get("grounding") == 2.29 for r in found.rows)


def test_no_answers_have_no_tables() -> None:
    with pytest.raises(ArgumentError):
        tables("quibble-bench")
