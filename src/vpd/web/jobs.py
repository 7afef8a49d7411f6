"""Run long work in the background, one job at a time, with progress and cancelling."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from vpd.errors import CancelledError, VpdError
from vpd.refusals import refusal_and_place
from vpd.strings import Said, to_page
from vpd.verbs.progress import Progress
from vpd.web.refusing import unexpected

MAX_KEPT = 50
"""Number of ended jobs that are kept."""
RUNNING, DONE, FAILED, CANCELLED, WAITING = "running", "done", "failed", "cancelled", "waiting"


@dataclass
class Job:
    """One job: ``fraction`` in 0..1 is its progress, ``text`` its activity, ``error`` why it ended."""

    id: str
    kind: str
    about: str
    state: str = WAITING
    fraction: float = 0.0
    text: Said = ""
    result: Any = None
    error: Said = ""
    progress: Progress = field(init=False, repr=False)
    """The progress object of the work. It raises CancelledError once the user has cancelled the job."""

    def __post_init__(self) -> None:
        self.progress = Progress(self._told)

    def _told(self, fraction: float, text: Said) -> None:
        self.fraction, self.text = fraction, text or self.text

    def cancel(self) -> None:
        """Ask the work to end at its next report."""
        self.progress.cancel()
        if self.state == WAITING:
            self.state = CANCELLED

    def to_json(self) -> dict[str, Any]:
        """Plain values: ``text`` and ``error`` are in English, ``doing`` and ``said`` for the page."""
        plain = {name: getattr(self, name) for name in ("id", "kind", "about", "state", "fraction", "result")}
        return {
            **plain,
            "text": str(self.text),
            "error": str(self.error),
            "doing": to_page(self.text) if self.text else None,
            "said": to_page(self.error) if self.error else None,
        }


class Jobs:
    """A queue of jobs, newest last. Their ids begin with ``name``.

    ``changed`` is called when a job begins or ends.
    """

    def __init__(self, name: str = "job", changed: Callable[[Job], None] = lambda job: None) -> None:
        self._name = name
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="vpd-job")
        self._jobs: dict[str, Job] = {}
        self._numbers, self._lock, self._changed = itertools.count(1), Lock(), changed

    def start(self, kind: str, about: str, work: Callable[[Job], Any]) -> Job:
        """Run ``work`` after the earlier jobs. Its return value becomes the result."""
        with self._lock:
            job = Job(f"{self._name}{next(self._numbers)}", kind, about)
            self._jobs[job.id] = job
            for old in [j.id for j in self._jobs.values() if j.state in (DONE, FAILED, CANCELLED)][
                :-MAX_KEPT
            ]:
                del self._jobs[old]
        self._pool.submit(self._do, job, work)
        return job

    def _do(self, job: Job, work: Callable[[Job], Any]) -> None:
        if job.state == CANCELLED:
            return
        job.state = RUNNING
        self._changed(job)
        try:
            job.result = work(job)
            job.state, job.fraction = DONE, 1.0
        except CancelledError as error:  # it says what is kept
            job.state, job.error = CANCELLED, error.said
        except VpdError as error:
            job.state, job.error = FAILED, error.said
        except Exception as error:  # noqa: BLE001 - one failing job never ends the server
            traceback.print_exc()
            job.state = FAILED
            job.error = refusal_and_place(error) or unexpected(error, str(error))
        self._changed(job)

    def find(self, job: str) -> Job | None:
        """The job with this id."""
        return self._jobs.get(job)

    def list(self) -> list[Job]:
        """All kept jobs."""
        return list(self._jobs.values())

    def close(self) -> None:
        """Cancel the running job and accept no more."""
        for job in self._jobs.values():
            job.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)
