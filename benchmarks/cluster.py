"""A Ray cluster of two nodes on this computer: what it makes, what it costs, and what happens to it.

    python benchmarks/cluster.py kills --moments 20 --seed 0   (half an hour on two cores)
    python benchmarks/cluster.py overhead FOLDER --clips 30
    python benchmarks/cluster.py tasks --count 10000

`kills`: small libraries are run to the end on two nodes, while at random moments a worker process, a node or
the program that started the run is killed; a killed node is replaced, a killed program started again. At the
end every artefact must have the bytes of a run in one process that nothing disturbed.

`overhead`: the same clips by `-j 2` and by a Ray cluster of two nodes of one core that runs already, to crops
and a teacher's features, by the clock and by processor time; that of the idle cluster counts for both. A
third of the clips is run as well, and the difference is compared: start-up is in neither.

`tasks`: tasks of one millisecond through the engine, and the memory of the program that sends them.

As root, all runs in a network namespace of its own, so that nothing outside is met; Ray's token lies in a
folder that goes at the end. Needs `pip install 'video-pose-distillation[ray]'`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.pipeline.made import BASE, TRAINER, made_library, write_boxes, write_given_poses
from tests.pipeline.test_workers import contents
from vpd.library.layout import Layout
from vpd.library.videos import VideoRow
from vpd.pipeline.cluster import OBJECT_STORE_BYTES, Cluster, connected, import_ray
from vpd.pipeline.on_ray import Refusal, perform_on_ray
from vpd.pipeline.register import add_videos, make_library
from vpd.pipeline.run import run
from vpd.pipeline.task import Outcome, Task
from vpd.settings import Settings

INSIDE = "VPD_CLUSTER_INSIDE"
"""Set where this program runs in its own network already."""
SETTINGS = BASE.replace("averages", "resnet18") + "[crop]\nsize = 32\n"
VIDEOS, FRAMES = 6, 24
SUFFIXES = (".mp4", ".mov", ".mkv", ".avi")
LOOK_EVERY_S = 0.1
SETTLING_S = 10.0
"""Seconds after which a cluster that was started does nothing more for it."""
MOST_RUNS = 40
"""A library that is not done after so many starts counts as wrong."""


def in_own_network(arguments: list[str]) -> int | None:
    """Run this program again where nothing outside can be met; None where it may not, or is there."""
    if os.environ.get(INSIDE) or os.name != "posix" or os.geteuid() != 0 or not shutil.which("unshare"):
        return None
    with tempfile.TemporaryDirectory() as home:
        Path(home, "token").write_text("0" * 64)
        token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": f"{home}/token"}
        again = [sys.executable, *arguments]
        command = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *again]
        return subprocess.run(command, env={**os.environ, **token, INSIDE: "1"}, check=False).returncode


class TwoNodes:
    """A cluster of two nodes of one core each."""

    def __init__(self) -> None:
        import_ray()  # sets Ray's variables
        from ray.cluster_utils import Cluster as Nodes

        self.options = {"num_cpus": 1, "object_store_memory": OBJECT_STORE_BYTES // 2}
        head = {**self.options, "include_dashboard": False}
        self.nodes = Nodes(initialize_head=True, head_node_args=head)
        self.second = self.nodes.add_node(**self.options)

    @property
    def address(self) -> str:
        """Where it is reached."""
        return str(self.nodes.address)

    def lose_the_second(self) -> None:
        """Kill the second node, and start another."""
        self.nodes.remove_node(self.second, allow_graceful=False)
        self.second = self.nodes.add_node(**self.options)

    @staticmethod
    def workers() -> list[psutil.Process]:
        """Processes that do a task of ours, and not Ray's own agents, with which their node ends."""
        return [p for p in psutil.Process().children(recursive=True) if "ray::_work" in _title(p)]

    def close(self) -> None:
        """End both."""
        self.nodes.shutdown()


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def small_library(folder: Path, seed: int) -> Layout:
    """Videos with given boxes and poses, and a student of eight steps."""
    names = [f"v{i}" for i in range(VIDEOS)]
    layout = made_library(folder, names, frames=FRAMES)
    layout.settings.write_text(SETTINGS)
    (layout.root / "trainer.toml").write_text(TRAINER)
    for i, name in enumerate(names):
        write_boxes(layout, name, frames=FRAMES)
        write_given_poses(layout, name, seed + i, FRAMES)
    return layout


def undisturbed(folder: Path) -> dict[str, Any]:
    """What a run in one process on one thread makes."""
    import torch

    torch.set_num_threads(1)
    layout = small_library(folder, 0)
    report = run(layout)
    assert report.complete, report
    return contents(layout)


def start(layout: Layout, address: str) -> subprocess.Popen[str]:
    """`vpd run` on the cluster."""
    command = [sys.executable, "-m", "vpd", "run", "--engine", "ray", "--address", address, "--json"]
    return subprocess.Popen(
        [*command, "-L", str(layout.root)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def disturb(nodes: TwoNodes, process: subprocess.Popen[str], rng: np.random.Generator) -> str:
    """Kill something; what. A worker is killed once one is at work; "" where the run ended before."""
    kind = str(rng.choice(["worker", "node", "driver"]))
    if kind == "worker":
        workers = nodes.workers()
        while not workers and process.poll() is None:
            time.sleep(0.2)
            workers = nodes.workers()
        if not workers:
            return ""
        workers[int(rng.integers(len(workers)))].kill()
    elif kind == "node":
        nodes.lose_the_second()
    else:
        process.kill()
    return kind


def kills(moments: int, seed: int, longest_s: float) -> dict[str, Any]:
    """Run libraries to the end past so many kills at random moments; what was killed, and what differed."""
    rng, counts, wrong = np.random.default_rng(seed), Counter[str](), []
    with tempfile.TemporaryDirectory() as place:
        whole = undisturbed(Path(place, "whole"))
        nodes = TwoNodes()
        try:
            while sum(counts.values()) < moments:
                folder = Path(place, f"lib{len(wrong) + sum(counts.values())}-{rng.integers(1 << 30)}")
                layout = small_library(folder, 0)
                wrong += _to_the_end(nodes, layout, moments, longest_s, rng, counts, whole)
                shutil.rmtree(folder)
        finally:
            nodes.close()
    return {"kills": dict(counts), "wrong": wrong}


def _to_the_end(
    nodes: TwoNodes,
    layout: Layout,
    moments: int,
    longest_s: float,
    rng: np.random.Generator,
    counts: Counter[str],
    whole: dict[str, Any],
) -> list[str]:
    """Start runs of one library until one ends undisturbed; what is wrong with it then."""
    said = ""
    for _ in range(MOST_RUNS):
        process, disturbed = start(layout, nodes.address), False
        while sum(counts.values()) < moments:
            try:
                process.wait(float(rng.uniform(0, longest_s)))
                break
            except subprocess.TimeoutExpired:
                kind = disturb(nodes, process, rng)
                if not kind:
                    continue
                counts[kind] += 1
                disturbed = True
                print(f"{sum(counts.values())} of {moments}: {kind} killed", flush=True)
        out, err = process.communicate()
        said = (out + err)[-1500:]
        if "Traceback" in err or "Unexpected" in err:
            return [said]
        if process.returncode == 0:
            break
        if not disturbed and sum(counts.values()) >= moments and process.returncode > 0:
            return [said]
    else:
        return [f"not done after {MOST_RUNS} starts: {said}"]
    made = contents(layout)
    differ = sorted(name for name in whole.keys() | made.keys() if whole.get(name) != made.get(name))
    return [f"{name} is other than in one process" for name in differ]


KINDS = {
    "gcs_server": "gcs",
    "raylet/raylet": "raylet",
    "log_monitor": "log monitor",
    "ray::": "Ray's Python",
}
"""Processes by a part of their command lines; others are called by the ends of theirs."""


class Processors:
    """The processor time of this program's children, theirs, and so on, by what they are, within the block.

    Each is looked at every tenth of a second, as nobody counts the time of Ray's processes that ended.
    """

    def __init__(self) -> None:
        self._before: dict[tuple[int, float], float] = {}
        self._last: dict[tuple[int, float], float] = {}
        self._kind: dict[tuple[int, float], str] = {}
        self._ended = threading.Event()

    def __enter__(self) -> Processors:
        self._before = self._look()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            self._look()

    def _look(self) -> dict[tuple[int, float], float]:
        for process in psutil.Process().children(recursive=True):
            try:
                times, who = process.cpu_times(), (process.pid, process.create_time())
                self._last[who] = times.user + times.system
                title = " ".join(process.cmdline())
            except psutil.Error:
                continue
            kind = next((kind for part, kind in KINDS.items() if part in title), title[-40:])
            self._kind[who] = max(self._kind.get(who, kind), kind)
        return dict(self._last)

    @property
    def seconds(self) -> dict[str, float]:
        """Of each kind."""
        found: dict[str, float] = {}
        for who, last in self._last.items():
            found[self._kind[who]] = found.get(self._kind[who], 0.0) + last - self._before.get(who, 0.0)
        return found


def overhead(folder: Path, clips: int) -> dict[str, float]:
    """Seconds by `-j 2` and by Ray on two nodes; the share that Ray takes more for all clips than for a third
    of them, so that start-up counts in neither.
    """
    videos = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)[:clips]
    spent: dict[str, dict[str, float]] = {}
    nodes = TwoNodes()
    try:
        time.sleep(SETTLING_S)
        with tempfile.TemporaryDirectory() as place:
            # What reads the programs from the disk first is not counted.
            _timed(made_library(Path(place, "first"), ["a"]), "workers", nodes.address)
            for engine in ("workers", "ray"):
                for part, some in (("third", videos[: clips // 3]), ("all", videos)):
                    layout = make_library(Path(place, f"{engine}-{part}"))
                    add_videos(layout, some)
                    spent[f"{engine}_{part}"] = _timed(layout, engine, nodes.address)
    finally:
        nodes.close()
    found: dict[str, float] = {"clips": len(videos)}
    for unit in ("s", "processor_s"):
        found |= {f"{name}_{unit}": seconds[unit] for name, seconds in spent.items()}
        ray, workers = (spent[f"{e}_all"][unit] - spent[f"{e}_third"][unit] for e in ("ray", "workers"))
        found[f"overhead_{unit}"] = ray / workers - 1
    return found


def _timed(layout: Layout, engine: str, address: str) -> dict[str, float]:
    """Seconds of a run to crops and weak features in a process of its own, by the clock and of processors."""
    code = (
        "import sys; from pathlib import Path; from vpd.library.layout import Layout; "
        "from vpd.pipeline.cluster import Cluster; from vpd.pipeline.run import run; "
        "assert run(Layout(Path(sys.argv[1])), ('crop', 'teach'), 2 if sys.argv[2] == 'workers' else 0, "
        "engine=sys.argv[2], cluster=Cluster(sys.argv[3])).complete"
    )
    began = time.perf_counter()
    with Processors() as processors:
        subprocess.run([sys.executable, "-c", code, str(layout.root), engine, address], check=True)
        by_clock = time.perf_counter() - began
        time.sleep(SETTLING_S / 2)  # processes of a run on Ray end after it
    shown = {kind: round(seconds, 1) for kind, seconds in processors.seconds.items() if seconds >= 0.1}
    print(f"{engine}, {by_clock:.1f} s by the clock, of processors: {shown}", file=sys.stderr, flush=True)
    return {"s": by_clock, "processor_s": sum(processors.seconds.values())}


def _a_millisecond(task: Task, software: dict[str, str]) -> Outcome | Refusal:
    """Stands for a task."""
    time.sleep(0.001)
    return Outcome(task.row.video, task.row)


def tasks(count: int) -> dict[str, float]:
    """What so many tasks of a millisecond take: seconds by the clock and of all processors, and memory."""
    row = VideoRow(video="", path="/videos/a.mp4", relative="a.mp4", bytes=1, mtime_ns=1)
    settings = Settings()

    def made() -> Iterator[Task]:
        for i in range(count):
            yield Task(Path("/library"), settings, replace(row, video=f"v{i}"), ("scan",), 1)

    with connected(Cluster()):
        list(perform_on_ray(list(made())[:8], lambda ms: None, 0, _a_millisecond))  # processes are up
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, own, done = time.perf_counter(), time.process_time(), 0
        with Processors() as processors:
            for outcome in perform_on_ray(made(), lambda ms: None, 0, _a_millisecond):
                assert not outcome.error
                done += 1
        spent, own = time.perf_counter() - began, time.process_time() - own
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "tasks": done,
        "seconds": spent,
        "processor_seconds": own + sum(processors.seconds.values()),
        "peak_mb": peak / 1024,
        "more_than_idle_mb": (peak - before) / 1024,
    }


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM ends the cluster, too."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    yield


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = parser.add_subparsers(dest="part", required=True)
    part = parts.add_parser("kills")
    part.add_argument("--moments", type=int, default=20)
    part.add_argument("--seed", type=int, default=0)
    part.add_argument("--longest", type=float, default=12.0, help="most seconds between two kills")
    part = parts.add_parser("overhead")
    part.add_argument("folder", type=Path)
    part.add_argument("--clips", type=int, default=30)
    part = parts.add_parser("tasks")
    part.add_argument("--count", type=int, default=10_000)
    asked = parser.parse_args()
    code = in_own_network(sys.argv)
    if code is not None:
        sys.exit(code)
    with _ended_in_order():
        if asked.part == "kills":
            found: dict[str, Any] = kills(asked.moments, asked.seed, asked.longest)
        elif asked.part == "overhead":
            found = overhead(asked.folder, asked.clips)
        else:
            found = tasks(asked.count)
    print(json.dumps(found, indent=1))
    sys.exit(1 if found.get("wrong") else 0)


if __name__ == "__main__":
    main()
