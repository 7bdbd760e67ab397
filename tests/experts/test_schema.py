from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from quibble.errors import ReplyError
from quibble.experts.schema import check, many, parse, strict, text

SCHEMA = strict(kind=text("what", "how"), said=text(), sure={"type": "boolean"}, wrong=many(text(), 1, 2))
GOOD: dict[str, Any] = {"kind": "how", "said": "x", "sure": True, "wrong": ["a"]}


@pytest.mark.parametrize("form", ["{}", "```json\n{}\n```", "  {}\n"])
def test_json_is_read(form: str) -> None:
    assert parse(form.replace("{}", json.dumps(GOOD)), SCHEMA) == GOOD


@pytest.mark.parametrize("reply", ["", "Sure! Here it is:", '{"kind": "how"', "NaN is no answer", "[" * 100_000])
def test_what_is_not_json(reply: str) -> None:
    with pytest.raises(ReplyError) as caught:
        parse(reply, SCHEMA)
    assert caught.value.reason == "not JSON"
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"kind": "why"}, "reply.kind: expected one of"),
        ({"said": " "}, "reply.said: expected some text"),
        ({"said": 3}, "reply.said: expected string"),
        ({"sure": "yes"}, "reply.sure: expected boolean"),
        ({"sure": 1}, "reply.sure: expected boolean"),
        ({"wrong": []}, "reply.wrong: expected 1 to 2 items, found 0"),
        ({"wrong": ["a", "b", "c"]}, "expected 1 to 2 items, found 3"),
        ({"wrong": ["a", None]}, "reply.wrong[1]: expected string"),
        ({"more": 1}, "holds more, which nobody asked for"),
    ],
)
def test_what_a_schema_does_not_allow(change: dict[str, Any], place: str) -> None:
    with pytest.raises(ReplyError) as caught:
        check(GOOD | change, SCHEMA)
    assert caught.value.reason == "not as asked"
    assert place in str(caught.value)
    if change.get("said") != " ":  # JSON schema itself counts blanks as characters
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(GOOD | change, SCHEMA)


def test_what_is_missing() -> None:
    with pytest.raises(ReplyError, match="lacks kind, said"):
        check({"sure": True, "wrong": ["a"]}, SCHEMA)
    with pytest.raises(ReplyError, match="expected object"):
        check([GOOD], SCHEMA)


def test_a_number_is_no_truth() -> None:
    check(3, {"type": "integer"})
    for value in (True, "3", 3.5):
        with pytest.raises(ReplyError):
            check(value, {"type": "integer"})
