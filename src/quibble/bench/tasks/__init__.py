"""The benchmarks by name: how each is read, and where its files come from."""

from quibble.bench.tasks.catalogue import TASKS, Task, find_task

__all__ = ["TASKS", "Task", "find_task"]
