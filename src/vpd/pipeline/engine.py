"""The table of engines, which run the tasks: this process, worker processes or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from vpd.errors import unknown_name
from vpd.machine import cores, memory_bytes
from vpd.pipeline.cluster import Cluster, connected
from vpd.pipeline.on_ray import perform_on_ray
from vpd.pipeline.sources import Sources
from vpd.pipeline.task import Outcome, ProgressMs, Task, perform
from vpd.pipeline.train_on_ray import train_on_ray
from vpd.pipeline.workers import perform_in_workers

WORKER_MEMORY = 2 << 30
"""Memory that a worker may need, in bytes. It limits the automatic number of workers."""


class Perform(Protocol):
    """A function that runs tasks. Outcomes arrive in any order. Leaving the iterator early ends all work."""

    def __call__(self, tasks: Iterable[Task], progress: ProgressMs, jobs: int) -> Iterator[Outcome]:
        """Run at most ``jobs`` tasks at a time. ``progress`` receives the completed work."""
        ...


@dataclass(frozen=True)
class Engine:
    """One way to run tasks.

    Attributes
    ----------
    opened : what must be open while tasks are done, such as a connection; its second argument is told what
        the user should know.
    here : whether the tasks share the cores of this computer.
    train : trains the student on these videos elsewhere; None where this program does it.
    """

    name: str
    about: str
    perform: Perform
    opened: Callable[[Cluster, Callable[[str], None]], AbstractContextManager[None]] = lambda cluster, say: (
        nullcontext()
    )
    here: bool = True
    train: Callable[[Sources, Sequence[str], Cluster], None] | None = None


def _perform_here(tasks: Iterable[Task], progress: ProgressMs, jobs: int) -> Iterator[Outcome]:
    for task in tasks:
        yield perform(task, progress)


ENGINES = {
    engine.name: engine
    for engine in (
        Engine("here", "one task after the other, in this process", _perform_here),
        Engine("workers", "side by side, in worker processes of this computer", perform_in_workers),
        Engine("ray", "on the computers of a Ray cluster", perform_on_ray, connected, False, train_on_ray),
    )
}


def automatic_jobs() -> int:
    """One worker a core, or fewer where memory is small."""
    by_memory = memory_bytes() // WORKER_MEMORY or cores()
    return max(1, min(cores(), by_memory))


def choose_engine(jobs: int, tasks: int, name: str = "") -> Engine:
    """The engine called ``name``; by default the one for this number of tasks, of which ``jobs`` may run at a
    time.

    Raises InputError for a name that is not in the table.
    """
    if not name:
        return ENGINES["here" if jobs == 1 or tasks == 1 else "workers"]
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    return ENGINES[name]
