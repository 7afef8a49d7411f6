"""Sequences laid out for warping many at once: sixteen of nearly one length, interleaved frame by frame.

Row ``start + j * LANES + lane`` of a group holds frame ``j`` of its sequence ``lane``. A row of frame
distances of sixteen sequences is then one product of matrices and one contiguous run, and every recurrence
advances all sixteen by the same vector instructions, whatever its steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vpd.dtw.patterns import get_distance
from vpd.errors import InputError
from vpd.types import Array

LANES = 16
"""Sequences side by side: one 512-bit register of float32."""


@dataclass(frozen=True, eq=False)
class Packed:
    """Sequences ready for `vpd.dtw.many`, made by `pack`.

    Attributes
    ----------
    values : (R, d) float32, the interleaved frames: centred for l2, of unit length for cosine, 0 in padding.
    norms : (R,) float32, squared length of each row (1 for cosine).
    centre : (d,) float64, what was subtracted from each frame.
    starts : (G + 1,) int64, first row of each group.
    order : (N,) int64, order[g * LANES + lane] is the index of the sequence in the list that was packed.
    lengths : (N,) int64, frames of each sequence in that order: shortest first.
    distance : the frame distance these are ready for.
    """

    values: Array
    norms: Array
    centre: Array
    starts: Array
    order: Array
    lengths: Array
    distance: str

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

    def prepare(self, query: Array) -> tuple[Array, Array]:
        """A query (n, d) in the form of ``values``, and its squared norms, both float32."""
        query = _checked(query, self.d)
        return _prepared(query, self.centre, self.distance)


def _checked(sequence: Array, d: int) -> Array:
    sequence = np.asarray(sequence)
    if sequence.ndim != 2 or sequence.shape[1] != d:
        raise InputError(f"a sequence has shape {sequence.shape}, expected (frames, {d})")
    if not len(sequence):
        raise InputError("an empty sequence cannot be warped; leave out segments without a valid frame")
    return sequence


def _prepared(frames: Array, centre: Array, distance: str) -> tuple[Array, Array]:
    if not np.isfinite(frames).all():
        raise InputError("a sequence holds a value that is not finite; drop the frames without a feature")
    if distance == "cosine":
        length = np.linalg.norm(frames, axis=1, keepdims=True)
        values = np.divide(frames, length, out=np.zeros(frames.shape), where=length > 0)
        return np.ascontiguousarray(values, np.float32), np.ones(len(frames), np.float32)
    values = np.ascontiguousarray(frames - centre, np.float32)
    return values, np.einsum("nd,nd->n", values, values)


def pack(sequences: Sequence[Array], distance: str = "l2") -> Packed:
    """Lay out ``sequences``, each (frames, d) and not empty, for warping against queries.

    Raises InputError for an empty list, an empty sequence, unequal d, or values that are not finite.
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
    centre = np.zeros(d) if distance == "cosine" else frames.mean(axis=0, dtype=np.float64)
    values, norms = _prepared(frames, centre, distance)

    longest = np.maximum.reduceat(lengths, np.arange(0, len(lengths), LANES))
    starts = np.concatenate([[0], np.cumsum(longest * LANES)])
    rank = np.arange(len(lengths))
    first = np.repeat(starts[rank // LANES] + rank % LANES, lengths)
    frame = np.arange(len(frames)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = first + frame * LANES
    laid, laid_norms = np.zeros((starts[-1], d), np.float32), np.zeros(starts[-1], np.float32)
    laid[rows], laid_norms[rows] = values, norms
    return Packed(laid, laid_norms, centre, starts, order, lengths, distance)
