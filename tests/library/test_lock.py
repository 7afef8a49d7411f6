"""Locks, tried with other processes: one holder at a time, named, and gone with its process."""

import errno
import math
import os
import platform
import subprocess
import sys
from contextlib import ExitStack

import pytest

from vpd.errors import InputError, LockedError
from vpd.library.lock import holder, lock_file, locked

HOLD = """
import pathlib, sys
from vpd.library.lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
COUNT = """
import pathlib, sys
from vpd.library.lock import locked
path = pathlib.Path(sys.argv[1])
for _ in range(int(sys.argv[2])):
    with locked(path):
        path.write_text(str(int(path.read_text()) + 1))
"""


@pytest.fixture
def held(tmp_path):
    """A file whose lock another process holds, and that process; it lets go when its input is closed."""
    path = tmp_path / "labels.csv"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "held\n"
    yield path, other
    other.kill()
    other.wait()
    other.stdout.close()


def test_the_holder_is_named(held):
    path, other = held
    with (
        pytest.raises(
            LockedError, match=rf"labels.csv is being written by process {other.pid} on {platform.node()}"
        ),
        locked(path, wait_s=0),
    ):
        pass


def test_other_files_are_free(held):
    path, _ = held
    with locked(path.with_name("athletes.csv"), wait_s=0):
        assert holder(path.with_name("athletes.csv")).process == os.getpid()


def test_a_dead_holder_is_succeeded(held):
    path, other = held
    other.kill()
    other.wait()
    with locked(path, wait_s=0):
        assert holder(path).process == os.getpid()


def test_who_waits_is_told_once_and_gets_it(held):
    path, other = held
    said = []

    def hear(text):
        said.append(text)
        other.stdin.close()

    with locked(path, math.inf, hear):
        pass
    assert len(said) == 1
    assert f"process {other.pid}" in said[0]


def test_no_update_is_lost(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("0")
    writers = [subprocess.Popen([sys.executable, "-c", COUNT, str(path), "100"]) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert path.read_text() == "200"
    assert list(lock_file(path).parent.iterdir()) == [], "locks leave nothing behind"


def test_threads_of_one_process_exclude_each_other(tmp_path):
    with locked(tmp_path / "a", wait_s=0), pytest.raises(LockedError), ExitStack() as stack:
        stack.enter_context(locked(tmp_path / "a", wait_s=0))


@pytest.mark.parametrize("planted", ["folder", "file", "holder"])
def test_links_are_not_followed(tmp_path, planted):
    """A library made by others may hold links to the files of whoever opens it."""
    precious = tmp_path / "precious"
    library = tmp_path / "library"
    library.mkdir()
    path = library / "labels.csv"
    if planted == "folder":
        precious.mkdir()
        lock_file(path).parent.symlink_to(precious)
    else:
        precious.write_text("precious")
        lock_file(path).parent.mkdir()
        (lock_file(path) if planted == "file" else lock_file(path).with_suffix(".holder")).symlink_to(
            precious
        )
    if planted == "holder":
        with locked(path):
            pass
    else:
        with pytest.raises(InputError, match="is a link"), locked(path):
            pass
    if planted == "folder":
        assert list(precious.iterdir()) == []
    else:
        assert precious.read_text() == "precious"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (
            getattr(errno, "ENOLCK", 37),
            r"cannot be locked \(.*network file system",
        ),
        (errno.EROFS, "The disk can only be read"),
        (errno.ENOSPC, "The disk is full"),
    ],
)
def test_why_a_file_cannot_be_locked_is_said(tmp_path, monkeypatch, number, said):
    """The first as NFS mounted with `nolock`."""

    def refuse(self, **options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("vpd.library.system_lock.FileLock.acquire", refuse)
    with pytest.raises(InputError, match=said) as raised, locked(tmp_path / "a"):
        pass
    assert ("network" in str(raised.value)) == ("cannot be locked" in str(raised.value))
