"""Run tasks on a Ray cluster, one for each video. A task is repeated where its process or its computer is
lost.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vpd.errors import MismatchError
from vpd.library.layout import Layout
from vpd.machine import processor_s
from vpd.pipeline import stall
from vpd.pipeline.cluster import Cluster, import_ray, memory_of_a_task, slots
from vpd.pipeline.software import differences, installed
from vpd.pipeline.task import Outcome, ProgressMs, Task, perform
from vpd.pipeline.workers import limit_threads

TASK_MEMORY = 2 << 30
"""Memory that a task requests, in bytes."""
MOST_KILLED = 3
"""Number of dead processes after which a video is set aside."""
MOST_LOST = 20
"""Number of lost computers after which a video is set aside."""
IN_FLIGHT = 2
"""Tasks submitted for each that the cluster can run at a time, so that the next one waits where the last
ends.
"""
COUNT_EVERY_S = 10.0
"""Seconds between two counts of the nodes, which join and leave."""
CANCEL_S = 10.0
"""Seconds that cancelled tasks have to end by themselves."""
MOST_SAID = 200
"""Largest number of characters kept of Ray's own message."""


@dataclass(frozen=True)
class Refusal:
    """A computer of the cluster that cannot run tasks of this run, with the reason."""

    node: str
    host: str
    why: str


@dataclass
class _Attempt:
    """A submitted task, and the numbers of its dead processes and lost computers."""

    task: Task
    killed: int = 0
    lost: int = 0


@contextmanager
def _watched(progress: ProgressMs) -> Iterator[ProgressMs]:
    """Within the block, end the process of a task that makes no progress, so that it is noticed as dead."""
    silence, ended = stall.Stall(), threading.Event()

    def heard(ms: float) -> None:
        silence.heard()
        progress(ms)

    def look() -> None:
        while not ended.wait(stall.LOOK_EVERY_S):
            if silence.look(processor_s(os.getpid())):
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    threading.Thread(target=look, daemon=True).start()
    try:
        yield heard
    finally:
        ended.set()


def _why_not(task: Task, software: dict[str, str]) -> str:
    """Say why this computer cannot run the task; "" where it can."""
    if not Layout(task.root).settings.is_file():
        return (
            f"it does not see the library {task.root}: all nodes need it at the same path, on a shared disk"
        )
    other = differences(software, installed())
    return f"it has other software than the computer that started the run ({other})" if other else ""


def work(task: Task, software: dict[str, str], node: str) -> Outcome | Refusal:
    """Run a task on a computer of the cluster, whose software must be ``software``."""
    import platform

    if why := _why_not(task, software):
        return Refusal(node, platform.node(), why)
    limit_threads(task.threads)
    with _watched(lambda ms: None) as progress:
        return perform(task, progress)


def _work(task: Task, software: dict[str, str]) -> Outcome | Refusal:
    """See `work`; called by Ray."""
    return work(task, software, import_ray().get_runtime_context().get_node_id())


Do = Callable[[Task, dict[str, str]], Outcome | Refusal]
"""A function that runs a task where the software equals its second argument."""


class _Flight:
    """The submitted tasks."""

    def __init__(self, gpus: float, do: Do) -> None:
        self.ray = import_ray()
        options = {"max_retries": 0, "num_gpus": gpus, "memory": memory_of_a_task(self.ray, TASK_MEMORY)}
        self.remote = self.ray.remote(**options)(do)
        self.software = self.ray.put(installed())
        self.refused: dict[str, Refusal] = {}
        self.attempts: dict[Any, _Attempt] = {}

    def send(self, attempt: _Attempt) -> None:
        options: dict[str, Any] = {"num_cpus": attempt.task.threads, "name": f"vpd {attempt.task.row.video}"}
        if self.refused:
            options["label_selector"] = {"ray.io/node-id": f"!in({','.join(self.refused)})"}
        else:
            options["scheduling_strategy"] = "SPREAD"
        self.attempts[self.remote.options(**options).remote(attempt.task, self.software)] = attempt

    def refuse(self, refusal: Refusal) -> None:
        """Submit nothing more to that computer. Raises MismatchError where no other is left."""
        self.refused[refusal.node] = refusal
        if all(node["NodeID"] in self.refused for node in self.ray.nodes() if node["Alive"]):
            whys = sorted({f"{refused.host}: {refused.why}" for refused in self.refused.values()})
            raise MismatchError(f"no computer of the cluster can do the tasks. {'; '.join(whys)}.")

    def landed(self) -> list[tuple[_Attempt, Outcome | Refusal | Exception]]:
        """Tasks that ended. It waits a moment for one."""
        refs = list(self.attempts)
        ready, _ = self.ray.wait(refs, num_returns=1, timeout=stall.LOOK_EVERY_S)
        if ready:
            ready, _ = self.ray.wait(refs, num_returns=len(refs), timeout=0)
        found: list[tuple[_Attempt, Outcome | Refusal | Exception]] = []
        for ref in ready:
            attempt = self.attempts.pop(ref)
            try:
                found.append((attempt, self.ray.get(ref)))
            except self.ray.exceptions.RayError as error:
                found.append((attempt, error))
        return found

    def lost(self, attempt: _Attempt, error: Exception) -> Outcome | None:
        """The outcome of a task whose process or computer is lost; None where it is repeated."""
        errors, task = self.ray.exceptions, attempt.task
        if isinstance(error, (errors.WorkerCrashedError, errors.OutOfMemoryError)):
            attempt.killed += 1
            why = (
                "for want of memory"
                if isinstance(error, errors.OutOfMemoryError)
                else "by a signal or a crash"
            )
            if attempt.killed < MOST_KILLED:
                return None
            return Outcome(
                task.row.video,
                task.row,
                error=f"{MOST_KILLED} processes of the cluster died on it, the last {why}: perhaps the "
                "memory does not suffice, a decoder crashes, or its disk does not answer",
            )
        if isinstance(error, errors.RayTaskError):  # what `perform` lets through is no fault of the video
            raise error
        attempt.lost += 1
        if attempt.lost < MOST_LOST:
            return None
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:MOST_SAID]}"
        return Outcome(task.row.video, task.row, error=f"the cluster lost it {MOST_LOST} times ({said})")

    def end(self) -> None:
        """Cancel the submitted tasks. Their artefacts are complete or absent."""
        refs = list(self.attempts)
        if not refs:
            return
        for ref in refs:
            self.ray.cancel(ref)
        _, running = self.ray.wait(refs, num_returns=len(refs), timeout=CANCEL_S)
        for ref in running:
            self.ray.cancel(ref, force=True)


def perform_on_ray(
    tasks: Iterable[Task], progress: ProgressMs, jobs: int, do: Do = _work
) -> Iterator[Outcome]:
    """Run the tasks on the connected cluster: ``jobs`` at a time, or with 0 as many as it can.

    A task whose process dies is tried ``MOST_KILLED`` times in all; then its video is set aside. A task whose
    computer is lost runs on another one. Computers with other software, or without access to the library, get
    no more tasks. Raises MismatchError where none is left. Leaving the iterator early cancels the tasks.
    ``do`` is the function that the computers call.
    """
    waiting = deque(_Attempt(task) for task in tasks)
    if not waiting:
        return
    flight = _Flight(waiting[0].task.gpus, do)
    needs = Cluster(cpus=waiting[0].task.threads, gpus=waiting[0].task.gpus)
    most, counted_at = jobs, float("-inf")
    try:
        while waiting or flight.attempts:
            if not jobs and time.monotonic() - counted_at > COUNT_EVERY_S:
                most, counted_at = IN_FLIGHT * slots(flight.ray, needs), time.monotonic()
            while waiting and len(flight.attempts) < most:
                flight.send(waiting.popleft())
            for attempt, result in flight.landed():
                if isinstance(result, Refusal):
                    flight.refuse(result)
                    waiting.appendleft(attempt)
                elif isinstance(result, Exception):
                    outcome = flight.lost(attempt, result)
                    if outcome is None:
                        waiting.appendleft(attempt)
                    else:
                        yield outcome
                else:
                    progress(attempt.task.cost_ms)
                    yield result
    finally:
        flight.end()
