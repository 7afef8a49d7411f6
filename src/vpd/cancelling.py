"""Cancel long work between two of its steps, however deep it is.

Code that runs for minutes calls `check_cancelled` at each step. A caller that can cancel wraps it in
`cancelled_by`; without one the check does nothing. The check belongs to the thread that set it and to threads
that run in a copy of its context; work in other processes is cancelled when its results are taken. Code that
waits for such threads does so within `ending_together`, so that an error or Ctrl-C there ends them, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event

from vpd.errors import CancelledError


def _go_on() -> None:
    """Nobody can cancel this."""


_check: ContextVar[Callable[[], None]] = ContextVar("check", default=_go_on)


@contextmanager
def cancelled_by(check: Callable[[], None]) -> Iterator[None]:
    """Within, each step of long work calls ``check``, which raises CancelledError to end it."""
    before = _check.set(check)
    try:
        yield
    finally:
        _check.reset(before)


@contextmanager
def ending_together() -> Iterator[None]:
    """Where the block raises, as at a signal, threads in copies of its context are cancelled.

    Without it a pool of threads first comes to the end of its work, which may take hours.
    """
    check, ended = _check.get(), Event()

    def check_both() -> None:
        check()
        if ended.is_set():
            raise CancelledError("the work was ended together with what waited for it")

    with cancelled_by(check_both):
        try:
            yield
        except BaseException:
            ended.set()
            raise


def check_cancelled() -> None:
    """Raise CancelledError where the work was cancelled; called between two steps."""
    _check.get()()
