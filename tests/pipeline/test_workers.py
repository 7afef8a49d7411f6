"""Worker processes make what one process makes, and whatever is killed is made up for by the next run."""

import json
import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from tests.pipeline.made import BASE, FRAMES, made_library, write_given_poses
from vpd.pipeline import engine, stall, table, workers
from vpd.pipeline.run import run
from vpd.pipeline.task import Task

VPD = [sys.executable, "-m", "vpd"]
NAMES = ["a", "b", "c", "d", "e"]
QUICK = BASE.replace("averages", "resnet18") + "[crop]\nsize = 32\n"
"""A backbone that another process knows too, on small crops."""


def library(folder):
    layout = made_library(folder, NAMES)
    layout.settings.write_text(QUICK)
    for seed, name in enumerate(NAMES):
        write_given_poses(layout, name, seed)
    return layout


def contents(layout):
    """Every artefact's bytes; of the frames their rows, as the file also says where the video lies.

    A killed process leaves its lock, which the next one takes over.
    """
    tops = ("tracks", "poses", "crops", "features", "students")
    files = [path for top in tops for path in sorted((layout.root / top).rglob("*")) if path.is_file()]
    # Seconds stand in the history of a training.
    timed = ("config.json", "history.csv", "curve.png")
    found = {
        str(path.relative_to(layout.root)): path.read_bytes()
        for path in files
        if path.name not in timed and path.parent.name != ".locks"
    }
    frames = sorted((layout.root / "frames").glob("*.parquet"))
    return found | {path.name: pq.read_table(path).to_pylist() for path in frames}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a run makes that nothing disturbs, in this process alone; one thread, as sums depend on it."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    layout = library(tmp_path_factory.mktemp("whole"))
    assert run(layout).complete
    yield contents(layout)
    torch.set_num_threads(threads)


def start(layout, jobs, command="run"):
    return subprocess.Popen(
        [*VPD, command, "--library", str(layout.root), "-j", str(jobs)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def wait_for(condition, seconds=300):
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
def test_workers_make_the_same_bytes(tmp_path, whole):
    layout = library(tmp_path)
    report = run(layout, ["teach", "crop"], jobs=2)
    assert report.complete
    made = contents(layout)
    assert made == {path: data for path, data in whole.items() if path in made}
    assert len(made) == 5 * len(NAMES)


STEPS = {
    "scan": "frames/*",
    "track": "tracks/*",
    "pose": "poses/*",
    "crop": "crops/*",
    "teach": "features/joints2d/*",
    "distill": "students/vpd/checkpoint*",
    "embed": "features/vpd/*",
}
"""What shows that a step is at work."""


@pytest.mark.slow
@pytest.mark.parametrize(("step", "jobs"), [*((step, 1) for step in STEPS), ("track", 2), ("embed", 2)])
def test_killed_and_run_again(tmp_path, whole, step, jobs):
    """Killed once the first artefact of the step is there, or a part of it."""
    killed = library(tmp_path)
    process = start(killed, jobs)
    wait_for(lambda: any(killed.root.glob(STEPS[step])) or any(killed.root.glob(f".{STEPS[step]}")))
    workers = children(process.pid)
    process.kill()
    process.wait()
    wait_for(lambda: not any(map(is_alive, workers)))
    assert run(killed).complete
    assert contents(killed) == whole


@pytest.mark.slow
def test_two_runs_share_the_work(tmp_path, whole):
    layout = library(tmp_path)
    runs = [
        subprocess.Popen(
            [*VPD, "run", "--library", str(layout.root), "-j", "1", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for _ in range(2)
    ]
    said = [process.communicate() for process in runs]
    assert [process.returncode for process in runs] == [0, 0], said
    reports = [json.loads(out) for out, _ in said]
    for step in ("track", "pose", "crop", "teach", "distill", "embed"):
        made = sum(report["made"].get(step, 0) for report in reports)
        assert made == (1 if step == "distill" else len(NAMES)), step
    assert contents(layout) == whole


def _task(layout, video):
    from vpd.pipeline.run import open_sources

    sources = open_sources(layout)
    return Task(layout.root, sources.settings, sources.row(video), ("scan",), 1)


def signal_the_first(monkeypatch, number):
    """The first worker that is started gets a signal at once."""
    start_worker = workers._Worker.start
    started = []

    def start_and_signal(threads):
        worker = start_worker(threads)
        started.append(worker)
        if len(started) == 1:
            os.kill(worker.process.pid, number)
        return worker

    monkeypatch.setattr(workers._Worker, "start", start_and_signal)


@pytest.mark.parametrize(
    ("number", "error"),
    [("SIGKILL", "worker process died (signal SIGKILL"), ("SIGSTOP", "made no progress in")],
)
def test_a_worker_that_dies_or_hangs_takes_one_video(tmp_path, monkeypatch, number, error):
    """As where a decoder crashes on a file, or its share does not answer: the others' tasks are done."""
    layout = made_library(tmp_path, ["a", "b"])
    monkeypatch.setattr(stall, "MOST_IDLE_LOOKS", 3)
    monkeypatch.setattr(stall, "LOOK_EVERY_S", 0.2)
    if not hasattr(signal, number):
        pytest.skip("this system has no such signal")
    signal_the_first(monkeypatch, getattr(signal, number))
    tasks = [_task(layout, video) for video in "ab"]
    done = engine.ENGINES["workers"].perform(tasks, lambda ms: None, 1)
    outcomes = {outcome.video: outcome.error for outcome in done}
    assert sorted(outcomes) == ["a", "b"]
    assert error in outcomes["a"]
    assert not outcomes["b"]


@pytest.mark.parametrize("name", [name for name, each in engine.ENGINES.items() if each.here])
def test_every_engine_of_this_computer_does_every_task(tmp_path, name):
    layout = made_library(tmp_path, ["a", "b", "c"])
    spent = []
    done = list(engine.ENGINES[name].perform([_task(layout, v) for v in "abc"], spent.append, 2))
    assert sorted((o.video, o.row.frames, o.error) for o in done) == [(v, FRAMES, "") for v in "abc"]
    assert sum(spent) == pytest.approx(sum(_task(layout, v).cost_ms for v in "abc"))


def test_every_step_is_in_its_order():
    assert table.with_needs(["embed"]) == list(table.STEPS)
    assert table.with_needs(["crop"]) == ["scan", "track", "crop"]
