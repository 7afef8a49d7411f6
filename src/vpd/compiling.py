"""Compile a function with numba and cache the result on disk; where no folder can be written, in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

_uncached: list[str] = []


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit`, with a cache on disk where a folder for it can be written.

    numba refuses to compile where it can write neither the package's folder, nor the user's cache, nor
    ``NUMBA_CACHE_DIR``: in a container without a home, or in a read-only installation.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError as error:
            if "no locator available" not in str(error):
                raise
            _uncached.append(function.__name__)
            return numba.njit(**options)(function)

    return decorate


def uncached_note() -> str:
    """Return the warning that compiled code is not cached on disk; "" where it is."""
    if not _uncached:
        return ""
    return (
        "No folder can be written to keep compiled code: every command compiles it again, which takes some "
        "seconds. Name a folder in NUMBA_CACHE_DIR."
    )
