"""Stack sequences of different lengths in one matrix of frames without padding, and gather batches from it.

The order within a batch is that of ``torch.nn.utils.rnn.PackedSequence``: sequences sorted by falling length,
frames of one time step together, so that a recurrent step works on a block of consecutive rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from vpd.types import Array


@dataclass(frozen=True, eq=False)
class Packing:
    """Positions of the frames of B sequences in a packed batch of N frames in all.

    Attributes
    ----------
    order : (B,) the sequences by falling length.
    batch_sizes : (T,) number of sequences that have a frame at each time step.
    offsets : (T,) first packed row of each time step.
    rows : (N,) for every packed row, the row of the unpacked frames it is taken from.
    """

    order: Array
    batch_sizes: Array
    offsets: Array
    rows: Array

    @property
    def sequence(self) -> Array:
        """(N,) index of the sequence, in the order given to `frame_packing`, of each packed row."""
        return np.concatenate([self.order[:n] for n in self.batch_sizes])


def frame_packing(rows: Array, lengths: Array) -> Packing:
    """Packing of B sequences. The frames of sequence i are the first lengths[i] of the matrix rows
    ``rows[i]``, (B, T).
    """
    order = np.argsort(-lengths, kind="stable")
    steps = np.arange(int(lengths.max()))
    present = lengths[order][None, :] > steps[:, None]
    batch_sizes = present.sum(axis=1)
    offsets = np.concatenate([[0], np.cumsum(batch_sizes)[:-1]])
    return Packing(order, batch_sizes, offsets, rows[order, : len(steps)].T[present])


class FrameMatrix:
    """The frames of many sequences stacked once, (sum of lengths, d) float32. Batches are gathered from
    it.
    """

    def __init__(self, arrays: Sequence[Array]) -> None:
        self.lengths = np.array([len(a) for a in arrays], np.int64)
        self.starts = np.cumsum(self.lengths) - self.lengths
        self.frames = torch.from_numpy(np.concatenate(arrays).astype(np.float32, copy=False))

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, items: Array) -> tuple[torch.Tensor, Packing]:
        """Packed frames (N, d) of the sequences ``items``, with their packing."""
        lengths = self.lengths[items]
        rows = np.broadcast_to(np.arange(int(lengths.max())), (len(items), int(lengths.max())))
        packing = frame_packing(self.starts[items][:, None] + rows, lengths)
        return self.frames[torch.from_numpy(packing.rows)], packing
