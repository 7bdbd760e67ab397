from __future__ import annotations

from typing import Any

import pytest

from quibble.data import Maker, Record
from quibble.errors import RecordError

RECORD: dict[str, Any] = {"id": "1", "task": "t", "images": [], "turns": []}


def test_a_record_says_who_made_it() -> None:
    made = {"part": "texts", "model": "qwen", "prompt_sha": "0" * 64, "seed": 0, "input_tokens": 3, "output_tokens": 4}
    record = Record.from_dict({**RECORD, "makers": [made, {"part": "mask", "model": "person/7"}]})
    assert record.makers == (
        Maker(part="texts", model="qwen", prompt_sha="0" * 64, seed=0, input_tokens=3, output_tokens=4),
        Maker(part="mask", model="person/7"),
    )
    assert record.to_dict()["makers"] == [made, {"part": "mask", "model": "person/7"}]
    assert "makers" not in Record.from_dict(RECORD).to_dict()


@pytest.mark.parametrize(
    ("maker", "field"),
    [
        ({"part": "texts"}, "makers[0].model"),
        ({"part": " ", "model": "m"}, "makers[0].part"),
        ({"part": "p", "model": "m", "prompt_sha": "ABC"}, "makers[0].prompt_sha"),
        ({"part": "p", "model": "m", "input_tokens": -1}, "makers[0].input_tokens"),
        ({"part": "p", "model": "m", "price": 1}, "makers[0].price"),
    ],
)
def test_what_is_no_maker(maker: dict[str, Any], field: str) -> None:
    with pytest.raises(RecordError) as caught:
        Record.from_dict({**RECORD, "makers": [maker]})
    assert caught.value.field == field
