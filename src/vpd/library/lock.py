"""One writer a library: a lock that the system lets go when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from vpd.errors import InputError, LockedError
from vpd.library.layout import Layout


@contextmanager
def writing(layout: Layout) -> Iterator[None]:
    """Hold the library's lock.

    Raises LockedError at once where another process holds it, InputError where the folder cannot be written.
    """
    try:
        opened = layout.lock.open("a+")
    except OSError as error:
        raise InputError(
            f"{layout.root} cannot be written ({error.strerror}). Check the rights of the folder."
        ) from error
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise LockedError(
                f"{layout.root} is being written by process {file.read().strip() or '?'}. "
                "Wait until it ends, or stop it."
            ) from error
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield
