"""The pictures of a segment, of the athlete or whole, with their flow. They are decoded when they are
needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from vpd.crops import CropFile
from vpd.errors import InputError
from vpd.types import Array

OPEN_FILES = 64
"""Files of crops that are kept open."""


@lru_cache(maxsize=OPEN_FILES)
def _opened(path: Path, changed_ns: int) -> CropFile:
    return CropFile(path)


def crop_file(path: Path) -> CropFile:
    """The file of crops at ``path``. It is opened once while it does not change."""
    return _opened(path, path.stat().st_mtime_ns if path.exists() else 0)


@dataclass(frozen=True, eq=False)
class Clip:
    """The frames of one segment in a file of crops.

    Attributes
    ----------
    video : id of the video.
    athlete : number of the athlete; 0 for whole pictures.
    path : the file of crops.
    rows : (T,) rows of the file, in order of time.
    times_s : (T,) float64.
    """

    video: str
    athlete: int
    path: Path
    rows: Array
    times_s: Array

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, frames: Array) -> Clip:
        """The clip with only its ``frames`` (a mask, or increasing indices)."""
        return replace(self, rows=self.rows[frames], times_s=self.times_s[frames])

    def rgb(self, frames: Sequence[int] | Array) -> Array:
        """(n, S, S, 3) uint8 colours of the clip's ``frames``, counted from 0."""
        return crop_file(self.path).rgb(self.rows[np.asarray(frames)])

    def flow(self, frames: Array) -> Array:
        """(n, 2 * length, S, S) uint8 codes of the flow of ``frames`` (n, length): x, y, x, y, ...

        The code 128 means no motion. Raises InputError where the file was made without flow.
        """
        file = crop_file(self.path)
        if file.lacks_flow:
            raise InputError(f'{self.path} holds no flow. Set flow = "dis" in [crop] and run again.')
        codes = file.flow(self.rows[frames.reshape(-1)])
        side = codes.shape[1]
        return codes.transpose(0, 3, 1, 2).reshape(len(frames), -1, side, side)

    def digest(self) -> bytes:
        """A key of the clip for kept outcomes: size and modification time of the file, and the rows."""
        stat = self.path.stat()
        parts = f"{self.path.name} {stat.st_size} {stat.st_mtime_ns} {self.athlete}".encode()
        return hashlib.sha256(parts + self.rows.tobytes()).digest()


def clips_of(video: str, path: Path, start_s: float, end_s: float) -> dict[int, Clip]:
    """The clip of every athlete seen at start_s <= time < end_s, by number. Raises ArtefactError."""
    file = crop_file(path)
    first, last = np.searchsorted(file.times_s, [start_s, end_s], side="left")
    rows = np.arange(first, last)
    athletes = file.athletes[first:last]
    return {
        int(athlete): Clip(video, int(athlete), path, mine, file.times_s[mine])
        for athlete in np.unique(athletes)
        if len(mine := rows[athletes == athlete])
    }
