"""Compile the code of a search before the first search needs it: `python -m vpd.search.compiled`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from vpd.dtw import dtw_path, pack, top_k
from vpd.dtw.subsequence import stack_queries, subsequence_scores
from vpd.types import Array

KERNEL = "recurrence.warp_groups*.nbi"
"""numba's file for the code that takes longest to compile."""


def is_compiled() -> bool:
    """Whether an earlier search left compiled code, in the package's folder or in NUMBA_CACHE_DIR."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    folder = Path(named) if named else Path(__file__).parents[1] / "dtw"
    return any(folder.rglob(KERNEL))


def compile_search() -> None:
    """Search once in empty sequences, which compiles all code and caches it on disk."""
    some: Array = np.random.default_rng(0).standard_normal((4, 20, 8)).astype(np.float32)
    top_k(some[0], pack(list(some)), 2)
    dtw_path(some[0], some[1])
    subsequence_scores(stack_queries([some[0]]), some.reshape(-1, 8))


def compile_aside() -> None:
    """Compile in a separate process of low priority where it is necessary. Does not wait."""
    if not is_compiled():
        nothing = subprocess.DEVNULL
        command = [sys.executable, "-m", "vpd.search.compiled"]
        subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)
    compile_search()
