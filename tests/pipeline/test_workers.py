"""Worker processes make what one process makes, and whatever is killed is made up for by the next run."""

import os
import signal
import subprocess
import sys
import time

import pytest
from tests.pipeline.made import made_library

from vpd.pipeline import engine, table
from vpd.pipeline.run import run
from vpd.pipeline.task import Task

VPD = [sys.executable, "-m", "vpd.cli.main"]


def contents(layout):
    """Every artefact's bytes."""
    tops = ("frames", "tracks", "poses", "crops", "features")
    files = [path for top in tops for path in sorted((layout.root / top).rglob("*")) if path.is_file()]
    return {str(path.relative_to(layout.root)): path.read_bytes() for path in files}


def start(layout, jobs):
    return subprocess.Popen(
        [*VPD, "teach", "--library", str(layout.root), "-j", str(jobs)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def children(pid):
    """Processes whose parent is ``pid``."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(child) for child in found.stdout.split()]


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_workers_make_the_same_bytes(tmp_path):
    alone = made_library(tmp_path / "alone", ["a", "b", "c"])
    together = made_library(tmp_path / "together", ["a", "b", "c"])
    run(alone, ["teach", "crop"])
    report = run(together, ["teach", "crop"], jobs=2)
    assert report.complete
    assert contents(together) == contents(alone)


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["frames", "tracks", "poses", "features/joints2d"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_and_run_again(tmp_path, folder, jobs):
    """Killed once the first artefact of each step is there, also with a part of the next one."""
    whole = made_library(tmp_path / "whole", ["a", "b", "c"])
    run(whole, ["teach"])
    killed = made_library(tmp_path / "killed", ["a", "b", "c"])
    process = start(killed, jobs)
    wait_for(lambda: any((killed.root / folder).glob("*")))
    workers = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: not any(map(is_alive, workers)), 20)
    assert run(killed, ["teach"]).complete
    assert contents(killed) == contents(whole)


@pytest.mark.slow
def test_two_runs_at_once(tmp_path):
    layout = made_library(tmp_path, ["a", "b", "c"])
    first = start(layout, 1)
    wait_for(lambda: layout.lock.exists() and layout.lock.read_text() == str(first.pid))
    second = subprocess.run([*VPD, "run", "--library", str(layout.root)], capture_output=True, text=True)
    assert second.returncode == 1
    assert f"is being written by process {first.pid}" in second.stderr
    assert "Traceback" not in second.stderr
    assert first.wait() == 0


def _task(layout, video):
    from vpd.pipeline.run import open_sources

    sources = open_sources(layout)
    return Task(layout.root, sources.settings, sources.row(video), ("scan",), 1)


@pytest.mark.slow
def test_a_worker_that_dies_takes_one_video(tmp_path):
    """As where a decoder crashes on a file: the worker is replaced, and the others' tasks are done."""
    layout = made_library(tmp_path, ["a", "b", "c"])
    tasks = [_task(layout, video) for video in "abc"]
    hired = []
    start_worker = engine._Worker.start.__func__

    def start_and_kill_the_first(cls, threads):
        worker = start_worker(cls, threads)
        hired.append(worker)
        if len(hired) == 1:
            worker.process.kill()
        return worker

    engine._Worker.start = classmethod(start_and_kill_the_first)
    try:
        outcomes = {o.video: o.error for o in engine.perform_in_workers(tasks, lambda ms: None, 1)}
    finally:
        engine._Worker.start = classmethod(start_worker)
    assert sorted(outcomes) == ["a", "b", "c"]
    assert "worker process died (signal SIGKILL" in outcomes["a"]
    assert not outcomes["b"]
    assert not outcomes["c"]


def test_every_step_is_in_its_order():
    assert table.with_needs(["embed"]) == list(table.STEPS)
    assert table.with_needs(["crop"]) == ["scan", "track", "crop"]
