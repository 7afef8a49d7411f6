"""Worker processes. Each runs one task at a time. One that dies or hangs is replaced."""

from __future__ import annotations

import multiprocessing as mp
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from vpd.library import verified
from vpd.machine import processor_s
from vpd.pipeline import stall
from vpd.pipeline.task import Outcome, ProgressMs, Task, perform
from vpd.refusals import refusal

TELL_EVERY_S = 0.2
"""Least time in seconds between two progress messages of a worker."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def limit_threads(threads: int) -> None:
    """Limit the libraries of this process to this number of threads."""
    import cv2

    cv2.setNumThreads(threads)
    import torch

    torch.set_num_threads(threads)


def _end_with_parent() -> None:
    """End this process when its parent ends in any way. The parent no longer holds the library's lock
    then.
    """
    parent = mp.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _work(connection: Connection, threads: int) -> None:
    for name in ("SIGINT", "SIGHUP"):  # they reach the whole group, and are the parent's to handle
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        limit_threads(threads)
    except (ImportError, MemoryError, OSError) as error:
        connection.send(f"could not start: {refusal(error) or error}")
        return
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
    verified.keep()  # a worker ends without what is registered for the end of a process


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    task: Task | None = None
    silence: stall.Stall = field(default_factory=stall.Stall)

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
        self.silence.heard()
        with suppress(OSError):  # one that has died is noticed when it is listened to
            self.connection.send(task)

    def is_stalled(self) -> bool:
        """Check a silent worker once more. Returns whether to end it."""
        return self.silence.look(processor_s(self.process.pid))

    def failed(self, how: str) -> Outcome:
        """The outcome of a task whose process ended."""
        assert self.task is not None
        return Outcome(self.task.row.video, self.task.row, error=f"the worker process {how}")

    def died(self) -> Outcome:
        """The outcome of a task whose process ended by itself."""
        self.process.join()
        code = self.process.exitcode or 0
        if code >= 0:
            return self.failed(f"died (exit code {code})")
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = str(-code)
        hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
        return self.failed(f"died (signal {name}{hint})")

    def give_up(self) -> Outcome:
        """End a worker that hangs. Returns the outcome of its task."""
        self.process.kill()
        self.process.join()
        return self.failed(
            f"made no progress in {self.silence.silent_looks * stall.LOOK_EVERY_S:.0f} s and was ended: "
            "perhaps the video's disk or share does not answer"
        )


def perform_in_workers(tasks: Iterable[Task], progress: ProgressMs, jobs: int) -> Iterator[Outcome]:
    """Run the tasks in ``jobs`` worker processes. Outcomes arrive as tasks end.

    A worker that dies or hangs fails its video and is replaced. Leaving the iterator early ends the workers.
    """
    waiting = deque(tasks)
    workers: list[_Worker] = []
    looked_at = time.monotonic()

    def start() -> None:
        worker = _Worker.start(waiting[0].threads)
        workers.append(worker)
        worker.give(waiting.popleft())

    def replace(worker: _Worker) -> None:
        workers.remove(worker)
        if waiting:
            start()

    try:
        while waiting and len(workers) < jobs:
            start()
        while busy := {worker.connection: worker for worker in workers if worker.task}:
            ready = wait(list(busy), stall.LOOK_EVERY_S)
            if time.monotonic() - looked_at >= stall.LOOK_EVERY_S:
                looked_at = time.monotonic()
                silent = [worker for connection, worker in busy.items() if connection not in ready]
                for worker in [worker for worker in silent if worker.is_stalled()]:
                    replace(worker)
                    yield worker.give_up()
            for connection in ready:
                worker = busy[connection]  # type: ignore[index]  # the keys are what was waited for
                worker.silence.heard()
                try:
                    message = worker.connection.recv()
                except (EOFError, ConnectionResetError):
                    replace(worker)
                    yield worker.died()
                    continue
                if isinstance(message, float):
                    progress(message)
                    continue
                if isinstance(message, str):  # why it could not start
                    replace(worker)
                    yield worker.failed(message)
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
                worker.process.kill()
            worker.connection.close()
