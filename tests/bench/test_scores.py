from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from quibble.bench.scores import Scored, join_scores, join_votes, measure, read_qbench_a3
from quibble.errors import ArgumentError, RecordError

#: In the form of Q-Bench's published outputs, figures made up: nothing between objects, true scores as texts at times.
A3 = "".join(
    json.dumps({"img_path": f"t{i}.bmp", "gt_score": truth if i % 2 else str(truth), "logit_good": g, "logit_poor": p})
    for i, (truth, g, p) in enumerate(
        [(63.9, 16.5, 14.25), (25.3, 14.5, 16.375), (48.9, 16.0, 15.375), (35.8, 15.5, 15.75), (66.5, 16.0, 14.625)]
    )
)


def test_published_outputs_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "livec.json"
    path.write_text(A3)
    found = measure(read_qbench_a3(path), resamples=20)
    difference = np.array([2.25, -1.875, 0.625, -0.25, 1.375])
    truth = [63.9, 25.3, 48.9, 35.8, 66.5]
    assert (found.n, found.unreadable, found.refused) == (5, 0, 0)
    assert found.srcc is not None
    assert found.plcc is not None
    assert found.srcc.value == pytest.approx(stats.spearmanr(difference, truth).statistic)
    assert found.plcc.value == pytest.approx(stats.pearsonr(1 / (1 + np.exp(-difference / 100)), truth).statistic)
    undivided = measure(read_qbench_a3(path, divisor=1), resamples=0).plcc
    assert undivided is not None
    assert undivided.value == pytest.approx(stats.pearsonr(1 / (1 + np.exp(-difference)), truth).statistic)


def test_a_logit_that_is_no_number_is_unreadable_and_a_truth_that_is_none_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(A3.replace('"logit_poor": 15.375', '"logit_poor": null'))
    found = measure(read_qbench_a3(path), resamples=0)
    assert (found.n, found.unreadable) == (5, 1)
    path.write_text(A3.replace("48.9", "none").replace('"none"', '"?"'))
    with pytest.raises(RecordError, match="true score of item 2"):
        read_qbench_a3(path)
    path.write_text('{"img_path": "a", "gt_score": 1, "logit_good": 1}')
    with pytest.raises(RecordError, match="logit_poor"):
        read_qbench_a3(path)


def test_parts_of_cgiqa_are_averaged_as_published(tmp_path: Path) -> None:
    rng, path = np.random.default_rng(0), tmp_path / "cgi.json"
    good, truth = rng.normal(size=40), rng.normal(size=40)
    truth += good + np.repeat([0, 9], 20)
    entries = [
        {
            "img_path": f"{'game' if i < 20 else 'movie'}_{i:04d}.jpg",
            "gt_score": f"{t} ",
            "logit_good": g,
            "logit_poor": 0,
        }
        for i, (g, t) in enumerate(zip(good.tolist(), truth.tolist(), strict=True))
    ]
    path.write_text(json.dumps(entries))
    found = measure(read_qbench_a3(path), resamples=50).srcc
    assert found is not None
    parts = [stats.spearmanr(good[part], truth[part]).statistic for part in (slice(20), slice(20, None))]
    assert found.value == pytest.approx(np.mean(parts))
    assert found.value > stats.spearmanr(good, truth).statistic + 0.05
    assert found.low is not None
    assert found.low < found.value


def test_the_published_arithmetic_orders_equal_differences_and_keeping_ties_does_not(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    logits = [(g / 64, g / 64 - 1.75) for g in range(900, 1000)]
    entries = [{"name": str(g), "mos": 1, "logit_good": g, "logit_poor": p} for g, p in logits]
    path.write_text(json.dumps(entries))
    published = [item.predicted for item in read_qbench_a3(path)]
    assert published == [math.exp(g / 100) / (math.exp(g / 100) + math.exp(p / 100)) for g, p in logits]
    assert 1 < len(set(published)) < 20
    assert len({item.predicted for item in read_qbench_a3(path, keep_ties=True)}) == 1


def test_equal_differences_of_logits_are_ties(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    logits = [(16.640625, 14.1953125), (15.546875, 13.1015625), (3.0703125, 0.625)]
    path.write_text("".join(f'{{"name": "{g}", "mos": 1, "logit_good": {g}, "logit_poor": {p}}}' for g, p in logits))
    assert len({item.predicted for item in read_qbench_a3(path, keep_ties=True)}) == 1


def test_counts_are_kept_apart() -> None:
    items = [Scored(name=str(i), predicted=float(i), truth=float(i * i)) for i in range(6)]
    items += [Scored(name="a", predicted=None, truth=100.0), Scored(name="b", predicted=None, truth=0.0, refused=True)]
    found = measure(items, fit=True, same_scale=True, resamples=0)
    assert (found.n, found.unreadable, found.refused) == (8, 1, 1)
    assert list(found.to_dict())[:6] == ["srcc", "plcc", "krcc", "rmse", "plcc_fitted", "rmse_fitted"]
    assert found.srcc is not None
    assert found.srcc.value == 1
    assert found.rmse is not None
    assert found.rmse.value == pytest.approx(np.sqrt(np.mean([(i - i * i) ** 2 for i in range(6)])))


def test_a_constant_prediction_has_no_correlation_and_says_why() -> None:
    found = measure([Scored(name=str(i), predicted=5.0, truth=float(i)) for i in range(4)], resamples=10)
    assert found.srcc is None
    assert found.to_dict()["undefined"] == "a correlation is undefined: all 4 predictions are 5"
    with pytest.raises(ArgumentError):
        measure([])


def test_joining_two_files(tmp_path: Path) -> None:
    predictions, truth = tmp_path / "p.csv", tmp_path / "t.json"
    predictions.write_text("image,score\nout/a.png,0.5\nout/b.png,refused\nout/z.png,1\n")
    truth.write_text(json.dumps([{"image_name": f"{n}.png", "MOS": i} for i, n in enumerate("abc")]))
    joined = join_scores(predictions, truth)
    assert [(i.name, i.predicted, i.truth) for i in joined.items] == [
        ("a.png", 0.5, 0),
        ("b.png", None, 1),
        ("c.png", None, 2),
    ]
    assert (joined.missing, joined.unknown) == (1, 1)
    predictions.write_text("image,score\na.png,1\na.png,2\n")
    with pytest.raises(RecordError, match="twice"):
        join_scores(predictions, truth)
    predictions.write_text("image,score\nx.png,1\n")
    with pytest.raises(RecordError, match="same names"):
        join_scores(predictions, truth)


def test_votes_become_scores(tmp_path: Path) -> None:
    votes, truth = tmp_path / "v.csv", tmp_path / "t.csv"
    lines = ["a.png,b.png,b.png", "b.png,c.png,B", "a.png,c.png,second", "a.png,b.png,neither"]
    votes.write_text("first,second,winner\n" + "\n".join(lines))
    truth.write_text("image,mos\na.png,1\nb.png,2\nc.png,5\nd.png,4\n")
    joined = join_votes(votes, truth)
    assert [item.predicted for item in joined.items] == [0, 0.5, 1, None]
    assert (joined.missing, joined.undecided) == (1, 1)
    found = measure(joined.items, resamples=0)
    assert found.srcc is not None
    assert found.srcc.value == 1
    votes.write_text("first,second,winner\na.png,a.png,A\n")
    with pytest.raises(RecordError, match="item 0: a vote is between two different"):
        join_votes(votes, truth)
