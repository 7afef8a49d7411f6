"""Compile the code of a search before the first search needs it: `python -m vpd.search.compiled`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from vpd.dtw import dtw_path, pack, top_k
from vpd.dtw.subsequence import stack_queries, subsequence_scores
from vpd.library.system_lock import SystemLock
from vpd.types import Array

KERNEL = "recurrence.warp_groups*.nbi"
"""numba's file for the code that takes longest to compile."""
LOCK = ".compiling.lock"
"""Held by the process that compiles, so that there is one of them."""


def cache_folder() -> Path:
    """Where numba keeps compiled code: NUMBA_CACHE_DIR, or the package's folder."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    return Path(named) if named else Path(__file__).parents[1] / "dtw"


def is_compiled() -> bool:
    """Whether an earlier search left compiled code there."""
    return any(cache_folder().rglob(KERNEL))


def compile_search() -> None:
    """Search once in empty sequences, which compiles all code and caches it on disk."""
    some: Array = np.random.default_rng(0).standard_normal((4, 20, 8)).astype(np.float32)
    top_k(some[0], pack(list(some)), 2)
    dtw_path(some[0], some[1])
    subsequence_scores(stack_queries([some[0]]), some.reshape(-1, 8))


@contextmanager
def alone() -> Iterator[bool]:
    """Whether this process is the one that compiles; it is until the block ends.

    It is not where another does, and where the folder cannot be written: numba has another place then.
    """
    file = cache_folder() / LOCK
    lock = SystemLock(file)
    try:
        taken = lock.take()
    except OSError:
        taken = False
    try:
        yield taken
    finally:
        if taken:
            lock.let_go(file)


def compile_aside() -> None:
    """Compile in a separate process of low priority where it is necessary. Does not wait."""
    if is_compiled():
        return
    with alone() as nobody_does:
        pass
    if nobody_does:
        nothing = subprocess.DEVNULL
        command = [sys.executable, "-m", "vpd.search.compiled"]
        subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)


def main() -> None:
    """Compile, unless another process does."""
    with alone() as mine:
        if mine:
            compile_search()


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)
    main()
