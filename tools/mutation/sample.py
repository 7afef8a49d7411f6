"""Mutation testing on a random sample: which changes of the code make no fast test fail.

    pip install cosmic-ray pytest-cov
    F="student teachers recognition detection athletes pipeline"
    python -m pytest $(printf 'tests/%s ' $F) --cov=src/vpd --cov-context=test --cov-report=   # a .coverage
    python -m tools.mutation.sample draw mutants.json $(printf 'src/vpd/%s ' $F) --runs .coverage
    python -m tools.mutation.sample test mutants.json results.jsonl --workers 8
    python -m tools.mutation.sample show results.jsonl

`draw` writes the mutants, `test` tests them in copies of the repository under --folder and goes on where it
was stopped, `show` prints the table and the survivors.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tools.mutation import trial


def draw(given: argparse.Namespace) -> None:
    # cosmic-ray is needed here alone: mutants are tested where it is not installed.
    from tools.mutation.draw import Runs, write
    from tools.mutation.draw import draw as draw_mutants

    files = [file for module in given.modules for file in sorted(Path(module).rglob("*.py"))]
    mutants = draw_mutants(files, Runs(given.runs), given.count, given.seed)
    write(mutants, given.mutants)
    print(f"{len(mutants)} mutants of {len(files)} files; no test runs {sum(not m.tests for m in mutants)}")


def test(given: argparse.Namespace) -> None:
    mutants = json.loads(given.mutants.read_text(encoding="utf-8"))[: given.first]
    trial.try_all(
        mutants, Path.cwd(), given.folder, given.results, given.workers, given.seconds, given.most_s
    )
    print(trial.table(given.results))


def show(given: argparse.Namespace) -> None:
    for row in trial.rows(given.results):
        if row["outcome"] == "survived":
            print(f"{row['file']}:{row['line']} {row['operator']}\n  - {row['before']}\n  + {row['after']}")
    print(trial.table(given.results))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("draw")
    one.add_argument("mutants", type=Path)
    one.add_argument("modules", nargs="+")
    one.add_argument("--runs", type=Path, nargs="+", default=[Path(".coverage")])
    one.add_argument("--count", type=int, default=300)
    one.add_argument("--seed", type=int, default=0)
    one.set_defaults(run=draw)
    two = commands.add_parser("test")
    two.add_argument("mutants", type=Path)
    two.add_argument("results", type=Path)
    two.add_argument("--workers", type=int, default=1)
    two.add_argument("--first", type=int, help="the first mutants alone")
    two.add_argument("--seconds", type=float, default=1e9, help="begin nothing later, and end what runs")
    two.add_argument("--most-s", type=float, default=60.0, help="of tests a mutant, unmutated")
    two.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "mutants")
    two.set_defaults(run=test)
    three = commands.add_parser("show")
    three.add_argument("results", type=Path)
    three.set_defaults(run=show)
    given = parser.parse_args()
    given.run(given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
