"""Report the progress of a verb, and cancel it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from vpd.errors import CancelledError
from vpd.strings import Said, Sentence

Tell = Callable[[float, Said], None]


def _ignore(fraction: float, text: Said) -> None:
    """Ignore the report."""


class Progress:
    """Receives the progress of one verb, and carries the request to cancel it.

    A verb calls it with the fraction of its work that is done and a short text. ``cancel`` may be called from
    any thread; the verb then raises CancelledError at its next report.

    Parameters
    ----------
    tell : called with a fraction in 0..1, which never falls, and a text.

    Examples
    --------
    >>> progress = Progress(lambda fraction, text: print(f"{fraction:.0%} {text}"))
    >>> progress(0.5, "half of the videos")
    50% half of the videos
    >>> progress.part(0.5, 1.0)(0.5, "the second half")
    75% the second half
    >>> progress.cancel()
    >>> progress(0.8)
    Traceback (most recent call last):
    ...
    vpd.errors.CancelledError: Cancelled. Nothing of this request was written.
    """

    def __init__(self, tell: Tell = _ignore) -> None:
        self._tell = tell
        self._furthest = 0.0
        self._cancelled = Event()

    def __call__(self, fraction: float, text: Said = "") -> None:
        """Report that ``fraction`` of the work is done. Raises CancelledError after ``cancel``."""
        self.check()
        self._furthest = max(self._furthest, min(1.0, fraction))
        self._tell(self._furthest, text)

    def check(self) -> None:
        """Raise CancelledError after ``cancel``. A verb calls it where the fraction has not changed."""
        if self._cancelled.is_set():
            raise CancelledError(Sentence("error_cancelled"))

    def cancel(self) -> None:
        """Make the verb stop at its next report."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether ``cancel`` was called."""
        return self._cancelled.is_set()

    def part(self, start: float, stop: float) -> Progress:
        """The progress of a part of the work. Its range 0..1 is mapped to ``start``..``stop`` of this one."""
        part = Progress(lambda fraction, text: self(start + (stop - start) * fraction, text))
        part._cancelled = self._cancelled
        return part
