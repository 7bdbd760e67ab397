from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from quibble.bench.item import Kind
from quibble.bench.tasks import find_task
from quibble.errors import ArgumentError, RecordError


def put_bapps(folder: Path) -> Path:
    root = folder / "2afc" / "val"
    for group, shares in {"traditional": [0.2], "cnn": [1.0, 0.6]}.items():
        (root / group / "judge").mkdir(parents=True)
        for index, share in enumerate(shares):
            np.save(root / group / "judge" / f"{index:06d}.npy", np.array([share], np.float32))
    return root


def test_bapps(tmp_path: Path) -> None:
    root = put_bapps(tmp_path)
    items = list(find_task("bapps").read(tmp_path))
    assert [(i.id, round(i.share_b or 0, 3)) for i in items] == [
        ("traditional/000000", 0.2),
        ("cnn/000000", 1),
        ("cnn/000001", 0.6),
    ]
    assert items[0].images == tuple(root / "traditional" / part / "000000.png" for part in ("ref", "p0", "p1"))
    assert items[0].reference
    assert items[1].labels == {"group": "cnn", "set": "cnn"}
    np.save(root / "cnn" / "judge" / "000000.npy", np.array([3.0]))
    with pytest.raises(RecordError, match=r"one share in 0\.\.1"):
        list(find_task("bapps").read(tmp_path))


def put(folder: Path, name: str, items: object) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(items))


CNN = "BAPPS/2afc/val/cnn/p0/1.png"


def entry(
    number: int, answer: str, *, ref: str | None = "r.png", a: str = "a.png", b: str | None = None
) -> dict[str, object]:
    """In the form of DepictQA's test files: paths are below the folder of all sets."""
    return {"id": number, "image_ref": ref, "image_A": a, "image_B": b, "query": "What?", "answer": answer}


def test_m_bapps(tmp_path: Path) -> None:
    other = "BAPPS/2afc/val/cnn/p1/1.png"
    put(tmp_path, "BAPPS/metas/test_refAB_single_bapps_9.4k.json", [entry(1, "Image B", a=CNN, b=other)])
    put(tmp_path, "BAPPS/metas/test_refAB_single_bapps_9.4k_s64.json", [entry(1, "Image B", a=CNN, b=other)])
    put(tmp_path, "BAPPS/metas/train_A.json", [entry(9, "Noise.")])
    known = {"texture": {"texture_type": "sky"}, "distortion": {"noise": "strong", "blur": ""}, "overall": "poor"}
    put(tmp_path, "BAPPS/metas/test_refA_detail_mbapps_50.json", [entry(2, "Image A is noisy.") | known])
    put(tmp_path, "BAPPS/metas/test_A_detail_mbapps_50.json", [entry(3, "Noise.", ref=None)])
    third, first, second = find_task("m-bapps").read(tmp_path)
    assert (first.kind, first.share_b, first.reference, first.labels["group"]) == (Kind.COMPARE, 1, True, "cnn")
    assert first.images == tuple(tmp_path / name for name in ("r.png", CNN, other))
    assert first.id == "BAPPS/metas/test_refAB_single_bapps_9.4k:1"
    assert (second.kind, second.answer, len(second.images)) == (Kind.DESCRIBE, "Image A is noisy.", 2)
    assert second.context == "texture, texture_type: sky\ndistortion, noise: strong\noverall: poor"
    assert (third.kind, third.reference, third.context) == (Kind.DESCRIBE, False, "")
    assert [item.labels["setting"] for item in (second, third)] == ["full reference", "no reference"]


def test_dq_495k(tmp_path: Path) -> None:
    two = [entry(1, "Noise and overly high brightness"), entry(2, "None")]
    put(tmp_path, "KADIS700K/refA_md_brief/metas/test_refA_md_single_5k.json", two)
    put(tmp_path, "KADIS700K/A_sd_brief/metas/test_A_sd_single_4k_exclude.json", [entry(3, "Pixelation", ref=None)])
    put(
        tmp_path,
        "KADIS700K/AB_sd_detail/metas/test_AB_sd_detail_200.json",
        [entry(4, "A is blurred.", ref=None, b="b")],
    )
    put(tmp_path, "TID2013/metas/test_AB_single_tid2013_2.5k.json", [entry(5, "Image A", ref=None, b="b.png")])
    text, one, several, none, pair = find_task("dq-495k").read(tmp_path)
    assert (several.kind, several.names, several.labels["group"]) == (
        Kind.REFER,
        ("noise", "brighten"),
        "several distortions",
    )
    assert (none.names, one.names, one.labels["group"]) == ((), ("pixelate",), "one distortion")
    assert (text.kind, text.answer) == (Kind.DESCRIBE, "A is blurred.")
    assert (pair.kind, pair.share_b, pair.labels["group"]) == (Kind.COMPARE, 0, "TID2013")
    put(tmp_path, "KADIS700K/A_sd_brief/metas/test_A_sd_single_4k_exclude.json", [entry(3, "A cat")])
    with pytest.raises(RecordError, match="expected names of distortions"):
        list(find_task("dq-495k").read(tmp_path))


def test_comparisons_that_are_votes(tmp_path: Path) -> None:
    place = "CSIQ/metas_srcc_plcc_voting"
    pair = entry(7, "", ref="CSIQ/r.png", a="CSIQ/1.png", b="CSIQ/2.png")
    put(tmp_path, f"{place}/test_refAB_single_csiq_12k.json", [pair])
    scores = {"CSIQ/r.png": {"dist_paths": ["CSIQ/1.png", "CSIQ/2.png"], "mos_list": [0.25, 0.5]}}
    put(tmp_path, f"{place}/test_ref_dist_mos_csiq.json", scores)
    (item,) = find_task("votes-csiq").read(tmp_path)
    assert (item.kind, item.scores, item.share_b) == (Kind.COMPARE, (0.25, 0.5), None)
    assert item.images == tuple(tmp_path / "CSIQ" / name for name in ("r.png", "1.png", "2.png"))
    assert item.labels == {"original": "CSIQ/r.png"}
    put(tmp_path, f"{place}/test_refAB_single_csiq_12k.json", [pair | {"image_B": "CSIQ/3.png"}])
    with pytest.raises(RecordError, match=r"compares CSIQ/3\.png, which has no score"):
        list(find_task("votes-csiq").read(tmp_path))


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="PerceptualSimilarity"):
        list(find_task("bapps").read(tmp_path))
    for name in ("m-bapps", "dq-495k", "votes-tid2013"):
        with pytest.raises(ArgumentError, match="download DataDepictQA"):
            list(find_task(name).read(tmp_path))
