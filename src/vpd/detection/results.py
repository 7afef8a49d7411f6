"""Detections as people and programs read them: seconds and frames, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vpd.library.artefact import write_text
from vpd.types import Array, Detection

COLUMNS = ("video", "athlete", "start_s", "end_s", "start_frame", "end_frame", "label", "score")


def frame_span(times_s: Array, detection: Detection) -> tuple[int, int]:
    """First frame of a detection and one past its last, by the times (T,) of the video's frames."""
    first, stop = np.searchsorted(times_s, np.array([detection.start_s, detection.end_s]) - 1e-6)
    first = min(int(first), max(len(times_s) - 1, 0))
    return first, max(int(stop), first + 1)


def rows(detections: Sequence[Detection], times_s: Mapping[str, Array]) -> list[dict[str, Any]]:
    """One row a detection with the columns of ``COLUMNS``; ``times_s`` are frame times by video."""
    table = []
    for d in detections:
        first, stop = frame_span(times_s[d.video], d)
        values = (
            d.video,
            d.athlete,
            round(d.start_s, 3),
            round(d.end_s, 3),
            first,
            stop,
            d.label,
            round(d.score, 4),
        )
        table.append(dict(zip(COLUMNS, values, strict=True)))
    return table


def write_csv(path: Path, table: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows; the columns of labels.csv are among them, so that the file can be taken as labels."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    write_text(out.getvalue(), path)


def write_json(path: Path, table: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> None:
    """Write the rows as ``detections`` beside what is said ``about`` them."""
    write_text(json.dumps({**about, "detections": list(table)}, indent=1, ensure_ascii=False) + "\n", path)
