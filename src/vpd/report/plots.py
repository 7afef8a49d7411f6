"""Shared parts of all plots: a figure without a window, colours by label, escaped text of users."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text

from vpd.library.artefact import replacing


def new_figure(width: float, height: float) -> Figure:
    """A figure of a size in inches that is only written to files."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def colours(labels: Sequence[str]) -> dict[str, tuple[float, float, float]]:
    """A colour for each label, the same for the same set of labels."""
    distinct = sorted(set(labels))
    map_ = mpl.colormaps["tab10" if len(distinct) <= 10 else "tab20"]
    drawn = {}
    for i, label in enumerate(distinct):
        red, green, blue, _ = map_(i % map_.N)
        drawn[label] = (float(red), float(green), float(blue))
    return drawn


def name_entries(legend: Legend, names: Sequence[str]) -> None:
    """Name the entries of a legend. Labels that are indices of ``names`` are replaced; others stay.

    matplotlib leaves out a label that begins with an underscore, so names cannot be labels themselves.
    """
    for text in legend.get_texts():
        place = text.get_text()
        if place.isdigit():
            text.set_text(names[int(place)])


def save(figure: Figure, path: Path, dpi: int) -> None:
    """Write a figure as PNG, completely or not at all. ``$`` in its texts is a dollar sign, no formula."""
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    # Some texts, such as those of ticks, are made when the figure is drawn.
    with mpl.rc_context({"text.parse_math": False}), replacing(path) as part:
        figure.savefig(part, format="png", dpi=dpi, bbox_inches="tight")
