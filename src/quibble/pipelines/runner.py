"""Run the shards of a build, here or in worker processes, in any order, so that each is done once.

A shard is a pure function of its number, and it alone writes its files; what is done is told by a completion file that
is written last. So a build may be killed at any moment, and whoever goes on makes the same bytes.
"""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

from quibble.errors import QuibbleError

R = TypeVar("R")
Work = Callable[[int], R]


@dataclass(frozen=True)
class _Failure:
    """An error on its way from a worker. Exceptions with arguments of their own cannot be pickled."""

    message: str
    expected: bool


def run_shards(numbers: Sequence[int], setup: Callable[[], Work[R]], *, workers: int) -> Iterator[R]:
    """The result of every shard as it is done. `setup` is called once in each process and returns what does a shard.

    With several workers `setup` is pickled and processes are spawned, so a script that calls this needs the usual
    guard `if __name__ == "__main__"`. The first error ends all workers and is raised here: a QuibbleError with
    its message, anything else as RuntimeError with the worker's traceback.
    """
    if workers == 1 or len(numbers) <= 1:
        work = setup()
        yield from (work(number) for number in numbers)
        return
    crew = [_Worker.start(setup) for _ in range(min(workers, len(numbers)))]
    try:
        yield from _share_out(list(numbers), crew)
    finally:
        for worker in crew:
            worker.process.terminate()
            worker.process.join()
            worker.connection.close()


@dataclass(frozen=True)
class _Worker(Generic[R]):
    process: BaseProcess
    connection: Connection

    @classmethod
    def start(cls, setup: Callable[[], Work[R]]) -> _Worker[R]:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, setup), daemon=True)
        process.start()
        # Without this the pipe would stay open when the worker dies.
        theirs.close()
        return cls(process, ours)

    def result(self) -> R:
        try:
            answer = self.connection.recv()
        except EOFError:
            self.process.join()
            raise QuibbleError(
                f"a worker process ended with code {self.process.exitcode}, perhaps for lack of memory; what is "
                "done is kept, so run the same again, with fewer workers"
            ) from None
        if isinstance(answer, _Failure):
            raise QuibbleError(answer.message) if answer.expected else RuntimeError(answer.message)
        result: R = answer
        return result


def _share_out(waiting: list[int], crew: list[_Worker[R]]) -> Iterator[R]:
    """Give each worker a shard, and the next one when it is done."""
    by_connection = {worker.connection: worker for worker in crew}
    waiting = waiting[::-1]
    busy = [worker.connection for worker in crew]
    for connection in busy:
        connection.send(waiting.pop())
    while busy:
        for ready in wait(busy):
            assert isinstance(ready, Connection)
            result = by_connection[ready].result()
            if waiting:
                ready.send(waiting.pop())
            else:
                busy.remove(ready)
            yield result


def _serve(connection: Connection, setup: Callable[[], Work[R]]) -> None:
    """A worker process: do the shards that are asked for until nobody asks any more."""
    # Ctrl-C reaches every process of a terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        work = setup()
        while True:
            connection.send(work(connection.recv()))
    except (EOFError, BrokenPipeError):
        return
    except QuibbleError as error:
        connection.send(_Failure(str(error), expected=True))
    except Exception:
        connection.send(_Failure(traceback.format_exc(), expected=False))


def orphaned() -> bool:
    """Whether this is a worker process whose parent was killed, so that somebody else may be doing its shard."""
    parent = multiprocessing.parent_process()
    return parent is not None and not parent.is_alive()
