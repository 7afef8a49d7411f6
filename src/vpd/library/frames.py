"""The file of a video's frames: the time of each, and where decoding can start."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from vpd.errors import ArtefactError
from vpd.library.artefact import Recipe, read_recipe, read_table, write_parquet
from vpd.types import Array


@dataclass(frozen=True)
class Shape:
    """How stored pictures of ``width`` x ``height`` are shown. Pixels are made square by ``aspect`` (width to
    height), mirrored left to right, then turned clockwise by ``rotation`` degrees (0, 90, 180, 270).
    """

    width: int
    height: int
    aspect: Fraction = Fraction(1)
    rotation: int = 0
    mirrored: bool = False

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height as shown. Pixels are made square by widening, as video players do."""
        width, height = max(1, round(self.width * self.aspect)), self.height
        return (height, width) if self.rotation in (90, 270) else (width, height)


@dataclass(frozen=True, eq=False)
class FrameIndex:
    """What a scan found about the T frames of a video, in order of presentation.

    Attributes
    ----------
    times_s : (T,) float64, strictly increasing.
    packets : (T,) int32, number of the packet in the file that each frame came from.
    fields : (T,) int8, -1 for a whole picture, 0 or 1 for the top or bottom field of an interlaced one.
    checks : (T,) uint32, checksum of a sample of the decoded pixels.
    keys : (K,) int64, frames at which decoding may start, the first of their picture.
    pts, dts : (K,) float64, time stamps of their packets in ticks; NaN where there is none.
    positions, sizes : (K,) int64, where their packets lie in the file (-1: unknown), and bytes.
    shapes : first frame and shape of each span of frames of one shape.
    stream : index of the stream in its file.
    decoder : versions of what decoded; another one may give other pixels.
    jumps : second and size (s) of each jump of the container's clock that was taken out.
    files : (F,) number of the first packet of each file of the recording.
    intact : whether every packet of the files was decoded without damage.
    """

    times_s: Array
    packets: Array
    fields: Array
    checks: Array
    keys: Array
    pts: Array
    dts: Array
    positions: Array
    sizes: Array
    shapes: tuple[tuple[int, Shape], ...]
    stream: int = 0
    decoder: str = ""
    jumps: tuple[tuple[float, float], ...] = ()
    files: tuple[int, ...] = (0,)
    intact: bool = False

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def canvas(self) -> tuple[int, int]:
        """Width and height of a picture that all frames fit into as shown."""
        return self.shapes[0][1].shown

    def shape(self, frame: int) -> Shape:
        """The shape of a frame."""
        starts = [first for first, _ in self.shapes]
        return self.shapes[int(np.searchsorted(starts, frame, side="right")) - 1][1]


@dataclass(frozen=True)
class Recording:
    """A file and, where it has been scanned, the index of its frames.

    Without an index every picture is reached from the start of the file: the same pictures, more slowly.

    Attributes
    ----------
    more : further files of the same recording, in order, where the camera cut it into chapters.
    """

    path: Path
    index_path: Path | None = None
    more: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """All files, in order."""
        return (self.path, *self.more)

    @cached_property
    def index(self) -> FrameIndex | None:
        """The index; None where the file has not been scanned. Raises ArtefactError where it is damaged."""
        if self.index_path is None or not self.index_path.is_file():
            return None
        return read_index(self.index_path)


Footage = Path | Recording
"""A source of pictures: a file, or a file with its index, which is faster."""


def recording(footage: Footage) -> Recording:
    """The footage as a recording."""
    return footage if isinstance(footage, Recording) else Recording(footage)


def write_index(path: Path, index: FrameIndex, recipe: Recipe) -> None:
    """Write the frames of a video. The recipe's notes are kept beside those of the index."""
    keys: dict[str, Any] = {}
    for name in ("pts", "dts", "positions", "sizes"):
        column = np.full(len(index), np.nan)
        column[index.keys] = getattr(index, name)
        keys[name] = pa.array(column, from_pandas=True).cast(pa.int64())
    table = pa.table(
        {
            "frame": np.arange(len(index)),
            "time_s": np.asarray(index.times_s, np.float64),
            "packet": np.asarray(index.packets, np.int32),
            "field": np.asarray(index.fields, np.int8),
            "check": np.asarray(index.checks, np.uint32),
            "key_pts": keys["pts"],
            "key_dts": keys["dts"],
            "key_position": keys["positions"],
            "key_bytes": keys["sizes"],
        }
    )
    own = {
        "shapes": [[first, *_plain(shape)] for first, shape in index.shapes],
        "stream": index.stream,
        "decoder": index.decoder,
        "jumps": [list(jump) for jump in index.jumps],
        "files": list(index.files),
        "intact": index.intact,
    }
    write_parquet(table, path, replace(recipe, notes={**recipe.notes, "index": own}))


def _plain(shape: Shape) -> tuple[Any, ...]:
    return shape.width, shape.height, str(shape.aspect), shape.rotation, shape.mirrored


def read_index(path: Path) -> FrameIndex:
    """Read the index that `write_index` wrote. Raises ArtefactError where it is missing or damaged."""
    table, notes = read_table(path), read_recipe(path)["notes"]
    try:
        own = notes["index"]
        column = {name: table[name].to_numpy() for name in table.column_names}
        keys = np.flatnonzero(~np.isnan(column["key_bytes"]))
        return FrameIndex(
            times_s=column["time_s"],
            packets=column["packet"],
            fields=column["field"],
            checks=column["check"],
            keys=keys,
            pts=column["key_pts"][keys].astype(float),
            dts=column["key_dts"][keys].astype(float),
            positions=column["key_position"][keys].astype(np.int64),
            sizes=column["key_bytes"][keys].astype(np.int64),
            shapes=tuple((s[0], Shape(s[1], s[2], Fraction(s[3]), s[4], s[5])) for s in own["shapes"]),
            stream=own["stream"],
            decoder=own["decoder"],
            jumps=tuple((a, b) for a, b in own["jumps"]),
            files=tuple(own.get("files", (0,))),
            intact=bool(own.get("intact", False)),
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ArtefactError(
            f"{path} is damaged ({error}). Delete it and run `vpd run` to make it again."
        ) from error


def read_times(path: Path) -> Array:
    """(T,) float64, seconds, the time of every frame. Raises ArtefactError."""
    times: Array = read_table(path, ["time_s"])["time_s"].to_numpy()
    return times
