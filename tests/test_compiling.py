"""Compiled code without a place to keep it."""

import subprocess
import sys
from pathlib import Path

import numba.core.caching
import pytest

from vpd import compiling

SOURCE = Path(compiling.__file__).parent
COMPILED = [path for path in SOURCE.rglob("*.py") if "from vpd.compiling import" in path.read_text()]


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


def test_every_compiled_module_can_be_imported_there():
    modules = [f"vpd.{'.'.join(path.relative_to(SOURCE).with_suffix('').parts)}" for path in COMPILED]
    program = (
        "import numba.core.caching, importlib\n"
        "numba.core.caching.CacheImpl._locator_classes = []\n"
        f"for name in {modules}: importlib.import_module(name)\n"
        "from vpd.sequences.gru import _tanh\n"
        "print(_tanh(0.0))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("0.0\n", 0), done.stderr
    assert len(modules) > 5
