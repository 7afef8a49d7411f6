"""Results as rows. Every verb describes a segment by the same columns, which are those of labels.csv."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

from vpd.types import Segment

SEGMENT_COLUMNS = ("video", "athlete", "start_s", "end_s", "label")
DECIMALS = 6
"""Decimals of times in seconds and of distances, in rows."""
SCORE_DECIMALS = 4
"""Decimals of scores and probabilities, in rows."""

Row = dict[str, Any]


def segment_row(segment: Segment) -> Row:
    """The columns ``SEGMENT_COLUMNS`` of a segment, times rounded to the microsecond."""
    span = (round(segment.start_s, DECIMALS), round(segment.end_s, DECIMALS))
    return dict(zip(SEGMENT_COLUMNS, (segment.video, segment.athlete, *span, segment.label), strict=True))


def finite(value: float, decimals: int = DECIMALS) -> float | None:
    """The rounded value. None where it is infinite or NaN, which JSON cannot hold."""
    return round(value, decimals) if math.isfinite(value) else None


def to_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV with the given columns. None becomes an empty cell. Other keys of a row are left out."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
