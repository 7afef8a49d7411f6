"""The frames of an athlete whose hands are looked at, and features of all frames made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vpd.crops import CropFile
from vpd.library.poses import read_poses
from vpd.pixels.hands import hand_patches
from vpd.pixels.network import SIZE, describe
from vpd.pixels.network import D as DESCRIBED
from vpd.pixels.projection import Projection, both_hands
from vpd.types import Array, FeatureSequence, PoseSequence

RATE_HZ = 15.0
"""Frames a second whose hands are looked at; features between them are interpolated."""
AT_ONCE = 256
"""Frames whose patches are in memory at a time."""


@dataclass(frozen=True, eq=False)
class Watched:
    """One athlete's frames with crop and pose.

    Attributes
    ----------
    seen : (T,) rows of the file of crops.
    rows : (F,) those of them that are looked at.
    looked : descriptions (2, D) by row that need not be made again.
    """

    video: str
    crops: CropFile
    poses: PoseSequence
    seen: Array
    rows: Array
    looked: dict[int, Array] = field(default_factory=dict)

    def look(self, rows: Array) -> Array:
        """(N, 2, D) descriptions of both hands."""
        new = np.array([row for row in rows.tolist() if row not in self.looked], np.int64)
        patches = hand_patches(self.crops, new, self.poses, SIZE)
        made = describe(patches.reshape(-1, SIZE, SIZE, 3)).reshape(-1, 2, DESCRIBED)
        every = self.looked | dict(zip(new.tolist(), made, strict=True))
        return np.stack([every[row] for row in rows.tolist()])

    def features(self, projection: Projection) -> FeatureSequence:
        """Features of all frames."""
        parts = [self.rows[start : start + AT_ONCE] for start in range(0, len(self.rows), AT_ONCE)]
        values = np.concatenate([projection(both_hands(self.look(part))) for part in parts])
        times_s, known = self.crops.times_s[self.seen], self.crops.times_s[self.rows]
        columns = values.reshape(len(values), -1).T
        between = np.stack([np.interp(times_s, known, column) for column in columns], axis=1)
        frames = self.crops.frames[self.seen]
        return FeatureSequence(
            video=self.video,
            athlete=self.poses.athlete,
            frames=frames,
            times_s=times_s,
            values=between.reshape(-1, *values.shape[1:]).astype(np.float32),
            valid=np.ones(len(frames), np.bool_),
            scores=self.poses.scores[np.searchsorted(self.poses.frames, frames)],
        )


def watched(video: str, crops: Path, poses: Path) -> Iterator[Watched]:
    """The athletes of a video, from its files of crops and poses. Raises ArtefactError."""
    file = CropFile(crops)
    for athlete in read_poses(poses):
        seen = np.flatnonzero((file.athletes == athlete.athlete) & np.isin(file.frames, athlete.frames))
        if len(seen):
            step_s = np.median(np.diff(file.times_s[seen])) if len(seen) > 1 else 1 / RATE_HZ
            yield Watched(video, file, athlete, seen, seen[:: max(1, round(1 / (RATE_HZ * step_s)))])
