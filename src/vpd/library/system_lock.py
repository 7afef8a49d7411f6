"""Locks of the operating system, one a file, which end with their process."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

FOLDER = ".locks"
POLL_S = 0.02


def lock_file(path: Path) -> Path:
    """The file whose lock guards ``path``."""
    return path.parent / FOLDER / f"{path.name}.lock"


class SystemLock:
    """The lock of one file, by its lock file."""

    poll_s = POLL_S

    def __init__(self, file: Path) -> None:
        self.lock = FileLock(file)

    def take(self) -> bool:
        """Try once."""
        try:
            self.lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def let_go(self, file: Path) -> None:
        """Remove the lock's file, too."""
        # Removed while it is held: who waits for it sees that the file has no name any more, and tries again.
        with suppress(OSError):
            file.unlink()
        self.lock.release()
