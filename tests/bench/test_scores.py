from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from quibble.bench.scores import Scored, join_scores, measure
from quibble.errors import ArgumentError, RecordError


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


def test_the_mean_over_parts_leaves_out_what_is_undefined_and_says_so() -> None:
    rng = np.random.default_rng(0)
    groups = {"a": rng.normal(size=(12, 2)), "b": rng.normal(size=(9, 2)), "c": np.array([[1.0, 2.0]])}
    items = [
        Scored(name=f"{part}{i}", predicted=p, truth=t, part=part)
        for part, pairs in groups.items()
        for i, (p, t) in enumerate(pairs.tolist())
    ]
    found = measure(items, of_parts=True, resamples=200)
    each = [stats.spearmanr(*groups[part].T).statistic for part in "ab"]
    assert found.srcc is not None
    assert found.srcc.value == pytest.approx(np.mean(each))
    assert [found.srcc.low, found.srcc.high] == pytest.approx(sorted(each))
    assert (found.n, found.unreadable) == (22, 0)
    assert found.undefined is not None
    assert found.undefined.startswith("1 of 3 parts are left out of a figure")
