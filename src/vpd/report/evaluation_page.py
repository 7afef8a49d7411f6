"""Show a few-shot evaluation as a table, as CSV files and as plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from rich.box import SIMPLE_HEAD

from vpd.library.csv_file import write_rows
from vpd.metrics.summary import ClassFigures, Summary
from vpd.recognition.outcomes import ALL, MISSING
from vpd.report.plots import name_entries, new_figure, save
from vpd.report.terminal import PlainTable
from vpd.verbs.evaluate import k_name
from vpd.verbs.few_shot import Evaluation

DPI = 130
LINE_STYLES = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "^", "D")
APART = 0.3
"""Share of the space of one k that its rows take."""


def accuracy_cells(summary: Mapping[int, Summary], ks: Sequence[int], between: str) -> list[str]:
    """Mean top-1 accuracy in % and, after ``between``, its standard deviation over subsets, by k; "" where
    unknown.
    """
    cells = []
    for k in ks:
        s = summary.get(k)
        spread = f"{between}{100 * s.sd:.1f}" if s is not None and s.subsets > 1 else ""
        cells.append("" if s is None else f"{100 * s.mean:.1f}{spread}")
    return cells


def accuracy_table(evaluation: Evaluation) -> PlainTable:
    """Mean top-1 accuracy in % +- standard deviation over the subsets, features and recognisers by k."""
    ks = evaluation.ks()
    # Narrow enough that five k and all fit into the 80 columns of a terminal.
    table = PlainTable(
        title="Top-1 accuracy, % (mean±sd over subsets), by examples a class",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("features", no_wrap=True)
    table.add_column("recogniser", no_wrap=True)
    for k in ks:
        table.add_column(str(k_name(k)), justify="right", no_wrap=True)
    for features, recogniser in evaluation.rows():
        table.add_row(
            features, recogniser, *accuracy_cells(evaluation.summary(features, recogniser), ks, "±")
        )
    table.add_section()
    table.add_row("", "majority", *[f"{100 * evaluation.majority:.1f}"] * len(ks))
    table.add_row("", "chance", *[f"{100 * evaluation.chance:.1f}"] * len(ks))
    return table


def _summary_rows(evaluation: Evaluation) -> list[list[object]]:
    rows: list[list[object]] = []
    for features, recogniser in evaluation.rows():
        for k, s in evaluation.summary(features, recogniser).items():
            figures = (s.mean, s.sd, s.low, s.high, evaluation.chance, evaluation.majority)
            rows.append(
                [features, recogniser, str(k_name(k)), s.subsets, *(round(value, 4) for value in figures)]
            )
    return rows


def _class_rows(evaluation: Evaluation) -> list[list[object]]:
    rows: list[list[object]] = []
    for features, recogniser in evaluation.rows():
        for k in evaluation.of(features, recogniser):
            figures = evaluation.classes(features, recogniser, k)
            for i, name in enumerate(figures.classes):
                if name == MISSING:
                    continue
                values = (figures.recall[i], figures.precision[i], figures.f1[i])
                rows.append(
                    [features, recogniser, str(k_name(k)), name, *(round(float(v), 4) for v in values)]
                )
    return rows


def draw_curves(evaluation: Evaluation, path: Path) -> None:
    """Plot accuracy by examples a class with 95 % intervals, and chance and majority as lines."""
    figure = new_figure(7, 4.5)
    axes = figure.subplots()
    ks = evaluation.ks()
    places = {k: i for i, k in enumerate(ks)}
    names = list(evaluation.outcomes)
    colours = mpl.colormaps["tab10"]
    recognisers = list(dict.fromkeys(recogniser for _, recogniser in evaluation.rows()))
    rows = evaluation.rows()
    for number, (features, recogniser) in enumerate(rows):
        summary = evaluation.summary(features, recogniser)
        # Side by side, so that no row's bars hide another's.
        aside = APART * (number - (len(rows) - 1) / 2) / max(1, len(rows))
        x = [places[k] + aside for k in summary]
        means = np.array([100 * s.mean for s in summary.values()])
        # Chance of a single run is shown by no bar: its interval is of another kind.
        several = [s.subsets > 1 for s in summary.values()]
        bars = np.array([[100 * (s.mean - s.low), 100 * (s.high - s.mean)] for s in summary.values()]).T
        # Colours for what there is more of, lines and markers for the other.
        hue, kind = names.index(features), recognisers.index(recogniser)
        if len(recognisers) > len(names):
            hue, kind = kind, hue
        style = {"ls": LINE_STYLES[kind % len(LINE_STYLES)], "marker": MARKERS[kind % len(MARKERS)]}
        look: dict[str, Any] = {**style, "ms": 4, "color": colours(hue % 10)}
        axes.errorbar(x, means, yerr=bars * several, capsize=2, elinewidth=0.8, label=str(number), **look)
    for value, text in ((evaluation.majority, "majority"), (evaluation.chance, "chance")):
        axes.axhline(100 * value, color="grey", lw=0.8, ls="--" if text == "chance" else ":", label=text)
    axes.set_xticks(range(len(ks)), [str(k_name(k)) for k in ks])
    axes.set_xlabel("labelled examples a class")
    axes.set_ylabel("top-1 accuracy, %")
    axes.set_ylim(0, 100)
    axes.grid(alpha=0.3)
    legend = axes.legend(
        fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, handlelength=4
    )
    name_entries(legend, [row[1] if len(names) == 1 else ", ".join(row) for row in rows])
    save(figure, path, DPI)


def draw_confusion(figures: ClassFigures, title: str, path: Path) -> None:
    """The confusion matrix in % of each true class."""
    count = len(figures.classes)
    side = max(4.0, 0.6 * count + 2)
    figure = new_figure(side, side)
    axes = figure.subplots()
    share = 100 * figures.confusion / np.maximum(figures.confusion.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=100)
    for i in range(count):
        for j in range(count):
            if share[i, j] >= 0.5:
                axes.text(
                    j,
                    i,
                    f"{share[i, j]:.0f}",
                    ha="center",
                    va="center",
                    color="w" if share[i, j] > 55 else "k",
                )
    names = [str(name) or "(no features)" for name in figures.classes]
    axes.set_xticks(range(count), names, rotation=45, ha="right")
    axes.set_yticks(range(count), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(title, fontsize=10)
    save(figure, path, DPI)


def write_evaluation(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write accuracy.csv, subsets.csv, classes.csv, accuracy.png and confusion.png. Returns their paths.

    The confusion matrix is that of the best row at the largest k, over all its subsets.
    """
    paths = {name: folder / name for name in ("accuracy.csv", "subsets.csv", "classes.csv")}
    pictures = [folder / "accuracy.png", folder / "confusion.png"]
    header = ["features", "recogniser", "k", "subsets", "mean", "sd", "low95", "high95", "chance", "majority"]
    write_rows(paths["accuracy.csv"], header, _summary_rows(evaluation))
    each: list[list[object]] = [
        [features, o.recogniser, str(k_name(o.k)), o.subset, round(o.accuracy, 4)]
        for features, outcomes in evaluation.outcomes.items()
        for o in outcomes
    ]
    write_rows(paths["subsets.csv"], ["features", "recogniser", "k", "subset", "accuracy"], each)
    header = ["features", "recogniser", "k", "class", "recall", "precision", "f1"]
    write_rows(paths["classes.csv"], header, _class_rows(evaluation))
    draw_curves(evaluation, pictures[0])
    k = max(k for k in evaluation.ks() if k != ALL)
    row = evaluation.best(k)
    draw_confusion(
        evaluation.classes(*row, k), f"{row[0]}, {row[1]}, {k} examples a class, % of rows", pictures[1]
    )
    return [*paths.values(), *pictures]
