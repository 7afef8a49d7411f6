"""Locks: one writer a file, by file locks of the operating system, which end with their process.

On network file systems a lease (`vpd.library.lease`) stands in for the operating system's lock. A file of a
library in an object store has a lease there besides (`vpd.library.store_lease`).

A lock guards one file or folder of a library: ``labels.csv``, ``athletes.csv``, ``videos.parquet``, an
artefact, a student's folder. It lies in a folder ``.locks`` beside the file, so that it is on the same file
system. Readers take no lock, because files are replaced as a whole.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from vpd.errors import InputError, LockedError
from vpd.files import parse_json, read_bytes
from vpd.library import lease
from vpd.library.store_lease import StoreLease
from vpd.library.system_lock import FOLDER, SystemLock, lock_file
from vpd.library.within import must_be_there
from vpd.library.working_copy import WorkingCopy, copy_with
from vpd.refusals import refusal
from vpd.strings import Sentence

WAIT_S = 30.0
"""Seconds that an edit of a small file waits for another one."""
LEASE_POLL_S = 0.5
"""How often a lease that is waited for is looked at: each look is read from the server, seconds."""
MOST_COMMAND = 120
"""Largest number of characters kept of the holder's command."""


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock: its number, the name of its computer, and its command line."""

    process: int
    host: str
    command: str

    @classmethod
    def this(cls) -> Holder:
        """This process."""
        program = Path(sys.argv[0] if sys.argv else "python")
        name = program.parent.name if program.name == "__main__.py" else program.name
        command = " ".join([name, *sys.argv[1:]])
        return cls(os.getpid(), platform.node(), command[:MOST_COMMAND])

    def __str__(self) -> str:
        return f"process {self.process} on {self.host} ({self.command})"


def _holder_file(path: Path) -> Path:
    return path.parent / FOLDER / f"{path.name}.holder"


def holder(path: Path) -> Holder | None:
    """The process that last took the lock of ``path`` and has not released it. It may have died since."""
    try:
        found = parse_json(read_bytes(_holder_file(path)))
        return Holder(int(found["process"]), str(found["host"]), str(found["command"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None


def _write_holder(path: Path) -> None:
    file = _holder_file(path)
    part = file.with_name(f"{file.name}.{os.getpid()}")
    with suppress(OSError):  # without it the lock still holds; only its message says less
        part.unlink(missing_ok=True)
        with part.open("x", encoding="utf-8") as out:  # "x" follows no link
            json.dump(asdict(Holder.this()), out)
        part.replace(file)


def _message(path: Path) -> Sentence:
    who = holder(path)
    by = Sentence("another_process") if who is None else str(who)
    return Sentence("error_locked", {"path": str(path), "who": by})


class _Lock(Protocol):
    """A lock of either kind."""

    poll_s: float

    def take(self) -> bool:
        """Try once."""
        ...

    def let_go(self, file: Path) -> None:
        """Remove the lock's file, too."""
        ...


class _LeaseLock:
    poll_s = LEASE_POLL_S

    def __init__(self, file: Path) -> None:
        self.lease = lease.Lease(file)

    def take(self) -> bool:
        return self.lease.acquire()

    def let_go(self, file: Path) -> None:
        self.lease.release()


class _StoreLock:
    """The lock of a file that others see in an object store: here, and there.

    The file is refreshed when the lock is taken, and what changed is published before it is let go.
    """

    poll_s = LEASE_POLL_S

    def __init__(self, file: Path, path: Path, copy: WorkingCopy) -> None:
        self.here, self.path, self.copy = SystemLock(file), path, copy
        self.lease = StoreLease(copy.store, copy.lease_of(path))

    def take(self) -> bool:
        if not self.here.take():
            return False
        with ExitStack() as back:
            back.callback(self.here.let_go, lock_file(self.path))
            if not self.lease.acquire():
                return False
            back.callback(self.lease.release)
            self.copy.refresh(self.path)
            back.pop_all()
        return True

    def let_go(self, file: Path) -> None:
        with ExitStack() as then:
            then.callback(self.here.let_go, file)
            then.callback(self.lease.release)
            self.copy.publish(self.path)


def _open(path: Path) -> _Lock:
    """The lock of ``path``, not yet acquired. Raises InputError where its folder cannot be used."""
    file = lock_file(path)
    for place in (file.parent, file):
        if place.is_symlink():
            raise InputError(f"{place} is a link. vpd writes through no links: delete it.")
    must_be_there(path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_lock(path, error) from error
    if (copy := copy_with(path)) is not None:
        return _StoreLock(file, path, copy)
    return _LeaseLock(file.with_suffix(".lease")) if lease.wanted(file.parent) else SystemLock(file)


def _cannot_lock(path: Path, error: OSError) -> InputError:
    if isinstance(error, PermissionError) or not path.parent.exists():
        return InputError(Sentence("error_rights", {"path": str(path), "why": str(error.strerror)}))
    if said := refusal(error):  # a full disk, or one that can only be read
        return InputError(Sentence("error_not_written", {"path": str(path), "why": said}))
    return InputError(
        f"{path.parent} cannot be locked ({error.strerror or error}). If it lies on a network file system "
        f"without locks, set {lease.KIND}=lease on every computer that works on the library."
    )


def _take(lock: _Lock, path: Path) -> bool:
    try:
        return lock.take()
    except OSError as error:
        raise _cannot_lock(path, error) from error


@contextmanager
def locked(
    path: Path, wait_s: float = WAIT_S, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the lock that guards ``path``, a file or folder that need not exist.

    A lock ends with its process, in whatever way that ends. Then the next process gets it at once, or, where
    locks are leases and the process was on another computer, after a minute.

    Parameters
    ----------
    wait_s : seconds to wait for another holder; 0 to try once, ``math.inf`` to wait until it is free.
    on_wait : called once, with a sentence that names the holder, before this process waits.

    Raises LockedError, which names the holder, where the time ran out, or where a lease was taken over
    meanwhile; and InputError where the folder cannot be written or its file system has no locks.
    """
    lock = _open(path)
    until = time.monotonic() + wait_s
    told = False
    while not _take(lock, path):
        if time.monotonic() >= until:
            raise LockedError(_message(path))
        if on_wait is not None and not told:
            on_wait(str(_message(path)))
            told = True
        time.sleep(lock.poll_s)
    try:
        _write_holder(path)
        yield
    finally:
        with suppress(OSError):
            _holder_file(path).unlink()
        lock.let_go(lock_file(path))
