"""The file of a video's tracks: one box of each athlete in each frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from vpd.library.artefact import Recipe, read_table, write_parquet
from vpd.library.rows import by_athlete, joined
from vpd.types import Track

SCHEMA = pa.schema(
    [
        ("frame", pa.int64()),
        ("time_s", pa.float64()),
        ("athlete", pa.int32()),
        ("x", pa.float32()),
        ("y", pa.float32()),
        ("w", pa.float32()),
        ("h", pa.float32()),
        ("score", pa.float32()),
        ("source", pa.string()),
    ]
)


def write_tracks(path: Path, tracks: list[Track], recipe: Recipe) -> None:
    """Write the tracks of one video, athlete after athlete."""
    boxes = joined([t.boxes for t in tracks], np.empty((0, 4), np.float32))
    columns = [
        joined([t.frames for t in tracks], np.empty(0, np.int64)),
        joined([t.times_s for t in tracks], np.empty(0, np.float64)),
        joined([np.full(len(t.frames), t.athlete, np.int32) for t in tracks], np.empty(0, np.int32)),
        *boxes.T,
        joined([t.scores for t in tracks], np.empty(0, np.float32)),
        joined([t.sources for t in tracks], np.empty(0, np.str_)),
    ]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    write_parquet(pa.Table.from_arrays(arrays, schema=SCHEMA), path, recipe)


def read_tracks(path: Path) -> list[Track]:
    """The tracks of one video, in the order of the file. Raises ArtefactError."""
    table = read_table(path, SCHEMA.names)
    column = {name: table[name].to_numpy() for name in SCHEMA.names}
    boxes = np.column_stack([column[name] for name in "xywh"])
    return [
        Track(
            athlete=athlete,
            frames=column["frame"][rows],
            times_s=column["time_s"][rows],
            boxes=boxes[rows],
            scores=column["score"][rows],
            sources=column["source"][rows],
        )
        for athlete, rows in by_athlete(column["athlete"])
    ]
