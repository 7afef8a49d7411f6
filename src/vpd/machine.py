"""What this computer has: cores, memory, its system, its code. The same on Linux, macOS and Windows."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from types import ModuleType

WINDOWS = sys.platform == "win32"


def cores() -> int:
    """Cores that this process may use, at least 1."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13 and later
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def reading_threads() -> int:
    """How many threads decode batches ahead of a network: one a core, at least two, and at most eight, which
    suffice for a GPU.
    """
    return max(2, min(8, cores()))


def _psutil() -> ModuleType | None:
    """The package that knows every common system; None where it does not know this one."""
    try:
        import psutil
    except (ImportError, AttributeError):
        return None
    module: ModuleType = psutil
    return module


def memory_bytes() -> int:
    """The memory of the computer, bytes; 0 where it is not known."""
    known = _psutil()
    return int(known.virtual_memory().total) if known else 0


def process_exists(number: int) -> bool:
    """Whether there is a process of this number; taken for granted where that is not known."""
    known = _psutil()
    return bool(known.pid_exists(number)) if known else True


def mounts() -> list[tuple[str, str]]:
    """Where file systems are mounted, and their types; none where that is not known."""
    known = _psutil()
    if known is None:
        return []
    try:
        return [(part.mountpoint, part.fstype) for part in known.disk_partitions(all=True)]
    except OSError:
        return []


def processor_s(process: int | None) -> float:
    """Seconds that a process has used the processor; 0 where that is not known."""
    known = _psutil()
    if known is None:
        return 0.0
    try:
        spent = known.Process(process).cpu_times()
    except known.Error:
        return 0.0
    return float(spent.user + spent.system)


def hash_of_sources(folder: Path) -> str:
    """A hash of the Python files in ``folder`` and below, by their content and their place in it."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        whole.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()
