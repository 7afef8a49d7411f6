"""The commands run where the modules and functions are missing that only Linux, or only Unix, has."""

import subprocess
import sys

import pytest

MISSING = {
    "macos": {"os": ["sched_getaffinity", "sysconf", "process_cpu_count", "posix_fadvise"]},
    "windows": {
        "os": [
            "sched_getaffinity", "sysconf", "process_cpu_count", "posix_fadvise", "fork", "forkpty", "getuid",
            "geteuid", "getgid", "getegid", "getpgid", "killpg", "setsid", "mkfifo", "chown",
        ],
        "signal": ["SIGKILL", "SIGHUP", "SIGSTOP", "SIGALRM", "setitimer", "alarm", "SIGUSR1", "SIGCHLD"],
        "modules": ["fcntl", "resource", "pwd", "grp", "termios", "pty", "tty"],
    },
}  # fmt: skip
SCRIPT = """
import os, signal, sys
folder, missing = sys.argv[1], eval(sys.argv[2])
import multiprocessing.connection, asyncio, subprocess, torch  # these know what their system lacks
try:
    import psutil  # joblib imports it where it is installed; each system has its own part of it
except ImportError:
    pass
for module in (os, signal):
    for name in missing.get(module.__name__, ()):
        if hasattr(module, name):
            delattr(module, name)
for name in missing.get("modules", ()):
    sys.modules[name] = None
from pathlib import Path
from tests.pipeline import made
from vpd.cli.main import main

def vpd(*arguments):
    sys.argv = ["vpd", *arguments]
    try:
        main()
    except SystemExit as end:
        assert not end.code, (arguments, end.code)

root = Path(folder)
for i, name in enumerate("abcde"):
    made.make_video(root / "videos" / f"{name}.mp4", i)
library = str(root / "lib")
vpd("new", library, str(root / "videos"))
layout = made.Layout(root / "lib")
for name in "abcde":
    made.write_boxes(layout, name)
    made.write_given_poses(layout, name)
made.set_settings(layout)
vpd("run", "-L", library, "-j", "1")
vpd("status", "-L", library)
vpd("doctor")
"""


@pytest.mark.parametrize(
    "system",
    ["windows", pytest.param("macos", marks=pytest.mark.slow)],  # Windows lacks what macOS does
)
def test_new_run_status_and_doctor(tmp_path, system):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), repr(MISSING[system])], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything is up to date." in done.stdout
    assert "Everything that was tried works." in done.stdout
