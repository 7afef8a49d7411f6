"""The file of a video's frames: the time of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from vpd.library.artefact import Recipe, read_table, write_parquet
from vpd.types import Array


def write_times(path: Path, times_s: Array, recipe: Recipe) -> None:
    """Write the times (T,) of all frames of a video."""
    table = pa.table({"frame": np.arange(len(times_s)), "time_s": np.asarray(times_s, np.float64)})
    write_parquet(table, path, recipe)


def read_times(path: Path) -> Array:
    """(T,) float64, seconds, the time of every frame. Raises ArtefactError."""
    times: Array = read_table(path, ["time_s"])["time_s"].to_numpy()
    return times
