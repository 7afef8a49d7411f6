"""The page of a detection: timelines, and every detection, with its clip where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from vpd.report.html import clip, join, picture, table, write_page
from vpd.verbs.detect import DetectResult

POSTER_S = 1.0
"""Time in a clip of the picture that is shown before it plays. The action begins after the padding."""
LEGEND = "Each curve is the score of an action at that moment; the bars are the actions that were found."
HEADER = ("", "video", "seconds", "frames", "action", "score", "")


def write_detection_page(
    path: Path, result: DetectResult, timelines: Mapping[str, str], clips: Mapping[int, str]
) -> Path:
    """Write the page. Returns its path.

    ``timelines`` are picture files by video, ``clips`` video files by row. Both are relative to the page.
    """
    pictures = join(
        Markup("<h2>{}</h2>{}\n").format(video, picture(file, f"timeline of {video}"))
        for video, file in timelines.items()
    )
    rows = [
        (
            str(i + 1),
            row["video"],
            f"{row['start_s']:.2f} to {row['end_s']:.2f}",
            f"{row['start_frame']} to {row['end_frame'] - 1}",
            row["label"] or "",
            f"{row['score']:.2f}",
            clip(clips[i], POSTER_S) if i in clips else "",
        )
        for i, row in enumerate(result.rows())
    ]
    told = join(
        Markup("<p>{}</p>\n").format(text)
        for text in (result.sentence, f"Features: {result.features.name}.", *map(str, result.notes), LEGEND)
    )
    body = Markup("<h1>Detections</h1>\n{}{}\n{}").format(told, pictures, table(HEADER, rows))
    return write_page(path, "Detections", body)
