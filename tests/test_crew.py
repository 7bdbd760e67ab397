"""Work on several things at once."""

from __future__ import annotations

import threading

import pytest

from quibble.crew import each


@pytest.mark.parametrize("threads", [1, 2, 3, 0])
def test_results_are_in_order(threads: int) -> None:
    assert each(lambda n: n * n, range(50), threads=threads) == [n * n for n in range(50)]
    assert each(lambda n: n, [], threads=threads) == []


def test_as_many_work_at_once_as_may() -> None:
    together = threading.Barrier(2)
    assert each(lambda n: together.wait(timeout=20) >= 0, range(4), threads=2) == [True] * 4
    here = threading.get_ident()
    assert each(lambda n: threading.get_ident(), range(3), threads=1) == [here] * 3


def test_what_goes_wrong_is_raised() -> None:
    def work(n: int) -> int:
        if n:
            raise ValueError(f"not {n}")
        return n

    with pytest.raises(ValueError, match="not 1"):
        each(work, range(3), threads=2)
