"""Threads end together with the work that waits for them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Event

import pytest

from vpd.cancelling import cancelled_by, check_cancelled, ending_together
from vpd.errors import CancelledError

STEPS = 500
"""Steps of 20 ms: work that nobody ends is over after ten seconds."""


class Work:
    """Long work in a thread, and how it ended."""

    def __init__(self) -> None:
        self.begun, self.end = Event(), "came to its end"

    def __call__(self) -> None:
        self.begun.set()
        try:
            for _ in range(STEPS):
                check_cancelled()
                time.sleep(0.02)
        except CancelledError:
            self.end = "cancelled"
            raise


def wait_for(work: Work) -> None:
    with ThreadPoolExecutor(1) as pool, ending_together():
        pool.submit(copy_context().run, work)
        work.begun.wait()
        raise KeyboardInterrupt


def test_a_signal_to_who_waits_ends_the_threads():
    work = Work()
    with pytest.raises(KeyboardInterrupt):
        wait_for(work)
    assert work.end == "cancelled"


def test_a_cancel_from_outside_still_reaches_them():
    def check() -> None:
        raise CancelledError("Cancelled.")

    with cancelled_by(check), ending_together(), pytest.raises(CancelledError, match=r"Cancelled\."):
        check_cancelled()
    check_cancelled()
