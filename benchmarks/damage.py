"""Damage files of a library, and count what status, search, check, undo and run make of it.

    python benchmarks/damage.py --files 750 --seed 1

Half of the files are written to, as people and programs do; of the others the times stay, as when a disk
rots. No search may answer otherwise than in the whole library, no damage may count as up to date where its
file was written to, `vpd check --deep` must name each, an undo restores what was or is refused, and a run
must make the library whole. A fifth as many are files of results, and a tenth as many those of a stopped
training of `vpd vipe train`. Prints a table, and every file that went wrong with its seed; exits with 1 then.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.outcomes import Outcomes, report
from tests.pipeline import damage
from tests.teachers.vipe import damaged_training
from tests.verbs import damaged_results
from tests.verbs.conftest import answering_library


def main() -> int:
    """Run both halves; 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=750)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run-every", type=int, default=8, help="a run follows every so many files")
    given = parser.parse_args()
    out = Outcomes()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = f"{name}/cache"  # nothing of these libraries in the user's own
        folder = Path(name)
        layout = damage.library(folder / "made")
        results = damaged_results.add_results(answering_library(folder / "answering"))
        for keep_times in (False, True):
            seed = 2 * given.seed + keep_times
            out.add(damage.fuzz(layout, given.files // 2, seed, given.run_every, keep_times))
            out.add(damaged_results.fuzz(results, given.files // 10, seed, keep_times))
        out.add(damaged_training.fuzz(folder, given.files // 10, given.seed))
    return report("times", out.counts, out.wrong)


if __name__ == "__main__":
    sys.exit(main())
