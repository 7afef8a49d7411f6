"""The input of a student: the channels of a crop as bytes, and their normalisation.

All channels are uint8 until they are on the device: colours 0..255 and flow codes. So normalisation is one
scale and one shift for each channel, in training, at inference and in the exported network.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vpd.crops import CropFile
from vpd.crops.encoding import ZERO_FLOW
from vpd.errors import MismatchError
from vpd.teachers.vipe_window.window import window_rows
from vpd.types import Array

FLOW_SCALE = 254.0
"""Scale of flow: codes 1..255 cover its whole range, which is [-0.5, 0.5] for the network (paper,
supplement).
"""


@dataclass(frozen=True)
class InputSpec:
    """The channels of a crop in order: colours of the frame, colours of its neighbours, flow x and flow y.

    Attributes
    ----------
    rgb, flow : whether the frame's colours and its flow are among the inputs.
    neighbours : offsets of further frames whose colours are inputs, cut with the frame's own square.
    context_s : seconds from the frame to those whose readings are used beside its own (`PoseReadingStudent`).
    """

    rgb: bool = True
    flow: bool = True
    neighbours: tuple[int, ...] = ()
    context_s: tuple[float, ...] = ()

    @property
    def pictures(self) -> int:
        """Number of colour pictures."""
        return int(self.rgb) + len(self.neighbours)

    @property
    def channels(self) -> int:
        """Number of input channels of the network."""
        return 3 * self.pictures + 2 * self.flow

    @property
    def flow_x(self) -> int | None:
        """Channel of the horizontal flow. Mirroring changes its sign."""
        return 3 * self.pictures if self.flow else None

    def normalisation(self, rgb_mean: Array, rgb_std: Array) -> tuple[Array, Array]:
        """Mean and standard deviation (C,) float32 of every channel in bytes, from those of colour (3,) in
        0..255.
        """
        flow = [1] if self.flow else []
        mean = [*np.tile(rgb_mean, self.pictures), *[ZERO_FLOW] * 2 * len(flow)]
        std = [*np.tile(rgb_std, self.pictures), *[FLOW_SCALE] * 2 * len(flow)]
        return np.array(mean, np.float32), np.array(std, np.float32)


def check_crops(file: CropFile, spec: InputSpec, size: int) -> None:
    """Raise MismatchError where the crops do not fit a student of ``spec`` and ``size``."""
    if not len(file):
        return
    if file.size != size:
        raise MismatchError(
            f"{file.path} holds crops of {file.size} px, but the student sees {size} px. "
            "Make the crops again with one size, or distill again."
        )
    if spec.flow and file.lacks_flow:
        raise MismatchError(
            f"{file.path} holds no flow, but the student sees it. "
            'Set flow in [crop] to "dis", or leave it out of inputs in [distill].'
        )


def neighbour_rows(file: CropFile, offsets: tuple[int, ...]) -> Array:
    """For each row and offset, the row of the same athlete that many frames away: (N, K) int64.

    Where the track ends or has a gap before that frame, it is the last row reached, at worst the row itself.
    """
    n = len(file)
    following, before = np.arange(n), np.arange(n)
    order = np.lexsort((file.frames, file.athletes))
    a, b = order[:-1], order[1:]
    adjacent = (file.athletes[a] == file.athletes[b]) & (file.frames[b] - file.frames[a] == 1)
    following[a[adjacent]] = b[adjacent]
    before[b[adjacent]] = a[adjacent]
    columns = []
    for offset in offsets:
        rows = np.arange(n)
        for _ in range(abs(offset)):
            rows = (following if offset > 0 else before)[rows]
        columns.append(rows)
    return np.stack(columns, 1) if columns else np.empty((n, 0), np.int64)


def context_rows(file: CropFile, offsets_s: tuple[float, ...]) -> Array:
    """For each row and offset in seconds, the row of the same athlete nearest to that time: (N, K) int64.

    Where the track ends or has a gap before that time, it is the last row before the gap.
    """
    found = np.empty((len(file), len(offsets_s)), np.int64)
    for athlete in np.unique(file.athletes):
        rows = np.flatnonzero(file.athletes == athlete)
        rows = rows[np.argsort(file.frames[rows])]
        found[rows] = rows[window_rows(file.frames[rows], file.times_s[rows], offsets_s)]
    return found


def _same_square(picture: Array, square: Array, wanted: Array) -> Array:
    """Change a crop of ``square`` into the crop of the square ``wanted``. Unknown pixels are black."""
    if np.array_equal(square, wanted):
        return picture
    size = picture.shape[0]
    scale = wanted[2] / square[2]
    shift = (wanted[:2] - square[:2]) * (size / square[2]) + (scale - 1) / 2
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float64)
    moved: Array = cv2.warpAffine(
        picture, matrix, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return moved


def read_inputs(file: CropFile, rows: Array, spec: InputSpec, neighbours: Array | None = None) -> Array:
    """The channels of the rows as (N, S, S, C) uint8.

    ``neighbours`` is ``neighbour_rows(file, spec.neighbours)``, needed where the spec has any.
    """
    out = np.empty((len(rows), file.size, file.size, spec.channels), np.uint8)
    if spec.rgb:
        out[..., :3] = file.rgb(rows)
    for k in range(len(spec.neighbours)):
        assert neighbours is not None
        others = neighbours[rows, k]
        first = 3 * (int(spec.rgb) + k)
        for i, picture in enumerate(file.rgb(others)):
            out[i, :, :, first : first + 3] = _same_square(
                picture, file.squares[others[i]], file.squares[rows[i]]
            )
    if spec.flow:
        out[..., 3 * spec.pictures :] = file.flow(rows)
    return out
