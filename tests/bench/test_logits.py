from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax

from quibble.bench.logits import read_q_align, read_q_boost, read_qbench_a3
from quibble.bench.scores import measure
from quibble.errors import RecordError

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


#: What Q-Instruct's and Q-Align's public code writes: more words than are needed, objects one after another.
WORDS = ["good", "poor", "high", "low", "excellent", "bad", "fine", "fair", "decent", "average", "medium", "acceptable"]
LOGITS = np.random.default_rng(3).normal(15, 2, (6, len(WORDS)))


def put_logits(path: Path) -> Path:
    entries = [
        {"image": f"{i}.jpg", "gt_score": i, "logits": dict(zip(WORDS, row, strict=True))}
        for i, row in enumerate(LOGITS.tolist())
    ]
    path.write_text("".join(json.dumps(entry) for entry in entries))
    return path


def logits_of(*words: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return LOGITS[:, [WORDS.index(word) for word in words]]


def test_q_boost_by_its_words(tmp_path: Path) -> None:
    path = put_logits(tmp_path / "koniq.json")
    one = softmax(logits_of("good", "average", "poor"), axis=1)
    items = read_q_boost(path, synonyms=1)
    assert [item.predicted for item in items] == pytest.approx((one[:, 0] + one[:, 1] / 2).tolist())
    assert [(item.name, item.truth) for item in items[:2]] == [("0.jpg", 0), ("1.jpg", 1)]
    tones = [("good", "high", "fine"), ("average", "medium", "acceptable"), ("poor", "low", "bad")]
    three = softmax(np.stack([logits_of(*tone).mean(1) for tone in tones], axis=1), axis=1)
    assert [i.predicted for i in read_q_boost(path)] == pytest.approx((three[:, 0] + three[:, 1] / 2).tolist())


def test_q_align_by_its_levels(tmp_path: Path) -> None:
    shares = softmax(logits_of("excellent", "good", "fair", "poor", "bad"), axis=1)
    found = [item.predicted for item in read_q_align(put_logits(tmp_path / "koniq.json"))]
    assert found == pytest.approx((shares @ [1, 0.75, 0.5, 0.25, 0]).tolist())


def test_logits_in_columns_and_words_that_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "image,mos,logit_excellent,logit_good,logit_fair,logit_poor,logit_bad\na,3,9,1,1,1,1\nb,2,1,?,1,1,1\n"
    )
    first, second = read_q_align(path)
    assert (first.predicted or 0) > 0.99
    assert second.predicted is None
    with pytest.raises(RecordError, match="item 0 needs logit_high"):
        read_q_boost(path)
    path = tmp_path / "b.json"
    path.write_text('[{"image": "a", "mos": 1, "logits": {"good": 1}}]')
    with pytest.raises(RecordError, match="'excellent' in its logits; it has good"):
        read_q_align(path)
