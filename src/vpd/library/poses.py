"""The file of a video's poses: 17 keypoints of each athlete in each frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from vpd.library.artefact import Recipe, read_table, write_parquet
from vpd.library.rows import by_athlete, joined
from vpd.types import PoseSequence

VALUES = 17 * 3


def write_poses(path: Path, poses: list[PoseSequence], recipe: Recipe) -> None:
    """Write the poses of one video, athlete after athlete. ``keypoints`` are x, y (px) and score of each
    joint.
    """
    keypoints = joined([p.keypoints for p in poses], np.empty((0, 17, 3), np.float32))
    table = pa.table(
        {
            "frame": joined([p.frames for p in poses], np.empty(0, np.int64)),
            "athlete": joined(
                [np.full(len(p.frames), p.athlete, np.int32) for p in poses], np.empty(0, np.int32)
            ),
            "keypoints": pa.FixedSizeListArray.from_arrays(pa.array(keypoints.reshape(-1)), VALUES),
            "score": joined([p.scores for p in poses], np.empty(0, np.float32)),
        }
    )
    write_parquet(table, path, recipe)


def read_poses(path: Path) -> list[PoseSequence]:
    """The poses of one video, in the order of the file. Raises ArtefactError."""
    table = read_table(path, ["frame", "athlete", "keypoints"])
    frames, athletes = table["frame"].to_numpy(), table["athlete"].to_numpy()
    flat = table["keypoints"].combine_chunks().flatten().to_numpy()
    keypoints = flat.reshape(-1, 17, 3)
    return [PoseSequence(athlete, frames[rows], keypoints[rows]) for athlete, rows in by_athlete(athletes)]
