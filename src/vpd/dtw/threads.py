"""The threads that warping runs on.

Threads of our own rather than numba's: the compiled kernels let go of the interpreter's lock, and numba's
default threading layer ends the process when two threads of a server ask at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it ships no stubs

from vpd.machine import cores


@lru_cache(maxsize=1)
def _blas() -> ThreadpoolController:
    import scipy.linalg.cython_blas  # noqa: F401  its BLAS is the one that compiled code calls

    return ThreadpoolController()


@lru_cache(maxsize=1)
def _pool_of(process: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="vpd-dtw")


def pool() -> ThreadPoolExecutor:
    """The threads; a forked process gets its own."""
    return _pool_of(os.getpid())


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Run matrix products on the calling thread."""
    with _blas().limit(limits=1, user_api="blas"):
        yield


def in_threads(work: Callable[[int, int], None], count: int) -> None:
    """Call ``work(start, stop)`` over parts of 0..count on all cores."""
    parts = min(4 * cores(), count)
    with one_thread_each():
        if parts <= 1:
            work(0, count)
            return
        edges = np.linspace(0, count, parts + 1).astype(int)
        for done in [pool().submit(work, int(a), int(b)) for a, b in pairwise(edges)]:
            done.result()
