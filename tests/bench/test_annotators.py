from __future__ import annotations

import json
from pathlib import Path

import pytest

from quibble.bench.annotators import read_annotations
from quibble.errors import RecordError
from tests.bench.examples import LEFT, RIGHT


def test_masks_are_grouped_by_picture(tmp_path: Path) -> None:
    path = tmp_path / "masks.jsonl"
    entries = [("a.png", "mask", LEFT), ("b.png", "segmentation", LEFT), ("a.png", "mask", RIGHT)]
    path.write_text("\n".join(json.dumps({"image": n, field: mask.to_coco()}) for n, field, mask in entries))
    assert read_annotations(path) == [[LEFT, RIGHT], [LEFT]]
    path.write_text(json.dumps({"image": "a", "mask": {"size": [2, 2]}}))
    with pytest.raises(RecordError, match="the mask of item 0 is malformed"):
        read_annotations(path)
