"""Detections as rows: spans in seconds and in frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vpd.types import Array, Detection
from vpd.verbs.rows import SCORE_DECIMALS, Row, segment_row

COLUMNS = ("video", "athlete", "start_s", "end_s", "start_frame", "end_frame", "label", "score")


def frame_span(times_s: Array, detection: Detection) -> tuple[int, int]:
    """First frame of a detection and one past its last, by the times (T,) of the video's frames in
    seconds.
    """
    first, stop = np.searchsorted(times_s, np.array([detection.start_s, detection.end_s]) - 1e-6)
    first = min(int(first), max(len(times_s) - 1, 0))
    return first, max(int(stop), first + 1)


def detection_rows(detections: Sequence[Detection], times_s: Mapping[str, Array]) -> list[Row]:
    """One row a detection, by ``COLUMNS``. ``times_s`` are frame times by video."""
    table = []
    for detection in detections:
        first, stop = frame_span(times_s[detection.video], detection)
        row = segment_row(detection)
        row |= {"start_frame": first, "end_frame": stop, "score": round(detection.score, SCORE_DECIMALS)}
        table.append({column: row[column] for column in COLUMNS})
    return table
