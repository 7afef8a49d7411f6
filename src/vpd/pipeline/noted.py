"""Notes of what was found up to date, so that the next look costs one `stat` a file and opens none.

Whether an artefact is up to date stands in the artefact alone: in its recipe, and in the sign of its checksum
(`vpd.library.artefact.is_current`). A look at the recipes of 100,000 videos opens 600,000 files, which takes
minutes. So a run notes size and time of change of each artefact that was up to date, and what decided it: the
key of the video's content, and the recipes that a video without picks, boxes and poses of the user has at
present. While these are the same, the answer is. All else is looked at as ever; the notes may be deleted.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from vpd.errors import ArtefactError, InputError
from vpd.files import modified_ns
from vpd.library.artefact import Recipe, read_recipe, read_table, write_parquet
from vpd.library.layout import Layout
from vpd.library.videos import VideoRow
from vpd.types import Array

STEP, VERSION = "noted", 1
NAME = "*"
"""Stands for the id in paths; no id has it."""
MARKS = "|=,"
"""What parts the paths of a video."""
SCHEMA = pa.schema(
    [
        ("video", pa.string()),
        ("key", pa.string()),
        ("files", pa.string()),
        ("stamps", pa.list_(pa.int64())),
    ]
)


@dataclass(frozen=True)
class Found:
    """An artefact that was up to date: its path within the library, with `NAME`, size and time of change."""

    path: str
    bytes: int
    mtime_ns: int


@dataclass(frozen=True)
class Probe:
    """What a step makes of a video that has nothing of its own.

    Attributes
    ----------
    key : stands for the recipes.
    paths : of the artefacts within the library, with `NAME` for the video's id.
    """

    key: str
    paths: tuple[str, ...]


def probe_of(root: Path, recipe_keys: Iterable[str], paths: Iterable[Path], video: str) -> Probe:
    """The probe of a step, by what it would make of ``video`` in the library at ``root``."""
    key = hashlib.sha256(" ".join(recipe_keys).encode()).hexdigest()[:32]
    return Probe(key, tuple(_inside(root, path, video) for path in paths))


def _inside(root: Path | str, path: Path, video: str) -> str:
    """The path within the library, with `NAME` for the video's id."""
    return os.path.relpath(path, root).replace(os.sep, "/").replace(f"/{video}.", f"/{NAME}.")


class Notes:
    """The notes of a library.

    Parameters
    ----------
    probes : of each step at present. What was noted with another key is not used.
    """

    def __init__(self, layout: Layout, probes: dict[str, Probe]) -> None:
        self._root, self._path = f"{layout.root}{os.sep}", layout.noted
        self._probes = {step: probe.key for step, probe in probes.items()}
        self._made = {step: probe.paths for step, probe in probes.items()}
        self._fresh: dict[str, tuple[str, dict[str, list[Found]]]] = {}
        self._places: dict[str, int] = {}
        self._keys: list[str] = []
        self._files: list[dict[str, list[tuple[str, int]]]] = []
        self._kind: Array = np.empty(0, np.int32)
        self._stamps: Array = np.empty(0, np.int64)
        self._edges: Array = np.zeros(1, np.int64)
        try:
            self._read()
        except (ArtefactError, InputError, KeyError, ValueError, TypeError, IndexError, pa.ArrowException):
            self._places = {}  # what cannot be read is as if not there

    def _read(self) -> None:
        recipe = read_recipe(self._path)
        valid = {step for step, key in recipe["notes"]["probes"].items() if self._probes.get(step) == key}
        stamps = self._column("stamps")
        self._stamps, self._edges = stamps.values.to_numpy(), stamps.offsets.to_numpy()
        files = self._column("files").dictionary_encode()
        self._kind = files.indices.to_numpy()
        self._files = [
            {step: paths for step, paths in _parsed(text).items() if step in valid}
            for text in files.dictionary.to_pylist()
        ]
        self._keys = self._column("key").to_pylist()
        self._places = {video: i for i, video in enumerate(self._column("video").to_pylist())}
        del files
        pa.default_memory_pool().release_unused()  # else Arrow keeps the memory of the columns
        if read_recipe(self._path)["checksum"] != recipe["checksum"]:
            raise ValueError("they were written anew between two columns")

    def _column(self, name: str) -> pa.Array:
        """One column: all at once take 70 MB more in a library of 100,000 videos."""
        column = read_table(self._path, [name])[name]
        if column.type != SCHEMA.field(name).type:
            raise ValueError("another schema")
        return column.combine_chunks()

    def has(self, row: VideoRow, step: str) -> bool:
        """Whether the artefacts of a step are those that were up to date when they were noted."""
        i = self._places.get(row.video)
        if i is None or self._keys[i] != row.key:
            return False
        paths = self._files[self._kind[i]].get(step)
        if not paths:
            return False
        start = int(self._edges[i])
        for path, at in paths:
            try:
                found = os.stat(self._root + path.replace(NAME, row.video))  # noqa: PTH116  half a million
            except OSError:
                return False
            at += start
            if found.st_size != self._stamps[at] or found.st_mtime_ns != self._stamps[at + 1]:
                return False
        return True

    def is_missing(self, row: VideoRow, step: str) -> bool:
        """Whether an artefact of a step is not there; then no recipe need be compared."""
        paths = (self._root + path.replace(NAME, row.video) for path in self._made.get(step, ()))
        return any(not os.path.exists(path) for path in paths)  # noqa: PTH110

    def keep(self, row: VideoRow, step: str, paths: Sequence[Path]) -> None:
        """Note that the artefacts of a step are up to date. `write` writes it."""
        found = []
        for path in paths:
            try:
                state = path.stat()
            except OSError:
                return
            inside = _inside(self._root, path, row.video)
            if any(mark in inside for mark in MARKS):
                return
            found.append(Found(inside, state.st_size, modified_ns(state)))
        key, steps = self._fresh.setdefault(row.video, (row.key, {}))
        if key != row.key:
            steps.clear()
            self._fresh[row.video] = (row.key, steps)
        steps[step] = found

    def write(self, rows: Iterable[VideoRow]) -> None:
        """Write the notes of these videos, where there is something new to note."""
        if not self._fresh:
            return
        videos, keys, texts, stamps = [], [], [], []
        for row in rows:
            steps = self._noted(row)
            key, fresh = self._fresh.get(row.video, (row.key, {}))
            if key == row.key:
                steps |= fresh
            if steps:
                videos.append(row.video)
                keys.append(row.key)
                texts.append(_text(steps))
                stamps.append([n for found in steps.values() for f in found for n in (f.bytes, f.mtime_ns)])
        table = pa.table({"video": videos, "key": keys, "files": texts, "stamps": stamps}, SCHEMA)
        write_parquet(table, self._path, Recipe(STEP, VERSION, notes={"probes": self._probes}))
        self._fresh.clear()

    def _noted(self, row: VideoRow) -> dict[str, list[Found]]:
        i = self._places.get(row.video)
        if i is None or self._keys[i] != row.key:
            return {}
        start = int(self._edges[i])
        return {
            step: [
                Found(path, int(self._stamps[start + at]), int(self._stamps[start + at + 1]))
                for path, at in paths
            ]
            for step, paths in self._files[self._kind[i]].items()
        }


def _text(steps: dict[str, list[Found]]) -> str:
    """Steps and paths as ``track=tracks/*.parquet|teach=features/a/*.arrow,features/b/*.arrow``."""
    parts = []
    for step, found in steps.items():
        parts.append(f"{step}={','.join(f.path for f in found)}")
    return "|".join(parts)


def _parsed(text: str) -> dict[str, list[tuple[str, int]]]:
    """Of each step the paths, and where their stamps begin among those of the video."""
    found: dict[str, list[tuple[str, int]]] = {}
    at = 0
    for part in text.split("|"):
        step, _, paths = part.partition("=")
        found[step] = []
        for path in paths.split(","):
            found[step].append((path, at))
            at += 2
    return found
