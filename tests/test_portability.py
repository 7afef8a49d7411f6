"""The commands run where the modules and functions are missing that only Linux, or only Unix, has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MISSING = {
    "macos": {"os": ["sched_getaffinity", "sysconf", "process_cpu_count", "posix_fadvise"]},
    "windows": {
        "os": [
            "sched_getaffinity", "sysconf", "process_cpu_count", "posix_fadvise", "fork", "forkpty", "getuid",
            "geteuid", "getgid", "getegid", "getpgid", "killpg", "setsid", "mkfifo", "chown", "nice",
            "getloadavg", "posix_fallocate", "register_at_fork", "wait3", "wait4", "uname", "sync",
            "O_NONBLOCK", "O_CLOEXEC", "O_NOFOLLOW", "O_DIRECTORY", "pread", "pwrite", "fchmod",
        ],
        "signal": ["SIGKILL", "SIGHUP", "SIGSTOP", "SIGALRM", "setitimer", "alarm", "SIGUSR1", "SIGCHLD",
                   "SIGUSR2", "SIGPIPE", "SIGQUIT", "pthread_sigmask", "sigwait", "siginterrupt"],
        "modules": ["fcntl", "resource", "pwd", "grp", "termios", "pty", "tty"],
    },
}  # fmt: skip
PLAIN = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "cp1252"}
"""Where text is not UTF-8 unless the program says so, as on Windows."""

SCRIPT = """
import os, signal, sys, warnings
warnings.filterwarnings("error", category=EncodingWarning, module=r"vpd($|\\.)")
folder, missing = sys.argv[1], eval(sys.argv[2])
import multiprocessing.connection, asyncio, shutil, subprocess, torch  # these know what their system lacks
shutil._use_fd_functions = False  # as on Windows: folders are removed by their names
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
vpd("labels", "add", "a@0-0.2#0", "R\\u00fcckhand \\u2192 \\u6253", "-L", library)
vpd("labels", "add", "b@0-0.2#0", "serve", "-L", library)
vpd("labels", "list", "-L", library)
for name in ("boris", "elan", "csv"):
    vpd("labels", "export", "--format", name, "--out", str(root / name), "-L", library)
vpd("labels", "import", str(root / "elan" / "elan" / "a.eaf"), "-L", library)
vpd("labels", "undo", "-L", library)
vpd("search", "b@0-0.2#0", "-L", library)
vpd("clean", "-L", library)

from fastapi.testclient import TestClient
from vpd.web.app import make_app
with TestClient(make_app(layout, "", ["testserver"])) as page:
    for address in ("/", "/api/library", "/api/labels"):
        assert page.get(address).status_code == 200, address
"""


@pytest.mark.parametrize(
    "system",
    ["windows", pytest.param("macos", marks=pytest.mark.slow)],  # Windows lacks what macOS does
)
def test_new_run_status_and_doctor(tmp_path, system):
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-c", SCRIPT, str(tmp_path), repr(MISSING[system])],
        capture_output=True,
        encoding="cp1252",
        env=os.environ | PLAIN,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything is up to date." in done.stdout
    assert "Everything that was tried works." in done.stdout


COLLECT = """
import os, signal, sys
import multiprocessing.connection, asyncio, subprocess, platformdirs, psutil, pytest, torch
missing = eval(sys.argv[1])
class Without:
    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self):
        for module in (os, signal):
            for name in missing[module.__name__]:
                if hasattr(module, name):
                    delattr(module, name)
        for name in missing["modules"]:
            sys.modules[name] = None
options = ["--collect-only", "-q", "-p", "no:cacheprovider", "-m", "slow or not slow"]
sys.exit(pytest.main(options, plugins=[Without()]))
"""


@pytest.mark.slow
def test_every_test_is_found_on_windows():
    """None names at import what Windows lacks; `.github/workflows/tests.yml` runs them there."""
    pytest.importorskip("psutil")
    command = [sys.executable, "-c", COLLECT, repr(MISSING["windows"])]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stdout[-3000:]
