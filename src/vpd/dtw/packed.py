"""Sequences laid out for warping many at once: sixteen of nearly one length, interleaved frame by frame.

Row ``start + j * LANES + lane`` of a group holds frame ``j`` of its sequence ``lane``. A row of frame
distances of sixteen sequences is then one product of matrices and one contiguous run, and every recurrence
advances all sixteen by the same vector instructions, whatever its steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
    values : (R, d) float32, or as a `subset` asks, the interleaved frames: centred, or of unit length for
        cosine, and 0 in padding.
    norms : (R,), squared length of each row (1 for cosine).
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

    def subset(self, indices: Array, dtype: type[np.floating[Any]]) -> Packed:
        """Some of the sequences, by their positions in the list that was packed, in ``dtype``."""
        ranks = np.argsort(self.order)[indices]
        rank_of = np.argsort(self.lengths[ranks], kind="stable")
        ranks = ranks[rank_of]
        lengths = self.lengths[ranks]
        rows = np.concatenate(
            [
                self.starts[r // LANES] + r % LANES + LANES * np.arange(m)
                for r, m in zip(ranks, lengths, strict=True)
            ]
        )
        return _laid_out(self.values[rows].astype(dtype), lengths, rank_of, self.centre, self.distance)

    def prepare(self, query: Array) -> tuple[Array, Array]:
        """A query (n, d) in the form of ``values``, and its squared norms, both of the type of ``values``."""
        query = _checked(query, self.d)
        return _prepared(query, self.centre, self.distance, self.values.dtype)


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
    squared: Array = np.einsum("nd,nd->n", values, values)
    return squared


def _prepared(frames: Array, centre: Array, distance: str, dtype: Any = np.float32) -> tuple[Array, Array]:
    """Frames (n, d) centred, or of unit length for cosine, with their squared norms (1 for cosine)."""
    if not np.isfinite(frames).all():
        raise InputError("a sequence holds a value that is not finite; drop the frames without a feature")
    if distance == "cosine":
        length = np.linalg.norm(frames, axis=1, keepdims=True)
        values = np.divide(frames, length, out=np.zeros(frames.shape), where=length > 0)
    else:
        values = frames - centre
    values = np.ascontiguousarray(values, dtype)
    return values, _norms(values, distance)


def _laid_out(values: Array, lengths: Array, order: Array, centre: Array, distance: str) -> Packed:
    """Interleave sequences that follow one another in ``values``, shortest first."""
    # Its last sequence is a group's longest.
    last = np.minimum(np.arange(LANES - 1, len(lengths) + LANES - 1, LANES), len(lengths) - 1)
    starts = np.concatenate([[0], np.cumsum(lengths[last] * LANES)])
    rank = np.arange(len(lengths))
    first = np.repeat(starts[rank // LANES] + rank % LANES, lengths)
    frame = np.arange(len(values)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    laid = np.zeros((starts[-1], values.shape[1]), values.dtype)
    laid[first + frame * LANES] = values
    return Packed(laid, _norms(laid, distance), centre, starts, order, lengths, distance)


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
    values, _ = _prepared(frames, centre, distance)
    return _laid_out(values, lengths, order, centre, distance)
