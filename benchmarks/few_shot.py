"""Few-shot accuracy of any library with labels: every feature by every recogniser over saved draws.

    python benchmarks/few_shot.py LIBRARY --splits splits.csv --subsets few_shot.json \
        --features joints2d --heads nearest bigru --ks 1 2 4 8 16 --draws 10 --out results

The labels are those of the library, or of ``--labels`` (columns video, start_s, end_s, label).
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

from rich.console import Console

from vpd.library.layout import Layout
from vpd.recognition.evaluation import evaluate, prepare
from vpd.recognition.heads import HEADS
from vpd.report.evaluation_page import accuracy_table, more_labels, write_evaluation
from vpd.types import Segment


def read_plain_labels(path: Path) -> list[Segment]:
    """Labelled segments of a CSV file, the videos by file name or id, not checked against a library."""
    with path.open(encoding="utf-8-sig") as file:
        return [
            Segment(Path(row["video"]).stem, float(row["start_s"]), float(row["end_s"]), None, row["label"])
            for row in csv.DictReader(file)
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--splits", type=Path)
    parser.add_argument("--subsets", type=Path)
    parser.add_argument("--features", nargs="+")
    parser.add_argument("--heads", nargs="+", default=["nearest", "bigru"], choices=list(HEADS))
    parser.add_argument("--ks", nargs="+", type=int, default=[1, 2, 4, 8, 16])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--no-all", action="store_true", help="leave out the whole training part")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("few_shot"))
    given = parser.parse_args()
    layout = Layout(given.library)
    segments = read_plain_labels(given.labels or layout.labels)
    parts = prepare(segments, given.out, given.splits, given.subsets, given.ks, given.draws)
    start = time.perf_counter()
    found = evaluate(
        layout,
        parts,
        given.features or layout.feature_names(),
        given.heads,
        with_all=not given.no_all,
        jobs=given.jobs,
    )
    console = Console(width=140)
    console.print(accuracy_table(found))
    console.print(more_labels(found))
    console.print(f"{len(parts.train)} train, {len(parts.test)} test; {time.perf_counter() - start:.0f} s")
    for path in write_evaluation(found, given.out):
        console.print(f"wrote {path}")


if __name__ == "__main__":
    main()
