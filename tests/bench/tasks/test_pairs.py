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


def test_depictqa(tmp_path: Path) -> None:
    common = {"image_ref": "r.png", "image_A": "a.png", "query": "Which?", "task_type": "quality_compare"}
    items = [
        {"id": "1", **common, "image_B": "b.png", "answer": "Image B"},
        {"id": "2", **common, "image_B": "b.png", "answer": "Image A is noisy, B is not."},
        {"id": "3", **common, "image_B": None, "image_ref": None, "answer": "Noise."},
    ]
    (tmp_path / "metas").mkdir()
    (tmp_path / "metas" / "test_AB.json").write_text(json.dumps(items))
    first, second, third = find_task("m-bapps").read(tmp_path)
    assert (first.kind, first.share_b, first.reference, len(first.images)) == (Kind.COMPARE, 1, True, 3)
    assert (second.kind, second.answer) == (Kind.DESCRIBE, "Image A is noisy, B is not.")
    assert (third.kind, third.images, third.reference) == (Kind.DESCRIBE, (tmp_path / "a.png",), False)
    assert first.id == "test_AB:1"


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="PerceptualSimilarity"):
        list(find_task("bapps").read(tmp_path))
    with pytest.raises(ArgumentError, match="XPixelGroup/DepictQA"):
        list(find_task("dq-495k").read(tmp_path))
