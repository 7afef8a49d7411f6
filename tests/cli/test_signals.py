"""Ctrl-C and the signals that ask to end: the command ends in order, says what is kept, and goes on later."""

import os
import signal
import subprocess
import sys

import pytest

from tests.pipeline.made import made_library
from vpd.cli import main as cli
from vpd.cli.signals import NAMES
from vpd.pipeline.run import run

SIGNALS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_a_command_with_a_sentence(number, vpd, monkeypatch):
    done = []

    def work(arguments):
        def command():
            try:
                signal.raise_signal(number)
                done.append("went on")
            finally:
                signal.raise_signal(number)  # a second one does not disturb what ends in order
                done.append("cleaned up")

        return command

    monkeypatch.setattr(cli, "build", work)
    before = signal.getsignal(number)
    code, _, err = vpd("run")
    assert signal.getsignal(number) == before
    assert code == 128 + number
    assert f"Ended by {signal.Signals(number).name}. What is done is kept" in err
    assert done == ["cleaned up"]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of other kinds")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_run_that_is_ended_leaves_nothing_and_goes_on(name, tmp_path):
    number = getattr(signal, name)
    layout = made_library(tmp_path, ["a", "b", "c"], frames=150)
    command = [sys.executable, "-m", "vpd", "pose", "-j", "2", "-L", str(layout.root)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("track"):
            break
    process.send_signal(number)
    err = process.stderr.read()
    assert process.wait() == 128 + number
    assert "What is done is kept" in err
    assert not [p for p in layout.root.rglob("*.part") if p.is_file()]
    assert run(layout, ["pose"]).complete
