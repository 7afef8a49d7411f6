"""Few-shot accuracy of any library with labels: every feature by every recogniser over saved subsets.

    python benchmarks/few_shot.py LIBRARY --splits splits.csv --subset-file few_shot.json \
        --out FOLDER [--features joints2d vipe] [--recognisers nns bigru] [--ks 1 2 4 8 16] [--subsets 10]
    python benchmarks/few_shot.py LIBRARY ... --systems stgcn tsn-crop
        the laptop presets of docs/baselines.md; every line has the processor seconds to fit and to test

Every outcome is a line of ``FOLDER/outcomes.jsonl`` as soon as it is there: stopped and started again, the
command goes on where it was, and features that have changed are computed anew. The table is printed as
Markdown and written to ``FOLDER/table.md``, beside the CSV files and pictures of `vpd evaluate`.
``bigru`` with its 500 epochs runs at ``--paper-ks`` alone. The labels are those of the library, or of
``--labels`` (columns video, start_s, end_s, label).
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from pathlib import Path

from vpd.baselines.options import BaselineOptions
from vpd.baselines.table import BASELINES
from vpd.library.artefact import write_text
from vpd.library.layout import Layout
from vpd.recognition.outcomes import ALL, KeptOutcomes, Outcome
from vpd.recognition.recognisers import RECOGNISERS
from vpd.report.evaluation_page import accuracy_cells, write_evaluation
from vpd.types import Segment
from vpd.verbs.baselines import measure_baselines
from vpd.verbs.evaluate import advice
from vpd.verbs.few_shot import Evaluation, Parts, measure, prepare

PAPER = "bigru"


def read_plain_labels(path: Path) -> list[Segment]:
    """Labelled segments of a CSV file, the videos by file name or id, not checked against a library."""
    with path.open(encoding="utf-8-sig") as file:
        return [
            Segment(Path(row["video"]).stem, float(row["start_s"]), float(row["end_s"]), None, row["label"])
            for row in csv.DictReader(file)
        ]


def markdown(found: Evaluation) -> str:
    """Mean and standard deviation in % by k, a row for every feature and recogniser."""
    ks = [*found.parts.subsets, ALL]
    heading = ["features", "recogniser", *("all" if k == ALL else str(k) for k in ks)]
    rows = [heading, ["---"] * len(heading)]
    for features, recogniser in found.rows():
        rows.append(
            [features, f"`{recogniser}`", *accuracy_cells(found.summary(features, recogniser), ks, " ± ")]
        )
    for name, value in (("majority", found.majority), ("chance", found.chance)):
        rows.append(["", name, *[f"{100 * value:.1f}"] * len(ks)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def teller(path: Path) -> Callable[[str, Outcome, float], None]:
    """A progress that prints each outcome, and adds its processor seconds to the CSV file at ``path``.

    They are of this process alone: true with one job.
    """
    start, last = time.perf_counter(), [time.process_time()]

    def tell(features: str, o: Outcome, fraction: float) -> None:
        now = time.process_time()
        spent, last[0] = now - last[0], now
        k = "all" if o.k == ALL else o.k
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{features},{o.recogniser},{k},{o.subset},{spent:.1f}\n")
        print(
            f"{time.perf_counter() - start:6.0f} s  {features}, {o.recogniser}, k = {k}, subset {o.subset}: "
            f"{100 * o.accuracy:.1f} %, {spent:.1f} processor s",
            flush=True,
        )

    return tell


def arguments() -> argparse.Namespace:
    """The command line's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--splits", type=Path)
    parser.add_argument("--subset-file", type=Path)
    parser.add_argument("--features", nargs="+", help="by default all that the library has")
    parser.add_argument("--recognisers", nargs="*", choices=list(RECOGNISERS), help="by default all")
    parser.add_argument("--systems", nargs="+", default=[], choices=list(BASELINES))
    parser.add_argument("--ks", nargs="+", type=int, default=[1, 2, 4, 8, 16])
    parser.add_argument("--paper-ks", nargs="+", type=int, default=[4, 16], help=f"those of {PAPER}")
    parser.add_argument("--subsets", type=int, default=10)
    parser.add_argument("--no-all", action="store_true", help="leave out the whole training part")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("few_shot"))
    given = parser.parse_args()
    if given.recognisers is None:
        given.recognisers = [] if given.systems else list(RECOGNISERS)
    return given


def measured(given: argparse.Namespace, layout: Layout, parts: Parts) -> Evaluation:
    """The recognisers over features, and the systems over what they see."""
    tell, kept = teller(given.out / "seconds.csv"), KeptOutcomes(given.out / "outcomes.jsonl")
    found = Evaluation(parts, {}, {})
    if given.recognisers:
        found = measure(
            layout,
            parts,
            given.features or layout.feature_names(),
            given.recognisers,
            with_all=not given.no_all,
            jobs=given.jobs,
            progress=tell,
            kept=kept,
            ks={PAPER: given.paper_ks},
        )
    if given.systems:
        theirs = measure_baselines(
            layout, parts, given.systems, BaselineOptions(), not given.no_all, given.jobs, tell, kept
        )
        found = Evaluation(parts, found.outcomes | theirs.outcomes, found.missing | theirs.missing)
    return found


def main() -> None:
    given, start = arguments(), time.perf_counter()
    layout = Layout(given.library)
    segments = read_plain_labels(given.labels or layout.labels)
    parts = prepare(segments, given.out, given.splits, given.subset_file, given.ks, given.subsets)
    found = measured(given, layout, parts)
    print(f"\n{len(parts.train)} train, {len(parts.test)} test; {time.perf_counter() - start:.0f} s\n")
    table = markdown(found)
    print(table)
    print(advice(found))
    write_text(table, given.out / "table.md")
    write_evaluation(found, given.out)


if __name__ == "__main__":
    main()
