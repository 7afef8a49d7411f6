"""Mutation testing on a random sample: which changes of the code make no fast test fail.

    pip install cosmic-ray
    git worktree add ../mutants && cd ../mutants        # the code is changed in place
    python tools/mutation/sample.py FOLDER src/vpd/student src/vpd/teachers --count 60 --seed 0
    cr-report FOLDER/session.sqlite --show-diff --surviving-only

Writes FOLDER/session.sqlite and prints how many of the sampled mutants were killed. The same command goes on
with a session. A mutant is tested by the tests of its file alone (`TESTS`); ten minutes or more are a kill.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkResult

CONFIG = """[cosmic-ray]
module-path = {modules}
timeout = 600.0
excluded-modules = []
test-command = {command}

[cosmic-ray.distributor]
name = "local"
"""
TRAINING = ["tests/student/test_training.py", "tests/student/test_distill.py"]
READING = ["tests/student/test_pose_reading.py", "tests/student/test_training.py"]
TESTS: dict[str, list[str]] = {
    "src/vpd/student/corpus/augment.py": ["tests/student/test_augment.py"],
    "src/vpd/student/corpus": ["tests/student/test_corpus.py", "tests/student/test_network.py", *TRAINING],
    "src/vpd/student/network/pose": READING,
    "src/vpd/student/network": ["tests/student/test_network.py", *TRAINING],
    "src/vpd/student/inference": [*READING, "tests/student/test_distill.py", "tests/student/test_network.py"],
    "src/vpd/student/training": [*TRAINING, "tests/student/test_pose_reading.py"],
    "src/vpd/teachers/vipe_window": ["tests/teachers/vipe_window", "tests/teachers/test_table.py"],
    "src/vpd/teachers/vipe/readers": [
        "tests/teachers/vipe/test_readers.py",
        "tests/teachers/vipe/test_smpl.py",
    ],
    "src/vpd/teachers": ["tests/teachers"],
}
"""Tests of the files that begin so; the first that fits. Others are tested by the tests of their folder."""


def tests_of(changed: str) -> list[str]:
    """The tests of one file of src/vpd."""
    for prefix, tests in TESTS.items():
        if changed.startswith(prefix):
            return tests
    return [f"tests/{Path(changed).parts[2]}"]


def test_mutant() -> int:
    """Test the file that is changed now; the exit code of pytest."""
    changed = subprocess.run(
        ["git", "diff", "--name-only", "--", "src"], capture_output=True, text=True, check=True
    ).stdout.split()
    tests = [test for file in changed for test in tests_of(file)] or ["tests/settings"]
    options = ["-x", "-q", "-p", "no:cacheprovider"]
    return subprocess.run([sys.executable, "-m", "pytest", *options, *tests], check=False).returncode


def choose(session: WorkDB, count: int, seed: int) -> None:
    """Skip all mutants but ``count`` drawn by the seed."""
    items = sorted(session.work_items, key=lambda item: item.job_id)
    places = sorted(items, key=lambda item: str(item.mutations[0]))
    chosen = {item.job_id for item in random.Random(seed).sample(places, min(count, len(places)))}
    for item in items:
        if item.job_id not in chosen:
            session.set_result(item.job_id, WorkResult(WorkerOutcome.SKIPPED))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--test-mutant", action="store_true", help="what the mutation tester runs")
    given = parser.parse_intermixed_args()
    if given.test_mutant:
        return test_mutant()
    given.folder.mkdir(parents=True, exist_ok=True)
    config, session = given.folder / "config.toml", given.folder / "session.sqlite"
    if not session.exists():
        command = f"{sys.executable} {Path(__file__).resolve()} --test-mutant"
        config.write_text(CONFIG.format(modules=given.modules, command=repr(command)))
        subprocess.run(["cosmic-ray", "init", str(config), str(session)], check=True)
        with use_db(session, WorkDB.Mode.open) as db:
            choose(db, given.count, given.seed)
    subprocess.run(["cosmic-ray", "exec", str(config), str(session)], check=True)
    with use_db(session, WorkDB.Mode.open) as db:
        outcomes = [r.test_outcome for _, r in db.results if r.worker_outcome != WorkerOutcome.SKIPPED]
    survived = sum(outcome == TestOutcome.SURVIVED for outcome in outcomes)
    print(f"{len(outcomes) - survived} of {len(outcomes)} mutants killed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
