"""What a search needs is compiled ahead of it, once."""

import subprocess
import sys

import pytest

from vpd.search import compiled


@pytest.mark.slow
def test_a_process_leaves_the_compiled_code(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert not compiled.is_compiled()
    subprocess.run([sys.executable, "-m", "vpd.search.compiled"], check=True)
    assert compiled.is_compiled()


def test_nothing_is_started_where_it_was_done(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **options: started.append(args))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    compiled.compile_aside()
    assert len(started) == 1
    (tmp_path / "recurrence.warp_groups-1.py311.nbi").touch()
    compiled.compile_aside()
    assert len(started) == 1


def test_one_process_compiles_however_many_commands_ask(tmp_path, monkeypatch):
    """A script that runs many commands in a new installation must not start as many compilers."""
    done = []
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **options: done.append("started"))
    monkeypatch.setattr(compiled, "compile_search", lambda: done.append("compiled"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    with compiled.alone() as mine:
        assert mine
        compiled.compile_aside()
        compiled.main()
    assert done == []
    compiled.compile_aside()
    compiled.main()
    assert done == ["started", "compiled"]


def test_nothing_is_started_where_nothing_can_be_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **options: pytest.fail("started"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "absent" / "folder"))
    (tmp_path / "absent").write_text("a file")
    compiled.compile_aside()
