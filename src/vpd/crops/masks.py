"""Masks of athletes that a person gave: written once, memory-mapped, cut like the crops they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa

from vpd.errors import ArtefactError, InputError
from vpd.library.artefact import Recipe, read_table, write_arrow
from vpd.types import Array

STEP, VERSION = "masks", 1
SCHEMA = pa.schema(
    [
        pa.field("frame", pa.int64(), nullable=False),
        pa.field("athlete", pa.int32(), nullable=False),
        pa.field("x", pa.int32(), nullable=False),
        pa.field("y", pa.int32(), nullable=False),
        pa.field("png", pa.large_binary(), nullable=False),
    ]
)


@dataclass(frozen=True)
class GivenMask:
    """The mask of one athlete in one frame: a PNG whose upper left corner lies at x, y of the picture."""

    frame: int
    athlete: int
    x: int
    y: int
    png: bytes


def png_size(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG file, by its head. Raises InputError for what is none."""
    if not png.startswith(b"\x89PNG\r\n\x1a\n") or len(png) < 24:
        raise InputError("a mask is no PNG file")
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


def unpack_mask(png: bytes) -> Array:
    """(h, w) bool of a PNG file. Raises InputError for what is none."""
    png_size(png)
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise InputError("a mask is a PNG file that cannot be read")
    return np.asarray(picture > 0)


def write_masks(path: Path, masks: Iterable[GivenMask], made_of: str) -> None:
    """Write the masks of one video, whole or not at all. ``made_of`` stands for what they were read from."""
    rows = sorted(masks, key=lambda m: (m.frame, m.athlete))
    columns = [[getattr(mask, name) for mask in rows] for name in SCHEMA.names]
    table = pa.table(columns, SCHEMA)
    write_arrow(table, path, Recipe(STEP, VERSION, inputs={"masks": made_of}))


class MaskFile:
    """The masks of one video. Raises ArtefactError where the file is missing or damaged."""

    def __init__(self, path: Path) -> None:
        table = read_table(path)
        if not set(SCHEMA.names) <= set(table.column_names):
            raise ArtefactError(f"{path} is not a file of masks. Import the data set again.")
        self._png = table["png"]
        self._corner = np.column_stack([table["x"].to_numpy(), table["y"].to_numpy()])
        keys = zip(table["frame"].to_pylist(), table["athlete"].to_pylist(), strict=True)
        self._rows = {key: row for row, key in enumerate(keys)}

    def crop(self, frame: int, athlete: int, square: Array, size: int) -> Array | None:
        """(size, size) bool, the athlete in the crop of ``square`` (x, y, side); None without a mask.

        A pixel of the crop that the mask touches is the athlete's, as in the reference.
        """
        row = self._rows.get((int(frame), int(athlete)))
        if row is None:
            return None
        mask = unpack_mask(self._png[row].as_py())
        left, top, side = (int(v) for v in square)
        x, y = self._corner[row] - (left, top)
        whole = np.zeros((side, side), np.uint8)
        x0, y0 = max(x, 0), max(y, 0)
        part = mask[y0 - y : max(side - y, 0), x0 - x : max(side - x, 0)]
        whole[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] = 255 * part
        way = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(whole, (size, size), interpolation=way) > 0)
