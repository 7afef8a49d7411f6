"""Mutate labels, other tables and other programs' files, and count what became of them.

    python benchmarks/table_mutations.py --labels 10000 --others 2000 --seed 1

Every row must be read as it stands, by a reader that shares no code with vpd, or be named; nothing else may
end a reader than an error of vpd's own. Prints a table and every file that went wrong, with its seed; exits
with 1 then.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.library.mutations import Tally, fuzz_formats, fuzz_labels, fuzz_tables


def main() -> int:
    """Run all fuzzers; 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=10_000, help="files of labels")
    parser.add_argument("--others", type=int, default=2_000, help="files of each other kind")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        tallies: dict[str, Tally] = {"labels": fuzz_labels(given.labels, given.seed, place)}
        tallies |= fuzz_tables(given.others, given.seed, place)
        tallies |= fuzz_formats(given.others, given.seed, place)
    print("| file | read | refused | wrong |\n|---|---|---|---|")
    for name, tally in tallies.items():
        print(f"| {name} | {tally.read} | {tally.refused} | {len(tally.wrong)} |")
    wrong = [text for tally in tallies.values() for text in tally.wrong]
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
