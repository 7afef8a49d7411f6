"""Files that are no files, which some systems do not have: a test of them skips there."""

import os
from pathlib import Path

import pytest


def make_pipe(path: Path) -> None:
    """A named pipe that nobody writes into."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(path)


def link_to_endless_zeros(path: Path) -> None:
    """A link to a device that can be read without end."""
    if not Path("/dev/zero").exists():
        pytest.skip("this system has no such device")
    path.symlink_to("/dev/zero")
