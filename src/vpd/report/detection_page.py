"""Timelines of detections: a plot a video, and a page that shows all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vpd.detection.frame_scores import FrameScores
from vpd.library.artefact import replacing, write_text
from vpd.types import Detection, Segment

ROW_S = 30.0
"""Seconds in one row of a plot: an action of a second is then wide enough to hold its name."""
POSTER_S = 1.0
"""The picture of a clip that is shown before it plays: in the action, which begins after the padding."""
MAX_ROWS = 40
"""Rows of a plot at most; longer videos get longer rows."""


def colours(labels: Sequence[str]) -> dict[str, tuple[float, float, float]]:
    """A colour for each label, the same for the same set of labels."""
    distinct = sorted(set(labels))
    map_ = mpl.colormaps["tab10" if len(distinct) <= 10 else "tab20"]
    drawn = {}
    for i, label in enumerate(distinct):
        red, green, blue, _ = map_(i % map_.N)
        drawn[label] = (float(red), float(green), float(blue))
    return drawn


def timeline_figure(
    video: str,
    detections: Sequence[Detection],
    scores: Sequence[FrameScores] = (),
    labels: Sequence[Segment] = (),
    end_s: float = 0.0,
    classes: Sequence[str] = (),
) -> Figure:
    """The timeline of one video: the score of every tick, what was found, and what was labelled, if anything.

    Detections are bars below the score, the surer the darker, with their label; labelled segments are bars
    with an outline below them. A label has one colour in all videos where all ``classes`` are given.
    """
    own = [d for d in detections if d.video == video]
    given = [s for s in labels if s.video == video]
    curves = [s for s in scores if s.video == video and len(s.times_s)]
    end_s = max([end_s, 1.0, *(s.end_s for s in [*own, *given]), *(c.times_s[-1] for c in curves)])
    row_s = max(ROW_S, end_s / MAX_ROWS)
    rows = int(np.ceil(end_s / row_s))
    shown = {s.label or "" for s in [*own, *given]}
    colour = {name: c for name, c in colours([*classes, *shown]).items() if name in shown}
    figure = Figure(figsize=(14, 0.8 + 1.25 * rows), layout="constrained")
    FigureCanvasAgg(figure)
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
        axis.grid(axis="x", alpha=0.3)
        axis.tick_params(labelsize=7)
    axes[0].set_title(
        f"{video}: {len(own)} found" + (f" (filled), {len(given)} labelled (outlined)" if given else ""),
        fontsize=9,
    )
    axes[-1].set_xlabel("seconds", fontsize=8)
    if colour:
        handles = [mpl.patches.Patch(color=c, label=name or "action") for name, c in colour.items()]
        figure.legend(handles=handles, ncols=min(8, len(handles)), fontsize=7, loc="outside lower center")
    return figure


def write_timeline(path: Path, video: str, detections: Sequence[Detection], **shown: Any) -> None:
    """Write ``timeline_figure`` as PNG, whole or not at all."""
    figure = timeline_figure(video, detections, **shown)
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=110)


def write_page(
    path: Path,
    table: Sequence[Mapping[str, Any]],
    timelines: Mapping[str, str],
    clips: Mapping[int, str],
    title: str,
) -> None:
    """Write an HTML page: the timelines, and every row of detections with its clip where there is one.

    ``timelines`` are picture files by video, ``clips`` video files by row, both as seen from the page.
    """
    pictures = "\n".join(
        f'<h2>{escape(video)}</h2><img src="{escape(file)}" alt="timeline of {escape(video)}">'
        for video, file in timelines.items()
    )
    body = "\n".join(
        f"<tr><td>{i + 1}</td><td>{escape(str(r['video']))}</td>"
        f"<td>{r['start_s']:.2f} to {r['end_s']:.2f}</td>"
        f"<td>{r['start_frame']} to {r['end_frame'] - 1}</td><td>{escape(str(r['label'] or ''))}</td>"
        f"<td>{r['score']:.2f}</td><td>"
        + (
            f'<video src="{escape(clips[i])}#t={POSTER_S}" controls muted loop preload="metadata"></video>'
            if i in clips
            else ""
        )
        + "</td></tr>"
        for i, r in enumerate(table)
    )
    write_text(
        f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>
<style>body{{font:15px system-ui;margin:2em;max-width:80em}}img{{max-width:100%}}video{{width:16em}}
td,th{{padding:.2em .8em;text-align:left;border-bottom:1px solid #ddd}}</style>
<h1>{escape(title)}</h1>
{pictures}
<table><tr><th></th><th>video</th><th>seconds</th><th>frames</th><th>action</th><th>score</th><th></th></tr>
{body}
</table></html>
""",
        path,
    )
