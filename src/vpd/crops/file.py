"""The file of crops of one video: written batch by batch, memory-mapped, read by row in any order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa

from vpd.crops.encoding import ZERO_FLOW, unpack_flow, unpack_rgb
from vpd.errors import ArtefactError
from vpd.library.artefact import Recipe, read_table, sealed
from vpd.types import Array

SCHEMA = pa.schema(
    [
        pa.field("frame", pa.int64(), nullable=False),
        pa.field("time_s", pa.float64(), nullable=False),
        pa.field("athlete", pa.int32(), nullable=False),
        pa.field("has_previous", pa.bool_(), nullable=False),
        pa.field("x", pa.int32(), nullable=False),
        pa.field("y", pa.int32(), nullable=False),
        pa.field("side", pa.int32(), nullable=False),
        pa.field("rgb", pa.large_binary(), nullable=False),
        pa.field("flow", pa.large_binary()),
    ]
)


def write_crops(path: Path, batches: Iterable[pa.RecordBatch], recipe: Recipe) -> int:
    """Write crops as they arrive, completely or not at all. Returns their number."""
    with CropWriter(path, recipe) as out:
        for batch in batches:
            out.write(batch)
    return out.rows


class CropWriter:
    """Writes crops batch by batch; what is left with an error leaves no file behind.

    Attributes
    ----------
    rows : how many crops were written.
    """

    def __init__(self, path: Path, recipe: Recipe) -> None:
        self._path, self._schema = path, SCHEMA.with_metadata(recipe.to_metadata())
        self._open = ExitStack()
        self.rows = 0

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            part = opened.enter_context(sealed(self._path))
            sink = opened.enter_context(pa.OSFile(str(part), "wb"))
            self._out = opened.enter_context(pa.ipc.new_file(sink, self._schema))
            self._open = opened.pop_all()
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """One batch more."""
        self._out.write_batch(batch.replace_schema_metadata(self._schema.metadata))
        self.rows += batch.num_rows

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, where)


class _Bytes:
    """A binary column as numpy views of its memory-mapped chunks. Rows become Python objects only when
    read.
    """

    def __init__(self, column: pa.ChunkedArray) -> None:
        self.starts = np.cumsum([0, *(len(chunk) for chunk in column.chunks)])
        self.offsets, self.data = [], []
        for chunk in column.chunks:
            _, offsets, data = chunk.buffers()
            first = chunk.offset
            self.offsets.append(np.frombuffer(offsets, np.int64)[first : first + len(chunk) + 1])
            self.data.append(np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8))

    def __getitem__(self, row: int) -> Array:
        chunk = int(np.searchsorted(self.starts, row, side="right")) - 1
        start, end = self.offsets[chunk][row - self.starts[chunk] :][:2]
        return self.data[chunk][start:end]


class CropFile:
    """The crops of one video, opened without reading them.

    Attributes
    ----------
    frames, athletes : (N,) of each row; rows are ordered by frame, then athlete.
    times_s : (N,) float64.
    has_previous : (N,) bool, whether the athlete was there in the frame before.
    squares : (N, 3) x, y, side in pixels of the picture.

    Raises ArtefactError where the file is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        table = read_table(path)
        missing = set(SCHEMA.names) - set(table.column_names)
        if missing:
            raise ArtefactError(f"{path} is not a file of crops: columns {sorted(missing)} are missing")
        self.frames: Array = table["frame"].to_numpy()
        self.times_s: Array = table["time_s"].to_numpy()
        self.athletes: Array = table["athlete"].to_numpy()
        self.has_previous: Array = table["has_previous"].to_numpy()
        self.squares: Array = np.column_stack([table[name].to_numpy() for name in ("x", "y", "side")])
        self.has_flow: Array = table["flow"].is_valid().to_numpy()
        self._rgb, self._flow = _Bytes(table["rgb"]), _Bytes(table["flow"])

    def __len__(self) -> int:
        return len(self.frames)

    @cached_property
    def size(self) -> int:
        """Side of the crops in pixels; 0 where there are none."""
        return int(unpack_rgb(self._rgb[0]).shape[0]) if len(self) else 0

    @property
    def lacks_flow(self) -> bool:
        """Whether the file was made without flow (``flow = "none"``) although frames have predecessors."""
        return bool((self.has_previous & ~self.has_flow).any())

    def jpeg(self, row: int) -> bytes:
        """The stored colours of one row, a JPEG file."""
        stored: bytes = self._rgb[row].tobytes()
        return stored

    def rgb(self, rows: Sequence[int] | Array) -> Array:
        """(N, S, S, 3) uint8, RGB, of the rows."""
        out = np.empty((len(rows), self.size, self.size, 3), np.uint8)
        for i, row in enumerate(rows):
            out[i] = unpack_rgb(self._rgb[int(row)])
        return out

    def flow(self, rows: Sequence[int] | Array) -> Array:
        """(N, S, S, 2) uint8 codes of the flow, x then y, for ``flow_in_pixels``. Missing flow is no
        motion.
        """
        out = np.full((len(rows), self.size, self.size, 2), ZERO_FLOW, np.uint8)
        for i, row in enumerate(rows):
            if self.has_flow[row]:
                out[i] = unpack_flow(self._flow[int(row)], self.size)
        return out
