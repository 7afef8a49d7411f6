"""The tables of docs/baselines.md from outcomes that few_shot.py kept: accuracy and cost, errors by class.

    python benchmarks/baseline_tables.py LIBRARY --splits splits.csv --subset-file few_shot.json \
        --outcomes FOLDER [FOLDER ...] [--rows vipe-window,together ...] [--commit abc1234]

Each FOLDER is an ``--out`` of few_shot.py; of an outcome in two of them, the later folder's is taken. All
systems of the folders are rows, and pairs of features and recogniser by ``--rows``: their first draw from the
folders, their ten draws from docs/results/recognition_tennis.json. The files baselines_tennis.json and
baselines_errors.json in docs/results are written anew; tools/measurements.py puts them into the page.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.few_shot import read_plain_labels

from vpd.baselines.table import BASELINES
from vpd.library.json_lines import read_lines
from vpd.library.layout import Layout
from vpd.metrics.summary import ClassFigures, class_figures
from vpd.paper.published import TABLE_1
from vpd.recognition.outcomes import ALL, Outcome
from vpd.verbs.few_shot import Evaluation, Parts, prepare

RESULTS = Path(__file__).parents[1] / "docs" / "results"
KS = (4, 16, ALL)
PAIRS = 3
"""Number of confusions that a row of the table of errors names."""
SUBSETS = 10
"""Number of subsets in the file of the tennis clips."""
SHOWN = {"nns": "nearest neighbour"}
"""Names of recognisers in the table of recognition."""
MACHINE = "accuracy does not depend on the machine; processor seconds of one core of an EPYC with AVX-512"
NOTE = (
    "Networks: laptop presets from random weights, which are not the papers' systems; mean and standard "
    "deviation over the first of the others' ten draws, as many as stand in brackets; with all labels one "
    "fit. CPU s: fit and test with all labels. An empty cell was not measured."
)
Row = tuple[str, str]
"""Features or input, recogniser or system."""


def read_outcomes(folders: Iterable[Path], parts: Parts) -> Evaluation:
    """The kept outcomes of all folders. Raises SystemExit for an outcome of another test part."""
    found: dict[tuple[str, str, int, int], Outcome] = {}
    for folder in folders:
        for row in read_lines(folder / "outcomes.jsonl"):
            if len(row["predicted"]) != len(parts.test):
                raise SystemExit(f"{folder} holds outcomes of {len(row['predicted'])} tests.")
            key = (row["features"], row["recogniser"], row["k"], row["subset"])
            found[key] = Outcome(*key[1:], np.array(row["predicted"], str), row["accuracy"])
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    for key in sorted(found):
        outcomes[key[0]].append(found[key])
    return Evaluation(parts, dict(outcomes), {})


def read_seconds(folders: Iterable[Path]) -> dict[Row, float]:
    """Processor seconds of fit and test with all labels, the least of several runs."""
    found: dict[Row, float] = {}
    for folder in folders:
        path = folder / "seconds.csv"
        for features, recogniser, k, _, seconds in csv.reader(path.open()) if path.exists() else ():
            if k == "all":
                row = features, recogniser
                found[row] = min(float(seconds), found.get(row, float("inf")))
    return found


def read_ten_draws() -> dict[str, list[str]]:
    """Cells at k = 4, 16 and all of the published table of recognition, by the name of the row."""
    table = json.loads((RESULTS / "recognition_tennis.json").read_text(encoding="utf-8"))
    places = [table["columns"].index(name) for name in ("k = 4", "k = 16", "all")]
    return {row[0]: [row[place] for place in places] for row in table["rows"]}


def read_costs() -> dict[str, tuple[str, str]]:
    """Parameters, and clips a processor second at test, of each system in the table of costs."""
    table = json.loads((RESULTS / "baselines_cost.json").read_text(encoding="utf-8"))
    places = [table["columns"].index(name) for name in ("parameters", "clips a CPU s at test")]
    return {row[0].split("`")[1]: (row[places[0]], row[places[1]]) for row in table["rows"]}


def cell(accuracies: Sequence[float]) -> str:
    """Mean and standard deviation in %, and the number of draws where there are several."""
    if not accuracies:
        return ""
    mean = f"{100 * np.mean(accuracies):.1f}"
    count = len(accuracies)
    return f"{mean} ± {100 * np.std(accuracies, ddof=1):.1f} ({count})" if count > 1 else mean


def name_of(row: Row) -> str:
    """The name of a pair of features and recogniser, as in the table of recognition."""
    return f"{row[0]}, {SHOWN.get(row[1], row[1])}"


def accuracies(found: Evaluation, row: Row, k: int, most: int) -> list[float]:
    """Of the first ``most`` subsets."""
    return [o.accuracy for o in found.of(*row).get(k, []) if o.subset < most]


def systems_of(found: Evaluation) -> list[Row]:
    """The rows that are systems, in the order of the table of baselines."""
    order = list(BASELINES)
    return sorted((row for row in found.rows() if row[1] in order), key=lambda row: order.index(row[1]))


def accuracy_rows(found: Evaluation, features: Sequence[Row], folders: Sequence[Path]) -> list[list[str]]:
    """A row for each system, two for each pair of features and recogniser: the first draw, and ten."""
    seconds, costs, ten, rows = read_seconds(folders), read_costs(), read_ten_draws(), []

    def spent(row: Row) -> str:
        return f"{seconds[row]:.0f}" if row in seconds else ""

    for row in systems_of(found):
        paper = TABLE_1.get(row[1], {}).get("tennis", ("",))[0]
        cells = [cell(accuracies(found, row, k, SUBSETS)) for k in KS]
        rows.append([f"`{row[1]}`", *cells, spent(row), *costs.get(row[1], ("", "")), str(paper)])
    for row in features:
        name = name_of(row)
        first = [cell(accuracies(found, row, k, 1)) for k in KS]
        rows.append([f"{name}, first draw", *first, spent(row), "", "", ""])
        rows.append([f"{name}, ten draws", *ten[name], "", "", "", ""])
    return rows


def kind_of(row: Row) -> str:
    """The kind of a system, by what it sees; a pair of features and recogniser is its own kind."""
    if row[1] not in BASELINES:
        return name_of(row)
    if row[0] == "poses":
        return "networks over skeletons"
    return "networks over flow" if "-flow" in row[1] else "networks over pictures"


def errors_by_kind(found: Evaluation, rows: Iterable[Row]) -> dict[str, tuple[int, ClassFigures]]:
    """Number of systems and confusions of each kind, with all labels, over its systems and their seeds."""
    wanted = found.parts.labels[found.parts.test]
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    for row in rows:
        outcomes[kind_of(row)] += found.of(*row).get(ALL, [])
    return {
        kind: (
            len({o.recogniser for o in mine}),
            class_figures(np.tile(wanted, len(mine)), np.concatenate([o.predicted for o in mine])),
        )
        for kind, mine in outcomes.items()
        if mine
    }


def confusions(figures: ClassFigures) -> list[str]:
    """The most frequent confusions, as "forehand as serve 31": % of the true class."""
    shares = 100 * figures.confusion / np.maximum(figures.confusion.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    order = np.argsort(-shares, axis=None, kind="stable")[:PAIRS]
    places = [np.unravel_index(i, shares.shape) for i in order]
    return [
        f"{figures.classes[i]} as {figures.classes[j]} {shares[i, j]:.0f}" for i, j in places if shares[i, j]
    ]


def error_rows(found: Evaluation, features: Iterable[Row]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: recall of each class in %, and what is confused most."""
    classes = [str(name) for name in np.unique(found.parts.labels)]
    rows = []
    for kind, (count, figures) in errors_by_kind(found, [*systems_of(found), *features]).items():
        recall = dict(zip(figures.classes.tolist(), figures.recall.tolist(), strict=True))
        name = f"{kind} ({count})" if kind.startswith("networks") else kind
        cells = [f"{100 * recall[label]:.0f}" for label in classes]
        rows.append([name, *cells, ", ".join(confusions(figures))])
    return ["with all labels", *classes, "most confused, % of the first"], rows


def write_result(name: str, about: dict[str, str], columns: list[str], rows: list[list[str]]) -> None:
    """Write docs/results/NAME.json, a row a line, and print the table."""
    head: dict[str, Any] = {**about, "columns": columns}
    lines = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows)
    text = json.dumps(head, indent=1, ensure_ascii=False)[:-2] + f',\n "rows": [\n{lines}\n ]\n}}\n'
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    for row in [columns, *rows]:
        print("| " + " | ".join(row) + " |")


def main() -> None:
    """Write both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("--splits", type=Path, required=True)
    parser.add_argument("--subset-file", type=Path, required=True)
    parser.add_argument("--outcomes", type=Path, nargs="+", required=True)
    parser.add_argument("--rows", nargs="*", default=[], help="FEATURES,RECOGNISER")
    parser.add_argument("--commit", required=True, help="from which the outcomes are")
    given = parser.parse_args()
    segments = read_plain_labels(Layout(given.library).labels)
    parts = prepare(
        segments, given.outcomes[0], given.splits, given.subset_file, [k for k in KS if k], SUBSETS
    )
    found = read_outcomes(given.outcomes, parts)
    features: list[Row] = [(a, b) for a, b in (row.split(",") for row in given.rows)]
    about = {
        "title": f"Tennis clips, {len(parts.train)} to train, {len(parts.test)} to test: top-1 accuracy in %",
        "command": "python benchmarks/few_shot.py LIBRARY --splits splits.csv --subset-file few_shot.json "
        "--ks 4 16 --subsets 10 --systems NAME ...; python benchmarks/baseline_tables.py LIBRARY ...",
        "machine": MACHINE,
        "commit": given.commit,
        "note": NOTE,
    }
    costs = ["CPU s, all", "parameters", "clips a CPU s", "Tennis7 in the paper, all"]
    rows = accuracy_rows(found, features, given.outcomes)
    write_result("baselines_tennis", about, ["system", "k = 4", "k = 16", "all", *costs], rows)
    about["title"] = "Tennis clips: recall of each class in %, and what is confused, by kind of system"
    about["note"] = "In brackets the systems of a kind that were measured with all labels."
    write_result("baselines_errors", about, *error_rows(found, features))


if __name__ == "__main__":
    main()
