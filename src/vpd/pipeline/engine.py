"""Engines: do tasks one after the other in this process, or side by side in worker processes."""

from __future__ import annotations

import multiprocessing as mp
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from vpd.pipeline.task import Outcome, ProgressMs, Task, perform

TELL_EVERY_S = 0.2
"""A worker speaks of its progress at most this often."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

GB = 1 << 30
WORKER_MEMORY = 2 * GB
"""What a worker may need; the automatic number of workers leaves that much for each."""


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))


def automatic_jobs() -> int:
    """One worker a core, fewer where the memory is small."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(cores(), memory // WORKER_MEMORY))


def perform_here(tasks: Iterable[Task], progress: ProgressMs) -> Iterator[Outcome]:
    """Do the tasks in this process, in order."""
    for task in tasks:
        yield perform(task, progress)


def _limit_threads(threads: int) -> None:
    import cv2

    cv2.setNumThreads(threads)
    import torch

    torch.set_num_threads(threads)


def _end_with_parent() -> None:
    """End this process when its parent does, however that ended: it no longer holds the library's lock."""
    parent = mp.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _work(connection: Connection, threads: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _limit_threads(threads)
    done_ms, told_at = 0.0, time.monotonic()

    def progress(ms: float) -> None:
        nonlocal done_ms, told_at
        done_ms += ms
        if time.monotonic() - told_at > TELL_EVERY_S:
            connection.send(done_ms)
            done_ms, told_at = 0.0, time.monotonic()

    while (task := connection.recv()) is not None:
        outcome = perform(task, progress)
        connection.send(done_ms)
        done_ms = 0.0
        connection.send(outcome)


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    task: Task | None = None

    @classmethod
    def start(cls, threads: int) -> _Worker:
        context = mp.get_context("spawn")
        ours, theirs = context.Pipe()
        # Libraries read their number of threads when they are loaded, which is when the worker starts.
        before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
        try:
            process = context.Process(target=_work, args=(theirs, threads), daemon=True)
            process.start()
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name)
                else:
                    os.environ[name] = value
        theirs.close()
        return cls(process, ours)

    def give(self, task: Task | None) -> None:
        self.task = task
        self.connection.send(task)

    def died(self) -> Outcome:
        """The outcome of the task during which the process ended."""
        assert self.task is not None
        self.process.join()
        code = self.process.exitcode
        how = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        hint = ", perhaps for want of memory" if code == -signal.SIGKILL else ""
        return Outcome(self.task.row.video, self.task.row, error=f"the worker process died ({how}{hint})")


def perform_in_workers(tasks: Iterable[Task], progress: ProgressMs, jobs: int) -> Iterator[Outcome]:
    """Do the tasks in ``jobs`` worker processes; outcomes come as they end.

    A worker that dies takes its video with it and is replaced. Leaving the iterator early ends the workers.
    """
    waiting = deque(tasks)
    workers: list[_Worker] = []

    def hire() -> None:
        worker = _Worker.start(waiting[0].threads)
        workers.append(worker)
        worker.give(waiting.popleft())

    try:
        while waiting and len(workers) < jobs:
            hire()
        while busy := {worker.connection: worker for worker in workers if worker.task}:
            for ready in wait(list(busy)):
                worker = busy[ready]  # type: ignore[index]  # the keys are what was waited for
                try:
                    message = worker.connection.recv()
                except (EOFError, ConnectionResetError):
                    workers.remove(worker)
                    if waiting:
                        hire()
                    yield worker.died()
                    continue
                if isinstance(message, float):
                    progress(message)
                    continue
                worker.task = None
                if waiting:
                    worker.give(waiting.popleft())
                yield message
        for worker in workers:
            worker.give(None)
            worker.process.join()
    finally:
        for worker in workers:
            if worker.process.is_alive():
                worker.process.terminate()
            worker.connection.close()
