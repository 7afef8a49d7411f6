"""Sentences for what the system refuses: memory, open files, processes, disks that fail or are full."""

from __future__ import annotations

import errno

_MEMORY = "The memory did not suffice. Close other programs, or use fewer workers (-j)."
_FILES = "No more files can be opened. Raise the limit (`ulimit -n 4096`), or use fewer workers (-j)."
_PROCESSES = "No more processes can be started. Raise the limit (`ulimit -u`), or use fewer workers (-j)."
_AWAY = "The disk or the network share went away. Connect it again; the same command continues from there."
_BROKEN = "The disk reports an error. Copy what is on it to another disk, then run `vpd check --deep` there."
_LARGE = "The file would be larger than the system allows (`ulimit -f`, or a disk with the file system FAT)."
_RIGHTS = "Permission denied. Look at the rights of the file and of its folder, and which user you are."
_FULL = "The disk is full. Make room and run again; what is done is kept."
_READ_ONLY = "The disk can only be read. Work on a copy elsewhere, or name another folder for results."
_NO_TEMPORARY = "No folder for temporary files can be written. Name one in TMPDIR."
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


def refusal(error: BaseException) -> str:
    """What the system refused, and what to do; "" for an error of another kind."""
    if isinstance(error, MemoryError) or (isinstance(error, ImportError) and _NO_ROOM in str(error)):
        return _MEMORY
    if isinstance(error, RuntimeError) and _NO_THREAD in str(error):
        return _PROCESSES
    if isinstance(error, FileNotFoundError) and _NO_FOLDER in str(error):
        return _NO_TEMPORARY
    return _SAID.get(error.errno or 0, "") if isinstance(error, OSError) else ""


def refusal_and_place(error: BaseException) -> str:
    """The same, with the file where the system names one."""
    said = refusal(error)
    return f"{error.filename}: {said}" if said and isinstance(error, OSError) and error.filename else said
