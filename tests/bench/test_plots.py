from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from quibble.bench.plots import confusion, reliability, scatter, worst, write_plots
from quibble.image import save
from tests.bench.examples import chosen, referred, scored

SCORES = [scored(i, 10.0 * i, 5.0 + i * i) for i in range(8)]


def texts(svg: str | None) -> list[str]:
    assert svg is not None
    return [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]


def test_scatter_has_a_point_a_picture_and_the_fit() -> None:
    svg = scatter([*SCORES, scored(9, 1, None)])
    assert svg is not None
    assert svg.count("<circle") == 8
    assert svg.count("<polyline") == 1
    assert {"predicted", "true", "Scores of 8 pictures"} <= set(texts(svg))
    assert scatter(SCORES[:1]) is None


def test_confusion_counts_hits_and_what_was_named_instead() -> None:
    svg = confusion(
        [referred(1, ("blur", "noise"), ("blur", "darken")), referred(2, (), ("darken",)), referred(3, ("blur",), None)]
    )
    counts = [t for t in texts(svg) if t.isdigit()]
    assert counts == ["1", "1", "1"]
    assert confusion(SCORES) is None


def test_reliability_has_its_error() -> None:
    answers = [chosen(i, "what", 0, int(i >= 6)) for i in range(10)]
    assert "Confidence of 10 answers, calibration error 0.300" in texts(reliability(answers))
    assert reliability(SCORES) is None


def test_the_worst_come_first(tmp_path: Path) -> None:
    answers = []
    for i, predicted in enumerate((5.0, 1.0, 2.0, 3.0, 4.0)):
        path = tmp_path / f"{i}.png"
        save(np.full((30, 60, 3), 20 + i, np.uint8), path)
        kept = scored(i, float(i), predicted)
        answers.append(replace(kept, item=replace(kept.item, images=(path,))))
    sheet = worst(answers)
    assert sheet is not None
    assert np.asarray(sheet)[10, 110].tolist() == [20, 20, 20]
    assert worst(SCORES) is None


def test_files(tmp_path: Path) -> None:
    assert [p.name for p in write_plots([*SCORES, referred(1, ("blur",), ())], tmp_path)] == [
        "scores.svg",
        "confusion.svg",
    ]
    assert not (tmp_path / "worst.png").exists()
