"""Sentences for what the system refuses: memory, open files, processes, disks that fail or are full."""

from __future__ import annotations

import errno

from vpd.strings import Sentence

_MEMORY = Sentence("refused_memory")
_FILES = Sentence("refused_files")
_PROCESSES = Sentence("refused_processes")
_AWAY = Sentence("refused_away")
_BROKEN = Sentence("refused_broken")
_LARGE = Sentence("refused_large")
_RIGHTS = Sentence("refused_rights")
_FULL = Sentence("refused_full")
_READ_ONLY = Sentence("refused_read_only")
_NO_TEMPORARY = Sentence("refused_no_temporary")
_SAID = {
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.ENOMEM: _MEMORY,
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.EAGAIN: _PROCESSES,
    errno.EIO: _BROKEN,
    errno.EFBIG: _LARGE,
    errno.ENOSPC: _FULL,
    getattr(errno, "EDQUOT", errno.ENOSPC): _FULL,
    errno.EROFS: _READ_ONLY,
}
_SAID |= {
    getattr(errno, name): _AWAY
    for name in ("ESTALE", "ENODEV", "ENOTCONN", "EHOSTDOWN", "EHOSTUNREACH", "ETIMEDOUT", "EREMOTEIO")
    if hasattr(errno, name)
}
_NO_THREAD, _NO_FOLDER = "can't start new thread", "No usable temporary directory"
_NO_ROOM = "failed to map segment"
"""How Python says these."""


def refusal(error: BaseException) -> Sentence | None:
    """What the system refused, and what to do; None for an error of another kind."""
    if isinstance(error, MemoryError) or (isinstance(error, ImportError) and _NO_ROOM in str(error)):
        return _MEMORY
    if isinstance(error, RuntimeError) and _NO_THREAD in str(error):
        return _PROCESSES
    if isinstance(error, FileNotFoundError) and _NO_FOLDER in str(error):
        return _NO_TEMPORARY
    return _SAID.get(error.errno or 0) if isinstance(error, OSError) else None


def refusal_and_place(error: BaseException) -> Sentence | None:
    """The same, with the file where the system names one."""
    said = refusal(error)
    if said and isinstance(error, OSError) and error.filename:
        return Sentence("refused_at", {"place": str(error.filename), "why": said})
    return said
