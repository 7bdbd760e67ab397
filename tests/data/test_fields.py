from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given

from quibble.data.fields import Faults, Node, check_json, check_text, dumps, found, loads, plain
from quibble.errors import RecordError
from tests.data.strategies import FINITE, JSON_VALUES


@given(value=JSON_VALUES)
def test_json_is_read_as_it_was_written(value: Any) -> None:
    assert loads(dumps(value)) == value
    assert loads(dumps(value).encode()) == value
    assert check_json(value, "extra") == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": NaN}', "NaN is not a number that JSON allows"),
        ("[-Infinity]", "-Infinity is not a number"),
        ('{"a": 1', "Expecting ',' delimiter (character 8)"),
        ("", "Expecting value (character 1)"),
        ('{"a": 1} {"b": 2}', "Extra data (character 10)"),
        (b'{"a": "\xff"}', "byte 8 is not UTF-8"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 5000, "limit"),
        ("\ufeff{}", "Expecting value (character 1)"),
    ],
)
def test_text_that_is_not_json(text: str | bytes, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        loads(text, file="f.jsonl", line=7)
    assert (caught.value.file, caught.value.line) == ("f.jsonl", 7)
    assert reason in caught.value.reason


def test_a_name_given_twice() -> None:
    with pytest.raises(RecordError, match="twice") as caught:
        loads('{"id": "a", "task": {"b": 1, "b": 2}}', file="f", line=1)
    assert caught.value.field == "b"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), "extra: expected a finite number"),
        ({"a": [1, {"b": math.inf}]}, "extra.a[1].b: expected a finite number"),
        ({1: 2}, "extra: expected text as the name"),
        ({"a": {1, 2}}, "extra.a: expected what JSON can hold, found a set"),
        (["\ud800"], "extra[0]: holds half of a surrogate pair"),
    ],
)
def test_what_json_cannot_hold(value: Any, expected: str) -> None:
    with pytest.raises(RecordError) as caught:
        check_json(value, "extra")
    assert f"{caught.value.field}: {caught.value.reason}".startswith(expected)


def test_a_checked_value_is_a_copy() -> None:
    inner = [1]
    copy = check_json({"a": inner}, "extra")
    inner.append(2)
    assert copy == {"a": [1]}


@pytest.mark.parametrize("text", ["", "  \n", "\x1f"])
def test_text_must_be_visible(text: str) -> None:
    assert check_text(text, "label", empty=True) == text
    with pytest.raises(RecordError, match="visible"):
        check_text(text, "label")


def test_every_fault_below_a_node_is_found() -> None:
    node = Node({"a": 1, "b": ["x", 2, True, 4], "d": None}, file="f", line=3)
    with pytest.raises(Faults) as caught:
        node.read({"a": Node.text, "b": lambda b: b.each(Node.whole), "c": Node.number}, {"d": Node.text})
    assert [(e.field, e.line, e.reason) for e in caught.value.errors] == [
        ("c", 3, "is missing; expected are a, b, c"),
        ("a", 3, "expected text, found 1"),
        ("b[0]", 3, 'expected a whole number, found "x"'),
        ("b[2]", 3, "expected a whole number, found true"),
    ]


@pytest.mark.parametrize("value", ["1", True, None, math.nan, math.inf, [1]])
def test_not_a_number(value: Any) -> None:
    with pytest.raises(Faults, match="expected a finite number"):
        Node(value).number()


@given(number=FINITE)
def test_equal_numbers_have_equal_text(number: float) -> None:
    assert plain(number) == number
    assert float(json.dumps(plain(number))) == number
    assert json.dumps(plain(3.0)) == json.dumps(plain(3)) == "3"


def test_long_values_are_cut_in_messages() -> None:
    assert found("x" * 100) == '"' + "x" * 56 + "..."
    assert found({1, 2}) == "{1, 2}"
