"""Figure 3: accuracy by the number of labels, one panel for each data set."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from vpd.library.artefact import replacing, write_text
from vpd.paper.columns import Column
from vpd.paper.options import Options
from vpd.paper.published import TABLE_1
from vpd.paper.recognition import BIGRU, baseline_notes, bigru_notes, learning_notes, measure
from vpd.paper.students import shortened
from vpd.paper.systems import OURS, System
from vpd.recognition.outcomes import Outcome

NNS = "nns"
COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
    "#7F7F7F",
    "#8C564B",
    "#17BECF",
)


@dataclass(frozen=True, eq=False)
class Curve:
    """One system in one panel: outcomes by recogniser and k, or the reason why there are none."""

    system: System
    outcomes: dict[str, dict[int, list[Outcome]]]
    reason: str = ""
    notes: tuple[str, ...] = ()
    """Sentences on actions without the system's features."""

    def points(self) -> list[tuple[int, float, float, bool]]:
        """(k, mean accuracy in %, its standard deviation, whether NNS and not the BiGRU gave it)."""
        ks = sorted({k for by_k in self.outcomes.values() for k in by_k})
        return [(k, *self._best(k)) for k in ks]

    def _best(self, k: int) -> tuple[float, float, bool]:
        means = {
            name: np.array([o.accuracy for o in by_k[k]]) for name, by_k in self.outcomes.items() if k in by_k
        }
        name = max(means, key=lambda n: means[n].mean())
        values = 100 * means[name]
        return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0, name == NNS


@dataclass(frozen=True, eq=False)
class Panel:
    """One library: its curves, and the best figure of Table 1 where the paper has one."""

    column: Column
    curves: list[Curve]

    @property
    def best_published(self) -> float | None:
        """The largest figure of Table 1 for the data set."""
        values = [numbers[self.column.data][0] for numbers in TABLE_1.values() if self.column.data in numbers]
        return max(values, default=None)


def draw_curves(columns: Sequence[Column], systems: Sequence[System], options: Options) -> list[Panel]:
    """Measure every system on every library. The paper's features use both the BiGRU and NNS."""
    return [Panel(column, [_curve(column, system, options) for system in systems]) for column in columns]


def _curve(column: Column, system: System, options: Options) -> Curve:
    ks = sorted(column.parts.subsets)
    both = system.kind == "features" and system.group != OURS
    recognisers = (BIGRU, NNS) if both else (system.recogniser,)
    outcomes: dict[str, dict[int, list[Outcome]]] = {}
    notes: dict[str, None] = {}
    for recogniser in recognisers:
        asked = replace(system, recogniser=recogniser)
        cost = sum(len(one) for k in ks for one in column.parts.subsets[k])
        options.listener.begin(f"{column.title}, {system.title}, {recogniser}", 1, float(cost))
        found = measure(column, asked, ks, options, lambda outcome: _tell(column, outcome, options))
        options.listener.ended(column.title, "")
        if isinstance(found, str):
            return Curve(system, {}, found)
        outcomes[recogniser] = found.outcomes
        notes |= dict.fromkeys(f"{column.title}, {system.title}: {note}" for note in found.notes)
    return Curve(system, outcomes, notes=tuple(notes))


def _tell(column: Column, outcome: Outcome, options: Options) -> None:
    options.listener.advance(float(len(column.parts.subsets[outcome.k][outcome.subset])))


def to_csv(panels: Sequence[Panel]) -> str:
    """``data,system,recogniser,k,subset,accuracy,n_train`` of every outcome, with accuracy in per cent, the
    reason of a missing curve, and how much of the data set the library holds.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["data", "system", "recogniser", "k", "subset", "accuracy", "n_train", "reason", "coverage"]
    )
    for panel in panels:
        name = panel.column.data or panel.column.title
        coverage = panel.column.coverage
        for curve in panel.curves:
            if curve.reason:
                writer.writerow([name, curve.system.name, "", "", "", "", "", curve.reason, coverage])
            for recogniser, by_k in curve.outcomes.items():
                for k, outcomes in sorted(by_k.items()):
                    for o in outcomes:
                        size = len(panel.column.parts.subsets[k][o.subset])
                        row = [
                            name,
                            curve.system.name,
                            recogniser,
                            k,
                            o.subset,
                            f"{100 * o.accuracy:.4f}",
                            size,
                        ]
                        writer.writerow([*row, "", coverage])
    return out.getvalue()


def _draw(axes: Axes, panel: Panel) -> None:
    train = len(panel.column.parts.train)
    for colour, curve in zip(COLOURS, panel.curves, strict=False):
        points = curve.points()
        if not points:
            continue
        ks, means, spreads, by_nns = map(list, zip(*points, strict=True))
        axes.errorbar(
            ks, means, spreads, color=colour, marker="o", ms=4, capsize=2, lw=1.5, label=curve.system.title
        )
        stars = [(k, mean) for k, mean, star in zip(ks, means, by_nns, strict=True) if star]
        if stars:
            axes.plot(*zip(*stars, strict=True), ls="", marker="*", ms=11, color=colour)
    best = panel.best_published
    if best is not None:
        axes.axhline(best, ls="--", color="#555555", lw=1)
    subsets = panel.column.parts.subsets
    axes.set_xscale("log", base=2)
    axes.set_xticks(
        sorted(subsets), [f"{k}\n{100 * len(subsets[k][0]) / train:.1f} %" for k in sorted(subsets)]
    )
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_title(panel.column.title, parse_math=False)
    axes.set_xlabel("examples a class, and share of the training set")
    axes.grid(alpha=0.3)


def write_figure(panels: Sequence[Panel], folder: Path, options: Options) -> list[Path]:
    """Write figure3.csv, .svg, .png and a page with the notes. Returns the paths."""
    name = "figure3" + ("-as-published" if options.as_published else "")
    paths = [folder / f"{name}.{suffix}" for suffix in ("csv", "svg", "png", "html")]
    write_text(to_csv(panels), paths[0])
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "vpd"}):
        figure = Figure(figsize=(4.6 * len(panels), 4.2), layout="constrained")
        drawn = [figure.add_subplot(1, len(panels), at + 1) for at in range(len(panels))]
        for axes, panel in zip(drawn, panels, strict=True):
            _draw(axes, panel)
        drawn[0].set_ylabel("top-1 accuracy, %")
        handles, labels = drawn[0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
        for path, metadata in ((paths[1], {"Date": None}), (paths[2], None)):
            with replacing(path) as part:
                figure.savefig(part, format=path.suffix[1:], dpi=150, metadata=metadata)
    write_text(_page(panels, paths[1].read_text(encoding="utf-8"), options), paths[3])
    return paths


def notes(panels: Sequence[Panel], options: Options) -> list[str]:
    """Protocol, coverage, and the reasons for missing curves."""
    columns, systems = [p.column for p in panels], [c.system for p in panels for c in p.curves]
    found = [note for c in columns for note in learning_notes(c, options)]
    found += [note for p in panels for c in p.curves for note in c.notes]
    found += [*bigru_notes(systems, options), *shortened(columns, systems)]
    found.append("A star: nearest neighbour search (NNS) was better than the BiGRU. Dashed: best of Table 1.")
    found += baseline_notes(systems, options)
    missing = {(c.system.title, c.reason) for p in panels for c in p.curves if c.reason}
    return [*found, *(f"Not measured, {title}: {reason}" for title, reason in sorted(missing))]


def _page(panels: Sequence[Panel], svg: str, options: Options) -> str:
    from html import escape

    from vpd.paper.writers import STYLE

    items = "".join(f"<li>{escape(note)}</li>" for note in notes(panels, options))
    drawing = svg[svg.index("<svg") :]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Figure 3</title><style>{STYLE}</style>'
        f"<h1>Figure 3: accuracy by the number of labels</h1>{drawing}"
        f"<ul>{items}</ul></html>\n"
    )
