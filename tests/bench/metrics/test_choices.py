from __future__ import annotations

import pytest

from quibble.bench.metrics.choices import Outcome, accuracy, accuracy_by, partial_credit
from quibble.errors import ArgumentError

RIGHT, WRONG, UNREADABLE, REFUSED = Outcome


def test_what_was_not_read_is_not_right() -> None:
    found = accuracy([RIGHT, RIGHT, WRONG, UNREADABLE, REFUSED, UNREADABLE, RIGHT, WRONG])
    assert (found.n, found.unreadable, found.refused) == (8, 2, 1)
    assert found.of_all.value == 3 / 8
    assert found.of_read is not None
    assert found.of_read.value == 3 / 5


def test_nothing_read_has_no_accuracy_among_read() -> None:
    found = accuracy([UNREADABLE, REFUSED])
    assert found.of_all.value == 0
    assert found.of_read is None
    with pytest.raises(ArgumentError):
        accuracy([])


def test_by_label_it_is_scikit_learns_where_it_is_installed() -> None:
    accuracy_score = pytest.importorskip("sklearn.metrics").accuracy_score
    asked = [("yes-no", "a", "a"), ("what", "b", "c"), ("yes-no", "a", "b"), ("how", "c", "c"), ("yes-no", "b", "b")]
    found = accuracy_by(asked, lambda q: RIGHT if q[1] == q[2] else WRONG, lambda q: q[0])
    assert list(found) == ["yes-no", "what", "how"]
    for label, part in found.items():
        truth, said = zip(*[(q[1], q[2]) for q in asked if q[0] == label], strict=True)
        assert part.of_all.value == accuracy_score(truth, said)
        assert part.n == len(truth)


def test_by_label_by_hand() -> None:
    asked = [("what", RIGHT), ("how", WRONG), ("what", UNREADABLE), ("what", RIGHT), ("how", WRONG)]
    found = accuracy_by(asked, lambda q: q[1], lambda q: q[0])
    assert {label: (part.of_all.value, part.n) for label, part in found.items()} == {"what": (2 / 3, 3), "how": (0, 2)}


@pytest.mark.parametrize(
    ("predicted", "truth", "credit"),
    [
        (["blur"], ["blur"], 1),
        (["blur", "noise"], ["noise", "blur"], 1),
        (["blur"], ["blur", "noise"], 0.5),
        (["blur", "noise", "darken"], ["blur"], 1 / 3),
        (["blur", "darken", "quantize"], ["blur", "noise"], 1 / 3),
        (["blur", "blur"], ["blur"], 1),
        ([], ["blur"], 0),
        (["noise"], [], 0),
        ([], [], 1),
    ],
)
def test_partial_credit(predicted: list[str], truth: list[str], credit: float) -> None:
    assert partial_credit(predicted, truth) == credit
