"""Compiled code without a place to keep it."""

import numba.core.caching
import pytest

from vpd.dtw import compiling


@pytest.fixture
def nowhere(monkeypatch):
    """As in a read-only installation without a home: numba finds no folder that it may write into."""
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])
    monkeypatch.setattr(compiling, "_uncached", [])


def test_functions_compile_where_nothing_can_be_written(nowhere):
    @compiling.compiled(nogil=True)
    def twice(x):
        return 2 * x

    assert twice(21) == 42
    assert "NUMBA_CACHE_DIR" in compiling.uncached_note()
