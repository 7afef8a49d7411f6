"""Lay out sequences for warping many at once: sixteen of nearly one length, interleaved frame by frame.

Row ``start + j * LANES + lane`` of a group holds frame ``j`` of its sequence ``lane``. A row of frame
distances of sixteen sequences is then one product of matrices and one contiguous run, and every recurrence
advances all sixteen by the same vector instructions, whatever its steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from vpd.dtw.patterns import get_distance
from vpd.errors import InputError
from vpd.types import Array

LANES = 16
"""Sequences side by side: one 512-bit register of float32."""


SKETCH_SIZES = (7, 15)
"""Axes of a sketch. With the length of the remainder a sketch has 8 or 16 numbers a frame."""

ENOUGH = 0.9
"""The smaller number of axes is taken where these hold at least this share of the frames' variance."""

SAMPLED = 4096
"""Number of frames from which the axes are found."""


@dataclass(frozen=True, eq=False)
class Sketch:
    """Short codes of frames, whose distances are never greater than those of the frames.

    |a - b|^2 = |P(a - b)|^2 + |R(a - b)|^2 >= |Pa - Pb|^2 + (|Ra| - |Rb|)^2, with P the projection on the
    principal axes of all frames and R what is left.

    Attributes
    ----------
    axes : (d, r) float64, orthonormal.
    values : (R, r + 1) float32, Pa and |Ra| of each row.
    norms : (R,) float32 squared lengths of ``values``, infinite in padding.
    share : of the frames' spread that lies along the axes, 0..1.
    """

    axes: Array
    values: Array
    norms: Array
    share: float

    def prepare(self, query: Array) -> tuple[Array, Array]:
        """Convert a query of `Packed.prepare`, (n, d), to the form of ``values``, with its squared norms."""
        values = _projected(query, self.axes)
        return values, _norms(values, "l2")


@dataclass(frozen=True, eq=False)
class Packed:
    """Sequences ready for `vpd.dtw.many`, made by `pack`.

    Attributes
    ----------
    values : (R, d) float32, the interleaved frames: centred, or of unit length for cosine, and 0 in padding.
    norms : (R,) float32, squared length of each row (1 for cosine), and 0 in padding.
    centre : (d,) float64, what was subtracted from each frame.
    starts : (G + 1,) int64, first row of each group.
    order : (N,) int64, order[g * LANES + lane] is the index of the sequence in the list that was packed.
    lengths : (N,) int64, frames of each sequence in that order: shortest first.
    distance : the frame distance these are ready for.
    sketch : what `vpd.dtw.top_k` leaves most candidates out by.
    """

    values: Array
    norms: Array
    centre: Array
    starts: Array
    order: Array
    lengths: Array
    distance: str
    sketch: Sketch | None = None

    def __len__(self) -> int:
        return len(self.order)

    @property
    def d(self) -> int:
        """Size of one frame."""
        return int(self.values.shape[1])

    @property
    def groups(self) -> int:
        """Number of groups of LANES sequences."""
        return len(self.starts) - 1

    def subset(self, ranks: Array) -> tuple[Packed, Array]:
        """Copy the sequences at positions ``ranks`` of ``order``, with the row of this object that each new
        row came from.

        Sequence ``i`` of the list that the subset stands for is the one at ``ranks[i]``. Padding is row 0.
        """
        order = np.argsort(self.lengths[ranks], kind="stable")
        ranks = ranks[order]
        lengths = self.lengths[ranks]
        starts, rows = _layout(lengths)
        frame = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        source = np.zeros(starts[-1], np.int64)
        source[rows] = np.repeat(self.starts[ranks // LANES] + ranks % LANES, lengths) + frame * LANES
        values, norms = self.values.take(source, axis=0), self.norms.take(source)
        return Packed(values, norms, self.centre, starts, order, lengths, self.distance), source

    def prepare(self, query: Array) -> tuple[Array, Array]:
        """Convert a query (n, d) to the form of ``values``, with its squared norms; both are float32."""
        return prepare_frames(_checked(query, self.d), self.centre, self.distance)


def _checked(sequence: Array, d: int) -> Array:
    sequence = np.asarray(sequence)
    if sequence.ndim != 2 or sequence.shape[1] != d:
        raise InputError(f"a sequence has shape {sequence.shape}, expected (frames, {d})")
    if not len(sequence):
        raise InputError("an empty sequence cannot be warped; leave out segments without a valid frame")
    return sequence


def _norms(values: Array, distance: str) -> Array:
    if distance == "cosine":
        return np.ones(len(values), values.dtype)
    # Summed in float64, so that all that a norm adds to the error of a frame distance is its last rounding.
    squared: Array = np.einsum("nd,nd->n", values, values, dtype=np.float64)
    return squared.astype(values.dtype)


def prepare_frames(frames: Array, centre: Array, distance: str) -> tuple[Array, Array]:
    """Convert frames (n, d) to float32, centred, or of unit length for cosine, with squared norms (1 for
    cosine).
    """
    if not np.isfinite(frames).all():
        raise InputError("a sequence holds a value that is not finite; drop the frames without a feature")
    if distance == "cosine":
        length = np.linalg.norm(frames, axis=1, keepdims=True)
        values = np.divide(frames, length, out=np.zeros(frames.shape), where=length > 0)
    else:
        values = frames - (centre.astype(np.float32) if frames.dtype == np.float32 else centre)
    values = np.ascontiguousarray(values, np.float32)
    return values, _norms(values, distance)


def _layout(lengths: Array) -> tuple[Array, Array]:
    """First row of each group (G + 1,), and the row of every frame when the sequences are stacked one after
    another.
    """
    # Its last sequence is a group's longest.
    last = np.minimum(np.arange(LANES - 1, len(lengths) + LANES - 1, LANES), len(lengths) - 1)
    starts = np.concatenate([[0], np.cumsum(lengths[last] * LANES)])
    rank = np.arange(len(lengths))
    first = np.repeat(starts[rank // LANES] + rank % LANES, lengths)
    frame = np.arange(len(first)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return starts, first + frame * LANES


def pack(sequences: Sequence[Array], distance: str = "l2", sketch: bool = False) -> Packed:
    """Lay out sequences once, for warping against queries.

    Parameters
    ----------
    sequences : sequence of array (frames, d)
        Not empty, all of one d, finite.
    distance : {"l2", "sqeuclidean", "cosine"}
        Distance of two frames.
    sketch : bool
        Also make what `vpd.dtw.top_k` prunes by. It costs about as much as two to five queries without it,
        and pays over some ten.

    Returns
    -------
    Packed
        For `one_to_many`, `many_to_many` and `top_k`.

    Raises
    ------
    InputError
        For an empty list, an empty sequence, unequal d, or values that are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from vpd.dtw import one_to_many
    >>> packed = pack([np.zeros((4, 2)), np.ones((5, 2))])
    >>> [round(float(distance), 2) for distance in one_to_many(np.zeros((4, 2)), packed)]
    [0.0, 1.26]
    """
    get_distance(distance)
    if not len(sequences):
        raise InputError("there are no sequences to compare with")
    d = np.shape(sequences[0])[-1] if np.ndim(sequences[0]) == 2 else 0
    checked = [_checked(sequence, d) for sequence in sequences]
    all_lengths = np.array([len(sequence) for sequence in checked])
    order = np.argsort(all_lengths, kind="stable")
    lengths = all_lengths[order]
    frames = np.concatenate([checked[index] for index in order])
    # Any centre will do that is the same for all; of float32's digits, float32 frames are centred in float32.
    centre = np.zeros(d) if distance == "cosine" else frames.mean(axis=0, dtype=np.float64)
    centre = centre.astype(np.float32).astype(np.float64)
    values, norms = prepare_frames(frames, centre, distance)
    starts, rows = _layout(lengths)
    laid, laid_norms = np.zeros((starts[-1], d), np.float32), np.zeros(starts[-1], np.float32)
    laid[rows], laid_norms[rows] = values, norms
    packed = Packed(laid, laid_norms, centre, starts, order, lengths, distance)
    return with_sketch(packed) if sketch else packed


def with_sketch(packed: Packed) -> Packed:
    """The same sequences, with the sketch by which `vpd.dtw.top_k` prunes."""
    return replace(packed, sketch=_sketch(packed))


def _sketch(packed: Packed) -> Sketch:
    step = max(1, len(packed.values) // SAMPLED)
    sample = packed.values[::step].astype(np.float64)
    spread, axes = np.linalg.eigh(sample.T @ sample)
    share = np.cumsum(spread[::-1]) / max(spread.sum(), np.finfo(np.float64).tiny)
    size = next((s for s in SKETCH_SIZES if s < packed.d and share[s - 1] >= ENOUGH), SKETCH_SIZES[-1])
    size = min(size, packed.d)
    axes = np.ascontiguousarray(axes[:, ::-1][:, :size])
    values = np.empty((len(packed.values), size + 1), np.float32)
    for start in range(0, len(values), SAMPLED):
        part = slice(start, start + SAMPLED)
        values[part] = _projected(packed.values[part], axes)
    norms = np.full(len(values), np.inf, np.float32)
    rows = _layout(packed.lengths)[1]
    norms[rows] = _norms(values[rows], "l2")
    return Sketch(axes, values, norms, float(share[size - 1]))


def _projected(frames: Array, axes: Array) -> Array:
    """Coordinates of frames (n, d) along ``axes`` (d, r), with the length of the remainder, (n, r + 1)."""
    frames = frames.astype(np.float64)
    along = frames @ axes
    # In float64: the difference of nearly equal squares would lose the residual's digits in float32.
    left = np.einsum("nd,nd->n", frames, frames) - np.einsum("nr,nr->n", along, along)
    both: Array = np.concatenate([along, np.sqrt(np.maximum(left, 0))[:, None]], axis=1)
    return both.astype(np.float32)
