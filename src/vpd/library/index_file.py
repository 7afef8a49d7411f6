"""The files of a search index: the axes of coarse features, and parts that hold the slots of some videos.

A part carries the size and time of change of each feature file that it was made from, and in its recipe a
hash of all of them. The fraction of that time holds digits of the file's checksum (`vpd.library.checksum`).
So a part is up to date exactly when its recipe is that of now, and no feature file is opened to know it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from vpd.library.artefact import Recipe, damaged, read_table, write_arrow
from vpd.library.columns import values_of
from vpd.types import Array

AXES_STEP, PART_STEP = "index-axes", "index"
VERSION, PART_VERSION = 1, 2

Stamps = Mapping[str, str]
"""Of each video, what tells its feature file from the one that was there before."""


def read_stamps(folder: Path, videos: Iterable[str]) -> dict[str, str]:
    """The stamps of these videos' feature files in a folder, in their order."""
    found, start = {}, f"{folder}{os.sep}"
    for video in videos:
        state = os.stat(f"{start}{video}.arrow")  # noqa: PTH116  one in a loop
        found[video] = f"{state.st_size}-{state.st_mtime_ns}"
    return found


def stamped_bytes(stamps: Stamps) -> int:
    """The size of all files together."""
    return sum(int(stamp.partition("-")[0]) for stamp in stamps.values())


def axes_recipe(settings: Mapping[str, float], stamps: Stamps, videos: int) -> Recipe:
    """Of axes that were fitted to the features of some of ``videos`` videos."""
    return Recipe(AXES_STEP, VERSION, dict(settings), dict(stamps), {"videos": videos})


def part_recipe(settings: Mapping[str, float], stamps: Stamps, basis: str) -> Recipe:
    """Of a part with these videos on axes with the checksum ``basis``."""
    lines = "\n".join(f"{video}\t{stamp}" for video, stamp in sorted(stamps.items()))
    hashed = hashlib.sha256(lines.encode()).hexdigest()[:32]
    return Recipe(PART_STEP, PART_VERSION, dict(settings), {"videos": hashed, "basis": basis})


def part_stamps(path: Path) -> dict[str, str]:
    """The stamps of the videos of a part, as it was made. Raises ArtefactError."""
    return _by_video(path, "stamp")


def part_contents(path: Path) -> dict[str, str]:
    """Of each video of a part, the content key that its features were made of. Raises ArtefactError."""
    return _by_video(path, "content")


def _by_video(path: Path, column: str) -> dict[str, str]:
    table = read_table(path, ["video", column])
    return dict(zip(table["video"].to_pylist(), table[column].to_pylist(), strict=True))


def write_axes(path: Path, mean: Array, axes: Array, recipe: Recipe) -> None:
    """Write the mean (d,) and the axes (p, d)."""
    rows = np.concatenate([mean[None], axes]).astype(np.float32)
    column = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])
    write_arrow(pa.table({"axis": column}), path, recipe)


def read_axes(path: Path) -> tuple[Array, Array]:
    """The mean and the axes. Raises ArtefactError."""
    table = read_table(path, ["axis"])
    column = table["axis"].combine_chunks()
    rows = values_of(column.values).reshape(len(column), -1)
    if len(rows) < 2:
        raise damaged(path, "it has no axes")
    return rows[0], rows[1:]


@dataclass(frozen=True, eq=False)
class IndexedStream:
    """One stream of a part: the ``number``-th of a video, of an ``athlete``, from ``row`` of the feature file
    on. ``numbers`` (S, p) int8 are its slots; a video without features has one stream without any.
    ``content`` is the content key of the video that they were made of, "" where the features do not say."""

    video: str
    number: int
    athlete: int
    row: int
    frames: int
    numbers: Array
    content: str = ""


def write_part(
    path: Path, streams: Iterable[IndexedStream], stamps: Stamps, p: int, gap: int, recipe: Recipe
) -> None:
    """Write a part of these videos. Behind the slots of each stream stands one whose numbers are ``gap``."""
    streams = list(streams)
    between = np.full((1, p), gap, np.int8)
    slots = [rows for s in streams for rows in (s.numbers, between)]
    flat = np.concatenate([np.empty((0, p), np.int8), *slots])
    edges = np.cumsum([0, *(len(s.numbers) + 1 for s in streams)]).astype(np.int32)
    numbers = pa.FixedSizeListArray.from_arrays(pa.array(flat.reshape(-1)), p)
    table = pa.table(
        {
            "video": pa.array([s.video for s in streams], pa.string()),
            "number": pa.array([s.number for s in streams], pa.int32()),
            "athlete": pa.array([s.athlete for s in streams], pa.int32()),
            "row": pa.array([s.row for s in streams], pa.int64()),
            "frames": pa.array([s.frames for s in streams], pa.int64()),
            "content": pa.array([s.content for s in streams], pa.string()),
            "stamp": pa.array([stamps[s.video] for s in streams], pa.string()),
            "slots": pa.ListArray.from_arrays(pa.array(edges), numbers),
        }
    )
    write_arrow(table, path, recipe)


@dataclass(frozen=True, eq=False)
class IndexPart:
    """A part, memory-mapped: N streams in columns, ``numbers`` (S, p) int8, ``edges`` (N + 1,) of each."""

    video: pa.ChunkedArray
    content: pa.ChunkedArray
    number: Array
    athlete: Array
    row: Array
    frames: Array
    numbers: Array
    edges: Array

    def stream(self, i: int) -> IndexedStream:
        """The i-th stream."""
        slots = self.numbers[self.edges[i] : self.edges[i + 1] - 1]
        return IndexedStream(
            self.video[i].as_py(),
            int(self.number[i]),
            int(self.athlete[i]),
            int(self.row[i]),
            int(self.frames[i]),
            slots,
            self.content[i].as_py(),
        )


def read_part(path: Path) -> IndexPart:
    """The part at ``path``. Raises ArtefactError where it is missing or damaged."""
    table = read_table(path)
    named = table["video"], table["content"]
    if not table.num_rows:
        none = np.empty(0, np.int64)
        return IndexPart(*named, none, none, none, none, np.empty((0, 1), np.int8), np.zeros(1, np.int64))
    slots = table["slots"].chunk(0)
    numbers = values_of(slots.values.values).reshape(-1, slots.values.type.list_size)
    number, athlete, row, frames = (values_of(table[name]) for name in ("number", "athlete", "row", "frames"))
    edges = values_of(slots.offsets).astype(np.int64)
    return IndexPart(*named, number, athlete, row, frames, numbers, edges)
