"""Small disks that are full: a file system in memory, for tests and benchmarks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BALLAST = ".ballast"
BLOCK = 4096


def why_no_small_disk() -> str:
    """Why none can be made here; "" where it can."""
    if (
        sys.platform != "linux"
        or not hasattr(os, "geteuid")
        or os.geteuid() != 0
        or not shutil.which("mount")
    ):
        return "a small disk is made by root on Linux"
    return ""


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of so many megabytes at ``folder``, which is gone afterwards. Raises OSError."""
    if why := why_no_small_disk():
        raise OSError(why)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise OSError(f"no small disk can be made here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def filled(folder: Path, free: int) -> Iterator[None]:
    """The disk of ``folder`` with so many bytes free, to a block."""
    ballast = folder / BALLAST
    room = shutil.disk_usage(folder).free - free
    with ballast.open("wb") as out:
        for _ in range(max(0, room // BLOCK)):
            out.write(bytes(BLOCK))
    try:
        yield
    finally:
        ballast.unlink()
