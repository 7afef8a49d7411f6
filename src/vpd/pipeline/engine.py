"""The table of engines: what does the tasks of a run, in this process or in worker processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from vpd.machine import cores, memory_bytes
from vpd.pipeline.task import Outcome, ProgressMs, Task, perform
from vpd.pipeline.workers import perform_in_workers

WORKER_MEMORY = 2 << 30
"""Memory that a worker may need, in bytes; limits the automatic number of workers."""


class Perform(Protocol):
    """Do the tasks; outcomes come as they end, in any order. Leaving the iterator early ends all work."""

    def __call__(self, tasks: Iterable[Task], progress: ProgressMs, jobs: int) -> Iterator[Outcome]:
        """``jobs`` tasks at most at a time; ``progress`` hears of the work done."""
        ...


@dataclass(frozen=True)
class Engine:
    """One way to do tasks."""

    name: str
    about: str
    perform: Perform


def _perform_here(tasks: Iterable[Task], progress: ProgressMs, jobs: int) -> Iterator[Outcome]:
    for task in tasks:
        yield perform(task, progress)


ENGINES = {
    engine.name: engine
    for engine in (
        Engine("here", "one task after the other, in this process", _perform_here),
        Engine("workers", "side by side, in worker processes of this computer", perform_in_workers),
    )
}


def automatic_jobs() -> int:
    """One worker a core, fewer where the memory is small."""
    by_memory = memory_bytes() // WORKER_MEMORY or cores()
    return max(1, min(cores(), by_memory))


def choose_engine(jobs: int, tasks: int) -> Engine:
    """The engine for so many tasks, of which ``jobs`` may be done at a time."""
    return ENGINES["here" if jobs == 1 or tasks == 1 else "workers"]
