"""What the system refuses is said as that, by commands, steps and the page, and is no damage."""

import errno
import os
import re
import subprocess
import sys

import pytest

from tests.pipeline.made import made_library
from vpd.errors import ArtefactError, InputError
from vpd.library import artefact
from vpd.library.artefact import read_table, replacing
from vpd.library.videos import Videos
from vpd.refusals import refusal, refusal_and_place

posix = pytest.mark.skipif(os.name != "posix", reason="limits and streams of a process are others there")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "memory did not suffice"),
        (OSError(errno.EMFILE, "x", "a.csv"), "a.csv: No more files can be opened. Raise the limit"),
        (OSError(errno.EAGAIN, "x"), "No more processes"),
        (RuntimeError("can't start new thread"), "No more processes"),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), "memory did not suffice"),
        (PermissionError(errno.EACCES, "x", "a.csv"), "a.csv: Permission denied. Look at the rights"),
        (OSError(errno.EIO, "x"), "disk reports an error"),
        (OSError(errno.ETIMEDOUT, "x"), "went away"),
        (OSError(errno.ENOSPC, "x", "a.csv"), "a.csv: The disk is full"),
        (OSError(errno.EROFS, "x"), "can only be read"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), "TMPDIR"),
    ],
)
def test_each_has_a_sentence(error, said):
    assert said in str(refusal_and_place(error))


@pytest.mark.parametrize("error", [OSError(errno.ENOENT, "x"), RuntimeError("x")])
def test_what_the_system_did_not_refuse_has_none(error):
    assert refusal_and_place(error) is None


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO])
def test_a_file_that_the_system_does_not_open_is_not_called_damaged(tmp_path, monkeypatch, number):
    layout = made_library(tmp_path, ["a"])

    def refuse(path):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(artefact, "check", refuse)
    with pytest.raises(ArtefactError) as raised:
        read_table(layout.videos)
    assert "damaged" not in str(raised.value)
    assert str(refusal(OSError(number, ""))) in str(raised.value)


@posix
def test_a_file_larger_than_allowed_is_named_and_the_old_one_stays(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("old")
    with pytest.raises(InputError, match=r"labels\.csv cannot be written.*ulimit -f"), replacing(path):
        raise OSError(errno.EFBIG, "File too large")
    assert path.read_text() == "old"


def _vpd(layout, *words, **how):
    command = [sys.executable, "-m", "vpd", *words, "-L", str(layout.root)]
    return subprocess.run(command, capture_output=True, text=True, **how)


@posix
def test_closed_streams_end_no_command_and_nothing_is_printed_into_files(tmp_path):
    """Without a standard error, the first file that is opened is what libraries would print into."""
    layout = made_library(tmp_path, ["a", "b"])

    def close():
        for number in (0, 1, 2):
            os.close(number)

    assert _vpd(layout, "scan", "--json", preexec_fn=close).returncode == 0
    assert {row.status for row in Videos.read(layout).rows.values()} == {"ok"}


@posix
def test_a_folder_that_is_gone_is_named(tmp_path):
    layout, gone = made_library(tmp_path, ["a"]), tmp_path / "gone"
    gone.mkdir()
    code = "import os, sys; os.rmdir(os.getcwd()); sys.argv[0] = 'vpd'; from vpd.cli.main import main; main()"
    # As `vpd`, it looks for no module in the current folder (-P), where the import of numpy would fail.
    command = [sys.executable, "-P", "-c", code, "status", "-L", str(layout.root)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=gone)
    assert ended.returncode == 1
    assert "the current folder does not exist any more" in ended.stderr
    assert "Unexpected" not in ended.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the limit holds on Linux alone")
def test_workers_without_memory_to_start_are_told_as_that(tmp_path):
    import resource

    layout = made_library(tmp_path, ["a", "b"])

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))

    ended = _vpd(layout, "run", "-j", "2", preexec_fn=limit)
    assert ended.returncode == 1
    assert "The memory did not suffice" in ended.stderr
    assert not re.search("Traceback|Unexpected", ended.stderr)
