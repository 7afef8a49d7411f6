"""Damage files of a library, and count what status, search, check and run make of it.

    python benchmarks/damage.py --files 750 --seed 1

Half of the files are written to, as people and programs do; of the others the times stay, as when a disk
rots. No search may answer otherwise than in the whole library, no damage may count as up to date where its
file was written to, `vpd check --deep` must name each, and a run must make the library whole. Prints a table,
and every file that went wrong with its seed; exits with 1 then.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.pipeline import damage


def main() -> int:
    """Run both halves; 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=750)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run-every", type=int, default=8, help="a run follows every so many files")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        layout = damage.library(Path(folder))
        for keep_times in (False, True):
            seed = 2 * given.seed + keep_times
            found = damage.fuzz(layout, given.files // 2, seed, given.run_every, keep_times)
            counts += found.counts
            wrong += found.wrong
    print("| what | files |\n|---|---|")
    for name, count in sorted(counts.items()):
        print(f"| {name} | {count} |")
    print(f"| wrong | {len(wrong)} |")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
