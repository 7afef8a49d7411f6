"""Plot the timeline of one video: scores, detections and labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from vpd.detection.frame_scores import FrameScores
from vpd.report.plots import colours, name_entries, new_figure, save
from vpd.types import Detection, Segment

ROW_S = 30.0
"""Seconds in one row of a plot, of longer videos. An action of one second is wide enough for its name."""
MAX_ROWS = 40
"""Largest number of rows of a plot. Longer videos get longer rows."""
DPI = 110
NAMELESS = "action"
"""The name of a segment without a label."""


def timeline_figure(
    video: str,
    detections: Sequence[Detection],
    scores: Sequence[FrameScores] = (),
    labels: Sequence[Segment] = (),
    end_s: float = 0.0,
    classes: Sequence[str] = (),
) -> Figure:
    """The timeline of one video: the score of every tick, the detections, and the labels, if there are any.

    Detections are bars below the score with their label; higher scores are darker. Labelled segments are
    outlined bars below them. A label has the same colour in all videos where all ``classes`` are given.
    """
    own = [d for d in detections if d.video == video]
    given = [s for s in labels if s.video == video]
    curves = [s for s in scores if s.video == video and len(s.times_s)]
    end_s = max([end_s, 1.0, *(s.end_s for s in [*own, *given]), *(c.times_s[-1] for c in curves)])
    row_s = min(end_s, max(ROW_S, end_s / MAX_ROWS))
    rows = int(np.ceil(end_s / row_s))
    shown = {s.label or "" for s in [*own, *given]}
    colour = {name: c for name, c in colours([*classes, *shown]).items() if name in shown}
    figure = new_figure(14, 0.8 + 1.25 * rows)
    figure.set_layout_engine("constrained")
    axes = figure.subplots(rows, 1, squeeze=False)[:, 0]
    for row, axis in enumerate(axes):
        start = row * row_s
        for curve in curves:
            axis.plot(curve.times_s, curve.action, color="0.45", lw=0.8)
        for d in own:
            shade = colour[d.label or ""]
            axis.barh(-0.25, d.duration_s, 0.34, d.start_s, color=shade, alpha=0.25 + 0.75 * d.score, lw=0)
            if start <= d.start_s < start + row_s:
                axis.text(d.start_s, -0.25, d.label, fontsize=6, va="center", clip_on=True)
        for s in given:
            axis.barh(-0.68, s.duration_s, 0.3, s.start_s, color="none", edgecolor=colour[s.label or ""])
        axis.set(xlim=(start, start + row_s), ylim=(-0.95 if given else -0.5, 1.05), yticks=(0, 1))
        axis.set_ylabel("score", fontsize=7)
        axis.grid(axis="x", alpha=0.3)
        axis.tick_params(labelsize=7)
    axes[0].set_title(
        f"{video}: {len(own)} found" + (f" (filled), {len(given)} labelled (outlined)" if given else ""),
        fontsize=9,
    )
    axes[-1].set_xlabel("seconds", fontsize=8)
    if colour:
        handles = [mpl.patches.Patch(color=c, label=str(i)) for i, c in enumerate(colour.values())]
        columns = min(8, len(handles))
        legend = figure.legend(handles=handles, ncols=columns, fontsize=7, loc="outside lower center")
        name_entries(legend, [name or NAMELESS for name in colour])
    return figure


def write_timeline(path: Path, video: str, detections: Sequence[Detection], **shown: Any) -> None:
    """Write ``timeline_figure`` as PNG, completely or not at all."""
    save(timeline_figure(video, detections, **shown), path, DPI)
