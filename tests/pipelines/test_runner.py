from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from quibble.errors import ArgumentError, QuibbleError
from quibble.pipelines.runner import orphaned, run_shards


def square(folder: Path) -> Callable[[int], tuple[int, int]]:
    """Work that notes which process did which shard."""

    def work(number: int) -> tuple[int, int]:
        (folder / f"{number}.{os.getpid()}").touch()
        return number, number * number

    return work


def failing(kind: str) -> Callable[[int], int]:
    def work(number: int) -> int:
        if number == 3:
            if kind == "expected":
                raise ArgumentError("a reason for people")
            if kind == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            raise ZeroDivisionError("a bug")
        return number

    return work


@pytest.mark.parametrize("workers", [1, 2])
def test_every_shard_is_done_once(tmp_path: Path, workers: int) -> None:
    results = dict(run_shards([0, 2, 5, 7, 9], partial(square, tmp_path), workers=workers))
    assert results == {0: 0, 2: 4, 5: 25, 7: 49, 9: 81}
    done = [name.name.partition(".") for name in tmp_path.iterdir()]
    assert sorted(number for number, _, _ in done) == ["0", "2", "5", "7", "9"]
    processes = {process for _, _, process in done}
    assert len(processes) <= workers
    assert (str(os.getpid()) in processes) == (workers == 1)


def test_nothing_to_do() -> None:
    assert list(run_shards([], partial(failing, ""), workers=2)) == []


def test_errors_for_people_keep_their_message() -> None:
    with pytest.raises(QuibbleError, match=r"^a reason for people$"):
        list(run_shards(range(6), partial(failing, "expected"), workers=2))


def test_bugs_keep_their_traceback() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)Traceback.*ZeroDivisionError: a bug"):
        list(run_shards(range(6), partial(failing, "bug"), workers=2))


def test_a_worker_that_dies_is_told() -> None:
    with pytest.raises(QuibbleError, match=r"a worker process ended with code -9.* run the same again"):
        list(run_shards(range(6), partial(failing, "killed"), workers=2))


def test_this_process_is_no_orphan() -> None:
    assert not orphaned()


ENDLESS = """
import sys, time
from functools import partial
from pathlib import Path
from quibble.pipelines.runner import orphaned, run_shards

def setup(folder):
    def work(number):
        while not orphaned():
            (folder / str(number)).touch()
            time.sleep(0.02)
        (folder / f"{number}.orphaned").touch()
        raise SystemExit
    return work

if __name__ == "__main__":
    list(run_shards(range(2), partial(setup, Path(sys.argv[1])), workers=2))
"""


def test_workers_notice_that_their_parent_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    folder = tmp_path / "notes"
    folder.mkdir()
    with subprocess.Popen([sys.executable, str(script), str(folder)]) as process:
        wait_for(lambda: (folder / "0").exists() and (folder / "1").exists())
        process.kill()
    wait_for(lambda: (folder / "0.orphaned").exists() and (folder / "1.orphaned").exists())


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
