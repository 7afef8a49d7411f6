"""Test mutants by several processes, each in a copy of the repository of its own."""

from __future__ import annotations

import contextlib
import importlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import pytest

SLOWER = 6
"""A mutant whose tests take this many times what they take unmutated is killed."""
LEAST_S = 20.0
"""No mutant is killed for its slowness sooner."""
NOT_FOUND = int(pytest.ExitCode.USAGE_ERROR)
TOGETHER = 6
"""Tests that a process runs at a time while nothing is changed."""
HEAVY = ("torch", "numpy", "numba", "scipy.stats", "sklearn", "onnxruntime", "pyarrow.parquet", "av", "cv2")
"""Imported once, before the processes part: a test run of seconds should not wait for them."""
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".ruff_cache", ".mypy_cache", ".pytest_cache", "*.sqlite")


class Recorder:
    """Seconds and failures of the tests of a run; a test that needs a shared fixture costs its time, too."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self._shared: dict[str, float] = {}
        self._made_s = 0.0

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Any:
        started = time.perf_counter()
        yield
        if fixturedef.scope != "function":
            taken = time.perf_counter() - started
            self._shared[fixturedef.argname] = max(taken, self._shared.get(fixturedef.argname, 0.0))
            self._made_s += taken

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> Any:
        self._made_s = 0.0
        yield
        shared = max((self._shared.get(name, 0.0) for name in item.fixturenames), default=0.0)
        own = max(self.seconds.get(item.nodeid, 0.0) - self._made_s, 0.0)
        self.seconds[item.nodeid] = own + shared

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed or report.skipped:
            self.failed.append(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


def run_tests(tree: Path, tests: Sequence[str], told: Path, *, first_failure: bool) -> int:
    """Run tests in this process; writes what `Recorder` saw to ``told``. Returns pytest's exit code."""
    os.chdir(tree)
    source = str(tree / "src")
    os.environ["PYTHONPATH"] = os.pathsep.join([source, os.environ.get("PYTHONPATH", "")])
    sys.path[:0] = [source, str(tree)]
    sys.dont_write_bytecode = first_failure
    recorder = Recorder()
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0", f"--rootdir={tree}"]
    options.append(f"--basetemp={told.parent / 'made'}")
    code = pytest.main([*options, *(["-x"] if first_failure else []), *tests], plugins=[recorder])
    told.write_text(json.dumps({"seconds": recorder.seconds, "failed": recorder.failed}))
    return int(code)


@dataclass(frozen=True)
class Trial:
    """How a forked run ended: exit code of pytest, None where it had to be ended."""

    code: int | None
    seconds: float
    saw: dict[str, Any] = field(default_factory=dict)


def in_a_fork(
    tree: Path, tests: Sequence[str], scratch: Path, limit_s: float, *, first_failure: bool
) -> Trial:
    """The tests in a process of their own that inherits what is imported, and is ended after ``limit_s``."""
    scratch.mkdir(parents=True, exist_ok=True)
    told = scratch / "saw.json"
    told.unlink(missing_ok=True)
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.setsid()
            os.environ["TMPDIR"], tempfile.tempdir = str(scratch), None
            log = os.open(scratch / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, 1)
            os.dup2(log, 2)
            code = run_tests(tree, tests, told, first_failure=first_failure)
        finally:
            os._exit(code)
    status = None
    while status is None and time.monotonic() - started < limit_s:
        done, state = os.waitpid(child, os.WNOHANG)
        status = state if done else None
        time.sleep(0.02)
    seconds = time.monotonic() - started
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if status is None:
        os.waitpid(child, 0)
        return Trial(None, seconds)
    saw = json.loads(told.read_text()) if told.exists() else {}
    shutil.rmtree(scratch / "made", ignore_errors=True)
    return Trial(os.waitstatus_to_exitcode(status), seconds, saw)


def share(count: int, workers: int, until: float, work: Callable[[int, int], None]) -> None:
    """Call ``work(worker, index)`` for each index in forked processes, and begin none after ``until``."""
    context = multiprocessing.get_context("fork")
    following: Synchronized[int] = context.Value("i", 0)

    def serve(worker: int) -> None:
        while time.monotonic() < until:
            with following.get_lock():
                index = following.value
                following.value += 1
            if index >= count:
                return
            work(worker, index)

    processes = [context.Process(target=serve, args=(worker,)) for worker in range(workers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def append(path: Path, row: dict[str, Any]) -> None:
    """One line, in one write: processes do not tear each other's."""
    with path.open("ab", buffering=0) as file:
        file.write((json.dumps(row) + "\n").encode())


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def unmutated(
    tests: Sequence[str], tree: Path, workers: int, until: float, results: Path
) -> dict[str, float]:
    """The seconds of every test that passes in the tree as it is; known ones are read from ``results``."""
    known = {test for row in rows(results) for test in row["asked"]}
    left = [test for test in tests if test not in known]
    files: dict[str, list[str]] = {}
    for test in left:
        files.setdefault(test.split("::")[0], []).append(test)
    jobs = [mine[i : i + TOGETHER] for mine in files.values() for i in range(0, len(mine), TOGETHER)]
    jobs.sort(key=len, reverse=True)

    def work(worker: int, index: int) -> None:
        scratch = tree.parent / f"scratch-{worker}"
        trial = in_a_fork(tree, jobs[index], scratch, until - time.monotonic(), first_failure=False)
        if trial.code == NOT_FOUND and len(jobs[index]) > 1:  # one that is gone must not lose the others
            for test in jobs[index]:
                trial = in_a_fork(tree, [test], scratch, until - time.monotonic(), first_failure=False)
                append(results, {"asked": [test], "code": trial.code, **trial.saw})
        else:
            append(results, {"asked": jobs[index], "code": trial.code, **trial.saw})

    share(len(jobs), workers, until, work)
    passed = {}
    for row in rows(results):
        failed = set(row.get("failed", []))
        passed.update({test: s for test, s in row.get("seconds", {}).items() if test not in failed})
    return passed


def outcome_of(trial: Trial) -> str:
    """killed (a test failed, or nothing could be imported), timeout or survived."""
    if trial.code is None:
        return "timeout"
    return "survived" if trial.code == 0 else "killed"


def try_all(
    mutants: Sequence[dict[str, Any]],
    repository: Path,
    folder: Path,
    results: Path,
    workers: int,
    seconds: float,
    most_s: float,
) -> None:
    """Test each mutant that ``results`` does not have; a line a mutant is written when it is done.

    The cheapest tests run first, and of each mutant those that take at most ``most_s`` seconds together.
    """
    until = time.monotonic() + seconds
    folder.mkdir(parents=True, exist_ok=True)
    first = folder / "tree-0"
    if not first.exists():
        shutil.copytree(repository, first, ignore=LEFT_OUT, symlinks=True)
    os.environ["OMP_NUM_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = "1"
    os.environ["VPD_SHARED"] = os.environ.get("VPD_SHARED", str(repository.parent / "shared"))
    for name in HEAVY:
        importlib.import_module(name)
    done = {row["id"] for row in rows(results)}
    left = [mutant for mutant in mutants if mutant["id"] not in done]
    tests = sorted({test for mutant in left for test in mutant["tests"]})
    cost = unmutated(tests, first, workers, until, results.with_suffix(".unmutated.jsonl"))
    print(f"{len(cost)} of {len(tests)} tests pass unmutated, {sum(cost.values()):.0f} s", flush=True)
    for worker in range(1, workers):
        if not (folder / f"tree-{worker}").exists():
            shutil.copytree(first, folder / f"tree-{worker}", symlinks=True)

    def work(worker: int, index: int) -> None:
        mutant, tree = left[index], folder / f"tree-{worker}"
        chosen: list[str] = []
        expected = 0.0
        for test in sorted((t for t in mutant["tests"] if t in cost), key=lambda t: cost[t]):
            if not chosen or expected + cost[test] <= most_s:
                chosen.append(test)
                expected += cost[test]
        row = {name: mutant[name] for name in ("id", "file", "line", "operator", "before", "after")}
        if not chosen:
            append(results, row | {"outcome": "survived", "tests": 0, "by": "no test runs it"})
            return
        place = tree / mutant["file"]
        kept, times = place.read_bytes(), place.stat()
        text = kept.decode("utf-8")
        if text.count(mutant["old"]) != 1:
            print(f"{mutant['file']}:{mutant['line']} is no longer there", flush=True)
            return
        limit = min(max(LEAST_S, SLOWER * expected), max(until - time.monotonic(), 1.0))
        cut = limit < SLOWER * expected
        try:
            place.write_bytes(text.replace(mutant["old"], mutant["new"]).encode())
            scratch = folder / f"scratch-{worker}"
            trial = in_a_fork(tree, chosen, scratch, limit, first_failure=True)
        finally:
            place.write_bytes(kept)
            os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
        if trial.code is None and cut:
            return
        row |= {"outcome": outcome_of(trial), "tests": len(chosen), "of": len(mutant["tests"])}
        failed = trial.saw.get("failed", [])
        append(
            results, row | {"by": failed[0] if failed else "", "code": trial.code, "seconds": trial.seconds}
        )

    share(len(left), workers, until, work)


def table(results: Path) -> str:
    """Killed, survived and total of each folder of src/vpd, and of all."""
    counted: dict[str, list[int]] = {}
    for row in rows(results):
        for name in (Path(row["file"]).parts[2], "all"):
            counts = counted.setdefault(name, [0, 0])
            counts[row["outcome"] == "survived"] += 1
    lines = ["folder        killed  survived  total  killed %"]
    for name, (killed, survived) in sorted(counted.items(), key=lambda item: (item[0] == "all", item[0])):
        total = killed + survived
        lines.append(f"{name:12s}  {killed:6d}  {survived:8d}  {total:5d}  {100 * killed / total:8.1f}")
    return "\n".join(lines)
