"""Decide whether a silent process hangs, by counting checks instead of time.

So a computer that sleeps is not mistaken for a process that hangs.
"""

from __future__ import annotations

LOOK_EVERY_S = 1.0
"""Seconds between two checks of a silent process."""
MOST_IDLE_LOOKS = 300
"""A process without progress and without processor time hangs after this many checks."""
MOST_SILENT_LOOKS = 3600
"""A process without progress that used the processor hangs after this many checks."""


class Stall:
    """The successive checks of one process."""

    def __init__(self) -> None:
        self.silent_looks = self.idle_looks = 0
        self._spent_s = 0.0

    def heard(self) -> None:
        """Record a sign of progress."""
        self.silent_looks = self.idle_looks = 0

    def look(self, spent_s: float) -> bool:
        """Check once more, and return whether the process hangs. ``spent_s`` is the processor time that it
        has used.
        """
        self.silent_looks += 1
        self.idle_looks = self.idle_looks + 1 if spent_s <= self._spent_s else 0
        self._spent_s = spent_s
        return self.silent_looks > MOST_SILENT_LOOKS or self.idle_looks > MOST_IDLE_LOOKS
