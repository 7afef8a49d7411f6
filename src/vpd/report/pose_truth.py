"""Measure the share of joints that the pose estimator finds, where the true pose is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vpd.library.frames import read_times
from vpd.library.layout import Layout
from vpd.library.poses import read_poses
from vpd.types import Array, Segment

NEAR = 0.1
"""A joint is found within this fraction of the longer side of the athlete's true box."""


def joints_found(layout: Layout, segments: list[Segment], truth: Path) -> dict[str, float]:
    """Share of the 17 joints found, by label, over the frames of the segments. Frames without a pose count 0.

    ``truth`` is an .npz with ``<video>/keypoints2d`` (T, 17, 2) and ``<video>/boxes`` (T, 4) in pixels, one
    row for each frame of the video. Segments of other videos are left out.
    """
    shares: dict[str, list[Array]] = {}
    with np.load(truth, allow_pickle=False) as known:
        for video in sorted({s.video for s in segments if f"{s.video}/boxes" in known}):
            found = _found(layout, video, known[f"{video}/keypoints2d"], known[f"{video}/boxes"])
            times_s = read_times(layout.frames(video))
            for segment in segments:
                if segment.video == video and segment.label is not None:
                    first, stop = np.searchsorted(times_s, (segment.start_s, segment.end_s))
                    shares.setdefault(segment.label, []).append(found[first:stop])
    return {label: float(np.concatenate(parts).mean()) for label, parts in sorted(shares.items())}


def _found(layout: Layout, video: str, keypoints: Array, boxes: Array) -> Array:
    """(T,) share of the joints of each frame that the best athlete's pose has near the true ones."""
    best = np.zeros(len(boxes), np.float32)
    reach = NEAR * boxes[:, 2:].astype(np.float32).max(axis=1)
    for sequence in read_poses(layout.poses(video)):
        rows = sequence.frames
        away = np.linalg.norm(sequence.keypoints[..., :2] - keypoints[rows].astype(np.float32), axis=-1)
        best[rows] = np.maximum(best[rows], (away <= reach[rows, None]).mean(axis=1))
    return best
