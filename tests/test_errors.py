from __future__ import annotations

import inspect
import pickle
import re

import pytest

from quibble import errors
from quibble.errors import MissingExtraError, QuibbleError, RecordError

CLASSES = [value for _, value in inspect.getmembers(errors, inspect.isclass)]


def test_the_tree_in_the_docstring_is_the_real_one() -> None:
    lines = re.findall(r"(?:├──|└──) (\w+) +(.+?)(?: {2,}\(also an? (\w+)\))?$", errors.__doc__ or "", re.MULTILINE)
    drawn = {name: ("QuibbleError", also or None) for name, _, also in lines}
    real = {}
    for cls in CLASSES:
        if cls is QuibbleError:
            continue
        assert cls.__module__ == "quibble.errors"
        parents = [base.__name__ for base in cls.__bases__]
        real[cls.__name__] = (parents[0], parents[1] if len(parents) > 1 else None)
    assert drawn == real
    assert QuibbleError.__bases__ == (Exception,)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_errors_survive_the_way_out_of_a_worker_process(cls: type[QuibbleError]) -> None:
    if cls is MissingExtraError:
        error: QuibbleError = MissingExtraError("pyarrow", "data")
    elif cls is RecordError:
        error = RecordError("expected a number", file="records.jsonl", line=7, field="score")
    else:
        error = cls("expected a, found b; do c")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is cls
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_a_record_error_names_the_place_as_far_as_it_is_known() -> None:
    assert str(RecordError("x")) == "x"
    assert str(RecordError("x", file="a.jsonl")) == "a.jsonl: x"
    assert str(RecordError("x", file="a.jsonl", line=3)) == "a.jsonl:3: x"
    error = RecordError("x", file="a.jsonl", line=3, field="score")
    assert str(error) == "a.jsonl:3, field 'score': x"
    assert (error.file, error.line, error.field, error.reason) == ("a.jsonl", 3, "score", "x")


def test_a_missing_extra_says_what_to_install() -> None:
    error = MissingExtraError("pyarrow", "data")
    assert str(error) == "this needs the package 'pyarrow', which is not installed: pip install 'quibble[data]'"
    assert (error.package, error.extra) == ("pyarrow", "data")
