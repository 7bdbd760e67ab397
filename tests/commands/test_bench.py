from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from quibble.bench import own
from quibble.cli import main
from quibble.image import save
from tests.bench.examples import LEFT, RIGHT
from tests.bench.test_logits import A3, put_logits


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["bench", *map(str, args)])


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    path = tmp_path / "livec.json"
    path.write_text(A3)
    return path


def test_published_outputs_as_json(outputs: Path) -> None:
    found = json.loads(run("metrics", outputs, "--task", "qbench-a3", "--json").stdout)
    assert set(found["srcc"]) == set(found["plcc"]) == {"value", "low", "high"}
    assert found["srcc"]["value"] == pytest.approx(0.9)
    assert found["settings"]["divisor"] == 100
    assert (found["n"], found["unreadable"], found["refused"]) == (5, 0, 0)


def test_published_outputs_as_a_table(outputs: Path) -> None:
    assert run("metrics", outputs, "--task", "qbench-a3", "--resamples", "0").stdout == (
        "### qbench-a3\n\n"
        "|  | srcc | plcc | krcc | n | unreadable | refused | source |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n"
        "| livec.json | 0.900 | 0.954 | 0.800 | 5 | 0 | 0 | measured |\n\n"
        "- task: qbench-a3\n- plcc: plain\n- resamples: 0\n- seed: 0\n- divisor: 100.0\n"
        "- ties: ordered by rounding, as published\n"
    )


def test_two_files(tmp_path: Path) -> None:
    predictions, truth = tmp_path / "p.json", tmp_path / "t.csv"
    predictions.write_text('{"a.png": 1, "b.png": 3, "c.png": "I cannot tell", "x.png": 3}')
    truth.write_text("image,mos\na.png,10\nb.png,20\nc.png,30\nd.png,40\n")
    result = run("metrics", predictions, truth, "--task", "scores", "--json", "--resamples", "0")
    found = json.loads(result.stdout)
    assert (found["n"], found["unreadable"], found["srcc"]["value"]) == (4, 2, 1)
    assert "1 pictures have no prediction" in result.stderr
    assert "1 predictions are of pictures that are not in" in result.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--task", "scores"], "scores takes two files"),
        (["--task", "scores", "--divisor", "1"], "two files, PREDICTIONS and TRUTH, and no --divisor"),
        (["--task", "q-align", "--keep-ties"], "q-align takes one file, and no --keep-ties"),
        (["--task", "qbench-a3", "--per-reference"], "no --per-reference"),
        (["--task", "agreement", "--fit"], "agreement takes no --fit"),
        (["--task", "qbench-a3", "--divisor", "0"], "--divisor"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(outputs: Path, args: list[str], message: str) -> None:
    result = run("metrics", outputs, *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_papers_rows_stand_beside(outputs: Path) -> None:
    text = run("metrics", outputs, "--task", "qbench-a3", "--resamples", "0", "--database", "LIVE-itw").stdout
    assert "| LLaVA-v1.5 7B [1] | 0.445 | 0.481 | – |  |  |  | Q-Instruct, table 6 |" in text
    assert "[1] differs: plain PLCC" in text
    code = run("metrics", outputs, "--task", "qbench-a3", "--json", "--resamples", "0", "--database", "LIVE-itw").stdout
    assert any(row["figures"] == {"srcc": 0.445, "plcc": 0.481} for row in json.loads(code)["published"])


def test_the_papers_tables_can_be_printed() -> None:
    assert run("published", "--paper", "Q-Ground").stdout.startswith("### Q-Ground, table 3: QGround-Test")
    assert "<table>" in run("published", "--task", "bapps", "--html").stdout
    assert len(json.loads(run("published", "--json").stdout)) > 20
    result = run("published", "--paper", "Q-Grond")
    assert result.exit_code == 2
    assert "papers are Q-Instruct" in result.stderr


@pytest.fixture
def benchmark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small KonIQ-10k, in a working directory of its own."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "koniq"
    (folder / "1024x768").mkdir(parents=True)
    rows = ["image_name,MOS"]
    for i in range(6):
        image = np.random.default_rng(i).integers(0, 40 * (i + 1), (64, 80, 3)).astype(np.uint8)
        save(image, folder / "1024x768" / f"{i}.png")
        rows.append(f"{i}.png,{i / 2}")
    (folder / "koniq10k_scores_and_distributions.csv").write_text("\n".join(rows))
    return folder


def test_a_benchmark_is_run_kept_and_scored_again(benchmark: Path) -> None:
    first = run("koniq-10k", benchmark, "--model", "nano", "--threads", "1", "--resamples", "20", "--plots", "plots")
    assert first.exit_code == 0
    assert first.stdout.startswith("### koniq-10k: scores")
    assert "| LLaVA-v1.5 7B [1] | 0.463 | 0.459 | – |" in first.stdout
    assert "koniq-10k--nano.jsonl" in first.stderr
    assert Path("plots", "scores.svg").is_file()
    again = run("rescore", "koniq-10k--nano.jsonl", "--resamples", "20")
    assert again.stdout == first.stdout
    tables = json.loads(run("rescore", "koniq-10k--nano.jsonl", "--json", "--resamples", "0").stdout)
    assert tables[0]["rows"][0]["n"] == 6
    assert "<table>" in run("rescore", "koniq-10k--nano.jsonl", "--html", "--resamples", "0").stdout


def test_a_limit_is_drawn_with_the_seed(benchmark: Path) -> None:
    for seed in ("1", "2"):
        run("koniq-10k", benchmark, "--model", "random", "--limit", "3", "--seed", seed, "--answers", f"{seed}.jsonl")
    chosen = [
        [json.loads(line)["item"]["id"] for line in Path(f"{s}.jsonl").read_text().splitlines()[1:]] for s in "12"
    ]
    assert [len(ids) for ids in chosen] == [3, 3]
    assert chosen[0] != chosen[1]
    assert chosen[0] == sorted(chosen[0])


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["koniq-10", "x", "--model", "nano"], "did you mean koniq-10k"),
        (["koniq-10k", "--model", "nano"], "needs the folder with its files"),
        (["koniq-10k", "koniq", "--model", "gpt"], "there is no model 'gpt'; expected nano"),
        (["koniq-10k", "koniq", "--model", "http://localhost:8000/v1"], "written URL#NAME"),
        (["koniq-10k", "koniq", "--model", "psnr"], "can answer none"),
        (["koniq-10k", "koniq", "--model", "nano", "--scoring", "q-align"], "for models that see for themselves"),
        (["koniq-10k", "koniq", "--model", "nano", "--judge", "x"], "go together"),
    ],
)
def test_mistakes_in_a_run(benchmark: Path, args: list[str], message: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_benchmarks_are_listed_with_where_to_get_them() -> None:
    lines = run("list").stdout.splitlines()
    assert len(lines) == 33
    assert all(": " in line for line in lines)


def test_answers_made_elsewhere_are_a_model_too(benchmark: Path) -> None:
    Path("theirs.csv").write_text("image,score\n" + "".join(f"{i}.png,{i}\n" for i in range(5)))
    result = run("koniq-10k", benchmark, "--model", "file:theirs.csv", "--json", "--resamples", "0")
    row = json.loads(result.stdout)[0]["rows"][0]
    assert (row["name"], row["n"], row["unreadable"]) == ("theirs.csv", 6, 1)
    assert row["figures"]["srcc"]["value"] == 1


def test_votes(tmp_path: Path) -> None:
    votes, truth = tmp_path / "v.jsonl", tmp_path / "t.csv"
    votes.write_text('{"first": "a", "second": "b", "winner": "B"}{"first": "b", "second": "c", "winner": "unsure"}')
    truth.write_text("image,mos\na,1\nb,2\nc,3\n")
    result = run("metrics", votes, truth, "--task", "votes", "--json", "--resamples", "0")
    assert json.loads(result.stdout)["srcc"]["value"] == 1
    assert "1 comparisons have no readable winner" in result.stderr


def test_votes_of_each_original(tmp_path: Path) -> None:
    votes, truth = tmp_path / "v.csv", tmp_path / "t.csv"
    votes.write_text("first,second,winner\na1,a2,A\nb1,b2,A\n")
    truth.write_text("image,reference,mos\na1,a,2\na2,a,1\nb1,b,9\nb2,b,8\n")
    pooled = json.loads(run("metrics", votes, truth, "--task", "votes", "--json", "--resamples", "0").stdout)
    result = run("metrics", votes, truth, "--task", "votes", "--per-reference", "--json", "--resamples", "0")
    found = json.loads(result.stdout)
    assert (round(pooled["srcc"]["value"], 3), found["srcc"]["value"]) == (0.447, 1)
    assert found["settings"]["figures"] == "the mean of the originals'"


def test_outputs_of_q_boost_and_q_align(tmp_path: Path) -> None:
    path = put_logits(tmp_path / "koniq.json")
    found = {
        (task, *options): json.loads(
            run("metrics", path, "--task", task, *options, "--json", "--resamples", "0").stdout
        )
        for task, options in (("q-boost", ()), ("q-boost", ("--synonyms", "1")), ("q-align", ("--fit", "--rmse")))
    }
    boost, one, align = found.values()
    assert boost["settings"]["words"] == "good, high, fine; average, medium, acceptable; poor, low, bad"
    assert one["settings"]["words"] == "good; average; poor"
    assert align["settings"]["words"] == "excellent, good, fair, poor, bad"
    assert len({entry["plcc"]["value"] for entry in found.values()}) == 3
    assert {"rmse", "plcc_fitted", "rmse_fitted"} <= align.keys()


def test_agreement_of_annotators(tmp_path: Path) -> None:
    path = tmp_path / "masks.jsonl"
    masks = [("a", LEFT), ("a", LEFT), ("b", LEFT), ("b", RIGHT), ("c", LEFT)]
    path.write_text("\n".join(json.dumps({"image": name, "mask": mask.to_coco()}) for name, mask in masks))
    text = run("metrics", path, "--task", "agreement", "--resamples", "0").stdout
    assert "| masks.jsonl | 0.500 | 2 | 2 |" in text
    assert "left out: 1" in text
    found = json.loads(run("metrics", path, "--task", "agreement", "--json").stdout)
    assert found["agreement"] == {"value": 0.5, "low": 0, "high": 1}
    assert (found["n"], found["alone"], found["pairs"]) == (2, 1, 2)


def test_quibble_bench_is_made_run_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    few = own.Counts(scoring=3, comparison=2, choice=2, grounding=2, boxes=1, octopus=0)
    monkeypatch.setattr(own, "Plan", partial(own.Plan, counts=few))
    result = run("quibble-bench", "--model", "nano", "--threads", "1", "--resamples", "0", "--fit", "--rmse")
    assert result.exit_code == 0, result.stderr
    titles = [line for line in result.stdout.splitlines() if line.startswith("### ")]
    assert {"### quibble-bench: scores", "### quibble-bench: grounding by category"} <= set(titles)
    assert "| srcc | plcc | krcc | rmse |" in result.stdout
    again = run("quibble-bench", "--model", "commonest", "--resamples", "0")
    assert "### quibble-bench: choices" in again.stdout
    assert "quibble: making" in result.stderr
    assert "quibble: making" not in again.stderr
